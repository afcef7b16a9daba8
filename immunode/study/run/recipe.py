"""How a result was made, as plain data, and files written whole or not at all."""

from __future__ import annotations

import json
import math
import os
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from immunode.errors import StoreError
from immunode.version import __version__

if TYPE_CHECKING:
    import pandas as pd


def versions() -> dict[str, str]:
    """Return the versions of what computes."""
    import scipy  # type: ignore[import-untyped, unused-ignore]

    return {
        "immunode": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": str(scipy.__version__),
    }


def model_recipe(model: Any, key: str) -> dict[str, Any]:
    """Return what names a model in a recipe. key : hash of its content."""
    return {
        "name": model.name,
        **variant_recipe(model),
        "reference": model.reference,
        "interventions": list(model.applied),
        "knobs": {p.name: p.value for p in model.parameters if p.name.partition(".")[0] in model.applied},
        "key": key,
    }


def named(table: pd.DataFrame, model: Any) -> pd.DataFrame:
    """Return a table that names model and variant in its `attrs`."""
    table.attrs.update(model=model.name, variant=model.variant_name)
    return table


def variant_recipe(model: Any) -> dict[str, Any]:
    """Return the variant of a model, and each value that is not as its file declares: the file's, and the run's."""
    changed = {name: {"file": was, "run": now} for name, (was, now) in model.changed.items()}
    return {"variant": model.variant_name, "changed": changed}


def column_recipe(design: Any) -> dict[str, Any]:
    """Return for each column of a design its one value, or the lowest and highest that it takes."""
    told: dict[str, Any] = {}
    for name, values, unset in zip(design.names, design.values.T, design.unset.T, strict=True):
        known = values[~unset & np.isfinite(values)]
        ends = (float(known.min()), float(known.max())) if known.size else (math.nan, math.nan)
        told[name] = ends[0] if ends[0] == ends[1] else {"from": ends[0], "to": ends[1]}
    return told


def tolerance(atol: Any) -> Any:
    """Return an absolute tolerance as plain data."""
    return "follows each state's scale" if atol is None else np.asarray(atol, float).tolist()


def plain(value: Any) -> Any:
    """Return a value that JSON can hold: numbers that are not finite become text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def json_text(value: Any) -> str:
    """Return a value as the text of a JSON file."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises
    ------
    StoreError : the folder can't be written.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file beside its place, then move it there, so that no reader ever sees half of it."""
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(beside, 0o666 & ~_umask())
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        raise StoreError(f"{path}: it can't be written ({error.strerror})") from None


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> list[Path]:
    """Write files into a folder, which is made where it is not there; return their paths. Each is written whole.

    files : name -> content.

    Raises
    ------
    StoreError : the folder can't be made, or a file can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: the folder can't be made ({error.strerror})") from None
    for name, content in files.items():
        write_bytes(folder / name, content.encode() if isinstance(content, str) else content)
    return [folder / name for name in files]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
