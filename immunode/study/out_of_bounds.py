"""Values outside the ranges that a model declares: of its parameters, and of what a patient's read-out can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from immunode.model import Derived, Model, State

_VALUES = ("final", "at", "peak", "trough")
"""Kinds of endpoints that are values of a quantity itself."""


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


def course_scale_remarks(model: Model, path: Mapping[str, NDArray[np.float64]]) -> list[str]:
    """Return a line for each quantity that goes beyond its limits in a run. path : quantity -> shape (n_samples,)."""
    lines = []
    for name, (label, low, high, unit) in _scales([model]).items():
        ends = float(np.min(path[name])), float(np.max(path[name]))
        if ends[0] < low or ends[1] > high:
            worst = ends[0] if low - ends[0] > ends[1] - high else ends[1]
            scale = f"{low:g} to {high:g} {unit}".strip()
            lines.append(f"{model.name}: {label} goes to {worst:.4g}, outside its scale, {scale}")
    return lines


def endpoint_scale_remarks(
    models: Sequence[Model], endpoints: Sequence[tuple[str, str, str]], values: NDArray[np.float64]
) -> list[str]:
    """Return a line for each endpoint that is outside the limits of its quantity in some runs.

    Parameters
    ----------
    endpoints : Sequence[tuple[str, str, str]]
        name, subject and kind of each.
    values : ndarray
        shape (n_rows, n_endpoints), NaN where there is none.
    """
    scales, lines = _scales(models), []
    for j, (endpoint, subject, kind) in enumerate(endpoints):
        if subject not in scales or kind not in _VALUES:
            continue
        _, low, high, unit = scales[subject]
        column = np.asarray(values[:, j], float)
        outside = int(np.count_nonzero((column < low) | (column > high)))
        if outside:
            n, scale = int(np.count_nonzero(~np.isnan(column))), f"{low:g} to {high:g} {unit}".strip()
            lines.append(f"{models[0].name}: {outside:,} of {n:,} runs have {endpoint} outside its scale, {scale}")
    return lines


def _scales(models: Sequence[Model]) -> dict[str, tuple[str, float, float, str]]:
    """Return quantity -> label, lowest and highest possible value, and unit, where a model declares them."""
    known: list[State | Derived] = []
    for model in models:
        known += [*model.states, *model.derived]
    return {q.name: (q.label or q.name, *q.limits, q.unit) for q in known if q.limits is not None}


def _outside(low: float, high: float, unit: str) -> str:
    return f"outside the range that the model declares, {low:g} to {high:g} {unit}".strip()
