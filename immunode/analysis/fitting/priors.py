"""What is believed of the parameters of a fit before the data, on its box."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fitting.problem import Problem
from immunode.study.design.ranges import Axis

Array = NDArray[np.float64]
NEAR = 1e-4
"""Step of differences, as a part of the box's edge."""


def log_prior(problem: Problem, u: Array) -> Array:
    """Return the logarithm of the prior density at points of the unit box, (n, n_priors). u : (n, n_parameters)."""
    if not problem.priors:
        return np.empty((len(u), 0))
    values = problem.values(u)
    columns = [p.log_density(values[:, problem.names.index(name)]) for name, p in problem.priors.items()]
    return np.stack(columns, axis=1)


def prior_slope(problem: Problem, u: Array, free: NDArray[np.bool_]) -> Array:
    """Return derivatives of `log_prior` at a point by its free parameters, (n_priors, n_free): central differences.

    A density that is not finite has none. u, free : (n_parameters,).
    """
    columns = np.flatnonzero(free)
    if not problem.priors:
        return np.empty((0, len(columns)))
    low, high = np.repeat(u[None], len(columns), axis=0), np.repeat(u[None], len(columns), axis=0)
    place = np.arange(len(columns)), columns
    low[place], high[place] = np.clip(u[columns] - NEAR, 0.0, 1.0), np.clip(u[columns] + NEAR, 0.0, 1.0)
    with np.errstate(all="ignore"):
        slope = (log_prior(problem, high) - log_prior(problem, low)) / (high[place] - low[place])[:, None]
    return np.asarray(np.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0).T)


def best_prior(problem: Problem) -> Array:
    """Return the highest logarithm of each prior density in the box, (n_priors,)."""
    from scipy.optimize import minimize_scalar

    highest = []
    for name, prior in problem.priors.items():
        axis = problem.box.axes[problem.names.index(name)]

        def minus(u: Any, axis: Axis = axis, prior: Any = prior) -> Any:
            return -np.nan_to_num(prior.log_density(axis.place(np.atleast_1d(u))), nan=-1e300, neginf=-1e300)

        grid = np.linspace(0.0, 1.0, 1001)
        i = int(np.argmin(minus(grid)))
        ends = grid[max(i - 1, 0)], grid[min(i + 1, 1000)]
        least = minimize_scalar(lambda u: float(minus(u)[0]), bounds=ends, method="bounded", options={"xatol": 1e-10})
        highest.append(-min(float(least.fun), float(minus(grid[i])[0])))
    return np.array(highest)
