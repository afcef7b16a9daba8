"""All runs of one call, whether they wait, sit in a lane or are done: inputs, schedules, results."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.solve.engine import Request
from immunode.solve.outcome import (
    BAD_SCHEDULE,
    BAD_START,
    DOSE_BEFORE_START,
    ENDLESS_LAG,
    INPUT_IS_NAN,
    MOST_EVENTS,
    SHORT_LAG,
    TOO_DENSE,
    Outcome,
)
from immunode.solve.status import Status
from immunode.solve.step_size import absolute_tolerance

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
_KINDS = ("state", "parameter")
MULTIPLE = 8
"""Widths are multiples of this: NumPy's loops then treat every lane alike, whatever the number of runs."""
ROUNDING = 1e-15
"""A start that is below 0 by less than this part of the largest state, or of 1, is a rounding error."""
TYPICALLY = 1e-9
"""The same for a part of the state's own typical size."""


def padded(where: Lanes) -> Lanes:
    """Return lane or run numbers repeated at the end up to a multiple of `MULTIPLE`.

    A repeated lane is computed twice with the same result, so it may be written back as it is.
    """
    missing = -len(where) % MULTIPLE
    return np.concatenate([where, np.repeat(where[-1:], missing)]) if missing else where


class Runs:
    """Inputs and results of all runs; the last axis is runs, filled up to a multiple of 8 by copies of the last run.

    t, y, p, atol, rtols : where each run stands (the start, or where it was handed to another method).
    begun : the values at the start before any event, where the program has delays.
    next_break : time of the next break, infinite if there is none left.
    first, every, count, fired, break_time : (n_breaks, n_runs), when breaks come, how often, how often each has come so
        far, and when it comes next.
    out : (n_times, n_states, n_runs).   next_out : index of the next output of each run.
    between(runs, y, p) : called with states (n_states, n) and parameters after each break, if set.
    seen_at_start : its arguments at the start, if events fire on states; first how it was before.
    """

    def __init__(self, request: Request, outcome: Outcome | None = None) -> None:
        functions, values, times, t0 = request.functions, request.values, request.times, request.t0
        self.functions, self.times, self.t0, self.rtol = functions, times, t0, request.rtol
        self.max_steps, self.on_jump, self.listener = request.max_steps, request.on_jump, request.listener
        program = functions.program
        self.t_end = float(times[-1]) if len(times) else t0
        self.n = n = values.shape[1]
        lanes = padded(np.arange(n))
        self.p = functions.parameters(values[:, lanes])
        self.y = functions.initial(self.p)
        if request.initial is not None:
            given = request.initial[:, lanes]
            self.y = np.where(np.isnan(given), self.y, given)
        # what a delay equation finds before its start
        self.begun = self.y.copy() if program.delays else self.y
        strictness = np.ones(len(lanes)) if request.strictness is None else request.strictness[lanes]
        self.rtols = request.rtol / strictness
        self.atol = absolute_tolerance(program, self.y, request.rtol, _wide(request.atol, lanes)) / strictness
        self.t = np.full(len(lanes), t0)
        self.next_out = np.zeros(len(lanes), dtype=np.intp)
        if outcome is None:
            outcome = Outcome.begun(times, np.empty((len(times), len(program.states), n)), t0)
        self.outcome, self.out, self.status, self.reached = outcome, outcome.y, outcome.status, outcome.reached
        self.steps, self.rejected, self.trouble = outcome.steps, outcome.rejected, outcome.trouble
        self.last = outcome.last
        self.message_index, self.method_index = outcome.message_index, outcome.method_index
        self.breaks = bool(program.breaks)
        self.switching = any(c.kind == "parameter" for b in program.breaks for c in b.changes)
        self._set_rows = [[sorted({c.index for c in b.changes if c.kind == k}) for k in _KINDS] for b in program.breaks]
        # events that move derivatives alone have nothing to move before the start
        own = len(program.states) - program.slopes
        moves = [any(c.kind == "state" and c.index < own for c in b.changes) for b in program.breaks]
        self._moves_state = np.array(moves, dtype=bool)
        self.between: Callable[[Lanes, Array, Array], None] | None = None
        self.seen_at_start: list[tuple[Lanes, Array, Array]] = []
        self._refuse(values)
        self._schedule(lanes)
        self._catch_up()
        self.any_start = request.any_start
        self.refuse_starts(np.arange(self.n), self.y[:, : self.n])

    def waiting(self) -> Lanes:
        """Return the numbers of the runs that are not refused, in order."""
        return np.flatnonzero(self.status == Status.OK)

    def fail(self, runs: Lanes, status: Status | NDArray[np.int8], trouble: NDArray[np.int32] | int = -1) -> None:
        """End runs with a status; their output is NaN from the next output time on."""
        self.status[runs] = status
        self.trouble[runs] = trouble
        for run in runs:
            self.out[self.next_out[run] :, :, run] = np.nan

    def write(self, index: Lanes, runs: Lanes, y: Array) -> None:
        """Write states y (n_states, n) as the outputs `index` (n,) of `runs` (n,)."""
        flat, stride, offsets = self._flat
        flat[index * stride + runs + offsets] = y

    @cached_property
    def _flat(self) -> tuple[Array, int, Lanes]:
        """Outputs in one row, how far apart in it times lie, and where in that the states are."""
        stride = self.out.shape[1] * self.n
        return self.out.reshape(-1), stride, np.arange(0, stride, self.n)[:, None]

    def jump(self, runs: Lanes, t: Array, y: Array) -> None:
        """Apply the breaks that are due at time `t` to `y` in place, and to the runs' switches.

        runs, t : (n,), y : (n_states, n), n a multiple of 8. Breaks at one time fire in the order of the program.
        """
        due = self.next_break[runs] <= t
        for i in range(len(self.first)):
            here = np.flatnonzero(due & (self.break_time[i, runs] <= t))
            while here.size:
                where = padded(here)
                self._fire(i, runs[where], t[where], y, where)
                here = here[self.break_time[i, runs[here]] <= t[here]]
        self.next_break[runs] = np.min(self.break_time[:, runs], axis=0)

    def _fire(self, i: int, runs: Lanes, t: Array, y: Array, where: Lanes) -> None:
        after, p = y[:, where], self.p[:, runs]
        before = after.copy() if self.on_jump is not None else after
        self.functions.apply(i, t, after, p)
        for table, columns, new, rows in zip((y, self.p), (where, runs), (after, p), self._set_rows[i], strict=True):
            for row in rows:
                table[row, columns] = new[row]
        self.fired[i, runs] += 1
        self._set_time(i, runs)
        if self.between is not None:
            self.between(runs, after.copy(), p.copy())
        if self.on_jump is not None:
            distinct = np.unique(runs, return_index=True)[1]
            self.on_jump(runs[distinct], t[distinct], before[:, distinct], after[:, distinct], p[:, distinct])

    def _set_time(self, i: int, runs: Lanes) -> None:
        fired = self.fired[i, runs]
        time = self.first[i, runs] + np.where(fired > 0, self.every[i, runs] * fired, 0.0)
        self.break_time[i, runs] = np.where(fired < self.count[i, runs], time, np.inf)

    def _refuse(self, values: Array) -> None:
        functions, n = self.functions, self.n
        broken = np.isnan(values).any(axis=0) | np.isnan(self.y[:, :n]).any(axis=0)
        self._end_refused(broken, np.full(n, INPUT_IS_NAN))
        if functions.lags is not None:
            finite = np.isfinite(functions.lags(self.p)[:, :n])
            self._end_refused(~finite.all(axis=0), np.full(n, ENDLESS_LAG))
        held = np.asarray(functions.requirements(self.p), dtype=bool)[:, :n]
        if len(held):
            self._end_refused(~held.all(axis=0), np.argmin(held, axis=0))
        self._refuse_short_lags()

    def _refuse_short_lags(self) -> None:
        """Refuse runs in which a lag is so short that they can't end: no step is longer than the shortest one."""
        if self.functions.lags is None:
            return
        lags = self.functions.lags(self.p)[:, : self.n]
        most = max(MOST_EVENTS, self.max_steps)
        short = (lags > 0.0) & (lags * most < self.t_end - self.t0)
        runs = np.flatnonzero(short.any(axis=0) & (self.status == Status.OK))
        if runs.size:
            rows = np.array([delay.row for delay in self.functions.program.delays], dtype=np.int32)
            self.fail(runs, Status.REFUSED, rows[np.argmax(short[:, runs], axis=0)])
            self.message_index[runs] = SHORT_LAG

    def refuse_starts(self, runs: Lanes, y: Array) -> None:
        """Refuse those of `runs` that begin infinite or, where there can't be less than nothing of a state, below 0.

        y : (n_states, n), where they begin once the events at the start are applied.
        """
        program = self.functions.program
        rows = [] if self.any_start else [row for row, _ in program.never_negative]
        size = ROUNDING * np.maximum(1.0, np.max(np.abs(y), axis=0, initial=0.0))
        limit = np.full(y.shape, -np.inf)
        limit[rows] = -size - TYPICALLY * np.array(program.typical)[rows, None]
        wrong = ~np.isfinite(y) | (y < limit)
        where = np.flatnonzero(wrong.any(axis=0) & (self.status[runs] == Status.OK))
        if where.size:
            states = np.argmax(wrong[:, where], axis=0).astype(np.int32)
            refused = runs[where]
            self.fail(refused, Status.REFUSED, states)
            self.message_index[refused], self.outcome.bad_start[refused] = BAD_START, y[states, where]

    def _end_refused(self, which: NDArray[np.bool_] | np.bool_, message: NDArray[np.integer]) -> None:
        runs = np.flatnonzero(which & (self.status == Status.OK))
        if runs.size:
            self.fail(runs, Status.REFUSED)
            self.message_index[runs] = message[runs]

    def _schedule(self, lanes: Lanes) -> None:
        first, every, count = self.functions.break_times(self.p)
        self.first, self.every = np.array(first), np.array(every)
        self.count = np.rint(count)
        self.fired = np.zeros(self.first.shape, dtype=np.int64)
        self.break_time = np.empty_like(self.first)
        self.next_break = np.full(len(lanes), np.inf)
        if not len(self.first):
            return
        bad = np.isnan(self.first) | np.isnan(self.count) | ((self.count > 1) & ~(self.every >= 0))
        self._end_refused(np.asarray(bad[:, : self.n].any(axis=0)), np.full(self.n, BAD_SCHEDULE))
        with np.errstate(all="ignore"):
            most = max(MOST_EVENTS, self.max_steps)
            dense = (self.count > most) & (self.first + most * self.every <= self.t_end) & ~bad
        self._end_refused(np.asarray(dense[:, : self.n].any(axis=0)), np.full(self.n, TOO_DENSE))
        bad |= dense
        # a schedule that is refused is never looked at again
        self.first[bad], self.count[bad], self.every[bad] = np.inf, 0.0, 0.0
        for i in range(len(self.first)):
            self._set_time(i, lanes)
        self.next_break = np.min(self.break_time, axis=0)

    def _catch_up(self) -> None:
        """Apply what happened before the start (switches only) and at the start."""
        if not len(self.first):
            return
        early = (self.break_time < self.t0) & self._moves_state[:, None]
        self._end_refused(np.asarray(early[:, : self.n].any(axis=0)), np.full(self.n, DOSE_BEFORE_START))
        self._apply_until(float(np.nextafter(self.t0, -np.inf)))
        if self.functions.program.triggers:
            lanes = np.arange(len(self.t))
            self.between = lambda *seen: self.seen_at_start.append(seen)
            self.between(lanes, self.y.copy(), self.p.copy())
        self._apply_until(self.t0)
        self.between = None

    def _apply_until(self, last: float) -> None:
        """Apply all breaks up to the time `last`."""
        for _ in range(self.max_steps):
            ready = np.flatnonzero((self.next_break[: self.n] <= last) & (self.status == Status.OK))
            if not ready.size:
                return
            runs = padded(ready)
            y = self.y[:, runs]
            self.jump(runs, np.minimum(self.next_break[runs], last), y)
            self.y[:, runs] = y
        self.fail(ready, Status.TOO_MANY_STEPS)


def _wide(atol: ArrayLike | None, lanes: Lanes) -> ArrayLike | None:
    """Return tolerances given for each run in the order of the lanes."""
    array = None if atol is None else np.asarray(atol, dtype=float)
    return array[:, lanes] if array is not None and array.ndim == 2 and array.shape[1] > 1 else array
