"""Morris' scheme: trajectories that move one input after the other, and the effects that outputs on them give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.sensitivity.result import CONFIDENCE

Array = NDArray[np.float64]


def step_of(levels: int) -> float:
    """Return how far an input moves, as a part of its range."""
    return levels / (2.0 * (levels - 1))


def trajectories(k: int, n: int, levels: int, seed: int) -> Array:
    """Return `n` trajectories of k + 1 points on a grid of the unit cube, shape (n*(k + 1), k).

    levels : of the grid, an even number.

    Source: Morris 1991, doi:10.1080/00401706.1991.10484804.
    """
    rng = np.random.default_rng(seed)
    step = step_of(levels)
    grid = np.linspace(0, 1 - step, levels // 2)
    moved = np.tril(np.ones((k + 1, k), bool), -1)
    points = np.empty((n, k + 1, k))
    for i in range(n):
        turns = np.eye(k)
        rng.shuffle(turns)
        up = rng.choice([-1, 1], k) > 0
        start = rng.choice(grid, k)
        order = turns.argmax(axis=1)
        points[i] = start + np.where(moved[:, order] == up, step, 0.0)
    return points.reshape(-1, k)


@dataclass(frozen=True, slots=True)
class Effects:
    """Elementary effects of k inputs, shape (k,) each. half : half of the interval of `mu_star`."""

    mu: Array
    mu_star: Array
    sigma: Array
    half: Array


def effects(points: Array, outputs: Array, *, levels: int, resamples: int, seed: int) -> Effects:
    """Return mean, mean size and spread of the effects of each input, per its whole range.

    points : shape (n, k + 1, k), neighbors differ in one input.   outputs : shape (n, k + 1), finite.
    resamples : of the bootstrap over trajectories; 0: `half` is NaN.   seed : of the bootstrap.

    Source: Campolongo et al. 2007, doi:10.1016/j.envsoft.2006.10.004.
    """
    from scipy.special import ndtri

    n, _, k = points.shape
    moves = np.diff(points, axis=1)
    change = np.diff(outputs, axis=1)
    which = np.argmax(moves != 0, axis=2)
    rises = np.take_along_axis(moves, which[:, :, None], axis=2)[:, :, 0] > 0
    each = np.empty((n, k))
    np.put_along_axis(each, which, np.where(rises, change, -change) / step_of(levels), axis=1)
    size = np.abs(each)
    half = np.full(k, np.nan)
    if resamples:
        rng = np.random.default_rng(seed)
        for j in range(k):
            means = size[:, j][rng.integers(n, size=(resamples, n))].mean(axis=1)
            half[j] = ndtri(0.5 + CONFIDENCE / 2) * means.std(ddof=1)
    return Effects(each.mean(axis=0), size.mean(axis=0), each.std(axis=0, ddof=1), half)
