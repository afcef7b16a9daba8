"""The past of the lanes of a block: a ring of polynomials for each, of the states that delays look back at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve.delays.breaking_points import BreakingPoints
from immunode.solve.runs import padded

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

TERMS = 5
"""Coefficients of the polynomial of a step, see `methods.Method.dense`."""
MOST_STEPS = 8_192
"""Steps within the longest lag that are remembered; a run that needs more ends as one with too many steps."""
MOST_BYTES, FEWEST_LANES, MOST_LANES = 2_000_000_000, 64, 4096
"""Lanes are so many that their past has this size at most; it has a hundredth of that where steps are few."""
FIRST_STEPS = 32
BESIDE = 2e-14
"""Looking back at a jump, the side is told by so small a part of time."""


def most_lanes(functions: Functions) -> int:
    """Return how many lanes a block may have."""
    sources = len({delay.of for delay in functions.program.delays})
    return int(np.clip(MOST_BYTES // (8 * MOST_STEPS * (2 + TERMS * sources)), FEWEST_LANES, MOST_LANES))


class LaneHistory:
    """What the lanes have been, and a right-hand side in which delayed states change as that says.

    lanes : the lanes that the next calls of the right-hand side are about, with any padding; None means all.
    functions : to be used in place of those given.   steps : (width,), how many each lane has taken.
    """

    def __init__(self, functions: Functions) -> None:
        delays = functions.program.delays
        assert functions.lags is not None
        self.base = functions
        self.rows = np.array([d.row for d in delays], dtype=np.intp)
        self.of = np.array([d.of for d in delays], dtype=np.intp)
        self.states = np.unique(self.of)
        self.source = np.searchsorted(self.states, self.of)[:, None]
        self.declared = [k for k, d in enumerate(delays) if d.past]
        self.lanes: Lanes | None = None
        self.capacity, self.width = FIRST_STEPS, 0
        program = functions.program
        # without a lag a delayed state moves as its source does, so that its row of the Jacobian is the same
        entries = [(i, j, node, k, -1) for k, (i, j, node) in enumerate(program.jacobian)]
        for d, delay in enumerate(delays):
            entries += [(delay.row, j, node, k, d) for k, (i, j, node) in enumerate(program.jacobian) if i == delay.of]
        entries.sort()
        self.entries, self.copied = np.array([(k, d) for *_, k, d in entries], dtype=np.intp).reshape(-1, 2).T
        self.functions = replace(
            functions,
            program=replace(program, jacobian=tuple((i, j, node) for i, j, node, _, _ in entries)),
            rhs=self._rhs,
            jacobian=self._jacobian,
            time_derivative=self._time_derivative,
        )

    def allot(self, width: int, n_parameters: int) -> None:
        """Make room for a number of lanes."""
        n, self.width = len(self.rows), width
        self.everyone = np.arange(width)
        self.points = BreakingPoints(np.zeros((n, width)))
        self.begin, self.end = np.zeros((2, self.capacity * width))
        self.terms = np.zeros((TERMS * len(self.states), self.capacity * width))
        self.steps = np.zeros(width, dtype=np.intp)
        self.at = np.zeros((n, width), dtype=np.intp)
        self.found = self.at.copy()
        self.begun, self.p = np.zeros((n, width)), np.zeros((n_parameters if self.declared else 0, width))
        self.low, self.high = np.zeros((2, n, width))
        self.t0 = np.zeros(width)
        self.longest_step = np.full(width, np.inf)

    def open(self, lanes: Lanes, p: Array, begun: Array, t0: float) -> None:
        """Begin new runs in some lanes. p : (n_parameters, n).   begun : (n_states, n), before any event."""
        assert self.base.lags is not None
        lags = self.base.lags(p[:, padded(np.arange(len(lanes)))])[:, : len(lanes)]
        self.points.open(lanes, lags)
        self.steps[lanes] = self.at[:, lanes] = 0
        self.begun[:, lanes], self.t0[lanes] = begun[self.of], t0
        if self.declared:
            self.p[:, lanes] = p
        self.longest_step[lanes] = np.min(np.where(lags > 0, lags, np.inf), axis=0)

    def arrive(self, lanes: Lanes, t: Array, y: Array, jumped: NDArray[np.bool_]) -> None:
        """Let lanes start anew at `t`: what is looked back at from here on is seen as it was just after.

        lanes : distinct.   y : (n_states, n), whose delayed rows are filled in.
        """
        self.points.arrive(lanes, t, jumped)
        lags = self.points.lags[:, lanes]
        self.low[:, lanes] = t - lags + BESIDE * (np.abs(t) + lags)
        self.high[:, lanes] = np.inf
        wide = padded(np.arange(len(lanes)))
        self.lanes = lanes[wide]
        full = y[:, wide]
        self.fill(full, t[wide])
        self.at[:, self.lanes] = self.found
        self.lanes = None
        y[:] = full[:, : len(lanes)]

    def see_until(self, lanes: Lanes, stop: Array) -> None:
        """Let lanes see nothing that is beyond what there is to be seen until `stop`, (n,)."""
        lags = self.points.lags[:, lanes]
        self.high[:, lanes] = np.maximum(stop - lags - BESIDE * (np.abs(stop) + lags), self.low[:, lanes])

    def keep(self, lanes: Lanes) -> None:
        """Go on with some lanes only, in this order."""
        shape, n = (self.capacity, self.width), len(lanes)
        self.begin, self.end = (a.reshape(shape)[:, lanes].reshape(-1) for a in (self.begin, self.end))
        self.terms = self.terms.reshape(-1, *shape)[:, :, lanes].reshape(len(self.terms), -1)
        for name in ("steps", "at", "begun", "p", "t0", "low", "high", "longest_step"):
            setattr(self, name, getattr(self, name)[..., lanes])
        self.points.keep(lanes)
        self.width, self.everyone = n, np.arange(n)

    def full(self) -> NDArray[np.bool_]:
        """Return which lanes remember as much as they may, (width,)."""
        return np.asarray(self.steps - np.min(self.at, axis=0) >= MOST_STEPS)

    def note(self, lanes: Lanes, t: Array, t_new: Array, terms: Array) -> None:
        """Keep accepted steps. terms : (TERMS, n_sources, n), of the polynomials in the fraction of the step."""
        while np.max(self.steps - np.min(self.at, axis=0)) >= self.capacity:
            self._grow()
        slot = self.steps[lanes] % self.capacity * self.width + lanes
        self.begin[slot], self.end[slot] = t, t_new
        self.terms[:, slot] = terms.reshape(len(self.terms), -1)
        self.steps[lanes] += 1
        self.at[:, lanes] = self.found[:, lanes]

    def fill(self, y: Array, t: Array) -> None:
        """Set the delayed rows of y (n_states, n) at `t` (n,) to what they are."""
        values = self._look(t, _value)
        y[self.rows] = np.where(self._lags() == 0, y[self.of], values)

    def fill_inside(self, y: Array, lanes: Lanes, t: Array) -> None:
        """Do the same for some lanes, each as often as named, at times inside their steps. y : (n_states, n)."""
        wide, found = padded(np.arange(len(lanes))), self.found
        if wide.size:
            self.lanes = lanes[wide]
            full = y[:, wide]
            self.fill(full, t[wide])
            y[self.rows] = full[self.rows, : len(lanes)]
            self.lanes, self.found = None, found

    def stay(self, lanes: Lanes) -> None:
        """Look no further ahead than before the last `fill`, in lanes whose step ends earlier."""
        self.found[:, lanes] = self.at[:, lanes]

    def _grow(self) -> None:
        old, new = self.capacity, 2 * self.capacity
        number = self.steps - 1 - (self.steps - 1 - np.arange(old)[:, None]) % old
        place = (number % new * self.width + self.everyone).reshape(-1)
        for name in ("begin", "end", "terms"):
            small = getattr(self, name)
            large = np.zeros((*small.shape[:-1], new * self.width))
            large[..., place] = small
            setattr(self, name, large)
        self.capacity = new

    def _lags(self) -> Array:
        lags = self.points.lags
        return lags if self.lanes is None else lags[:, self.lanes]

    def _rhs(self, t: Any, y: Array, c: Array) -> Array:
        rates = self.base.rhs(t, y, c)
        rates[self.rows] = np.where(self._lags() == 0, rates[self.of], self._look(t, _slope))
        return rates

    def _jacobian(self, t: Any, y: Array, c: Array) -> Array:
        entries = self.base.jacobian(t, y, c)[self.entries]
        mine = self.copied >= 0
        entries[mine] = np.where(self._lags()[self.copied[mine]] == 0, entries[mine], 0.0)
        return entries

    def _time_derivative(self, t: Any, y: Array, c: Array) -> Array:
        by_time = self.base.time_derivative
        out = np.zeros_like(y) if by_time is None else by_time(t, y, c)
        out[self.rows] = np.where(self._lags() == 0, out[self.of], self._look(t, _curve))
        return out

    def _look(self, t: Array, read: Callable[[Array, Array, Array], Array]) -> Array:
        """Return what `read` makes of the polynomials in which the delays of the lanes end at `t`, (n_delays, n)."""
        lanes = self.everyone if self.lanes is None else self.lanes
        every = self.lanes is None
        low, high, t0, steps = (a if every else a[..., lanes] for a in (self.low, self.high, self.t0, self.steps))
        at = self.at.copy() if every else self.at[:, lanes]
        when = t - self._lags()
        seen = np.minimum(np.maximum(when, low), high)
        newest = steps - 1
        slot = at % self.capacity * self.width + lanes
        while True:
            further = (seen >= self.end.take(slot)) & (at < newest)
            if not further.any():
                break
            at += further
            slot = at % self.capacity * self.width + lanes
        self.found = at
        start = self.begin.take(slot)
        size = self.end.take(slot) - start
        terms = self.terms.reshape(TERMS, -1).take(self.source * (self.capacity * self.width) + slot, axis=1)
        inside = read(terms, (when - start) / size, size)
        before = (seen < t0) | (steps == 0)
        return np.where(before, self._before(when, lanes, read), inside) if before.any() else inside

    def _before(self, when: Array, lanes: Lanes, read: Callable[[Array, Array, Array], Array]) -> Array:
        """Return the same of what was before the start."""
        what = _ORDERS[read]
        past = self.begun[:, lanes] if what == 0 else np.zeros(when.shape)
        if self.declared and self.base.past is not None:
            for i, k in enumerate(self.declared):
                past[k] = self.base.past(when[k], self.p[:, lanes])[3 * i + what]
        return past


def _value(terms: Array, x: Array, size: Array) -> Array:
    a, b, c, d, e = terms
    return np.asarray((((e * x + d) * x + c) * x + b) * x + a)


def _slope(terms: Array, x: Array, size: Array) -> Array:
    _, b, c, d, e = terms
    return np.asarray((((4.0 * e * x + 3.0 * d) * x + 2.0 * c) * x + b) / size)


def _curve(terms: Array, x: Array, size: Array) -> Array:
    _, _, c, d, e = terms
    return np.asarray(((12.0 * e * x + 6.0 * d) * x + 2.0 * c) / (size * size))


_ORDERS: dict[Callable[[Array, Array, Array], Array], int] = {_value: 0, _slope: 1, _curve: 2}
