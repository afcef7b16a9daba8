"""The gradient of FOCEI's -2 log L, total over the modes' response to the numbers that are estimated.

A part of -2 log L is 2 l(eta, x) + log det Omega + log det H(eta, x) at the mode eta(x). Where exact derivatives by
random effects are integrated along with the runs, differences of those give the second derivatives that H and the
response of the mode need; a typical value that only moves a random effect's center takes no run of its own.

Source: Almquist, Leander and Jirstrand 2015, doi:10.1007/s10928-015-9409-1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import Modes
from immunode.analysis.mixed_effects.likelihoods import laplace_parts, over_classes
from immunode.analysis.mixed_effects.observation_table import Rows
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.residual_error import curvature, minus_log_density, slope_and_weight
from immunode.analysis.mixed_effects.structure import Point

Array = NDArray[np.float64]
STEP = 1e-4
"""Step along the vector of differences that take no runs."""
RUN_STEP = 1e-3
"""The same of differences of runs."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """What `focei_slopes` returns. Leading axis: points.

    parts : (n_points, n_individuals), of -2 log L.   by_vector : (n_points, n_individuals, n), their derivatives.
    response : (n_points, n_rows, n_effects, n), derivatives of the modes.
    """

    parts: Array
    by_vector: Array
    response: Array


def focei_slopes(predict: Predictions, points: Array, found: Modes) -> Slopes:
    """Return the parts of -2 log L at points, (n_points, n), with their derivatives. found : the modes, by points."""
    m, n = points.shape
    rows = np.repeat(np.arange(m), len(predict.rows))
    s = predict.structure
    here = _Expansion(predict, found, s.point(points).rows(rows))
    unit = np.eye(n)
    response = np.empty((*found.eta.shape, n))
    slopes = np.empty((len(rows), n))
    for k in range(n):
        ends = [s.point(points + sign * STEP * unit[k]).rows(rows) for sign in (1, -1)]
        f_move, slope_move = here.moves(points, rows, k)
        pulls = [
            here.pull(point, found.eta, found.f + h * f_move, found.slopes + h * slope_move)
            for point, h in zip(ends, (STEP, -STEP), strict=True)
        ]
        back = np.linalg.solve(here.hessian, ((pulls[0] - pulls[1]) / (2 * STEP))[..., None])[..., 0]
        response[..., k] = -back
        f_move = f_move + np.einsum("ra,raj->rj", -back, found.slopes)
        slope_move = slope_move + np.einsum("ra,rabj->rbj", -back, here.second)
        values = [
            here.part(point, found.eta - h * back, found.f + h * f_move, found.slopes + h * slope_move)
            for point, h in zip(ends, (STEP, -STEP), strict=True)
        ]
        slopes[:, k] = (values[0] - values[1]) / (2 * STEP)
    point = s.point(points)
    of_rows = laplace_parts(here.point, found.value, found.hessian).reshape(m, -1)
    parts, weights = over_classes(point, of_rows)
    by_row = slopes.reshape(m, s.n_classes, predict.n, n)
    total = np.einsum("mki,mkin->min", weights, by_row)
    if s.share_names:
        # of -2 log(sum of share*L) by the logarithm of a ratio of shares: -2 (probability - share)
        total[..., n - len(s.share_names) :] = -2 * (weights - point.shares[..., None])[:, :-1].swapaxes(1, 2)
    return Slopes(parts, total, response.reshape(m, -1, *response.shape[1:]))


class _Expansion:
    """The first and second derivatives of predictions at modes, and what follows from them without runs."""

    def __init__(self, predict: Predictions, found: Modes, point: Point) -> None:
        self.predict, self.found, self.point = predict, found, point
        o = predict.observed(found.who, point)
        self.used = o.used
        self.second = np.where(o.used[:, None, None], predict.curvatures(found.who, point, found.eta), 0.0)
        slope, _ = slope_and_weight(o, found.f)
        bend = curvature(o, found.f)
        self.hessian = np.einsum("rj,raj,rbj->rab", bend, found.slopes, found.slopes)
        self.hessian += np.einsum("rj,rabj->rab", slope, self.second) + np.linalg.inv(point.omega)

    def moves(self, points: Array, rows: Rows, k: int) -> tuple[Array, Array]:
        """Return how predictions and slopes move with a number of the vector, at the modes as they are."""
        s, found = self.predict.structure, self.found
        if k >= len(s.fixed):
            return np.zeros_like(found.f), np.zeros_like(found.slopes)
        moved = [one for one in s.typical if k in one.places]
        leaders = [a for a, followers in enumerate(s.followers) if followers[0].typical in moved]
        if len(leaders) == 1 == len(s.followers[leaders[0]]):
            # the same as a move of the random effect, in the classes that have this typical value
            place = np.array(moved[0].places)[found.who // self.predict.n] == k
            size = np.where(place, s.fixed[k].size, 0.0)
            return size[:, None] * found.slopes[:, leaders[0]], size[:, None, None] * self.second[:, leaders[0]]
        ends = []
        for sign in (1, -1):
            step = sign * RUN_STEP * (np.arange(points.shape[1]) == k)
            ends.append(self.predict.with_slopes(found.who, s.point(points + step).rows(rows), found.eta))
        f_move, slope_move = ((ends[0][i] - ends[1][i]) / (2 * RUN_STEP) for i in (0, 1))
        return f_move, np.where(self.used[:, None], slope_move, 0.0)

    def pull(self, point: Point, eta: Array, f: Array, slopes: Array) -> Array:
        """Return the derivative of l by random effects, (n_rows, n_effects)."""
        slope, _ = slope_and_weight(self.predict.observed(self.found.who, point), f)
        return np.asarray(np.einsum("rj,raj->ra", slope, slopes) + np.linalg.solve(point.omega, eta[..., None])[..., 0])

    def part(self, point: Point, eta: Array, f: Array, slopes: Array) -> Array:
        """Return the part of -2 log L of each row."""
        o = self.predict.observed(self.found.who, point)
        inverse = np.linalg.inv(point.omega)
        value = minus_log_density(o, f).sum(axis=1) + 0.5 * np.einsum("ra,rab,rb->r", eta, inverse, eta)
        _, weight = slope_and_weight(o, f)
        hessian = np.einsum("rj,raj,rbj->rab", weight, slopes, slopes) + inverse
        return laplace_parts(point, value, hessian)
