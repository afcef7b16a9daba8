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
BATCHES = 8
"""Parts of the samples, whose spread tells the error of the information."""


@dataclass(frozen=True, slots=True)
class ObservedInformation:
    """What Louis's identity gives. information : (n, n), on the vector.   scores : (n_individuals, n), of log L.

    batches : (n_batches, n, n), the same information from parts of the samples.
    """

    information: Array
    scores: Array
    batches: Array


def louis_information(predict: Predictions, x: Array, log_weights: Array, eta: Array) -> ObservedInformation:
    """Return the observed information at a vector.

    log_weights : (n_rows, n_draws), of importance, within each class.   eta : (n_rows, n_draws, n_effects).
    """
    joint = _JointDensity(predict, x, eta)
    w = _weights(joint.of_individuals(log_weights + joint.log_shares(x)))
    n, unit = len(x), STEP * np.eye(len(x))
    here = _means(w, joint(x))
    slopes, ends = np.empty((*w.shape[1:], n)), np.empty((n, len(w)))
    for k in range(n):
        up, down = joint(x + unit[k]), joint(x - unit[k])
        slopes[..., k] = _finite(w[0], (up - down) / (2 * STEP))
        ends[k] = _means(w, up) + _means(w, down)
    bends = np.empty((len(w), n, n))
    for a in range(n):
        bends[:, a, a] = (ends[a] - 2 * here) / STEP**2
        for b in range(a):
            both = sum(_means(w, joint(x + s * (unit[a] + unit[b]))) for s in (1, -1))
            bends[:, a, b] = bends[:, b, a] = (both - ends[a] - ends[b] + 2 * here) / (2 * STEP**2)
    found = []
    for part, bend in zip(w, bends, strict=True):
        scores = np.einsum("nm,nmk->nk", part, slopes)
        weighted = (part[..., None] * slopes).reshape(-1, n)
        found.append((-bend - weighted.T @ slopes.reshape(-1, n) + scores.T @ scores, scores))
    return ObservedInformation(found[0][0], found[0][1], np.array([one for one, _ in found[1:]]))


def _weights(log_weights: Array) -> Array:
    """Return weights that add up to 1, (1 + n_batches, n_individuals, n_draws): of all samples, then of each batch.

    Samples come in groups (around the mode, the mean, the population), so a batch takes every eighth.
    """
    w = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    batch = np.arange(w.shape[1]) % BATCHES
    parts = np.stack([w, *(np.where(batch == k, w, 0.0) for k in range(BATCHES))])
    sums = parts.sum(axis=2, keepdims=True)
    return np.asarray(np.where(sums > 0, parts / np.where(sums > 0, sums, 1.0), 0.0))


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


def _means(w: Array, values: Array) -> Array:
    """Return the sums over individuals of weighted means; draws without weight may be impossible."""
    return np.asarray(np.einsum("bnm,nm->b", w, _finite(w[0], values)))


def _finite(w: Array, values: Array) -> Array:
    return np.where((w > 0) & np.isfinite(values), values, 0.0)
