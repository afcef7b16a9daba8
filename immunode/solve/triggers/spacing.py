"""How close conditions are looked at inside steps, so that what holds for a short time is seen."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from immunode.program.conditions import timed_comparisons
from immunode.program.numpy.functions import Functions

SPACING = 1e-3
"""Conditions are looked at once at least in this part of a run."""
WITHIN = 4
"""And so often between two moments at which parts of a condition turn with time alone, at the declared values."""
_PIECES, _POINTS = 16, 8192
"""A run is cut in so many pieces, and turns are looked for at so many points in each."""


def look_spacing(functions: Functions, t0: float, t_end: float) -> float:
    """Return the longest time between two looks at conditions, 0 for a run of no length.

    A window that opens once a day, `t - 24*floor(t/24) < 1`, is open for less than a thousandth of a long run. The
    result does not depend on the parameters of runs: they are looked at alike in any company.
    """
    spacing = (t_end - t0) * SPACING
    if spacing <= 0 or functions.clocks is None:
        return max(spacing, 0.0)
    return min(spacing, _shortest(functions, t0, t_end) / WITHIN)


@lru_cache(maxsize=64)
def _shortest(functions: Functions, t0: float, t_end: float) -> float:
    """Return the shortest time between two turns of one condition at the declared values, infinite without such."""
    assert functions.clocks is not None
    program = functions.program
    p = np.repeat(functions.parameters(np.array(program.values, dtype=float)[:, None]), _POINTS, axis=1)
    with np.errstate(all="ignore"):
        rows = np.concatenate([functions.clocks(t, p) for t in _times(t0, t_end)], axis=1)
    turned = np.diff(rows, axis=1) != 0
    shortest, first = np.inf, 0
    for nodes in timed_comparisons(program):
        places = np.flatnonzero(turned[first : first + len(nodes)].any(axis=0))
        first += len(nodes)
        # what turns at one moment, as both sides of a day at midnight, may do so in two neighboring places
        apart = np.diff(places).astype(float)
        shortest = min(shortest, float(np.min(apart[apart > 1], initial=np.inf)))
    return shortest * (t_end - t0) / (_PIECES * _POINTS)


def _times(t0: float, t_end: float) -> list[NDArray[np.float64]]:
    return list((t0 + (t_end - t0) * np.arange(_PIECES * _POINTS) / (_PIECES * _POINTS)).reshape(_PIECES, _POINTS))
