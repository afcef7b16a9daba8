"""Breaking points of delay equations: times at which a jump of long ago is seen again.

A solution whose derivative of order q jumps at time s is, at s + tau, one whose derivative of order q + 1 jumps: there
solvers stop and start anew, until the order is above what they can see.
Source: Bellen & Zennaro 2003, Numerical Methods for Delay Differential Equations, chapter 2,
doi:10.1093/acprof:oso/9780198506546.001.0001
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

HIGHEST = 5
"""Jumps of derivatives above this order are below what a method of order 5 sees."""
ROUNDING = 1e-12
"""Times that differ by less than this part of themselves are one time."""


class BreakingPoints:
    """The breaking points ahead of some lanes.

    lags : (n_delays, n_lanes), not below 0.
    """

    def __init__(self, lags: Array) -> None:
        self.lags = lags
        self.times = np.full((HIGHEST + 1, lags.shape[1]), np.inf)
        self.orders = np.zeros(self.times.shape, dtype=np.int8)

    def open(self, lanes: Lanes, lags: Array) -> None:
        """Begin anew in some lanes. lags : (n_delays, n)."""
        self.lags[:, lanes] = lags
        self.times[:, lanes] = np.inf

    def keep(self, lanes: Lanes) -> None:
        """Go on with some lanes only, in this order."""
        self.lags, self.times, self.orders = self.lags[:, lanes], self.times[:, lanes], self.orders[:, lanes]

    def next(self, lanes: Lanes) -> Array:
        """Return the next breaking point of lanes, (n,), infinite where there is none."""
        return np.asarray(np.min(self.times[:, lanes], axis=0), dtype=float)

    def arrive(self, lanes: Lanes, t: Array, jumped: NDArray[np.bool_]) -> None:
        """Note that lanes stand at `t`, and what will be seen of that later.

        lanes : distinct.   t : (n,).   jumped : (n,), whether a state or a rate jumps here for another reason.
        """
        longest = np.max(self.lags[:, lanes], axis=0, initial=0.0)
        due = self.times[:, lanes] <= t + ROUNDING * (np.abs(t) + longest)
        orders = np.min(np.where(due, self.orders[:, lanes], HIGHEST + 1), axis=0)
        orders = np.where(jumped, 0, orders)
        self.times[:, lanes] = np.where(due, np.inf, self.times[:, lanes])
        for lag in self.lags:
            seen = (orders < HIGHEST) & (lag[lanes] > 0)
            if seen.any():
                self._add(lanes[seen], t[seen] + lag[lanes[seen]], orders[seen] + 1)

    def _add(self, lanes: Lanes, times: Array, orders: NDArray[np.integer]) -> None:
        free = np.isinf(self.times[:, lanes])
        if not free.any(axis=0).all():
            rows = len(self.times)
            self.times = np.concatenate([self.times, np.full((rows, self.times.shape[1]), np.inf)])
            self.orders = np.concatenate([self.orders, np.zeros_like(self.orders)])
            free = np.isinf(self.times[:, lanes])
        place = np.argmax(free, axis=0)
        self.times[place, lanes] = times
        self.orders[place, lanes] = orders
