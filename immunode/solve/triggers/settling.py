"""Events that fire on conditions, of many runs at once: which hold, which wait, which comes next.

The rules are those of `scipy.state_events`, which is written for one run; tests compare the two.
Source: SBML Level 3 Version 2 Core, section 4.11, doi:10.1515/jib-2017-0081.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.solve.runs import Runs, padded
from immunode.solve.status import Status
from immunode.solve.triggers.waiting import Waiting

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Truths = NDArray[np.bool_]

MOST_EVENTS_AT_ONCE = 1000
"""So many events in a row, with no time from one to the next, end a run: a ball that has all but come to rest."""
NO_TIME = 1e-13
"""Times that differ by less than this share of themselves are one time."""
PATIENCE = 20
"""An event that has fired this often in a row without moving a state by its tolerance waits until it would."""


class StateEvents:
    """The triggers of all runs.

    holds, turned, idle : (n_triggers, n_runs): whether each condition held when last looked at, whether it has turned
        between doses at one time, and how often in a row it fired without effect.
    steps : (n_runs,), where events are counted, each as a step.
    latest, at_once : (n_runs,), when the last event was, and how many came before it with no time between them.
    """

    def __init__(self, runs: Runs) -> None:
        self.runs, self.functions = runs, runs.functions
        self.triggers = triggers = runs.functions.program.triggers
        shape = (len(triggers), len(runs.t))
        initially, persistent, hidden, ranked = (
            np.array([getattr(t, name) for t in triggers], dtype=bool)[:, None]
            for name in ("initially", "persistent", "hidden", "ranked")
        )
        self.holds = np.array(np.broadcast_to(initially, shape))
        self.now = np.zeros(len(runs.t))
        self.persistent, self.hidden, self.ranked = persistent, hidden[:, 0], ranked[:, 0]
        self.turned, self.idle = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int64)
        self.waiting = Waiting(max(len(t.changes) for t in triggers), shape[1])
        self.steps: NDArray[Any] = runs.steps
        self.latest, self.at_once = np.full(shape[1], -np.inf), np.zeros(shape[1], dtype=np.intp)
        self.draws: dict[int, random.Random] = {}
        self.switching = any(c.kind != "state" for t in triggers for c in t.changes)
        self.only_states = [all(c.kind == "state" for c in t.changes) for t in triggers]
        self.some_end = not persistent.all()

    def begin(self) -> None:
        """Fire what is due at the start of all runs."""
        runs = self.runs
        for lanes, y, p in runs.seen_at_start:
            self.look(lanes, runs.t[lanes], y, p)
        now = runs.waiting()
        if not now.size:
            return
        y = runs.y[:, now]
        status, trouble = self.settle(now, runs.t[now], y)
        runs.y[:, now] = y
        wrong = np.flatnonzero(status)
        runs.last[:, now[wrong]] = y[:, wrong]
        runs.fail(now[wrong], status[wrong], trouble[wrong])
        runs.refuse_starts(now, y)

    def held(self, t: Array, y: Array, p: Array) -> Truths:
        """Return which conditions hold, (n_triggers, n)."""
        return _widely(self.functions.triggers, t, y, p) > 0.5

    def look(self, runs: Lanes, t: Array, y: Array, p: Array) -> None:
        """Look at states before a dose, or between two: what is false then and true at last has turned."""
        held = self.held(t, y, p)
        self.release(runs, held)
        self.turned[:, runs] |= held & ~self.holds[:, runs]

    def look_around(self, runs: Lanes, t: Array, y: Array) -> None:
        """Look at states before doses, and at those between two; call before `Runs.jump`."""
        self.now[runs] = t
        self.look(runs, t, y, self.runs.p[:, runs])
        self.runs.between = lambda lanes, *seen: self.look(lanes, self.now[lanes], *seen)

    def release(self, runs: Lanes, held: Truths) -> None:
        """Note conditions that are false by now; what they fired and must persist for is called off."""
        self.holds[:, runs] &= held
        if not self.some_end or not self.waiting.count[runs].any():
            return
        index = self.waiting.index[:, runs]
        lasts = self.persistent[index, 0] | np.take_along_axis(self.holds[:, runs], index, axis=0)
        self.waiting.keep(runs, lasts & (self.waiting.time[:, runs] < np.inf))

    def next_stop(self, runs: Lanes, t: Array) -> Array:
        """Return when each run must stop next: changes come, or a condition on time turns; infinite if never."""
        stop = self.waiting.next_time(runs)
        # an output that differs by rounding is one at that time, so it comes after the changes
        times = self.runs.times
        place = np.searchsorted(times, stop - NO_TIME * np.abs(np.where(stop < np.inf, stop, 0.0)))
        output = np.append(times, np.inf)[place]
        stop = np.where((output < stop) & (output > t), output, stop)
        if self.functions.program.moments:
            moments = self.functions.moments(self.runs.p[:, runs])
            stop = np.minimum(stop, np.min(np.where(moments > t, moments, np.inf), axis=0))
        return stop

    def settle(self, runs: Lanes, t: Array, y: Array) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
        """Fire all that fires or is due, on y (n_states, n) and the switches in place; return status and trouble.

        runs : (n,), each named once.   t : (n,).   Each event counts as a step.
        """
        status = np.zeros(len(runs), dtype=np.int8)
        trouble = np.full(len(runs), -1, dtype=np.int32)
        going = np.arange(len(runs))
        while True:
            status[going] = self._look(runs[going], t[going], y[:, going])
            going = going[status[going] == Status.OK]
            when = t[going]
            due = self.waiting.time[:, runs[going]] <= when + NO_TIME * np.abs(when)
            some = due.any(axis=0)
            going = going[some]
            if not going.size:
                break
            states = y[:, going]
            self._execute(runs[going], t[going], states, due[:, some])
            y[:, going] = states
            endless = self.at_once[runs[going]] >= MOST_EVENTS_AT_ONCE
            status[going[endless]] = Status.TOO_MANY_STEPS
            going = going[~endless]
        failed = np.flatnonzero(status)
        if failed.size:
            trouble[failed], finite = self._fastest(runs[failed], t[failed], y[:, failed])
            status[failed[~finite]] = Status.NOT_FINITE
        return status, trouble

    def is_idle(self, i: int, t: Array, y: Array, p: Array, atol: Array) -> Truths:
        """Return in which runs event `i` would move no state by its tolerance and turn no switch, (n,)."""
        if not self.only_states[i]:
            return np.zeros(len(t), dtype=bool)
        after, _ = self._after(i, self._values(i, t, y, p), t, y, p)
        rows = [change.index for change in self.triggers[i].changes]
        return np.asarray(np.all(np.abs(after[rows] - y[rows]) <= atol[rows], axis=0))

    def _look(self, runs: Lanes, t: Array, y: Array) -> NDArray[np.int8]:
        """Fire what has turned true."""
        p, status = self.runs.p[:, runs], np.zeros(len(runs), dtype=np.int8)
        held = self.held(t, y, p)
        rising = (held | (self.turned[:, runs] & self.persistent)) & ~self.holds[:, runs]
        self.release(runs, held)
        self.turned[:, runs] = False
        if not rising.any():
            return status
        delays = _widely(self.functions.timing, t, y, p)[0::2]
        for i in np.flatnonzero(rising.any(axis=1)).tolist():
            where = np.flatnonzero(rising[i] & (status == Status.OK))
            self.holds[i, runs[where]] = held[i, where]
            known = delays[i, where] >= 0
            status[where[~known]] = Status.NOT_FINITE
            where = where[known]
            values = np.empty((0, len(where)))
            if self.triggers[i].from_trigger:
                values = self._values(i, t[where], y[:, where], p[:, where])
            self.waiting.append(runs[where], t[where] + delays[i, where], i, values)
        return status

    def _execute(self, runs: Lanes, t: Array, y: Array, due: Truths) -> None:
        """Execute the first of the due events of each run, on y in place."""
        place = self._first(runs, t, y, due)
        self.at_once[runs] = np.where(t - self.latest[runs] <= NO_TIME * np.abs(t), self.at_once[runs] + 1, 0)
        self.latest[runs] = t
        lanes = np.arange(len(runs))
        index = self.waiting.index[place, runs]
        values = self.waiting.values[place, :, runs].T
        kept = self.waiting.time[:, runs] < np.inf
        kept[place, lanes] = False
        self.waiting.keep(runs, kept)
        for i in np.unique(index).tolist():
            where = np.flatnonzero(index == i)
            mine, when, before, p = runs[where], t[where], y[:, where], self.runs.p[:, runs[where]]
            still = self.is_idle(i, when, before, p, self.runs.atol[:, mine])
            self.idle[i, mine] = np.where(still, self.idle[i, mine] + 1, 0)
            trigger = self.triggers[i]
            decided = values[: len(trigger.changes), where]
            if not trigger.from_trigger:
                decided = self._values(i, when, before, p)
            after, rows = self._after(i, decided, when, before, p)
            y[:, where] = after
            self.runs.p[:, mine] = rows
            self.steps[mine] += 1
            if self.runs.on_jump is not None:
                self.runs.on_jump(mine, when, before, after, rows)

    def _first(self, runs: Lanes, t: Array, y: Array, due: Truths) -> Lanes:
        """Return the place of the event that comes first, of those that are due at one time in each run."""
        several = np.flatnonzero(np.count_nonzero(due, axis=0) > 1)
        place: Lanes = np.argmax(due, axis=0)
        if not several.size:
            return place
        index = self.waiting.index[:, runs[several]]
        p = self.runs.p[:, runs[several]]
        priority = np.take_along_axis(_widely(self.functions.timing, t[several], y[:, several], p)[1::2], index, axis=0)
        known = self.ranked[index] & ~np.isnan(priority)
        best = _least(due[:, several], ~self.hidden[index])
        best = _least(_least(best, ~known), np.where(known, -priority, 0.0))
        first = np.argmax(_least(best, index), axis=0)
        ranked = self.ranked[index[first, np.arange(len(several))]]
        for k in np.flatnonzero(ranked & (np.count_nonzero(best, axis=0) > 1)).tolist():
            draw = self.draws.setdefault(int(runs[several[k]]), random.Random(0))
            first[k] = draw.choice(np.flatnonzero(best[:, k]).tolist())
        place[several] = first
        return place

    def _values(self, i: int, t: Array, y: Array, p: Array) -> Array:
        """Return the new values that event `i` would set now, before any sizes, (n_changes, n)."""
        lanes = padded(np.arange(len(t)))
        if not lanes.size:
            return np.empty((len(self.triggers[i].changes), 0))
        states, rows = y[:, lanes], p[:, lanes]
        self.functions.fire(i, t[lanes], states, rows)
        changes = self.triggers[i].changes
        return np.array([(states if c.kind == "state" else rows)[c.index, : len(t)] for c in changes])

    def _after(self, i: int, values: Array, t: Array, y: Array, p: Array) -> tuple[Array, Array]:
        """Return states and parameters after event `i` has set `values`, multiplied by the sizes just before."""
        trigger, after, rows = self.triggers[i], y.copy(), p.copy()
        if trigger.sizes:
            values = values * _widely(lambda *now: self.functions.sizes(i, *now), t, y, p)
        for change, value in zip(trigger.changes, values, strict=True):
            (after if change.kind == "state" else rows)[change.index] = value
        return after, rows

    def _fastest(self, runs: Lanes, t: Array, y: Array) -> tuple[Lanes, Truths]:
        """Return the state that moves fastest, by its size, or the first whose rate is not finite; whether all are."""
        c = self.functions.prepare(self.runs.p[:, padded(runs)])
        slope = _widely(lambda when, states, _: self.functions.rhs(when, states, c), t, y, self.runs.p[:, runs])
        speed = np.abs(slope) / (np.abs(y) + self.runs.atol[:, runs])
        finite = np.isfinite(slope)
        return np.argmax(np.where(finite, speed, np.inf), axis=0), np.asarray(finite.all(axis=0))


def watched(runs: Runs) -> StateEvents | None:
    """Return the state events of runs whose program has some, fired as far as they are due at the start."""
    if not runs.functions.program.triggers:
        return None
    events = StateEvents(runs)
    events.begin()
    return events


def _widely(function: Callable[[Any, Array, Array], Array], t: Array, y: Array, p: Array) -> Array:
    """Return what a function gives, (n_rows, n), called on a multiple of 8 runs: see `runs.MULTIPLE`."""
    n = len(t)
    lanes = padded(np.arange(n))
    if len(lanes) == n:
        return function(t, y, p)
    return function(t[lanes], y[:, lanes], p[:, lanes])[:, :n]


def _least(among: Truths, key: NDArray[Any]) -> Truths:
    """Return which of those `among` have the smallest key, in each column."""
    low = np.min(np.where(among, key, np.inf), axis=0)
    return np.asarray(among & (key == low))
