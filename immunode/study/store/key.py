"""What a store holds, as plain data: the study whose hash is its key, and how two studies differ, in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from immunode.model.serial import content_key, to_json
from immunode.study.design.row_labels import RowLabels
from immunode.study.run.plan import ArmPlan, Plan
from immunode.study.run.recipe import column_recipe, plain
from immunode.version import __version__

FORMAT = 2
LIBRARIES = {"scipy": ("scipy",), "numpy": ("numpy",), "compiled": ("llvmlite",)}
"""Libraries that the bits of an engine depend on."""
_TOLD = ("recipe", "seed", "ranges")
"""What is told of a design, beside its rows, which alone count."""
_KNOBS_OF = 64
"""With more arms than this, a store does not list every knob of every arm."""


def study_of(plan: Plan) -> dict[str, Any]:
    """Return all that the numbers of a sweep depend on, as plain data; blocks, executors and progress are no part."""
    design, options = plan.design, plan.options
    cells = hashlib.sha256(json.dumps(design.names).encode())
    for array in (design.values, design.unset, plan.arm_of.astype(np.int64), design.draw.astype(np.int64)):
        cells.update(np.ascontiguousarray(array).data)
    for name, labels in design.row_labels.items():
        cells.update(json.dumps([name, labels.tolist()]).encode())
    engines = dict.fromkeys(arm.engine for arm in plan.arms)
    return dict(
        plain(
            {
                "model": json.loads(to_json(plan.model)),
                "arms": {arm.name: _arm(arm, knobs=len(plan.arms) <= _KNOBS_OF) for arm in plan.arms},
                "design": {
                    "rows": len(design),
                    "columns": list(design.names),
                    "recipe": design.recipe,
                    "seed": design.seed,
                    "ranges": column_recipe(design),
                    "cells": cells.hexdigest(),
                }
                | ({"labels": _kinds(design.row_labels)} if design.row_labels else {}),
                "times": {
                    "until": float(plan.times[-1]),
                    "outputs": len(plan.times),
                    "grid": hashlib.sha256(np.ascontiguousarray(plan.times).data).hexdigest(),
                },
                "endpoints": [one.name for one in plan.endpoints],
                "endpoint times": [None if np.isnan(t) else t for t in plan.at_times],
                "keep": list(plan.keep),
                "method": options["method"],
                "rtol": float(options["rtol"]),
                "atol": None if options["atol"] is None else np.asarray(options["atol"], float).tolist(),
                "versions": {"immunode": __version__} | {n: _version(n) for e in engines for n in LIBRARIES[e]},
            }
        )
    )


def _kinds(labels: RowLabels) -> dict[str, str]:
    return {name: "number" if column.dtype.kind == "i" else "text" for name, column in labels.items()}


def _arm(arm: ArmPlan, *, knobs: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "interventions": list(arm.model.applied),
        "engine": arm.engine,
        "content": content_key(arm.model),
    }
    if knobs:
        told["knobs"] = {p.name: p.value for p in arm.model.parameters if "." in p.name}
    return told


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "unknown"


def key_of(study: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a study as 64 hexadecimal digits."""
    design = {k: v for k, v in study["design"].items() if k not in _TOLD}
    model = {k: v for k, v in study["model"].items() if k not in ("variant_name", "file_values", "file_bounds")}
    text = json.dumps({**study, "design": design, "model": model}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{FORMAT}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


def differences(there: Mapping[str, Any], here: Mapping[str, Any], most: int = 5) -> str:
    """Return in words how the study of a store differs from the one at hand: `"parameter k is 0.3 there, 0.4 here"`."""
    names = there["model"]["name"], here["model"]["name"]
    if names[0] != names[1]:
        return f"of the model {names[0]}, not {names[1]}"
    untold = (("endpoint times",), ("design", "seed"), ("design", "ranges"))  # the rows, or a plain part, say it
    found = [one for one in _compared("", there, here) if one[0][:2] not in untold]
    if any(path[0] == "arms" or path in (("design", "rows"), ("design", "columns")) for path, _, _ in found):
        found = [one for one in found if one[0] != ("design", "recipe")]  # it would only repeat them
    told = [_in_words(path, a, b) for path, a, b in found if path[-1:] not in (("cells",), ("grid",), ("content",))]
    hidden = {"cells": "values in the design", "grid": "output times", "content": "the composed model"}
    for path, _, _ in found:
        sort = path[-1]
        # a hash that differs says something only where no plain part of its group does
        if sort in hidden and not any(
            other[:-1][: len(path) - 1] == path[:-1] and other != path for other, _, _ in found
        ):
            where = f"{' '.join(path[:-1])}: " if sort == "content" else ""
            if sort != "content" or not any(other[0] == "model" for other, _, _ in found):
                told.append(f"{where}{hidden[sort]} differ{'s' * (sort == 'content')}")
    told = list(dict.fromkeys(told))
    more = f"; and {len(told) - most} more" if len(told) > most else ""
    return "; ".join(told[:most]) + more


_PLACES = {
    ("design", "rows"): "the number of rows",
    ("design", "columns"): "the list of columns",
    ("design", "recipe"): "the design",
    ("times", "until"): "the end",
    ("times", "outputs"): "the number of output times",
    ("endpoints",): "the list of endpoints",
    ("keep",): "the list of kept quantities",
}
_Difference = tuple[tuple[str, ...], Any, Any]


def _compared(name: str, a: Any, b: Any, path: tuple[str, ...] = ()) -> Iterator[_Difference]:
    path = (*path, name) if name else path
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in dict.fromkeys([*a, *b]):
            yield from _compared(str(key), a.get(key), b.get(key), path)
    elif _named(a) and _named(b):
        left, right = ({str(item["name"]): item for item in side} for side in (a, b))
        for key in dict.fromkeys([*left, *right]):
            yield from _compared(key, left.get(key), right.get(key), path)
    elif a != b:
        yield path, a, b


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) and "name" in item for item in value)


def _in_words(path: Sequence[str], a: Any, b: Any) -> str:
    singular = {"states": "state", "parameters": "parameter", "processes": "process", "arms": "arm"}
    parts = [singular.get(part, part) for part in path if part not in ("model", "value")]
    where = _PLACES.get(tuple(path)) or " ".join(parts) or "the model"
    if path[:1] == ("versions",):
        where = f"the version of {path[-1]}"
    if a is None or b is None or a == [] or b == []:
        if isinstance(a or b, list):
            return f"{where}: {_short(a)} there, {_short(b)} here"
        known = a if b is None else b
        told = "" if isinstance(known, Mapping) else f" ({_short(known)})"
        return f"{where} is only {'here' if a is None else 'there'}{told}"
    return f"{where} is {_short(a)} there, {_short(b)} here"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_short(v) for v in value[:6]) + (", ..." if len(value) > 6 else "") or "none"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return str(value.get("name", "another record"))
    text = str(value)
    return text if len(text) <= 60 else text[:40] + "..." + text[-17:]
