"""Events that fire on conditions: which hold, which wait for their time, which comes next.

Source: SBML Level 3 Version 2 Core, section 4.11, doi:10.1515/jib-2017-0081.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve.status import Status
from immunode.solve.triggers.closer import LOOKS, places, through_nodes

Array = NDArray[np.float64]
OnEvent = Callable[[float, Array, Array, Array], None]

MOST_EVENTS_AT_ONCE = 1000
"""So many events in a row, with no time from one to the next, end a run: a ball that has all but come to rest."""
NO_TIME = 1e-13
"""Times that differ by less than this share of themselves are one time."""
_DEGREE = 8
"""What comparisons differ by inside a step is taken for a polynomial of this degree."""
PATIENCE = 20
"""An event that has fired this often in a row without moving a state by its tolerance waits until it would."""
_EQUAL = np.arange(1, 17) / 17
_AROUND = np.concatenate([-(4.0 ** -np.arange(2, 14)), [0.0], 4.0 ** -np.arange(2, 14)])
"""Parts of an interval at which it is looked at for where a condition turns: anywhere, and near where it should."""


class FailedError(Exception):
    """A run can't go on."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.label)
        self.status = status


@dataclass(slots=True)
class _Waiting:
    """An event that fired and whose changes come at `time`; `values` are computed already, or None."""

    time: float
    index: int
    values: tuple[float, ...] | None


class StateEvents:
    """The triggers of one run.

    spacing : longest time between two looks, 0 for any.   atol : absolute tolerance of each state, (n_states,).
    on_event(t, y_before, y_after, p) : called at every event, states (n_states,).
    """

    def __init__(self, functions: Functions, spacing: float, atol: Array, on_event: OnEvent) -> None:
        self.functions, self.atol, self.on_event = functions, atol, on_event
        self.triggers = functions.program.triggers
        self.spacing = spacing
        self.holds = np.array([trigger.initially for trigger in self.triggers], dtype=bool)
        self.persistent = np.array([trigger.persistent for trigger in self.triggers], dtype=bool)
        self.turned = np.zeros(len(self.triggers), dtype=bool)
        self.idle = np.zeros(len(self.triggers), dtype=int)
        self.waiting: list[_Waiting] = []
        self.draw = random.Random(0)
        self.latest, self.at_once = -math.inf, 0

    def __bool__(self) -> bool:
        return bool(self.triggers)

    @property
    def next_time(self) -> float:
        """When the next change comes that waits, infinite if none does."""
        return min((one.time for one in self.waiting), default=math.inf)

    def next_moment(self, t: float, p: Array) -> float:
        """Return when, after `t`, a condition on time next turns as the switches in `p` are, infinite if none does."""
        if not self.functions.program.moments:
            return math.inf
        moments = self.functions.moments(p)[:, 0]
        return float(np.min(moments[moments > t], initial=math.inf))

    def look_at(self, t: float, y: Array, p: Array) -> None:
        """Look at the states before a dose at `t`, or between two: what is false then and true at last has turned.

        A condition that turns true at that moment has turned as well where a dose makes it false again.
        """
        held = self._held(t, y[:, None], p)[:, 0]
        self._release(held)
        self.turned |= held & ~self.holds

    def settle(self, t: float, y: Array, p: Array) -> Array:
        """Return the states after all events that fire or are due at time `t`; switches change in `p` in place.

        y : (n_states,).   p : (n_parameters, 1).

        Raises
        ------
        FailedError : events fire each other without end, or a delay is negative or NaN.
        """
        if not self.triggers:
            return y
        while self.at_once < MOST_EVENTS_AT_ONCE:
            self._look(t, y, p)
            due = [one for one in self.waiting if one.time <= t + NO_TIME * abs(t)]
            if not due:
                return y
            first = self._first(due, t, y, p)
            self.waiting.remove(first)
            self.idle[first.index] = self.idle[first.index] + 1 if self._is_idle(first.index, t, y, p) else 0
            y = self._change(first, t, y, p)
            self.at_once = self.at_once + 1 if t - self.latest <= NO_TIME * abs(t) else 0
            self.latest = t
        raise FailedError(Status.TOO_MANY_STEPS)

    def find(self, start: float, stop: float, inside: Callable[[Any], Array], p: Array) -> float | None:
        """Return the first time in (start, stop] at which a condition has turned true, or None.

        inside(times) -> (n_states, n_times).
        """
        n = max(LOOKS, math.ceil((stop - start) / self.spacing)) if self.spacing > 0 else LOOKS
        times = start + (stop - start) * self._places(start, stop, inside, p, n) / n
        times[-1] = stop
        before = start
        held = self._held(times, inside(times), p)
        if (held == self.holds[:, None]).all():
            return None
        for i in np.flatnonzero((self.idle >= PATIENCE) & ~self.holds & held.any(axis=1)).tolist():
            if self._is_idle(i, stop, inside(stop), p):
                held[i] = False
        for k, time in enumerate(times.tolist()):
            rising = held[:, k] & ~self.holds
            if rising.any():
                return self._turn(rising, before, time, inside, p)
            if (self.holds & ~held[:, k]).any():
                self._release(held[:, k])
            before = time
        return None

    def _places(self, start: float, stop: float, inside: Callable[[Any], Array], p: Array, n: int) -> Array:
        """Return where a step is looked at, from 0 at its start to n at its end."""
        if self.functions.sides is None:
            return np.arange(1.0, n + 1)
        times = start + (stop - start) * np.arange(_DEGREE + 1) / _DEGREE
        times[-1] = stop
        sides = self.functions.sides(times, inside(times), p)
        b = through_nodes(_DEGREE) @ (sides[0::2] - sides[1::2]).T
        size = np.abs(sides).max(axis=1)
        return places(b[:, :, None], np.maximum(size[0::2], size[1::2])[:, None], np.array([n]))[1]

    def _is_idle(self, i: int, t: float, y: Array, p: Array) -> bool:
        """Return whether event `i` would move no state by its tolerance and turn no switch.

        `x < 0` that sets x to 0 where x falls from 0 anew, by rounding, fires without end; its effect is no number
        that the solver knows.
        """
        trigger = self.triggers[i]
        if any(change.kind != "state" for change in trigger.changes):
            return False
        after, _ = self._after(i, self._values(i, t, y, p), t, y, p)
        rows = [change.index for change in trigger.changes]
        return bool(np.all(np.abs(after[rows] - y[rows]) <= self.atol[rows]))

    def _turn(
        self, rising: NDArray[np.bool_], low: float, high: float, inside: Callable[[Any], Array], p: Array
    ) -> float:
        """Return the first number between `low` and `high` at which one of the conditions holds, as at `high`."""
        times = low + (high - low) * _EQUAL
        while np.nextafter(low, high) < high:
            times = np.concatenate([[low], times[(times > low) & (times < high)], [high]])
            y = inside(times)
            held = np.any(self._held(times[1:], y[:, 1:], p)[rising], axis=0)
            k = int(np.argmax(held)) if held.any() else len(times) - 2
            low, high = float(times[k]), float(times[k + 1])
            times = low + (high - low) * _EQUAL
            if self.functions.sides is not None:
                sides = self.functions.sides(np.array([low, high]), y[:, k : k + 2], p)
                start, end = (sides[0::2] - sides[1::2]).T
                turns = (start > 0) != (end > 0)
                if turns.any():
                    # where a comparison seems to turn; looks crowd there
                    root = low + (high - low) * float(np.min(start[turns] / (start[turns] - end[turns])))
                    times = np.sort(np.append(times, root + (high - low) * _AROUND))
        return high

    def _held(self, t: Array | float, y: Array, p: Array) -> NDArray[np.bool_]:
        held: NDArray[np.bool_] = self.functions.triggers(t, y, p) > 0.5
        return held

    def _release(self, held: NDArray[np.bool_]) -> None:
        """Note conditions that are false by now; what they fired and must persist for is called off."""
        self.holds &= held
        self.waiting = [w for w in self.waiting if self.triggers[w.index].persistent or self.holds[w.index]]

    def _look(self, t: float, y: Array, p: Array) -> None:
        """Fire what has turned true."""
        held = self._held(t, y[:, None], p)[:, 0]
        rising = np.flatnonzero((held | (self.turned & self.persistent)) & ~self.holds)
        self._release(held)
        self.turned[:] = False
        if not rising.size:
            return
        delays = self.functions.timing(t, y[:, None], p)[0::2, 0]
        for i in rising.tolist():
            self.holds[i] = held[i]
            if not delays[i] >= 0:
                raise FailedError(Status.NOT_FINITE)
            values = self._values(i, t, y, p) if self.triggers[i].from_trigger else None
            self.waiting.append(_Waiting(t + float(delays[i]), i, values))

    def _first(self, due: list[_Waiting], t: float, y: Array, p: Array) -> _Waiting:
        """Return which of the events that are due at one time comes first."""
        if len(due) == 1:
            return due[0]
        priorities = self.functions.timing(t, y[:, None], p)[1::2, 0]

        def rank(one: _Waiting) -> tuple[bool, bool, float, int]:
            trigger = self.triggers[one.index]
            known = trigger.ranked and not math.isnan(priorities[one.index])
            return not trigger.hidden, not known, -float(priorities[one.index]) if known else 0.0, one.index

        first = min(due, key=rank)
        if not self.triggers[first.index].ranked:
            return first
        equals = [one for one in due if rank(one)[:3] == rank(first)[:3]]
        return equals[0] if len(equals) == 1 else self.draw.choice(equals)

    def _values(self, i: int, t: float, y: Array, p: Array) -> tuple[float, ...]:
        """Return the new values that event `i` would set now, before any sizes, in the order of its changes."""
        states, rows = y[:, None].copy(), p.copy()
        self.functions.fire(i, t, states, rows)
        return tuple(
            float((states if change.kind == "state" else rows)[change.index, 0]) for change in self.triggers[i].changes
        )

    def _change(self, one: _Waiting, t: float, y: Array, p: Array) -> Array:
        values = self._values(one.index, t, y, p) if one.values is None else one.values
        after, p[:] = self._after(one.index, values, t, y, p)
        self.on_event(t, y, after, p)
        return after

    def _after(self, i: int, values: tuple[float, ...], t: float, y: Array, p: Array) -> tuple[Array, Array]:
        """Return states and parameters after event `i` has set `values`, multiplied by the sizes just before."""
        trigger, after, rows = self.triggers[i], y.copy(), p.copy()
        sizes = self.functions.sizes(i, t, y[:, None], p)[:, 0] if trigger.sizes else np.ones(len(values))
        for change, value, size in zip(trigger.changes, values, sizes, strict=True):
            if change.kind == "state":
                after[change.index] = value * size
            else:
                rows[change.index, 0] = value * size
        return after, rows
