"""The largest or smallest value of a quantity, and when: the dense output of every step, both sides of every jump."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.study.endpoints.endpoint import Array, Lanes, Outputs, Reducer, Shared
from immunode.study.endpoints.steps.chunk import Chunk
from immunode.study.endpoints.steps.course import Upended
from immunode.study.endpoints.steps.inside import Inside
from immunode.study.endpoints.steps.pending import Looks, Pending

BUMP = 4 * float(np.finfo(float).eps)
"""A step may rise above its ends by this part of them through rounding alone."""
NOISE = 1e-4
"""The same for a quantity that is computed, whose terms may cancel: this part of the relative tolerance."""


class Extremum:
    """The largest value of a quantity and its time, the first of equals; or, with `sign` -1, the smallest.

    A step is looked at closely where it may rise above both its ends and above all that was seen of its run. Which
    steps these are depends on what else was seen, the result does not: a step left out has nothing to add.
    Where the quantity is not a number, such as a root of a state that rounding brought below 0, it is passed over.
    """

    def __init__(self, quantity: str, n_runs: int, sign: int) -> None:
        self.quantity, self.sign = quantity, sign
        self.value = np.full(n_runs + 1, -np.inf)
        self.time = np.full(n_runs + 1, np.inf)
        self.timed = False
        self.pending: Pending[Inside] = Pending(self._look)

    def update(self, chunk: Chunk) -> None:
        """See `Reducer`."""
        course, steps = chunk.quantity(self.quantity), chunk.steps
        if self.sign < 0:
            course = Upended(course)
        ends = np.fmax(course.start, course.end)
        before = self.value.copy() if self.timed else None
        # most steps raise nothing
        rising = np.flatnonzero(ends > self.value.take(steps.run))
        np.maximum.at(self.value, steps.run[rising], ends[rising])
        if before is not None:
            # the time of a value that was exceeded counts no more
            self.time[self.value > before] = np.inf
            there = np.flatnonzero(ends == self.value.take(steps.run))
            late = np.where(course.start[there] == ends[there], 0.0, steps.h[there])
            np.minimum.at(self.time, steps.run[there], steps.t[there] + late)
        high = course.high
        which = np.flatnonzero(high >= self.value.take(steps.run))
        ends = ends[which]
        bump = BUMP if chunk.is_polynomial(self.quantity) else NOISE * chunk.rtol
        which = which[(high[which] > ends + bump * np.abs(ends)) & (steps.run[which] >= 0)]
        if which.size:
            looks = Looks(steps.run[which], steps.t[which], steps.h[which], high[which], course.inside(which))
            self.pending.add(looks)

    def _look(self, looks: Looks[Inside]) -> None:
        """Look for the top of steps: those first that promise most, which spares most of the others."""
        most = np.full(len(self.value), -np.inf)
        np.maximum.at(most, looks.run, looks.bound)
        promising = looks.bound == most[looks.run]
        for group in (promising, ~promising):
            left = np.flatnonzero(group & (looks.bound >= self.value[looks.run]))
            if not left.size:
                continue
            chosen = looks.only(left)
            x, value = chosen.inside.top()
            value = np.minimum(value, chosen.bound)
            higher = ~(value <= np.fmax(chosen.inside.at(0.0), chosen.inside.at(1.0)))
            self._take(chosen.run[higher], value[higher], (chosen.t + x * chosen.h)[higher])

    def _take(self, runs: Lanes, value: Array, time: Array) -> None:
        """Take values in, several of a run among them."""
        before = self.value[runs]
        np.maximum.at(self.value, runs, value)
        now = self.value[runs]
        self.time[runs[now > before]] = np.inf
        there: NDArray[np.bool_] = value == now
        np.minimum.at(self.time, runs[there], time[there])

    def forget(self, runs: Lanes) -> None:
        """See `Reducer`."""
        self.pending.finish()
        self.value[runs], self.time[runs] = -np.inf, np.inf


class _OfExtremum(Reducer):
    def __init__(self, quantity: str, n_runs: int, sign: int, shared: Shared) -> None:
        key = ("extremum", quantity, sign)
        self.of: Extremum = shared.setdefault(key, Extremum(quantity, n_runs, sign))

    def update(self, chunk: Chunk) -> None:
        """See `Reducer`."""
        chunk.once(("seen by", self.of), lambda: self.of.update(chunk))

    def forget(self, runs: Lanes) -> None:
        """See `Reducer`."""
        self.of.forget(runs)


class ExtremumValue(_OfExtremum):
    """Returns the value."""

    def result(self, outputs: Outputs | None) -> Array:
        """See `Reducer`."""
        self.of.pending.finish()
        value = self.of.value[:-1]
        # a zero has no sign
        return np.where(np.isneginf(value), np.nan, self.of.sign * value + 0.0)


class ExtremumTime(_OfExtremum):
    """Returns the time."""

    def __init__(self, quantity: str, n_runs: int, sign: int, shared: Shared) -> None:
        super().__init__(quantity, n_runs, sign, shared)
        self.of.timed = True

    def result(self, outputs: Outputs | None) -> Array:
        """See `Reducer`."""
        self.of.pending.finish()
        return np.where(np.isneginf(self.of.value), np.nan, self.of.time)[:-1]
