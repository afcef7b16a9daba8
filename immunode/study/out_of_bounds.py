"""Values outside the ranges that a model declares: of its parameters, of read-outs, and too small for tolerances."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.solve.step_size import RELATIVE_FLOOR, SMALLEST_SCALE
from immunode.study.design.declared import drawn_number, drawn_range

if TYPE_CHECKING:
    from immunode.model import Derived, Model, Parameter, State
    from immunode.study.design.design import Design

_VALUES = ("final", "at", "peak", "trough")
"""Kinds of endpoints that are values of a quantity itself."""
MOST = 6
"""Columns that one line names."""
_LOGARITHM = re.compile(r"(log|ln|logit)\d*(_|[A-Z]|$)", re.IGNORECASE)
"""How names of logarithms begin."""


def value_remarks(model: Model) -> list[str]:
    """Return a line for each parameter whose value was set outside its declared range, or to the other side of 0."""
    lines = [
        f"{model.name}: '{name}' is {value:g}, {_outside(low, high, _units(model)[name])}"
        for name, (value, low, high) in model.out_of_bounds.items()
    ]
    unbounded = {p.name: p for p in model.parameters if p.bounds is None}
    for name in unbounded.keys() & model.changed.keys():
        declared, now = model.changed[name]
        if isinstance(declared, float | int) and _positive(model, name, declared) and float(now) < 0:
            told = f"{declared:g} {unbounded[name].unit}".strip()
            lines.append(f"{model.name}: '{name}' is {float(now):g}, below 0, and the model declares {told}")
    return lines


def column_remarks(models: Sequence[Model], design: Design) -> list[str]:
    """Return one line that names the columns of a design that leave the declared range of their parameter.

    Of patients drawn from a population, some lie outside a range to sample from: there only what the declared
    distribution can't give counts. A parameter without a range whose value is above 0 is expected there.

    Parameters
    ----------
    models : Sequence[Model]
        of the arms, the first being the model's own.
    """
    known = {p.name: (m, p) for m in models for p in m.parameters}
    population = drawn_range(models) if drawn_number(design.recipe) else {}
    parts = []
    for j, name in enumerate(design.names):
        if name not in known:
            continue
        values = design.values[~design.unset[:, j], j]
        # what is the same in all rows was set, and not drawn
        drawn = population.get(name) if values.size == 1 or (values.size and np.ptp(values) > 0) else None
        low, high, words = _expected(*known[name], drawn)
        outside = values[(values < low) | (values > high)]
        if outside.size:
            furthest = outside[np.argmax(np.maximum(low - outside, outside - high))]
            parts.append(f"'{name}' goes to {furthest:g} ({words}), in {outside.size:,} of {len(design):,} rows")
    if not parts:
        return []
    more = f"; and {len(parts) - MOST} more columns" if len(parts) > MOST else ""
    return [f"{models[0].name}: columns go outside what the model declares: {'; '.join(parts[:MOST])}{more}"]


def _expected(model: Model, parameter: Parameter, drawn: tuple[float, float] | None) -> tuple[float, float, str]:
    """Return the lowest and the highest value that a column may have without a word, and what the model declares.

    drawn : what the declared population gives, None where the column was not drawn from it.
    """
    unit = parameter.unit
    if parameter.bounds is not None:
        low, high = parameter.bounds
        words = f"declared {low:g} to {high:g} {unit}".strip()
    else:
        low = 0.0 if _positive(model, parameter.name, parameter.value) else -np.inf
        high, words = np.inf, f"declared {parameter.value:g} {unit}".strip() + (", above 0" if low == 0 else "")
    if drawn is not None:
        spread = drawn if parameter.bounds is None else (min(low, drawn[0]), max(high, drawn[1]))
        low, high = spread
        words += f", in patients {low:g} to {high:g}" if np.isfinite(low + high) else ""
    return low, high, words


def _positive(model: Model, name: str, value: float) -> bool:
    """Return whether a parameter without a range is one whose values lie above 0, as its default range does.

    Logarithms, and what patients differ in by adding to it, may have either sign.
    """
    added = {v.parameter for v in model.variability if v.scale == "linear"}
    added |= {c.parameter for c in model.covariates if c.shape == "normal"}
    return value > 0 and name not in added and not _LOGARITHM.match(name.rpartition(".")[2])


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


def coarse_remarks(
    model: Model, path: Mapping[str, NDArray[np.float64]], rtol: float, atol: ArrayLike | None
) -> list[str]:
    """Return one line about states whose absolute tolerance is coarser than the relative one all through a run.

    A state that starts at 0 and declares no typical size is taken for one of the size `SMALLEST_SCALE`.

    path : quantity -> shape (n_samples,).   atol : as asked for; one that is given is meant.
    """
    if atol is not None:
        return []
    highest = {s.name: float(np.max(np.abs(path[s.name]))) for s in model.states if not s.typical}
    coarse = {name: most for name, most in highest.items() if 0 < most < RELATIVE_FLOOR * SMALLEST_SCALE}
    if not coarse:
        return []
    name, most = min(coarse.items(), key=lambda item: item[1])
    more = f", and {len(coarse) - 1} more are as small" if len(coarse) > 1 else ""
    error = f"errors of {rtol * RELATIVE_FLOOR * SMALLEST_SCALE:.2g} in each step are allowed"
    advice = "declare State(typical=...), choose a smaller unit, or give atol"
    return [f"{model.name}: '{name}' stays below {most:.2g}{more}, but {error}, for it has no typical size; {advice}"]


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


def _units(model: Model) -> dict[str, str]:
    return {p.name: p.unit for p in model.parameters}


def _outside(low: float, high: float, unit: str) -> str:
    return f"outside the range that the model declares, {low:g} to {high:g} {unit}".strip()
