"""One search for the best point: least squares in the unit box, with the noise estimated on the way."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fit_problem import WORST, Problem
from immunode.analysis.rendezvous import Ask

Array = NDArray[np.float64]
ROUNDS = 12
"""Most times that standard deviations are estimated anew."""
SETTLED = 1e-3
"""Relative change of a standard deviation below which it is settled."""
LOOSE, TIGHT = 1e-3, 1e-9
"""Tolerances of a search while standard deviations still move, and of the last one."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a search ended.

    u : shape (n_parameters,), in the unit box.   cost : -2 log likelihood.   jacobian : (n_data, n_parameters),
    derivatives of predictions.   residuals : (n_data,), measured minus predicted, on the scale of the noise.
    sd : (n_data,), given or estimated.   converged : the search came to rest.   evaluations : rounds of runs.
    """

    u: Array
    cost: float
    jacobian: Array
    residuals: Array
    sd: Array
    converged: bool
    evaluations: int


@dataclass(frozen=True, slots=True)
class Search:
    """A search from one start. Called with `ask`, it returns `Found`.

    start : shape (n_parameters,).   free : which parameters move; the others stay at their start.
    target : shape (n_data,), measured values on the scale of the noise.
    """

    problem: Problem
    start: Array
    free: NDArray[np.bool_]
    target: Array

    def __call__(self, ask: Ask) -> Found:
        from scipy.optimize import least_squares

        looks = _Looks(self, ask)
        u = np.clip(self.start, 0.0, 1.0)
        first = looks.residuals(u[self.free])
        sd = self._sd(first)
        alive = bool(np.isfinite(looks.predicted).all())
        converged = alive and not self.free.any()
        tolerance = LOOSE if self._groups() else TIGHT
        for _ in range(ROUNDS if alive and self.free.any() else 0):
            looks.sd, done = sd, tolerance == TIGHT
            inside = np.clip(u[self.free], 1e-9, 1 - 1e-9)
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                got = least_squares(
                    looks.weighted, inside, looks.slope, bounds=(0.0, 1.0), ftol=tolerance, xtol=tolerance,
                    gtol=tolerance, max_nfev=60,
                )  # fmt: skip
            u[self.free] = got.x
            converged = bool(got.status > 0)
            before, sd = sd, self._sd(looks.residuals(got.x))
            moved = float(np.abs(sd / before - 1).max())
            if done and moved < SETTLED:
                break
            tolerance = TIGHT if moved < 30 * SETTLED or len(self._groups()) == 1 else tolerance
        return self._found(looks, u, sd, converged)

    def _found(self, looks: _Looks, u: Array, sd: Array, converged: bool) -> Found:
        residuals = looks.residuals(u[self.free])
        jacobian = np.zeros((len(residuals), len(u)))
        jacobian[:, self.free] = looks.jacobian
        good = bool(np.isfinite(looks.predicted).all())
        cost = minus_2_log_likelihood(self.problem, residuals, sd) if good else np.inf
        return Found(u, cost, jacobian, residuals, sd, converged and good, looks.evaluations)

    def _given(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.problem.sd)

    def _groups(self) -> list[NDArray[np.bool_]]:
        """Return the rows of each observable whose standard deviation is estimated."""
        data, open_ = self.problem.data, ~self._given()
        groups = [(data.observable == i) & open_ for i in range(len(data.observables))]
        return [g for g in groups if g.any()]

    def _sd(self, residuals: Array) -> Array:
        """Return standard deviations: given ones, else the root mean square of an observable's residuals."""
        sd = self.problem.sd.copy()
        for rows in self._groups():
            size = float(np.sqrt(np.mean(np.clip(residuals[rows], -1e150, 1e150) ** 2)))
            floor = 1e-12 * max(float(np.abs(self.target[rows]).max()), 1e-300)
            sd[rows] = max(size, floor)
        return sd


class _Looks:
    """Asks for predictions and their derivatives in one go, and remembers the last answer."""

    def __init__(self, search: Search, ask: Ask) -> None:
        self.search, self.ask = search, ask
        self.sd = np.ones(len(search.target))
        self.at: Array | None = None
        self.predicted = self.jacobian = np.empty(0)
        self.evaluations = 0

    def _go(self, x: Array) -> None:
        if self.at is not None and np.array_equal(x, self.at):
            return
        search = self.search
        u = search.start.copy()
        u[search.free] = x
        points, distance = search.problem.around(u)
        kept = np.concatenate([[True], np.repeat(search.free, 2)])
        answers = self.ask(points[kept])
        self.predicted, sides = answers[0], answers[1:]
        slope = (sides[1::2] - sides[0::2]) / distance[search.free][:, None]
        self.jacobian = np.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0).T
        self.at, self.evaluations = x.copy(), self.evaluations + 1

    def residuals(self, x: Array) -> Array:
        """Return measured minus predicted; a large number where a run failed."""
        self._go(x)
        difference = self.search.target - self.predicted
        return np.where(np.isfinite(difference), difference, WORST * self.sd)

    def weighted(self, x: Array) -> Array:
        return self.residuals(x) / self.sd

    def slope(self, x: Array) -> Array:
        self._go(x)
        return -self.jacobian / self.sd[:, None]


def minus_2_log_likelihood(problem: Problem, residuals: Array, sd: Array) -> float:
    """Return -2 log likelihood of measurements; of the values themselves also where noise is lognormal."""
    z = residuals / sd
    jump = 2 * np.log(problem.data.value[problem.lognormal]).sum()
    return float((z**2 + np.log(2 * np.pi * sd**2)).sum() + jump)
