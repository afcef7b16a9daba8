"""Saltelli's scheme: the points at which variances are split among inputs, and the indices that outputs there give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.sensitivity.result import CONFIDENCE

Array = NDArray[np.float64]
EPS = float(np.finfo(float).eps)
"""Variance of standardized outputs up to which they count as constant."""


def saltelli_points(
    k: int, n: int, seed: int, *, groups: Sequence[NDArray[np.bool_]] | None = None, pairs: bool = False
) -> Array:
    """Return points in the unit cube, (n*(n_groups + 2), k), with `pairs` (n*(2*n_groups + 2), k).

    Each of the n base points makes a block of rows: A; A with one group of inputs after the other taken from B; with
    `pairs` also B with one group after the other taken from A; B. A and B are two halves of one scrambled Sobol'
    point. A shorter sample is the beginning of a longer one.

    groups : (k,) each, which inputs belong to it; by default each input is a group of its own.

    Source: Saltelli 2002, doi:10.1016/S0010-4655(02)00280-1.
    """
    from scipy.stats import qmc

    # whole powers of 2 keep SciPy silent on balance; the points of a shorter design come first
    both = np.asarray(qmc.Sobol(2 * k, scramble=True, seed=seed).random(2 ** int(n - 1).bit_length()), float)[:n]
    first, last = both[:, :k], both[:, k:]
    chosen = list(np.eye(k, dtype=bool)) if groups is None else list(groups)
    rows = [first, *(np.where(group, last, first) for group in chosen)]
    if pairs:
        rows += [np.where(group, first, last) for group in chosen]
    return np.stack([*rows, last], axis=1).reshape(-1, k)


@dataclass(frozen=True, slots=True)
class Indices:
    """Sobol' indices of k groups of inputs, and half of their intervals.

    first, total, first_half, total_half : shape (k,).
    pairs, pairs_half : second-order indices, (k, k), above the diagonal, NaN elsewhere; empty without their rows.
    """

    first: Array
    total: Array
    pairs: Array
    first_half: Array
    total_half: Array
    pairs_half: Array


def indices(outputs: Array, k: int, *, resamples: int, seed: int) -> Indices:
    """Return the indices of k groups of inputs from outputs at `saltelli_points`.

    outputs : shape (n, k + 2), or (n, 2k + 2) of points with `pairs`, finite.
    resamples : of the bootstrap over base points; 0: halves of intervals are NaN.   seed : of the bootstrap.

    Source: Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018 (first order: table 2b; total: Jansen's estimator, 2f);
    Saltelli 2002, doi:10.1016/S0010-4655(02)00280-1 (second order).
    """
    flat = outputs.ravel()
    y = ((flat - flat.mean()) / flat.std()).reshape(outputs.shape)
    n, pairs = len(y), y.shape[1] == 2 * k + 2
    whole = _Estimators(y, k, np.arange(n))
    first, total = (np.array([float(index(i)) for i in range(k)]) for index in (whole.first, whole.total))
    second = _above_diagonal(lambda i, j: float(whole.second(i, j)), k) if pairs else np.empty((0, 0))
    halves = np.full(k, np.nan), np.full(k, np.nan), np.full_like(second, np.nan)
    if resamples:
        drawn = _Estimators(y, k, np.random.default_rng(seed).integers(n, size=(n, resamples)))
        first_half, total_half = (np.array([_half(index(i)) for i in range(k)]) for index in (drawn.first, drawn.total))
        halves = first_half, total_half, second
        if pairs:
            halves = first_half, total_half, _above_diagonal(lambda i, j: _half(drawn.second(i, j)), k)
    return Indices(first, total, second, *halves)


class _Estimators:
    """Estimators over base points. chosen : shape (n,), or (n, n_resamples): then there is one result a resample."""

    def __init__(self, y: Array, k: int, chosen: NDArray[np.intp]) -> None:
        self.y, self.k, self.chosen = y, k, chosen
        self.a, self.b = y[:, 0][chosen], y[:, -1][chosen]
        self.variance = np.var(np.concatenate([self.a, self.b]), axis=0)

    def _share(self, part: Array) -> Array:
        """Return the mean of a part over the variance, 0 where nothing varies. part : shape of `chosen`."""
        mean = np.asarray(np.mean(part, axis=0))
        return np.asarray(np.divide(mean, self.variance, out=np.zeros_like(mean), where=self.variance > EPS))

    def _mixed(self, i: int) -> Array:
        return self.y[:, 1 + i][self.chosen]

    def first(self, i: int) -> Array:
        """Return the share of the variance that group `i` makes alone."""
        return self._share(self.b * (self._mixed(i) - self.a))

    def total(self, i: int) -> Array:
        """Return the share of the variance that vanishes where group `i` is known."""
        return 0.5 * self._share((self.a - self._mixed(i)) ** 2)

    def second(self, i: int, j: int) -> Array:
        """Return the share that groups `i` and `j` make together, beyond what each makes alone."""
        back = self.y[:, 1 + self.k + i][self.chosen]
        return self._share(back * self._mixed(j) - self.a * self.b) - self.first(i) - self.first(j)


def _half(resampled: Array) -> float:
    """Return half of the interval of an index from its resamples."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + CONFIDENCE / 2) * resampled.std(ddof=1))


def _above_diagonal(number: Callable[[int, int], float], k: int) -> Array:
    """Return numbers of pairs, (k, k), NaN on the diagonal and below."""
    out = np.full((k, k), np.nan)
    for i in range(k):
        for j in range(i + 1, k):
            out[i, j] = number(i, j)
    return out
