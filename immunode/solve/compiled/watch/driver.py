"""State events between two calls of a kernel: it finds them and cuts the steps there, they are executed here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.solve.numpy.event_search import SPACING
from immunode.solve.runs import Runs, padded
from immunode.solve.status import Status
from immunode.solve.triggers.settling import StateEvents

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

NUDGES = 12
"""Conditions are computed here with other roundings than in the kernel: a run is moved on by one number of time, then
by two, four, ..., until the condition that the kernel has seen turn has done so here as well."""
_EPS = float(np.finfo(float).eps)


class EventDriver:
    """Executes what kernels find and do not execute themselves.

    holds, idle, turned : (n_triggers, n_runs), as kernels read and write them.   spacing : see `event_search`.
    settles : whether kernels execute what is simple, and breaks; then ends of runs are theirs.
    """

    def __init__(self, events: StateEvents, runs: Runs, settles: bool) -> None:
        self.events, self.runs, self.settles = events, runs, settles
        self.holds, self.idle, self.turned = np.zeros((3, *events.holds.shape))
        span = runs.t_end - runs.t0
        self.spacing = span * SPACING if span > 0 else np.inf

    def aim(self, queue: Lanes) -> Array:
        """Write down for the kernel what holds in the runs of the queue; return when they must stop next."""
        self.holds[:, queue] = self.events.holds[:, queue]
        self.idle[:, queue] = self.events.idle[:, queue]
        return self.events.next_stop(queue, self.runs.t[queue])

    def look(self, landed: Lanes, fired: Lanes) -> None:
        """Take over what the kernel saw of runs that have come to a stop; `fired` : those whose step was cut."""
        events, runs = self.events, self.runs
        events.holds[:, landed] = held = self.holds[:, landed] > 0.5
        events.idle[:, landed] = self.idle[:, landed]
        events.release(landed, held)
        events.turned[:, landed] = turned = self.turned[:, landed] > 0.5
        left = np.setdiff1d(fired, landed[turned.any(axis=0)])
        for k in range(NUDGES):
            t, y = runs.t[left], runs.y[:, left]
            left = left[~(events.held(t, y, runs.p[:, left]) & ~events.holds[:, left]).any(axis=0)]
            if not left.size:
                return
            lanes = padded(left)
            t, y = runs.t[lanes], runs.y[:, lanes]
            slope = runs.functions.rhs(t, y, runs.functions.prepare(runs.p[:, lanes]))
            further = np.minimum(np.nextafter(t, np.inf) + (2**k - 1) * _EPS * np.abs(t), runs.t_end)
            runs.y[:, lanes] = y + (further - t) * slope
            runs.t[lanes] = further

    def look_around(self, due: Lanes) -> None:
        """Look at the states before breaks that are due, and between them."""
        self.events.look_around(due, self.runs.t[due], self.runs.y[:, due])

    def settle(self, landed: Lanes) -> Lanes:
        """Fire what is due; return the runs that go on."""
        runs = self.runs
        y = runs.y[:, landed]
        status, trouble = self.events.settle(landed, runs.t[landed], y)
        runs.y[:, landed] = y
        wrong = np.flatnonzero(status)
        if wrong.size:
            runs.last[:, landed[wrong]] = y[:, wrong]
            runs.fail(landed[wrong], status[wrong], trouble[wrong])
        going: Lanes = landed[status == Status.OK]
        return going
