"""Events that have fired and wait for their time, of many runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]


class Waiting:
    """What waits in each run, in the order in which it fired.

    time : (room, n_runs), when the changes come; infinite in empty places.   index : (room, n_runs), which trigger.
    values : (room, n_changes, n_runs), the new values where they are known already.
    """

    def __init__(self, n_changes: int, n_runs: int) -> None:
        self.time = np.full((1, n_runs), np.inf)
        self.index = np.zeros((1, n_runs), dtype=np.intp)
        self.values = np.full((1, n_changes, n_runs), np.nan)
        self.count = np.zeros(n_runs, dtype=np.intp)

    def append(self, runs: Lanes, time: Array, index: int, values: Array) -> None:
        """Let a trigger wait in some runs, each named once. values : (n_changes of the trigger, n)."""
        if not runs.size:
            return
        place = self.count[runs]
        while place.max() >= len(self.time):
            self.time = np.concatenate([self.time, np.full_like(self.time, np.inf)])
            self.index = np.concatenate([self.index, np.zeros_like(self.index)])
            self.values = np.concatenate([self.values, np.full_like(self.values, np.nan)])
        self.time[place, runs], self.index[place, runs] = time, index
        for row, value in enumerate(values):
            self.values[place, row, runs] = value
        self.count[runs] += 1

    def keep(self, runs: Lanes, kept: NDArray[np.bool_]) -> None:
        """Let go of all but `kept`, (room, n), in some runs."""
        order = np.argsort(~kept, axis=0, kind="stable")
        self.time[:, runs] = np.take_along_axis(np.where(kept, self.time[:, runs], np.inf), order, axis=0)
        self.index[:, runs] = np.take_along_axis(self.index[:, runs], order, axis=0)
        self.values[:, :, runs] = np.take_along_axis(self.values[:, :, runs], order[:, None], axis=0)
        self.count[runs] = np.count_nonzero(kept, axis=0)

    def next_time(self, runs: Lanes) -> Array:
        """Return when the next change comes, infinite where none does."""
        return np.asarray(np.min(self.time[:, runs], axis=0))
