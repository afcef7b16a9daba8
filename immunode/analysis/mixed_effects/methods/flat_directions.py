"""Directions in which an information matrix tells nothing: what is left of it there is noise of its computation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
WEAK = 0.05
"""Part of the largest eigenvalue of a scaled information below which a direction is looked at."""
LEAST_RISE = 0.25
"""Part of the expected rise of -2 log L, one standard error away, below which there is no information."""
FARTHEST = 0.5
"""Longest step of one number of the vector for that."""
NOISE = 3.0
"""Standard errors of an eigenvalue that it must exceed."""


def by_profile(information: Array, minus2ll: Callable[[Array], Array], x: Array) -> Array:
    """Return the information on the vector without what its second differences owe to the noise of -2 log L.

    In each weak direction -2 log L is looked at one standard error away to both sides, where it must rise.

    minus2ll : of many vectors, (n_points, n) -> (n_points,).   x : (n,), the optimum.
    """
    if not np.isfinite(information).all() or not (np.diag(information) > 0).all():
        return information
    size, values, vectors = _scaled(information)
    weak = np.flatnonzero(values < WEAK * values[-1])
    if not weak.size:
        return information
    directions = (vectors[:, weak] / size[:, None]).T
    known = np.maximum(values[weak], 1e-12 * values[-1])
    lengths = np.minimum(1 / np.sqrt(known), FARTHEST / np.abs(directions).max(axis=1))
    steps = lengths[:, None] * directions
    found = minus2ll(np.concatenate([x[None], x + steps, x - steps]))
    rise = (found[1 : 1 + len(weak)] + found[1 + len(weak) :]) / 2 - found[0]
    # -2 log L rises by a*a*(information), so by 1 one standard error away
    flat = np.isfinite(rise) & (rise < LEAST_RISE * known * lengths**2)
    return _without(size, values, vectors, weak[flat]) if flat.any() else information


def by_batches(information: Array, batches: Array) -> Array:
    """Return an information by Monte Carlo without the directions in which it does not exceed its error.

    batches : (n_batches, n, n), the same from independent parts of the samples.
    """
    if not np.isfinite(information).all() or not (np.diag(information) > 0).all():
        return information
    size, values, vectors = _scaled(information)
    along = np.einsum("ik,bij,jk->bk", vectors / size[:, None], batches, vectors / size[:, None])
    error = along.std(axis=0, ddof=1) / np.sqrt(len(batches))
    flat = np.flatnonzero((values < WEAK * values[-1]) & (values < NOISE * error))
    return _without(size, values, vectors, flat) if flat.size else information


def _scaled(information: Array) -> tuple[Array, Array, Array]:
    """Return roots of the diagonal, and eigenvalues and vectors of the matrix with ones on its diagonal."""
    size = np.sqrt(np.diag(information))
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    return size, values, vectors


def _without(size: Array, values: Array, vectors: Array, flat: NDArray[np.intp]) -> Array:
    kept = values.copy()
    kept[flat] = 0.0
    return np.asarray((vectors * kept) @ vectors.T * np.outer(size, size))
