"""What can be read from a model: its equations, its looks, and what is doubtful about it; the card of an intervention.

Each name is loaded when it is first used; what there is stands in `__init__.pyi`.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
