"""Where inside steps conditions are looked at: closer where a comparison turns twice, or two of them do, between looks.

A condition that holds for a part of a step only, as `x > 0.9999` at the crest of a wave or `x > 3 and x < 3.001` on a
ramp, is false at both ends of it. What it compares tells where it may hold: between two looks that are far enough apart
for one turn of one comparison and no more, it can't turn and turn back.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.intp]

LOOKS = 4
"""Conditions are looked at this often inside a step, and as close as `look_spacing` says."""
SPLITS = 30
"""Two looks are moved this often to half their distance, at most."""
CROWD = 64
"""What turns in so many places of one step is noise."""
NOISE = 8.0 * float(np.finfo(float).eps)
"""A difference that is smaller than this share of what is compared, all along, is rounding."""


@lru_cache
def through_nodes(degree: int) -> Array:
    """Return what turns values at 0, 1/degree, ..., 1 into Bernstein coefficients on [0, 1], a square matrix."""
    x = np.arange(degree + 1) / degree
    basis = np.array([[comb(degree, k) * at**k * (1 - at) ** (degree - k) for k in range(degree + 1)] for at in x])
    inverse: Array = np.linalg.inv(basis)
    return inverse


def restricted(b: Array, start: Array, stop: Array) -> Array:
    """Return the Bernstein coefficients on [start, stop] of polynomials from those on [0, 1] (de Casteljau).

    b : (degree + 1, n_polynomials, n).   start, stop : (n,), parts of 1, stop above 0.
    """
    rows, left = list(b), [b[0]]
    for _ in range(len(b) - 1):
        rows = [one + stop * (other - one) for one, other in pairwise(rows)]
        left.append(rows[0])
    x, right = start / stop, [left[-1]]
    for _ in range(len(b) - 1):
        left = [one + x * (other - one) for one, other in pairwise(left)]
        right.append(left[-1])
    return np.stack(right[::-1])


def turns(b: Array, size: Array) -> Counts:
    """Return how often comparisons may turn where their Bernstein coefficients are b: 0, 1, or 2 for more, (n,).

    size : (n_polynomials, n), of what is compared.
    """
    low, high = b.min(axis=0), b.max(axis=0)
    one_sign = (low >= 0) | (high <= 0) | (high - low <= NOISE * size)
    steps = np.diff(b, axis=0)
    one_way = np.all(steps >= 0, axis=0) | np.all(steps <= 0, axis=0)
    return np.asarray(np.where(one_sign, 0, np.where(one_way, 1, 2)).sum(axis=0))


def places(b: Array, size: Array, looks: Counts) -> tuple[Counts, Array]:
    """Return where steps are looked at: the number of the step of each look, and its place, in order.

    Places count from 0 at the begin of a step to `looks` at its end, where the last look is. Each look is a whole
    number, or lies between two where conditions may turn and turn back.

    b : Bernstein coefficients of what comparisons differ by in each step, (degree + 1, n_comparisons, n_steps).
    size : (n_comparisons, n_steps), of what is compared.   looks : (n_steps,).
    """
    step = np.repeat(np.arange(len(looks)), looks)
    stop = (np.arange(len(step)) - (np.cumsum(looks) - looks)[step] + 1).astype(float)
    restless = turns(b, size)[step] > 1 if b.shape[1] else np.zeros(len(step), dtype=bool)
    if not restless.any():
        return step, stop
    found, width = [(step, stop)], 1.0
    step, stop = step[restless], stop[restless]
    start = stop - 1.0
    for _ in range(SPLITS):
        count = looks[step]
        restless = turns(restricted(b[:, :, step], start / count, stop / count), size[:, step]) > 1
        step, start = step[restless], start[restless]
        crowded = np.bincount(step, minlength=len(looks)) > CROWD
        step, start = step[~crowded[step]], start[~crowded[step]]
        if not step.size:
            break
        width /= 2.0
        found.append((step, start + width))
        step, start = np.repeat(step, 2), np.stack([start, start + width], axis=1).reshape(-1)
        stop = start + width
    steps, stops = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((stops, steps))
    return steps[order], stops[order]
