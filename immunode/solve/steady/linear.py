"""Many small linear systems at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def solve_each(matrices: Array, right: Array) -> Array:
    """Return the solutions (m, n) of n linear systems (n, m, m) with right sides (m, n); NaN where one is singular."""
    sides = right.T[:, :, None]
    try:
        return np.asarray(np.linalg.solve(matrices, sides)[:, :, 0].T, dtype=float)
    except np.linalg.LinAlgError:  # of one of them
        solutions = np.full(right.shape, np.nan)
        for k, (matrix, side) in enumerate(zip(matrices, sides, strict=True)):
            try:
                solutions[:, k] = np.linalg.solve(matrix, side)[:, 0]
            except np.linalg.LinAlgError:
                continue
        return solutions


def solve_each_scaled(matrices: Array, right: Array) -> Array:
    """Return what `solve_each` does, with every equation scaled to size 1 first; NaN where one is not finite."""
    finite = np.flatnonzero(np.isfinite(matrices).all(axis=(1, 2)) & np.isfinite(right).all(axis=0))
    solutions = np.full(right.shape, np.nan)
    if finite.size:
        # states differ by ten orders of magnitude
        largest = np.abs(matrices[finite]).max(axis=2)
        size = np.where(largest > 0, largest, 1.0)
        solutions[:, finite] = solve_each(matrices[finite] / size[:, :, None], right[:, finite] / size.T)
    return solutions
