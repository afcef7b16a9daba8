"""Lowest and highest values of a trajectory, from the solver's own steps instead of its output times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from immunode.solve import solve
from immunode.study.endpoints import peak, time_of_peak, trough
from immunode.study.endpoints.endpoint import Shared
from immunode.study.result.simulation import Simulation
from immunode.study.run.ready import initial_array, make_ready
from immunode.study.run.watcher import Watcher


class Extremes(NamedTuple):
    """Lowest and highest value of a quantity, in its unit, and when it is highest, in model time."""

    lowest: float
    highest: float
    time_of_highest: float


def extremes(one: Simulation, quantities: Sequence[str]) -> dict[str, Extremes]:
    """Return the lowest and the highest value of each quantity; the run is made once more for it.

    quantities : states, derived quantities, switches or fluxes of the model.
    """
    ready, recipe = make_ready(one.model), one.recipe
    values = np.asarray(ready.functions.program.values, float)[:, None]
    shared, until = Shared(), float(one.times[-1])
    endpoints = [make(quantity) for quantity in quantities for make in (trough, peak, time_of_peak)]
    reducers = [end.reducer(1, np.nan, shared) for end in endpoints]
    rtol, atol = float(recipe["rtol"]), recipe["atol"]
    watcher = Watcher(ready.functions, endpoints, reducers, values, until, rtol)
    solve(
        ready.functions,
        values,
        times=[until],
        initial=initial_array(ready, recipe["initial"]),
        engine=recipe["engine"],
        rtol=rtol,
        atol=None if isinstance(atol, str) else atol,
        on_jump=watcher.on_jump,
        listener=watcher,
    )
    with np.errstate(all="ignore"):
        found = [float(reducer.result(None)[0]) for reducer in reducers]
    return {name: Extremes(*found[3 * i : 3 * i + 3]) for i, name in enumerate(quantities)}
