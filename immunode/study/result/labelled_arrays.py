"""A sweep as an xarray Dataset: whole in memory, or lazy from a store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.study.result.rows import Rows, status_words
from immunode.study.run.recipe import plain
from immunode.study.store.stored_plan import StoredPlan

if TYPE_CHECKING:
    import xarray as xr


def whole_dataset(result: Rows) -> xr.Dataset:
    """Return the Dataset of a sweep, over (arm, draw) where every draw ran once in every arm, else over run."""
    import xarray as xr

    order = _crossed(result)
    units, meaning = result.units, result.meanings
    dims: tuple[str, ...] = ("run",) if order is None else ("arm", "draw")

    def shaped(column: NDArray[Any]) -> NDArray[Any]:
        return column if order is None else column[order]

    variables: dict[str, Any] = {"status": (dims, shaped(result.status.to_numpy().astype(str)))}
    for j, name in enumerate(result.endpoints):
        variables[name] = (dims, shaped(result.values[:, j]), {"units": units[name]})
    for name, table in result.kept.items():
        attributes = {"units": units[name], "long_name": meaning.get(name, name)}
        variables[name] = ((*dims, "time"), shaped(table), attributes)
    coords: dict[str, Any] = {}
    if order is None:
        coords |= {
            "run": np.arange(len(result)),
            "arm": ("run", result.arm.astype(str)),
            "draw": ("run", result.draws),
        }
    else:
        coords |= {"arm": list(result.arms), "draw": np.unique(result.draws)}
    inputs, own = result.inputs(), result.column_units
    for j, name in enumerate(result.columns):
        column = shaped(inputs[:, j])
        label = name if name not in variables else f"input {name}"
        if order is not None and np.array_equal(column, np.broadcast_to(column[0], column.shape), equal_nan=True):
            coords[label] = ("draw", column[0], {"units": own.get(name, "")})
        else:
            coords[label] = (dims, column, {"units": own.get(name, "")})
    for name, labels in result.row_labels.items():
        column = shaped(labels if labels.dtype.kind == "i" else labels.astype(str))
        alike = order is not None and np.array_equal(column, np.broadcast_to(column[0], column.shape))
        coords[name] = ("draw", column[0]) if alike else (dims, column)
    if result.kept:
        coords["time"] = ("time", result.times, {"units": result.asked.model.time_unit})
    recipe = json.dumps(plain(result.recipe), ensure_ascii=False)
    return xr.Dataset(
        variables,
        coords,
        {"model": result.asked.model.name, "variant": result.asked.model.variant_name, "recipe": recipe},
    )


def _crossed(result: Rows) -> NDArray[np.intp] | None:
    """Return rows by (arm, draw), or None where a draw did not run exactly once in every arm."""
    draws, position = np.unique(result.draws, return_inverse=True)
    if len(result) != len(draws) * len(result.arms):
        return None
    order = np.full((len(result.arms), len(draws)), -1, np.intp)
    order[result.arm_of, position.ravel()] = np.arange(len(result))
    return order if (order >= 0).all() else None


def lazy_dataset(result: Rows, chunks: Any) -> xr.Dataset:
    """Return the Dataset of a sweep whose columns lie in a store, over run. chunks : as in `SweepResult.dataset`."""
    import xarray as xr

    from immunode.study.result.lazy_arrays import lazy_variable

    data, asked = result.data, result.asked
    assert isinstance(asked, StoredPlan)
    arms = np.array([*result.arms, ""], object)
    variables: dict[str, Any] = {
        "status": lazy_variable(data.status, convert=status_words),
        "arm": lazy_variable(asked.arm_of, convert=lambda arm_of: arms[arm_of]),
        "draw": lazy_variable(asked.draws),
        "reached": lazy_variable(data.reached, units=asked.model.time_unit),
        "method": lazy_variable(data.methods),
        "reason": lazy_variable(data.reasons),
    }
    units, own, coords = result.units, result.column_units, dict[str, Any]()
    for i, name in enumerate(result.endpoints):
        variables[name] = lazy_variable(data.values, i, units=units[name])
    for name, table in data.kept.items():
        variables[name] = lazy_variable(table, units=units[name])
    for i, name in enumerate(result.columns):
        label = name if name not in variables else f"input {name}"
        coords[label] = lazy_variable(asked.input_columns, i, units=own.get(name, ""))
    for name, labels in asked.row_labels.items():
        coords[name] = lazy_variable(labels)
    if data.kept:
        coords["time"] = ("time", result.times, {"units": asked.model.time_unit})
    named = {"model": asked.model.name, "variant": asked.model.variant_name, "arms": list(result.arms)}
    whole = xr.Dataset(variables, coords, named)
    if chunks is None:
        return whole
    return whole.chunk({"run": data.span} | dict(chunks) if isinstance(chunks, dict) else chunks)
