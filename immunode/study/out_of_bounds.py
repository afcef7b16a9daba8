"""Values outside the ranges that a model declares for its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from immunode.model import Model


def value_remarks(model: Model) -> list[str]:
    """Return a line for each parameter whose value was set outside its declared range."""
    units = {p.name: p.unit for p in model.parameters}
    return [
        f"{model.name}: '{name}' is {value:g}, {_outside(low, high, units[name])}"
        for name, (value, low, high) in model.out_of_bounds.items()
    ]


def column_remarks(
    models: Sequence[Model], names: Sequence[str], values: NDArray[np.float64], unset: NDArray[np.bool_]
) -> list[str]:
    """Return a line for each column of a design that leaves the declared range of its parameter.

    Parameters with a declared distribution are left out: of many patients, some lie outside a range to sample from.

    Parameters
    ----------
    models : Sequence[Model]
        of the arms, the first being the model's own.
    values, unset : ndarray
        shape (n_rows, n_columns), the design, and where the model's own value holds.
    """
    spread = {one.parameter for m in models for group in (m.variability, m.covariates) for one in group}
    known = {p.name: p for m in models for p in m.parameters}
    lines = []
    for j, name in enumerate(names):
        parameter = known.get(name)
        if parameter is None or parameter.bounds is None or name in spread:
            continue
        low, high = parameter.bounds
        outside = np.flatnonzero(~unset[:, j] & ((values[:, j] < low) | (values[:, j] > high)))
        if outside.size:
            furthest = values[outside, j][np.argmax(np.maximum(low - values[outside, j], values[outside, j] - high))]
            lines.append(
                f"{models[0].name}: the column '{name}' goes to {furthest:g}, "
                f"{_outside(low, high, parameter.unit)}, in {outside.size:,} of {len(values):,} rows"
            )
    return lines


def _outside(low: float, high: float, unit: str) -> str:
    return f"outside the range that the model declares, {low:g} to {high:g} {unit}".strip()
