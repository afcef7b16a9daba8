"""The shapes of kinds of states: a cell is round, a cytokine a hexagon, a drug a capsule; color only repeats it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.plot.kit.arrays import Array
from immunode.plot.kit.style import FAINT, PALETTE

KINDS = {
    "cell": PALETTE[1],
    "signal": PALETTE[2],
    "pathogen": PALETTE[4],
    "drug": PALETTE[3],
    "damage": PALETTE[7],
    "": FAINT,
}
"""Colors of kinds of states; another kind is gray."""

WORDS = {
    "cell": "cells",
    "signal": "signals",
    "pathogen": "pathogens",
    "drug": "drugs",
    "damage": "damage",
    "": "other",
}
"""What the kinds are called in a key."""

_SPIKES = 9


def outline(kind: str) -> Array:
    """Return the corners of the shape of a kind, shape (n, 2), inside a circle of radius 1 around 0.

    Seen from 0 every corner is in sight, so that a smaller copy around 0 lies inside.
    """
    around = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    if kind == "cell":
        return _at(around, np.ones(48))
    if kind == "signal":
        return _at(np.arange(6) * np.pi / 3, np.ones(6))
    if kind == "pathogen":
        angles = np.arange(2 * _SPIKES) * np.pi / _SPIKES - np.pi / 2
        return _at(angles, np.where(np.arange(2 * _SPIKES) % 2, 0.74, 1.0))
    if kind == "damage":
        return np.array([(0.0, -0.98), (0.94, 0.0), (0.0, 0.98), (-0.94, 0.0)])
    if kind == "drug":
        half = np.linspace(-np.pi / 2, np.pi / 2, 13)
        right = _at(half, np.full(13, 0.54)) + np.array([0.46, 0.0])
        return np.concatenate([right, -right])
    corner = np.linspace(0, np.pi / 2, 5)
    turns = [_at(corner + k * np.pi / 2, np.full(5, 0.26)) + _sign(k) * 0.52 for k in range(4)]
    return np.concatenate(turns)


def _at(angles: Array, radii: Array) -> Array:
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def _sign(quarter: int) -> Array:
    return np.array([(1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)][quarter])


def inside(points: Array, kind: str, center: Array, radius: float) -> NDArray[np.bool_]:
    """Return which points lie in the shape of a kind of this size, shape (n,); spikes count as their circle."""
    corners = outline("cell" if kind == "pathogen" else kind) * radius
    start, end = corners, np.roll(corners, -1, axis=0)
    to = points[:, None] - center - start[None]
    way = end - start
    cross = way[None, :, 0] * to[..., 1] - way[None, :, 1] * to[..., 0]
    return np.asarray(np.all(cross >= 0, axis=1), dtype=bool)
