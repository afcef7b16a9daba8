"""One search for the best point: least squares in the unit box, with the noise estimated on the way."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.fitting.priors import best_prior, log_prior, prior_slope
from immunode.analysis.fitting.problem import WORST, Problem
from immunode.analysis.fitting.trust_region import Minimum, least_squares

Array = NDArray[np.float64]
T = TypeVar("T")
Steps = Generator[Array, Array, T]
"""Yields points and which derivatives it wants, is sent what runs give there, see `Looks`, and returns a T."""
MOST = 60
"""Points that a minimization looks at, at most."""
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
class SearchResult:
    """Where a search ended.

    Attributes
    ----------
    u : ndarray
        shape (n_parameters,), in the unit box.
    cost : float
        -2 log likelihood, and of the prior densities where there are priors.
    jacobian : ndarray
        (n_data, n_parameters), derivatives of predictions.
    spread : ndarray
        the same of the logarithm of standard deviations, 0 where they are numbers or estimated.
    residuals : ndarray
        (n_data,), measured minus predicted, on the scale of the noise.
    sd : ndarray
        (n_data,), given or estimated.
    converged : bool
        the search came to rest.
    """

    u: Array
    cost: float
    jacobian: Array
    spread: Array
    residuals: Array
    sd: Array
    converged: bool


@dataclass(frozen=True, slots=True)
class Search:
    """A search from one start; `steps` takes it.

    start : shape (n_parameters,).   free : which parameters move; the others stay at their start.
    target : shape (n_data,), measured values on the scale of the noise.

    What is minimized is a sum of squares: residuals in standard deviations; where those are expressions, roots of the
    logarithms of their sizes; where there are priors, roots of theirs.
    """

    problem: Problem
    start: Array
    free: NDArray[np.bool_]
    target: Array

    def steps(self) -> Steps[SearchResult]:
        """Yield points, (1, 2 n_parameters), which `Looks` answers; return where it ended."""
        looks = _Looks(self)
        u = np.clip(self.start, 0.0, 1.0)
        look = yield from looks.at(u[self.free])
        sd = self._sd(look)
        highest = best_prior(self.problem)
        squares = _Squares(self, sd, DEPTH[0], highest)
        moves = bool(np.isfinite(look.predicted).all()) and bool(self.free.any())
        converged = bool(np.isfinite(look.predicted).all()) and not moves
        tolerance = LOOSE if self._groups() or self.rooted else TIGHT
        cost = np.inf
        for k in range(ROUNDS if moves else 0):
            done = tolerance == TIGHT
            squares = _Squares(self, sd, DEPTH[min(k, 1)], highest)
            minimum = yield from _minimize(squares, looks, u[self.free], tolerance)
            u[self.free], converged = minimum.x, minimum.converged
            look = yield from looks.at(minimum.x)
            before, sd = sd, self._sd(look)
            estimated = self.problem.open
            moved = float(np.abs(sd[estimated] / before[estimated] - 1).max(initial=0.0))
            last, cost = cost, minus_2_log_likelihood(self.problem, squares.residuals(look), sd)
            if done and moved < SETTLED and (not self.rooted or not cost < last - SAME):
                break
            tolerance = TIGHT if moved < 30 * SETTLED or len(self._groups()) == 1 else tolerance
        return self._found(look, squares.residuals(look), u, sd, converged)

    @property
    def rooted(self) -> bool:
        """Whether the sum of squares holds more than residuals in fixed standard deviations."""
        return bool(self.problem.moving.any() or self.problem.priors)

    def _found(self, look: _Look, residuals: Array, u: Array, sd: Array, converged: bool) -> SearchResult:
        jacobian, spread = np.zeros((len(residuals), len(u))), np.zeros((len(residuals), len(u)))
        jacobian[:, self.free], spread[:, self.free] = look.jacobian, look.spread
        good = bool(np.isfinite(look.predicted).all())
        cost = minus_2_log_likelihood(self.problem, residuals, sd) if good else np.inf
        cost -= 2 * float(log_prior(self.problem, u[None]).sum())
        return SearchResult(
            u=u, cost=cost, jacobian=jacobian, spread=spread, residuals=residuals, sd=sd,
            converged=converged and good,
        )  # fmt: skip

    def _groups(self) -> list[NDArray[np.bool_]]:
        """Return the rows of each observable whose standard deviation is estimated."""
        data, open_ = self.problem.data, self.problem.open
        groups = [(data.observable == i) & open_ for i in range(len(data.observables))]
        return [g for g in groups if g.any()]

    def _sd(self, look: _Look) -> Array:
        """Return standard deviations: given ones, else the root mean square of an observable's residuals."""
        sd = look.sd.copy()
        residuals = np.where(np.isfinite(look.predicted), self.target - look.predicted, WORST)
        for rows in self._groups():
            size = float(np.sqrt(np.mean(np.clip(residuals[rows], -1e150, 1e150) ** 2)))
            floor = 1e-12 * max(float(np.abs(self.target[rows]).max()), 1e-300)
            sd[rows] = max(size, floor)
        return np.where(np.isfinite(sd), sd, 1.0)


def _minimize(squares: _Squares, looks: _Looks, start: Array, tolerance: float) -> Steps[Minimum]:
    """Yield points to run until the sum of squares no longer falls. start : (n_free,)."""
    minimizer = least_squares(start, tolerance, MOST)
    x = next(minimizer)
    while True:
        look = yield from looks.at(x)
        try:
            x = minimizer.send((squares.weighted(look), squares.slope(look)))
        except StopIteration as end:
            minimum: Minimum = end.value
            return minimum


@dataclass(frozen=True, slots=True)
class _Look:
    """What the runs at a point of the free parameters, and beside it, say.

    predicted, sd : (n_data,), predictions and standard deviations, NaN where these are estimated.
    beliefs : (n_priors,), logarithms of prior densities.
    jacobian, spread : as in `SearchResult`, of the free parameters.
    tilt : (n_priors, n_free), derivatives of `beliefs`.
    """

    predicted: Array
    sd: Array
    beliefs: Array
    jacobian: Array
    spread: Array
    tilt: Array


class _Looks:
    """Asks for predictions and their derivatives in one go, and remembers every answer."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.known: dict[bytes, _Look] = {}

    def at(self, x: Array) -> Steps[_Look]:
        """Yield the point to run for a look at one point of the free parameters, (n_free,), unless it is known."""
        key = x.tobytes()
        if key not in self.known:
            search = self.search
            u = search.start.copy()
            u[search.free] = x
            answers = yield np.concatenate([u, search.free.astype(float)])[None]
            self.known[key] = self._read(answers[0], u)
        return self.known[key]

    @np.errstate(all="ignore")
    def _read(self, answer: Array, u: Array) -> _Look:
        """Return a look. answer : (n_values, 1 + n_parameters), as `Looks` gives it."""
        search, problem = self.search, self.search.problem
        predicted, sd = (part[0] for part in problem.split(answer[None, :, 0]))
        slopes, n = answer[:, 1:][:, search.free], len(problem.data)
        spread = np.zeros((n, slopes.shape[1]))
        if problem.moving.any():
            spread = np.where(problem.moving[:, None], _finite(slopes[n:] / answer[n:, :1]), 0.0)
        beliefs, tilt = log_prior(problem, u[None])[0], prior_slope(problem, u, search.free)
        return _Look(predicted=predicted, sd=sd, beliefs=beliefs, jacobian=slopes[:n], spread=spread, tilt=tilt)


class _Squares:
    """What is squared and summed in one round, where estimated standard deviations are held.

    sd : (n_data,), those held.   depth : how far the logarithms of sizes may fall.   highest : (n_priors,), the
    highest logarithm of each prior density.
    """

    def __init__(self, search: Search, sd: Array, depth: float, highest: Array) -> None:
        self.problem, self.target = search.problem, search.target
        self.sd, self.depth, self.highest = sd, depth, highest

    def residuals(self, look: _Look) -> Array:
        """Return measured minus predicted; a large number where a run failed."""
        difference = self.target - look.predicted
        return np.where(np.isfinite(difference), difference, WORST * self.sd)

    def _sizes(self, look: _Look) -> Array:
        """Return standard deviations: those that are expressions at their value."""
        return np.where(self.problem.moving & np.isfinite(look.sd), look.sd, self.sd)

    def _roots(self, look: _Look) -> tuple[Array, Array]:
        """Return the roots of what sizes and priors add to the sum of squares, at least a little above 0."""
        moving = self.problem.moving
        sizes = 2 * (np.log(self._sizes(look)[moving]) - np.log(self.sd)[moving] + self.depth)
        # of a normal prior the root is the distance from its mean in its standard deviations
        priors = 2 * (self.highest - look.beliefs)
        priors = np.where(np.isfinite(priors), priors, WORST)
        return np.sqrt(np.maximum(sizes, 1e-12)), np.sqrt(np.maximum(priors, BLUNT**2))

    @np.errstate(all="ignore")
    def weighted(self, look: _Look) -> Array:
        """Return what is squared, (n_rows,)."""
        z = self.residuals(look) / self._sizes(look)
        blunt = np.sqrt(2 * (np.sqrt(z**2 + BLUNT**2) - BLUNT))
        return np.concatenate([np.where(self.problem.laplace, np.copysign(blunt, z), z), *self._roots(look)])

    @np.errstate(all="ignore")
    def slope(self, look: _Look) -> Array:
        """Return the derivatives of `weighted` by the free parameters, (n_rows, n_free)."""
        sd = self._sizes(look)
        z = self.residuals(look) / sd
        own = -look.jacobian / sd[:, None] - z[:, None] * look.spread
        length = np.sqrt(z**2 + BLUNT**2)
        # at the tip, where the root is 0, its limit
        factor = np.abs(z) / length / np.sqrt(2 * (length - BLUNT))
        factor = np.where(np.abs(z) > 1e-3 * BLUNT, factor, BLUNT**-0.5)
        own = np.where(self.problem.laplace[:, None], factor[:, None] * own, own)
        sizes, priors = self._roots(look)
        return np.concatenate([own, look.spread[self.problem.moving] / sizes[:, None], -look.tilt / priors[:, None]])


def _finite(slope: Array) -> Array:
    return np.asarray(np.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0))


def minus_2_log_likelihood(problem: Problem, residuals: Array, sd: Array) -> float:
    """Return -2 log likelihood of measurements; of the values themselves also where noise is on their logarithm."""
    z = residuals / sd
    jump = 2 * np.log(problem.data.value[problem.lognormal]).sum()
    laplace = 2 * np.abs(z) + 2 * np.log(2 * sd)
    return float(np.where(problem.laplace, laplace, z**2 + np.log(2 * np.pi * sd**2)).sum() + jump)


def information(problem: Problem, result: SearchResult, weights: Array) -> Array:
    """Return what the data tell of parameters, (n_rows, n_parameters): its product with itself is the information.

    weights : (n_data,), one over the standard deviations.   Sizes that are expressions tell something as well.
    """
    rows = result.jacobian * weights[:, None]
    moving = problem.moving
    if not moving.any():
        return rows
    # Fisher's information of the logarithm of a size: 2 of a normal noise, 1 of a Laplace noise
    factor = np.where(problem.laplace[moving], 1.0, np.sqrt(2.0))
    return np.concatenate([rows, factor[:, None] * result.spread[moving]])
