"""Delay equations in lockstep: the loop and the methods, with a past for every lane.

Within a step a delayed state is one more state, whose slope is that of the past; at the end of the step, and where a
condition is looked at, it is set to what the past says. No step is longer than the smallest lag of its run, so that it
never looks at itself. A step that an event cuts short is remembered as far as it went.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve.delays.breaking_points import ROUNDING
from immunode.solve.numpy.first_steps import FirstSteps
from immunode.solve.numpy.lane_history import LaneHistory, most_lanes
from immunode.solve.numpy.lane_table import BUSY, FREE, LaneTable
from immunode.solve.numpy.lockstep import Lockstep
from immunode.solve.numpy.methods import Explicit, Method, Stiff
from immunode.solve.numpy.stiffness import STIFF_CHECK
from immunode.solve.runs import Runs, padded
from immunode.solve.status import Status
from immunode.solve.triggers.settling import StateEvents

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
_EPS = float(np.finfo(float).eps)


class _Remembering(Method):
    """What a method does besides in a delay equation. history : of the block."""

    history: LaneHistory

    def attempt(self, h: Array) -> Array:
        error = super().attempt(h)  # type: ignore[safe-super]  # the method proper comes next in line
        self.history.fill(self.block.y_new, self.block.t + h)
        return error


class _DelayedExplicit(_Remembering, Explicit):
    pass


class _DelayedStiff(_Remembering, Stiff):
    pass


_METHODS: dict[type[Method], type[_Remembering]] = {Explicit: _DelayedExplicit, Stiff: _DelayedStiff}


class _DelayedFirstSteps(FirstSteps):
    """First steps of lanes that look back: each at its own past. history : of the block."""

    history: LaneHistory

    def after(self, block: LaneTable, lanes: Lanes, slope: Array, longest: Array) -> Array:
        """See `FirstSteps`."""
        before, self.history.lanes = self.history.lanes, lanes
        h = super().after(block, lanes, slope, longest)
        self.history.lanes = before
        return h


class DelayLockstep(Lockstep):
    """`Lockstep` for a program with delays: also stops at breaking points, and hands no run over."""

    def __init__(
        self,
        functions: Functions,
        runs: Runs,
        method: type[Method],
        width: int,
        hand_over: bool = False,
        check_every: int = STIFF_CHECK,
        events: StateEvents | None = None,
    ) -> None:
        self.history = LaneHistory(functions)
        kind = _METHODS[method]
        lanes = min(width, most_lanes(functions))
        super().__init__(self.history.functions, runs, kind, lanes, hand_over, check_every, events)
        if self.search is not None:
            self.search.fill = self.history.fill_inside
        assert isinstance(self.method, _Remembering)
        self.method.history = self.history
        self.first_steps = _DelayedFirstSteps(self.history.functions, runs.rtol, self.method.error_order)
        self.first_steps.history = self.history

    def _attach(self) -> None:
        super()._attach()
        if not self.history.width:
            self.history.allot(self.block.width, len(self.runs.p))
            self.jumped = np.zeros(self.block.width, dtype=bool)

    def _step(self) -> None:
        np.minimum(self.block.h, self.history.longest_step, out=self.block.h)
        super()._step()
        full = self.history.full()
        if full.any():
            where = np.flatnonzero(full & (self.block.phase == BUSY))
            self.runs.fail(self._save(where), Status.TOO_MANY_STEPS, self.block.worst(where))
            self._idle(where, FREE)

    def _remember(self, t_new: Array) -> None:
        where = (t_new > self.block.t).nonzero()[0]
        if where.size:
            self._note(where, t_new)
        super()._remember(t_new)

    def _note(self, where: Lanes, t_new: Array) -> None:
        """Let the history know of steps, before what they lead to is changed."""
        block, history, search = self.block, self.history, self.search
        inside = np.stack([c[history.states] for c in self.method.dense(padded(where))])[:, :, : len(where)]
        if search is not None and search.lanes.size:
            history.stay(search.lanes)
            place, part = np.searchsorted(where, search.lanes), np.ones(len(search.lanes))
            for terms in inside[1:]:
                part = part * search.parts
                terms[:, place] *= part
        history.note(where, block.t[where], t_new[where], inside)

    def _fill(self, free: Lanes) -> Lanes:
        where = super()._fill(free)
        if where.size:
            run = self.block.run[where]
            self.history.open(where, self.runs.p[:, run], self.runs.begun[:, run], self.runs.t0)
            self.jumped[where] = True
        return where

    def _jump(self, landed: Lanes) -> None:
        due = landed[self.runs.next_break[self.block.run[landed]] <= self.block.t[landed]]
        if self.search is not None and due.size:
            # what is seen again at the time of a break is seen first
            self._arrive(due)
        self.jumped[due] = True
        super()._jump(landed)

    def _arrive(self, lanes: Lanes) -> None:
        """Let lanes see the past as it is just after where they stand."""
        y = self.block.y[:, lanes]
        self.history.arrive(lanes, self.block.t[lanes], y, self.jumped[lanes])
        self.block.y[:, lanes] = y
        self.jumped[lanes] = False

    def _settled(self, landed: Lanes) -> Lanes:
        if self.search is None:
            return landed
        self._arrive(landed)
        run, steps = self.block.run[landed], self.runs.steps
        before = steps[run]
        going = super()._settled(landed)
        # each event counts as a step
        self.jumped[landed] = steps[run] != before
        return going

    def _start(self, arrived: Lanes) -> None:
        block, history = self.block, self.history
        self._arrive(arrived)
        going = arrived[block.t[arrived] < self.runs.t_end]
        if going.size:
            history.lanes = padded(going)
            history.see_until(history.lanes, self._stops(block.run[history.lanes], history.lanes))
        super()._start(arrived)
        history.lanes = None

    def _stops(self, run: Lanes, lanes: Lanes) -> Array:
        stop, point = super()._stops(run, lanes), self.history.points.next(lanes)
        # beside events all of a moment counts at once
        return np.where(point < (stop if self.search is None else stop * (1.0 - ROUNDING)), point, stop)

    def _extinguish(self, gone: NDArray[np.bool_]) -> None:
        block, history = self.block, self.history
        lanes = np.flatnonzero(np.any(gone, axis=0))
        history.lanes = padded(lanes)
        super()._extinguish(gone)
        history.lanes = None
        history.points.arrive(lanes, block.t[lanes], np.ones(len(lanes), dtype=bool))
        stop = np.minimum(block.t_stop[lanes], history.points.next(lanes))
        block.t_stop[lanes] = stop
        history.see_until(lanes, stop)
        block.t_near[lanes] = stop - 4.0 * _EPS * np.abs(stop)

    def _keep(self, lanes: Lanes) -> None:
        super()._keep(lanes)
        self.history.keep(lanes)
        self.jumped = self.jumped[lanes]
