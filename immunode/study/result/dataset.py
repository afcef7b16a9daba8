"""A sweep as an xarray Dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.study.run.recipe import plain

if TYPE_CHECKING:
    import xarray as xr

    from immunode.study.result.sweep_result import SweepResult


def dataset(result: SweepResult) -> xr.Dataset:
    """Return the Dataset of a sweep, over (arm, draw) where every draw ran once in every arm, else over run."""
    import json

    import xarray as xr

    order = _crossed(result)
    units, meaning = result.units, result.meanings()
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
            "draw": ("run", result.plan.design.draw),
        }
    else:
        coords |= {"arm": list(result.arms), "draw": np.unique(result.plan.design.draw)}
    inputs, own = result.inputs(), input_units(result)
    for j, name in enumerate(result.plan.design.names):
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
        coords["time"] = ("time", result.times, {"units": result.plan.model.time_unit})
    recipe = json.dumps(plain(result.recipe), ensure_ascii=False)
    return xr.Dataset(
        variables,
        coords,
        {"model": result.plan.model.name, "variant": result.plan.model.variant_name, "recipe": recipe},
    )


def _crossed(result: SweepResult) -> NDArray[np.intp] | None:
    """Return rows by (arm, draw), or None where a draw did not run exactly once in every arm."""
    draws, position = np.unique(result.plan.design.draw, return_inverse=True)
    if len(result) != len(draws) * len(result.arms):
        return None
    order = np.full((len(result.arms), len(draws)), -1, np.intp)
    order[result.plan.arm_of, position.ravel()] = np.arange(len(result))
    return order if (order >= 0).all() else None


def input_units(result: SweepResult) -> dict[str, str]:
    """Return the unit of every parameter, knob and initial value of a sweep's arms, by the name of its column."""
    units: dict[str, str] = {}
    for arm in reversed(result.plan.arms):
        units |= {p.name: p.unit for p in arm.model.parameters} | {f"{s.name}(0)": s.unit for s in arm.model.states}
    return units
