"""Whether lanes of a block are held back by stability, so that a stiff method would get on faster."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from immunode.solve.numpy.lane_table import BUSY, LaneTable
from immunode.solve.numpy.methods import Method
from immunode.solve.runs import padded

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

STIFF_CHECK = 32
"""A lane is tested for stiffness at every 32nd step of its own."""
STIFF_LIMIT = 3
HELD_BACK = 0.6
"""Fraction of the stability limit from where a lane counts as stiff."""
STIFF_FAR = 500.0
"""A stiff lane is handed over only if more steps than this lie ahead of it at its present step size."""


class Stiffness:
    """Looks at lanes, each at every so many steps of its own.

    looked, found_fast : how often lanes were looked at, and found held back by stability.
    """

    def __init__(self, method: Method, every: int, t_end: float) -> None:
        self.method, self.every, self.t_end = method, every, t_end
        self.looked = self.found_fast = 0
        self.by_birth: list[Lanes] = []

    def sort(self, block: LaneTable) -> None:
        """Take the lanes of a block by the pass at which they were taken up; call whenever some were."""
        births = np.where(block.phase == BUSY, block.born % self.every, self.every).astype(np.int8)
        order = np.argsort(births, kind="stable")
        ends = np.cumsum(np.bincount(births, minlength=self.every + 1)).tolist()
        self.by_birth = [order[first:last] for first, last in itertools.pairwise([0, *ends[:-1]])]

    def look(self, block: LaneTable, passes: int, t_new: Array, h: Array) -> Lanes:
        """Return the lanes that are to be handed over, after the steps h just tried."""
        where = self.by_birth[passes % self.every]
        if not where.size:
            return where
        lanes = padded(where)
        fast = self.method.speed(lanes)[: len(where)] > HELD_BACK
        self.looked += len(where)
        self.found_fast += int(np.count_nonzero(fast))
        block.stiff[where] = np.where(fast, block.stiff[where] + 1, 0)
        ahead = (self.t_end - t_new[where]) > STIFF_FAR * h[where]
        stiff: Lanes = where[(block.stiff[where] >= STIFF_LIMIT) & ahead]
        return stiff
