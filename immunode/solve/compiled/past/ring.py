"""Memory for the past of the lanes of one kernel: the caller's, so that it can grow between two calls.

Of each lane the steps lie in a ring. A step is a record for each state that is looked back at: when it began, when it
ended, 1 over its length, and five coefficients of a polynomial in the fraction of the step. The breaking points ahead
of a lane are pairs (time, order), in no order.
"""

from __future__ import annotations

import numpy as np

from immunode.solve.numpy import lane_history

END, TERMS, SIZE = 1, 5, 8
"""Place of the end in a record, number of coefficients, and doubles of a record."""
RING, POINTS = 1, 2
"""Bits of what a kernel lacks room in."""
FIRST_STEPS, FIRST_POINTS = 64, 16


class Ring:
    """The past of `lanes` lanes.

    n_delays, n_sources : how many delays there are, and states that they look back at.
    """

    def __init__(self, lanes: int, n_delays: int, n_sources: int) -> None:
        self.lanes = lanes
        self.most = lane_history.MOST_STEPS
        self.steps = min(FIRST_STEPS, self.most)
        self.room = max(FIRST_POINTS, 4 * n_delays)
        self.records = np.zeros((lanes, self.steps, SIZE * n_sources))
        self.points = np.zeros((lanes, self.room, 2))

    def grow(self, lacking: int) -> None:
        """Make room for twice as many steps, or points, or both."""
        if lacking & RING and self.steps < self.most:
            # a step lies at its number modulo the size: at one of these two places
            self.records = np.concatenate([self.records, self.records], axis=1)
            self.steps *= 2
        if lacking & POINTS:
            self.points = np.concatenate([self.points, np.zeros_like(self.points)], axis=1)
            self.room *= 2
