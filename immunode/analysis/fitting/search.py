"""One search for the best point: least squares in the unit box, with the noise estimated on the way."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fitting.problem import WORST, Problem
from immunode.analysis.fitting.rendezvous import Ask

Array = NDArray[np.float64]
ROUNDS = 12
"""Most times that standard deviations are estimated anew."""
SETTLED = 1e-3
"""Relative change of a standard deviation below which it is settled."""
SAME = 1e-4
"""Change of -2 log likelihood below which a further round is not worth it."""
LOOSE, TIGHT = 1e-3, 1e-9
"""Tolerances of a search while standard deviations still move, and of the last one."""
DEPTH = 25.0, 3.0
"""How far the logarithm of a size may fall in the first round, and in later ones."""
BLUNT = 1e-3
"""Residual, in scales of a Laplace distribution, below which the tip of its density is rounded."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a search ended.

    u : shape (n_parameters,), in the unit box.   cost : -2 log likelihood, and of the prior densities where there are
    priors.   jacobian : (n_data, n_parameters), derivatives of predictions.   spread : the same of the logarithm of
    standard deviations, 0 where they are numbers or estimated.   residuals : (n_data,), measured minus predicted, on
    the scale of the noise.   sd : (n_data,), given or estimated.   converged : the search came to rest.
    evaluations : rounds of runs.
    """

    u: Array
    cost: float
    jacobian: Array
    spread: Array
    residuals: Array
    sd: Array
    converged: bool
    evaluations: int


@dataclass(frozen=True, slots=True)
class Search:
    """A search from one start. Called with `ask`, it returns `Found`.

    start : shape (n_parameters,).   free : which parameters move; the others stay at their start.
    target : shape (n_data,), measured values on the scale of the noise.

    What is minimized is a sum of squares: residuals in standard deviations; where those are expressions, roots of the
    logarithms of their sizes; where there are priors, roots of theirs.
    """

    problem: Problem
    start: Array
    free: NDArray[np.bool_]
    target: Array

    def __call__(self, ask: Ask) -> Found:
        from scipy.optimize import least_squares

        looks = _Looks(self, ask)
        u = np.clip(self.start, 0.0, 1.0)
        looks.go(u[self.free])
        sd = looks.sd = self._sd(looks)
        alive = bool(np.isfinite(looks.predicted).all())
        converged = alive and not self.free.any()
        tolerance = LOOSE if self._groups() or self.rooted else TIGHT
        cost = np.inf
        for k in range(ROUNDS if alive and self.free.any() else 0):
            done = tolerance == TIGHT
            looks.begin(sd, DEPTH[min(k, 1)])
            inside = np.clip(u[self.free], 1e-9, 1 - 1e-9)
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                got = least_squares(
                    looks.weighted, inside, looks.slope, bounds=(0.0, 1.0), ftol=tolerance, xtol=tolerance,
                    gtol=tolerance, max_nfev=60,
                )  # fmt: skip
            u[self.free] = got.x
            converged = bool(got.status > 0)
            looks.go(got.x)
            before, sd = sd, self._sd(looks)
            open_ = self.problem.open
            moved = float(np.abs(sd[open_] / before[open_] - 1).max(initial=0.0))
            last, cost = cost, minus_2_log_likelihood(self.problem, looks.residuals(got.x), sd)
            if done and moved < SETTLED and (not self.rooted or not cost < last - SAME):
                break
            tolerance = TIGHT if moved < 30 * SETTLED or len(self._groups()) == 1 else tolerance
        return self._found(looks, u, sd, converged)

    @property
    def rooted(self) -> bool:
        """Whether the sum of squares holds more than residuals in fixed standard deviations."""
        return bool(self.problem.moving.any() or self.problem.priors)

    def _found(self, looks: _Looks, u: Array, sd: Array, converged: bool) -> Found:
        residuals = looks.residuals(u[self.free])
        jacobian, spread = np.zeros((len(residuals), len(u))), np.zeros((len(residuals), len(u)))
        jacobian[:, self.free], spread[:, self.free] = looks.jacobian, looks.spread
        good = bool(np.isfinite(looks.predicted).all())
        cost = minus_2_log_likelihood(self.problem, residuals, sd) if good else np.inf
        cost -= 2 * float(self.problem.log_prior(u[None]).sum())
        return Found(u, cost, jacobian, spread, residuals, sd, converged and good, looks.evaluations)

    def _groups(self) -> list[NDArray[np.bool_]]:
        """Return the rows of each observable whose standard deviation is estimated."""
        data, open_ = self.problem.data, self.problem.open
        groups = [(data.observable == i) & open_ for i in range(len(data.observables))]
        return [g for g in groups if g.any()]

    def _sd(self, looks: _Looks) -> Array:
        """Return standard deviations: given ones, else the root mean square of an observable's residuals."""
        sd = looks.told.copy()
        residuals = np.where(np.isfinite(looks.predicted), self.target - looks.predicted, WORST)
        for rows in self._groups():
            size = float(np.sqrt(np.mean(np.clip(residuals[rows], -1e150, 1e150) ** 2)))
            floor = 1e-12 * max(float(np.abs(self.target[rows]).max()), 1e-300)
            sd[rows] = max(size, floor)
        return np.where(np.isfinite(sd), sd, 1.0)


class _Looks:
    """Asks for predictions and their derivatives in one go, and remembers the last answer.

    predicted, told : (n_data,), predictions and standard deviations at the last point, NaN where these are estimated.
    jacobian, spread : as in `Found`, of the free parameters.
    """

    def __init__(self, search: Search, ask: Ask) -> None:
        self.search, self.ask = search, ask
        self.problem = search.problem
        self.sd = np.ones(len(search.target))
        self.at: Array | None = None
        self.predicted = self.told = self.jacobian = self.spread = np.empty(0)
        self.beliefs = self.tilt = np.empty(0)
        self.rest, self.highest = np.zeros(len(search.target)), self.problem.best_prior()
        self.depth = DEPTH[0]
        self.evaluations = 0

    def begin(self, sd: Array, depth: float) -> None:
        """Begin a round: standard deviations to weigh with, and how far the logarithms of sizes may fall."""
        self.sd, self.depth, self.rest = sd, depth, np.log(sd)

    def go(self, x: Array) -> None:
        """Look at a point of the free parameters."""
        if self.at is not None and np.array_equal(x, self.at):
            return
        search, problem = self.search, self.problem
        u = search.start.copy()
        u[search.free] = x
        points, distance = problem.around(u)
        points = points[np.concatenate([[True], np.repeat(search.free, 2)])]
        wide = distance[search.free][:, None]
        predicted, sd = problem.split(self.ask(points))
        beliefs = problem.log_prior(points)
        self.predicted, self.told, self.beliefs = predicted[0], sd[0], beliefs[0]
        self.jacobian = _slope(predicted, wide)
        with np.errstate(all="ignore"):
            self.spread = np.where(problem.moving[:, None], _slope(np.log(sd), wide), 0.0)
        self.tilt = _slope(beliefs, wide)
        self.at, self.evaluations = x.copy(), self.evaluations + 1

    def residuals(self, x: Array) -> Array:
        """Return measured minus predicted; a large number where a run failed."""
        self.go(x)
        difference = self.search.target - self.predicted
        return np.where(np.isfinite(difference), difference, WORST * self.sd)

    def _sizes(self) -> Array:
        """Return standard deviations here: those that are expressions at their value."""
        return np.where(self.problem.moving & np.isfinite(self.told), self.told, self.sd)

    def _roots(self) -> tuple[Array, Array]:
        """Return the roots of what sizes and priors add to the sum of squares, at least a little above 0."""
        moving = self.problem.moving
        sizes = 2 * (np.log(self._sizes()[moving]) - self.rest[moving] + self.depth)
        # of a normal prior the root is the distance from its mean in its standard deviations
        priors = 2 * (self.highest - self.beliefs)
        priors = np.where(np.isfinite(priors), priors, WORST)
        return np.sqrt(np.maximum(sizes, 1e-12)), np.sqrt(np.maximum(priors, BLUNT**2))

    def weighted(self, x: Array) -> Array:
        z = self.residuals(x) / self._sizes()
        blunt = np.sqrt(2 * (np.sqrt(z**2 + BLUNT**2) - BLUNT))
        return np.concatenate([np.where(self.problem.laplace, np.copysign(blunt, z), z), *self._roots()])

    def slope(self, x: Array) -> Array:
        sd = self._sizes()
        z = self.residuals(x) / sd
        own = -self.jacobian / sd[:, None] - z[:, None] * self.spread
        length = np.sqrt(z**2 + BLUNT**2)
        with np.errstate(all="ignore"):
            # at the tip, where the root is 0, its limit
            factor = np.abs(z) / length / np.sqrt(2 * (length - BLUNT))
        factor = np.where(np.abs(z) > 1e-3 * BLUNT, factor, BLUNT**-0.5)
        own = np.where(self.problem.laplace[:, None], factor[:, None] * own, own)
        sizes, priors = self._roots()
        return np.concatenate([own, self.spread[self.problem.moving] / sizes[:, None], -self.tilt / priors[:, None]])


def _slope(answers: Array, distance: Array) -> Array:
    """Return derivatives, (n_values, n_free), of answers at a point and at pairs of points beside it."""
    sides = answers[1:]
    with np.errstate(all="ignore"):
        slope = (sides[1::2] - sides[0::2]) / distance
    return np.asarray(np.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0).T)


def minus_2_log_likelihood(problem: Problem, residuals: Array, sd: Array) -> float:
    """Return -2 log likelihood of measurements; of the values themselves also where noise is on their logarithm."""
    z = residuals / sd
    jump = 2 * np.log(problem.data.value[problem.lognormal]).sum()
    laplace = 2 * np.abs(z) + 2 * np.log(2 * sd)
    return float(np.where(problem.laplace, laplace, z**2 + np.log(2 * np.pi * sd**2)).sum() + jump)


def information(problem: Problem, found: Found, weights: Array) -> Array:
    """Return what the data tell of parameters, (n_rows, n_parameters): its product with itself is the information.

    weights : (n_data,), one over the standard deviations.   Sizes that are expressions tell something as well.
    """
    told = found.jacobian * weights[:, None]
    moving = problem.moving
    if not moving.any():
        return told
    # Fisher's information of the logarithm of a size: 2 of a normal noise, 1 of a Laplace noise
    factor = np.where(problem.laplace[moving], 1.0, np.sqrt(2.0))
    return np.concatenate([told, factor[:, None] * found.spread[moving]])
