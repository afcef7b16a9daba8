"""What a figure remembers of how it was made: recipe, seed, versions, the hash of its data, and the script."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, TypeVar

from matplotlib.figure import Figure

from immunode.plot.kit.fingerprint import data_hash
from immunode.version import __version__

F = TypeVar("F", bound=Figure)
_ATTRIBUTE = "_immunode_memory"
MOST = 100_000
"""Characters of a script that travel in a figure; a longer one is left out."""


def remember(figure: F, **facts: str) -> F:
    """Return the figure with facts on how it was made, as `save` writes them into its file; later ones win."""
    setattr(figure, _ATTRIBUTE, {**getattr(figure, _ATTRIBUTE, {}), **facts})
    return figure


def remember_recipe(figure: F, recipe: Mapping[str, Any]) -> F:
    """Return the figure with the recipe of the result that it shows, as JSON, and its seed where it has one."""
    facts = {"recipe": json.dumps(recipe, default=_plain, ensure_ascii=False)}
    seed = recipe.get("seed")
    return remember(figure, **facts, **({} if seed is None else {"seed": str(seed)}))


def memory(figure: Figure, given: Mapping[str, str], script: str | None) -> dict[str, str]:
    """Return all that goes into the file of a figure.

    given : what the caller adds; it wins.   script : the text of the script that makes the figure; None looks for the
    running one, "" leaves it out.
    """
    known = {
        "immunode": __version__,
        "versions": json.dumps(_versions(), sort_keys=True),
        "data_hash": data_hash(figure),
        **getattr(figure, _ATTRIBUTE, {}),
    }
    text = known.get("script") or running_script() if script is None else script
    known.pop("script", None)
    return {**known, **({"script": text} if text else {}), **given}


def running_script() -> str:
    """Return the text of the script that Python was started with (`python figure.py`); "" where there is none."""
    main = sys.modules.get("__main__")
    name = getattr(main, "__file__", None)
    if not name or getattr(main, "__spec__", None) is not None or Path(name).suffix != ".py":
        return ""
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    return text if len(text) <= MOST else ""


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in ("numpy", "scipy", "matplotlib"):
        try:
            versions[name] = installed(name)
        except PackageNotFoundError:
            continue
    return versions


def _plain(value: Any) -> Any:
    """Return what JSON can hold of a value."""
    item = getattr(value, "tolist", None)
    if callable(item):
        return item()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
