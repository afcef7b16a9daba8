"""How interventions become records of a model: signals, doses, transfers and kinetics written out.

Each name is loaded when it is first used; what there is stands in `__init__.pyi`.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
