"""Published models of the immune system, interventions on them, and fast sweeps over many virtual patients.

    import immunode as im

    model = im.load_model("rheumatoid_arthritis")
    out = im.sweep(model, arms=["control", "sarilumab_200"], until="24 weeks")

The names at the root are those that most work needs; the others are in submodules (`im.schedules`, `im.pk`,
`im.sensitivity`, ...), which need no import of their own. `__init__.pyi` lists where each name is defined; it is loaded
at its first use, so that the import itself costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import lazy_loader

from immunode.errors import nearest
from immunode.version import __version__ as __version__

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Load a public name or a submodule when it is first used."""
    if name in __all__:
        return _load(name)
    if name.startswith("_"):
        raise AttributeError(f"module 'immunode' has no attribute '{name}'")
    if find_spec(f"immunode.{name}"):
        return import_module(f"immunode.{name}")
    raise AttributeError(f"module 'immunode' has no attribute '{name}'{_hint(name)}")


def _hint(name: str) -> str:
    """Return where the name is, or which public names are close to it; no submodule is imported for it."""
    import ast
    from pathlib import Path

    known = {public: f"im.{public}" for public in __all__}
    folder = Path(__file__).parent
    for path in [*folder.glob("*.py"), *folder.glob("*/__init__.py")]:
        part = path.parent.name if path.stem == "__init__" else path.stem
        for node in ast.parse(path.read_bytes()).body if part in __all__ else ():
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                known |= {
                    public: f"im.{part}.{public}" for public in ast.literal_eval(node.value) if public not in known
                }
    if name in known:
        return f"; im.{name} is {known[name]}"
    close = [known[public] for public in nearest(name, known)]
    return f"; did you mean {' or '.join(close)}?" if close else "; dir(immunode) lists what there is"
