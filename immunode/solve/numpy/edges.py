"""Steps over a bend or a jump of the right-hand side: error estimates see little of it, so they are judged stricter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve.numpy.lane_table import LaneTable
from immunode.solve.runs import padded

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

STRICTER = 300.0
"""A step over an edge must be so many times as exact as others. See tests/solve/test_edges.py for what that reaches."""
SHALLOW = 2.0
"""An edge counts where a step begins or ends farther from it than so many tolerances of the states would move it."""
BEYOND = 1.01
"""A step that is too long for its edge is tried again to end just beyond it: this many times the way to it."""
LEAST, MOST = 0.05, 0.95
"""Parts of a step that the next try is at least and at most."""


class Edges:
    """What lockstep knows of the edges of its lanes."""

    def __init__(self, functions: Functions, block: LaneTable) -> None:
        self.functions, self.block = functions, block
        self.parts = np.full(block.width, np.inf)

    def judge(self, square: Array, t_new: Array, n_states: int) -> NDArray[np.bool_]:
        """Return which steps cross an edge and are not good enough for that, and note how far it is, in `parts`.

        square : sum of squares of error over tolerance, (width,).
        """
        block, gaps = self.block, self.functions.gaps
        assert gaps is not None
        strict = square * STRICTER**2 > n_states
        self.parts = np.full(block.width, np.inf)
        where = strict.nonzero()[0]
        if not where.size:
            return strict
        lanes = padded(where)
        c = block.c.take(lanes, axis=1)
        before = gaps(block.t.take(lanes), block.y.take(lanes, axis=1), c)[:, : len(where)]
        t, y = t_new.take(lanes), block.y_new.take(lanes, axis=1)
        after = gaps(t, y, c)[:, : len(where)]
        # rounding and the error that is allowed carry states that rest at an edge over it and back
        depth = SHALLOW * np.abs(gaps(t, y + block.scale.take(lanes, axis=1), c)[:, : len(where)] - after)
        crossed = (before * after < 0) & (np.maximum(np.abs(before), np.abs(after)) > depth)
        self.parts[where] = np.min(np.where(crossed, before / (before - after), np.inf), axis=0)
        return self.parts < np.inf

    def shorter(self, where: Lanes, h: Array, smaller: Array) -> Array:
        """Return the next tries of rejected steps h: just beyond the edge, if that is not longer than `smaller`."""
        parts = self.parts[where]
        landing = h * np.clip(parts * BEYOND, LEAST, MOST)
        return np.where(parts < np.inf, np.minimum(smaller, landing), smaller)
