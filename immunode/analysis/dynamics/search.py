"""Steady states of a model for many sets of values: an integration of each says where to look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.system import Autonomous
from immunode.solve import Outcome, solve
from immunode.solve.steady.search import find_all, starting_points

Array = NDArray[np.float64]

ENDLESS = 100.0
"""A state grows without bound where it ends above so many times all that it was before."""
HORIZONS = 10.0


def search_steady_states(
    system: Autonomous,
    values: Array,
    start: Array,
    bounds: dict[str, tuple[float, float]],
    n: int,
    seed: int,
    engine: str,
) -> tuple[list[Array], Array, Outcome]:
    """Return the steady states of each run, (n_moving, n_states), sizes (n_moving, n_runs), and the integration.

    values : (n_values, n_runs).   start : (n_moving, n_runs), which also sets conserved totals.   n : starts a run.
    """
    batch = _integrated(system, values, start, engine)
    course = batch.y[:, system.reduction.moving]
    size = system.size(values)
    # what grows without bound tells nothing of steady states, and as a size it would make everything else look like 0
    grown = np.abs(course[-1]) > ENDLESS * np.maximum(np.nanmax(np.abs(course[:-1]), axis=0, initial=0.0), size)
    course = np.where(grown.any(axis=0), np.nan, course)
    size = np.maximum(size, np.nan_to_num(np.abs(course[-1])) * 1e-3)
    inside = {system.state(name): pair for name, pair in bounds.items()}
    begin = starting_points(start, course, size, inside, n, seed)
    states = find_all(system, system.prepare(values), system.sums(start), size, begin, system.lowest(bounds))
    return states, size, batch


def _integrated(system: Autonomous, values: Array, start: Array, engine: str) -> Outcome:
    """Return the course of runs at sixteen times, up to ten of the model's horizons.

    values : (n_values, n).   start : (n_moving, n).
    """
    times = HORIZONS * float(system.model.horizon) * np.geomspace(1e-3, 1.0, 16)
    return solve(system.functions, values, times=times, initial=system.whole(start), engine=engine, max_steps=20_000)
