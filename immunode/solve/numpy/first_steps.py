"""Sizes of the first steps of lanes: chosen anew, or as they were good after a break of the same kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve import step_size
from immunode.solve.numpy.lane_table import LaneTable
from immunode.solve.runs import Runs, padded

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Start = tuple[Array, Array, Array, Array, Array, Array]
"""Times, states, prepared values, slopes, tolerated errors and the longest steps of lanes."""


class FirstSteps:
    """Knows how long the first step of each run may be after a break of each kind. order : of the error estimate."""

    def __init__(self, functions: Functions, runs: Runs, order: int) -> None:
        self.functions, self.runs, self.order = functions, runs, order
        self.known = np.zeros((max(runs.kinds, default=-1) + 1, len(runs.t)))

    def remember(self, block: LaneTable, good: NDArray[np.bool_], h: Array, h_next: Array) -> None:
        """Keep how long the steps just tried might have been, where they are the first ones after a break.

        A step that was cut short by the next break says that at least what was wished for is not too long.
        good : which steps are, (width,).   h, h_next : the steps, and the next ones where they are good, (width,).
        """
        where = np.flatnonzero((block.kind >= 0) & good)
        if where.size:
            wish, following = block.h[where], h_next[where]
            longest = np.where(h[where] < wish, np.maximum(wish, following), following)
            self.known[block.kind[where], block.run[where]] = step_size.AFTER_BREAK * longest
            block.kind[where] = -1

    def after(self, block: LaneTable, lanes: Lanes, slope: Array, longest: Array) -> Array:
        """Return the sizes of the next steps of lanes that were set anew, (len(lanes),).

        lanes : as `padded` gives them.   slope : (n_states, len(lanes)).   longest : (len(lanes),).
        """
        h = np.zeros(len(lanes))
        if self.runs.breaks:
            kind = block.kind[lanes]
            h = np.where(kind >= 0, self.known[kind, block.run[lanes]], 0.0)
        fresh = np.flatnonzero(h == 0.0)
        if fresh.size:
            new = padded(fresh)
            these = lanes[new]
            y, slope = block.y[:, these], slope[:, new]
            scale = block.atol[:, these] + self.runs.rtol * np.abs(y)
            start = (block.t[these], y, block.c[:, these], slope, scale, longest[new])
            h[new] = self.anew(these, start)
        return h

    def anew(self, lanes: Lanes, start: Start) -> Array:
        """Return the sizes of the first steps of lanes of which nothing is known. start : of these lanes."""
        return step_size.first_step(self.functions, *start, self.order)
