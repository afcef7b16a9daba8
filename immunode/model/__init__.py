"""Models as values: the records of a declaration, and `Model`; each name is loaded when it is first used.

What there is stands in `__init__.pyi`.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
