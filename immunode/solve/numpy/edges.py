"""Steps over a bend or a jump of the right-hand side: error estimates see little of it, so they are judged stricter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve.numpy.lane_table import LaneTable
from immunode.solve.numpy.methods import Method
from immunode.solve.runs import padded
from immunode.solve.tape import FROM_BERNSTEIN, THROUGH_FIVE, combined

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Truths = NDArray[np.bool_]

STRICTER = 300.0
"""A step over an edge must be so many times as exact as others. See tests/solve/test_edges.py for what that reaches."""
SHALLOW = 0.5
"""An edge counts where a step begins or ends farther from it than this part of the tolerances would move it."""
BEYOND = 1.01
"""A step that is too long for its edge is tried again to end just beyond it: this many times the way to it."""
LEAST, MOST = 0.05, 0.95
"""Parts of a step that the next try is at least and at most."""
INSIDE = (1 / 4, 1 / 2, 3 / 4)
"""Parts of a step at which it is looked at for an edge that it crosses twice."""
LOOKS = 32
"""Places between which such a crossing is told from the quartic through five points; the lowest point between them from
a parabola."""


class Edges:
    """What lockstep knows of the edges of its lanes."""

    def __init__(self, functions: Functions, block: LaneTable, method: Method) -> None:
        self.functions, self.block, self.method = functions, block, method
        self.parts = np.full(block.width, np.inf)

    def judge(self, square: Array, h: Array, t_new: Array, n_states: int) -> Truths:
        """Return which steps cross an edge and are not good enough for that, and note how far it is, in `parts`.

        A step that crosses an edge and comes back is never good enough: what lies between its stages is not seen.

        square : sum of squares of error over tolerance, (width,).   h : the steps, (width,).
        """
        block, gaps = self.block, self.functions.gaps
        assert gaps is not None
        strict = square * STRICTER**2 > n_states
        self.parts = np.full(block.width, np.inf)
        where = (strict | (h > 0)).nonzero()[0]
        if not where.size:
            return strict
        lanes = padded(where)
        c = block.c.take(lanes, axis=1)
        before = gaps(block.t.take(lanes), block.y.take(lanes, axis=1), c)
        t, y = t_new.take(lanes), block.y_new.take(lanes, axis=1)
        after = gaps(t, y, c)
        # rounding and the error that is allowed carry states that rest at an edge over it and back
        depth = SHALLOW * np.abs(gaps(t, y + block.scale.take(lanes, axis=1), c) - after)
        product = before * after
        crossed = (product < 0) & strict.take(lanes) & (np.maximum(np.abs(before), np.abs(after)) > depth)
        parts = np.min(np.where(crossed, before / (before - after), np.inf), axis=0)
        good = (square.take(lanes) <= n_states) & (product > 0).any(axis=0)
        if good.any():
            between = [before, *self._between(lanes, h, c), after]
            parts = np.minimum(parts, first_dip(combined(THROUGH_FIVE, np.stack(between)), depth, (product > 0) & good))
        self.parts[where] = parts[: len(where)]
        return self.parts < np.inf

    def _between(self, lanes: Lanes, h: Array, c: Array) -> list[Array]:
        """Return the gaps at three places inside the steps of lanes."""
        assert self.functions.gaps is not None
        inside, t, length = self.method.dense(lanes), self.block.t.take(lanes), h.take(lanes)
        gaps = []
        for x in INSIDE:
            y = inside[-1] * x
            for coefficient in inside[-2:0:-1]:
                y += coefficient
                y *= x
            y += inside[0]
            gaps.append(self.functions.gaps(t + x * length, y, c))
        return gaps

    def shorter(self, where: Lanes, h: Array, smaller: Array) -> Array:
        """Return the next tries of rejected steps h: just beyond the edge, if that is not longer than `smaller`."""
        parts = self.parts[where]
        landing = h * np.clip(parts * BEYOND, LEAST, MOST)
        return np.where(parts < np.inf, np.minimum(smaller, landing), smaller)


def first_dip(b: Array, depth: Array, which: Truths) -> Array:
    """Return the part of each step at which one of its gaps has crossed 0, to come back later; infinite where none.

    b : (5, n_edges, n), Bernstein.   depth : (n_edges, n), what is no deeper is none.   which : (n_edges, n), of those.
    """
    side = np.where(b[0] > 0, 1.0, -1.0)
    low = np.min(b * side, axis=0)
    edge, lane = np.nonzero((low < -depth) & which)
    found = np.full(b.shape[2], np.inf)
    if not lane.size:
        return found
    c = combined(FROM_BERNSTEIN, b[:, edge, lane] * side[edge, lane])
    x = np.arange(LOOKS + 1)[:, None] / LOOKS
    seen = (((c[4] * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0]
    k = np.argmin(seen[1:-1], axis=0) + 1
    column = np.arange(len(lane))
    left, lowest, right = seen[k - 1, column], seen[k, column], seen[k + 1, column]
    bend = left - 2.0 * lowest + right
    deepest = lowest - np.where(bend > 0, (right - left) ** 2 / (8.0 * bend), 0.0)
    first = np.argmax(seen < 0, axis=0)
    one, two = seen[first - 1, column], seen[first, column]
    crossing = np.where(lowest < 0, (first - 1 + one / (one - two)) / LOOKS, k / LOOKS)
    np.minimum.at(found, lane, np.where(deepest < -depth[edge, lane], crossing, np.inf))
    return found
