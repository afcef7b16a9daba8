"""What would have been measured: values of runs with the errors that a model declares, and counts of events."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError
from immunode.study.endpoints.endpoint import Endpoint
from immunode.study.endpoints.final_value import Final
from immunode.study.endpoints.reading import endpoint
from immunode.study.endpoints.start_change import Change
from immunode.study.endpoints.value_at import At
from immunode.study.run.ready import model_time

if TYPE_CHECKING:
    import pandas as pd

    from immunode.model import Model
    from immunode.model.patients import Observed

Array = NDArray[np.float64]


def measured(out: Any, *, seed: int = 0) -> pd.DataFrame:
    """Return the table of a sweep as trials would have measured it, one row a run.

    Endpoints at single times (`at`, `final`, `change`, `percent_change`) of quantities with a declared error
    (`Observed`) get one; where the error says counts, they become numbers of events, of which a later one is never
    smaller. One measurement serves all endpoints that use it. Others stay as they are. Errors of different patients,
    arms and times are independent.

    Parameters
    ----------
    seed : int
        of the random numbers; the same seed gives the same table.

    Raises
    ------
    StudyError
        a change of a quantity whose error depends on its value was asked for without its value at time 0.
    """
    model, end = out.model, float(out.times[-1])
    values = {name: out.endpoint(name) for name in out.endpoints}
    with_errors = measured_values(model, values, end, seed)
    table = out.table()
    for name, column in with_errors.items():
        table[name] = column
    return cast("pd.DataFrame", table)


def measured_values(model: Model, values: Mapping[str, Array], end: float, seed: int) -> dict[str, Array]:
    """Return values of endpoints with the errors of measurement that a model declares.

    values : name of the endpoint -> array of any one shape, in its unit.   end : of the runs, in model time.
    """
    errors = {one.quantity: one for one in model.observed}
    asked = {name: endpoint(name) for name in values}
    readings: dict[str, dict[float, Array]] = defaultdict(dict)
    for name, one in asked.items():
        if one.subject in errors and isinstance(one, At | Final) and not isinstance(one, Change):
            readings[one.subject][_moment(model, one, end)] = values[name]
    for name, one in asked.items():
        if isinstance(one, Change) and one.subject in errors:
            _complete(readings[one.subject], one, values[name], _moment(model, one, end), errors[one.subject])
    seen = {quantity: _measure(errors[quantity], at_times, seed) for quantity, at_times in readings.items()}
    result = dict(values)
    for name, one in asked.items():
        if one.subject not in seen or not isinstance(one, At | Final):
            continue
        mine, time = seen[one.subject], _moment(model, one, end)
        if not isinstance(one, Change):
            result[name] = mine[time]
            continue
        with np.errstate(all="ignore"):
            result[name] = (mine[time] - mine[0.0]) * (100 / mine[0.0] if one.percent else 1.0)
    return result


def reads(model: Model, name: str, end: float) -> tuple[str, ...]:
    """Return the endpoints to ask a sweep for so that `measured_values` can tell the endpoint `name`."""
    one = endpoint(name)
    observed = {o.quantity for o in model.observed}
    if isinstance(one, Change) and one.subject in observed:
        return name, f"at({one.subject}, 0)", f"at({one.subject}, {_moment(model, one, end):.12g})"
    return (name,)


def _moment(model: Model, one: Endpoint, end: float) -> float:
    return end if one.moment is None else model_time(model, one.moment, one.name)


def _complete(at_times: dict[float, Array], one: Change, change: Array, time: float, error: Observed) -> None:
    """Add the values at both ends of a change, where they were not asked for."""
    if 0.0 in at_times and time in at_times:
        return
    if one.percent or error.proportional or error.lognormal:
        raise StudyError(
            f"measured: the error of {one.subject} depends on its value, so {one.name} also needs the endpoints "
            f"'at({one.subject}, 0)' and 'at({one.subject}, {one.time})'"
        )
    first = at_times.setdefault(0.0, np.zeros_like(change) if time not in at_times else at_times[time] - change)
    at_times.setdefault(time, first + change)


def _measure(error: Observed, at_times: Mapping[float, Array], seed: int) -> dict[float, Array]:
    if error.discrete:
        raise StudyError(f"measured: '{error.quantity}' is recorded as events or categories, which are not drawn here")
    seen: dict[float, Array] = {}
    before: Array | float = 0.0
    total: Array | float = 0.0
    for time in sorted(at_times):
        value = at_times[time]
        rng = np.random.default_rng([seed, zlib.crc32(f"{error.quantity} at {time:.9g}".encode())])
        if error.counts:
            expected = np.maximum(value - before, 0.0)
            known = np.isfinite(expected)
            more = np.where(known, rng.poisson(np.where(known, expected, 0.0)), np.nan)
            before, total = value, total + more
            seen[time] = np.asarray(total)
            continue
        z = rng.standard_normal((2, *value.shape))
        if error.lognormal:
            seen[time] = value * np.exp(error.lognormal * z[0])
        else:
            relative = error.proportional * (value if error.power == 1 else np.abs(value) ** error.power)
            both = error.combined == "sds"
            seen[time] = value + relative * z[0] + error.additive * (np.sign(value) * z[0] if both else z[1])
    return seen
