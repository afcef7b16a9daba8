"""Estimation by conditional methods: the best point of FOCE, FOCEI or Laplace, all searches in one batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.empirical_bayes import Modes, conditional_modes, from_many_starts, full_hessian
from immunode.analysis.mixed_effects.likelihoods import laplace_parts, over_classes, refuse_failures
from immunode.analysis.mixed_effects.methods.conditional_gradient import Slopes, focei_slopes
from immunode.analysis.mixed_effects.methods.empirical_information import score_information
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.prior_densities import Priors
from immunode.analysis.mixed_effects.residual_error import DISCRETE
from immunode.analysis.mixed_effects.uncertainty import (
    hessian_of,
    linearized_information,
    shown_numbers,
)

Array = NDArray[np.float64]
STEP = 1e-3
"""Step of the differences for gradients, along the vector of estimates."""
LENGTHS = np.array([1.0, 0.5, 0.2, 0.05, 0.01])
"""Parts of a step that are tried at once."""
LONGEST = 1.0
"""Longest step of one number of the vector."""
ENOUGH = 1e-5
"""The search ends where a step promises to lower -2 log L by less."""


@dataclass(frozen=True, slots=True)
class Descent:
    """Where the search ended. trace : (n_rounds, n_numbers).   gradient : largest derivative of -2 log L there.

    hessian : second derivatives of -2 log L by the vector.   method : as in `estimate`.
    """

    x: Array
    trace: Array
    gradient: float
    converged: bool
    hessian: Array
    method: str


class Objective:
    """-2 log L by a conditional method at many points, with the penalty of priors.

    Searches for modes start from those at a point nearby, moved along by how they respond to the vector of estimates.

    base : (n,), that point.   start : the modes there, (n_rows, n_effects), of `Predictions.rows`.
    response : derivatives of the modes by the vector, (n_rows, n_effects, n).
    """

    def __init__(self, predict: Predictions, method: str, priors: Priors, x: Array, start: Array) -> None:
        self.predict, self.method, self.priors = predict, method, priors
        self.base, self.start, self.response = x, start, np.zeros((*start.shape, len(x)))

    def __call__(self, points: Array) -> Array:
        """Return values, (n_points,), infinite where an individual has no mode. points : (n_points, n)."""
        penalty = self.priors.penalty(self.predict.structure.point(points))
        return np.asarray(self.parts(points)[0].sum(axis=1) + penalty)

    def parts(self, points: Array) -> tuple[Array, Modes]:
        """Return each individual's part, (n_points, n_individuals), and the modes, row by row."""
        m, n = len(points), len(self.predict.rows)
        who, rows = np.tile(self.predict.rows, m), np.repeat(np.arange(m), n)
        points_of = self.predict.structure.point(points)
        point = points_of.rows(rows)
        start = (self.start + np.einsum("ndk,mk->mnd", self.response, points - self.base)).reshape(m * n, -1)
        found = conditional_modes(self.predict, who, point, start, interaction=self.method != "foce")
        hessian = full_hessian(self.predict, who, point, found) if self.method == "laplace" else found.hessian
        with np.errstate(all="ignore"):
            value = laplace_parts(point, found.value, hessian)
        value = np.where(np.isfinite(value) & (np.linalg.det(hessian) > 0), value, np.inf)
        return over_classes(points_of, value.reshape(m, n))[0], found

    @property
    def exact(self) -> bool:
        """Whether gradients come from derivatives that are integrated along, not from differences of searches."""
        return self.method == "focei" and self.predict.exact_slopes

    def slopes(self, points: Array) -> tuple[Array, Slopes, Modes]:
        """Return gradients without those of priors, (n_points, n), what they consist of, and the modes."""
        _, found = self.parts(points)
        slopes = focei_slopes(self.predict, points, found)
        return slopes.by_vector.sum(axis=1), slopes, found

    def look(self, x: Array) -> tuple[float, Array]:
        """Return value and gradient; searches start from here on."""
        if self.exact:
            gradients, slopes, found = self.slopes(x[None])
            if np.isfinite(gradients).all():
                self.base, self.start, self.response = x, found.eta, slopes.response[0]
                value = slopes.parts.sum() + self.priors.penalty(self.predict.structure.point(x))
                return float(value), gradients[0] + self._of_priors(x)
        n, unit = len(x), STEP * np.eye(len(x))
        points = np.concatenate([x[None], x + unit, x - unit])
        parts, found = self.parts(points)
        values = parts.sum(axis=1) + self.priors.penalty(self.predict.structure.point(points))
        gradient = (values[1 : n + 1] - values[n + 1 :]) / (2 * STEP)
        eta = found.eta.reshape(len(points), len(self.predict.rows), -1)
        self.base, self.start = x, eta[0]
        self.response = ((eta[1 : n + 1] - eta[n + 1 :]) / (2 * STEP)).transpose(1, 2, 0)
        return float(values[0]), np.where(np.isfinite(gradient), gradient, 0.0)

    def hessian(self, x: Array) -> Array:
        """Return the second derivatives, (n, n): differences of gradients where these are exact, else of values."""
        if self.exact:
            unit = STEP * np.eye(len(x))
            gradients, _, _ = self.slopes(np.concatenate([x + unit, x - unit]))
            bends = (gradients[: len(x)] - gradients[len(x) :]) / (2 * STEP)
            if np.isfinite(bends).all():
                of_priors = hessian_of(lambda points: self.priors.penalty(self.predict.structure.point(points)), x)
                return np.asarray((bends + bends.T) / 2 + of_priors)
        return hessian_of(self, x)

    def scores(self, x: Array) -> Array:
        """Return derivatives of each individual's log L, (n_individuals, n)."""
        if self.exact:
            return np.asarray(-self.slopes(x[None])[1].by_vector[0] / 2)
        unit = STEP * np.eye(len(x))
        parts, _ = self.parts(np.concatenate([x + unit, x - unit]))
        return np.asarray(-(parts[: len(x)] - parts[len(x) :]).T / (4 * STEP))

    def _of_priors(self, x: Array) -> Array:
        unit = STEP * np.eye(len(x))
        ends = self.priors.penalty(self.predict.structure.point(np.concatenate([x + unit, x - unit])))
        return np.asarray((ends[: len(x)] - ends[len(x) :]) / (2 * STEP))


def run_descent(predict: Predictions, method: str, rounds: int, priors: Priors) -> Descent:
    """Return the best point (BFGS, begun with the information of the linearized model)."""
    s, who = predict.structure, predict.rows
    x = s.vector(s.declared)
    root = np.linalg.cholesky(s.declared.omega)
    beginnings = np.random.default_rng(0).standard_normal((3, len(who), s.n_effects)) @ root.T
    beginnings[0] = 0.0
    first = from_many_starts(predict, who, s.declared, beginnings, interaction=method != "foce")
    refuse_failures(predict, first)
    objective = Objective(predict, method, priors, x, first.eta)
    parts = laplace_parts(s.declared, first.value, first.hessian)
    weights = over_classes(s.declared, parts)[1].ravel()
    if any(form.kind >= DISCRETE for form in s.forms):
        model = 2 * score_information(predict, x, first.eta[:, None], weights[:, None])
    else:
        model = 2 * linearized_information(predict, x, first, weights)
    model += 1e-6 * np.trace(model) / len(x) * np.eye(len(x))
    value, gradient = objective.look(x)
    trace, converged = [shown_numbers(s, s.point(x))], False
    for _ in range(rounds):
        step = -np.linalg.solve(model, gradient)
        if gradient @ step >= 0:
            model = np.diag(np.abs(np.diag(model)) + 1e-3)
            step = -gradient / np.diag(model)
        converged = bool(-(gradient @ step) / 2 < ENOUGH)
        if converged:
            break
        step *= min(1.0, LONGEST / float(np.max(np.abs(step))))
        values = objective(x + LENGTHS[:, None] * step)
        best = int(np.argmin(values))
        if not values[best] < value:
            # a fresh start of the quasi-Newton matrix; a second failure is the noise of the runs
            if np.allclose(model, np.diag(np.diag(model))):
                break
            model = np.diag(np.diag(model))
            continue
        moved = LENGTHS[best] * step
        x = x + moved
        value, fresh = objective.look(x)
        change, pushed = fresh - gradient, model @ moved
        if moved @ change > 1e-10 * (moved @ pushed):
            model = model + np.outer(change, change) / (moved @ change) - np.outer(pushed, pushed) / (moved @ pushed)
        gradient = fresh
        trace.append(shown_numbers(s, s.point(x)))
    return Descent(x, np.array(trace), float(np.max(np.abs(gradient))), converged, objective.hessian(x), method)
