"""The observed information of a population model by Louis's identity, over weighted samples of random effects.

Individual parameters phi, and the class of the individual, are the missing data. With l the logarithm of the joint
density of y and phi, each individual has the score E(l') and the information -E(l'') - Var(l') of its observations,
where means are over phi given y.

Sources: Louis 1982, doi:10.1111/j.2517-6161.1982.tb01203.x; Fisher's identity for the score is in the same paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.methods.centers import Centers, make_centers
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.residual_error import LOG_2PI, minus_log_density

Array = NDArray[np.float64]
STEP = 2e-3
"""Step of differences along the vector of estimates."""


@dataclass(frozen=True, slots=True)
class ObservedInformation:
    """What Louis's identity gives. information : (n, n), on the vector.   scores : (n_individuals, n), of log L."""

    information: Array
    scores: Array


def louis_information(predict: Predictions, x: Array, log_weights: Array, eta: Array) -> ObservedInformation:
    """Return the observed information at a vector.

    log_weights : (n_rows, n_draws), of importance, within each class.   eta : (n_rows, n_draws, n_effects).
    """
    joint = _JointDensity(predict, x, eta)
    log_weights = joint.of_individuals(log_weights + joint.log_shares(x))
    w = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    w /= w.sum(axis=1, keepdims=True)
    n, unit = len(x), STEP * np.eye(len(x))
    here = _mean(w, joint(x))
    slopes, ends = np.empty((*w.shape, n)), np.empty(n)
    for k in range(n):
        up, down = joint(x + unit[k]), joint(x - unit[k])
        slopes[..., k] = _finite(w, (up - down) / (2 * STEP))
        ends[k] = _mean(w, up) + _mean(w, down)
    bends = np.diag((ends - 2 * here) / STEP**2)
    for a in range(n):
        for b in range(a):
            both = sum(_mean(w, joint(x + s * (unit[a] + unit[b]))) for s in (1, -1))
            bends[a, b] = bends[b, a] = (both - ends[a] - ends[b] + 2 * here) / (2 * STEP**2)
    scores = np.einsum("nm,nmk->nk", w, slopes)
    missing = np.einsum("nm,nma,nmb->ab", w, slopes, slopes) - scores.T @ scores
    return ObservedInformation(-bends - missing, scores)


class _JointDensity:
    """log p(y, phi, class) of each sample at vectors near one, where the samples phi were drawn; phi stays."""

    def __init__(self, predict: Predictions, x: Array, eta: Array) -> None:
        self.predict = predict
        self.centers: Centers = make_centers(predict.structure, predict.data)
        self.shape = eta.shape
        self.who = np.repeat(np.arange(eta.shape[0]), eta.shape[1])
        self.left = list(self.centers.left)
        self.phi = eta + self._center(x)[:, None, :]
        self.known: dict[bytes, Array] = {}

    def __call__(self, x: Array) -> Array:
        """Return the logarithms, (n_individuals, n_classes*n_draws)."""
        n, m, d = self.shape
        point = self.predict.structure.point(x)
        eta = self.phi - self._center(x)[:, None, :]
        # predictions follow individual parameters, which stay, and the fixed effects that no center tells of
        key = point.fixed[self.left].tobytes()
        if key not in self.known:
            self.known[key] = self.predict(self.who, point, eta.reshape(-1, d))
        o = self.predict.observed(self.who, point)
        data = minus_log_density(o, self.known[key]).sum(axis=1).reshape(n, m)
        inverse, size = np.linalg.inv(point.omega), np.linalg.slogdet(point.omega)[1]
        prior = 0.5 * (np.einsum("nmi,ij,nmj->nm", eta, inverse, eta) + d * LOG_2PI + size)
        return self.of_individuals(-data - prior + self.log_shares(x))

    def log_shares(self, x: Array) -> Array:
        """Return the logarithms of the shares of classes, (n_rows, 1)."""
        return np.asarray(np.repeat(np.log(self.predict.structure.point(x).shares), self.predict.n)[:, None])

    def of_individuals(self, values: Array) -> Array:
        """Return the samples of all classes side by side, (n_rows, n_draws) -> (n_individuals, n_classes*n_draws)."""
        return np.asarray(values.reshape(-1, self.predict.n, self.shape[1]).swapaxes(0, 1).reshape(self.predict.n, -1))

    def _center(self, x: Array) -> Array:
        return self.centers.values(self.predict.structure.point(x).fixed)


def _mean(w: Array, values: Array) -> float:
    """Return the sum over individuals of weighted means; draws without weight may be impossible."""
    return float(np.sum(w * _finite(w, values)))


def _finite(w: Array, values: Array) -> Array:
    return np.where((w > 0) & np.isfinite(values), values, 0.0)
