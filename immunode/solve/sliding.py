"""Runs that slide along a jump of their rates: the rates on both sides lead to it, so no step is small enough.

Source: Filippov 1988, Differential Equations with Discontinuous Righthand Sides, doi:10.1007/978-94-015-7793-9.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from immunode.program.nonsmooth import has_jumps
from immunode.program.numpy.functions import Functions
from immunode.solve.engine import Engine, Request
from immunode.solve.outcome import Outcome
from immunode.solve.reruns import rerun
from immunode.solve.status import Status

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

FEW, MORE = 2000, 2500
"""Steps after which a run of a model whose rates jump is looked at, and again, to see how fast it gets on."""
JUMP = 1e-3
"""Rates that differ by less than this part of themselves on two sides are no jump."""
AHEAD = 10.0
"""A run that slides is never farther from the jump than so many of its steps."""
NEAR, FAR, HALVINGS = 1e-13, 1e-3, 60


def solve_or_slide(engine: Engine, request: Request, reason: str) -> Outcome:
    """Return the batch of an engine, in which runs that slide and can't reach their end are marked.

    A run that needs more than FEW steps, and only that, is computed again if it does not slide.
    """
    if not has_jumps(request.functions.program):
        return engine.solve(request, reason)
    few = min(FEW, request.max_steps)
    batch = engine.solve(replace(request, max_steps=few), reason)
    _mark(batch, request, np.flatnonzero(batch.status == Status.STEP_TOO_SMALL), np.full(batch.y.shape[2], np.inf))
    slow = np.flatnonzero(batch.status == Status.TOO_MANY_STEPS)
    if few == request.max_steps or not slow.size:
        return batch
    sliding = slow[_slides(batch, request, slow, FAR * np.maximum(batch.reached[slow] - request.t0, 0.0))]
    if request.max_steps > MORE and sliding.size:
        begun = batch.reached.copy()
        batch = rerun(replace(request, max_steps=MORE), batch, sliding, engine, "")
        sliding = sliding[batch.status[sliding] == Status.TOO_MANY_STEPS]
        pace = (batch.reached - begun) / (MORE - few)
        late = pace * (request.max_steps - MORE) < request.times[-1] - batch.reached
        _mark(batch, request, sliding[late[sliding]], AHEAD * pace)
    slow = np.flatnonzero(batch.status == Status.TOO_MANY_STEPS)
    return rerun(request, batch, slow, engine, "") if slow.size else batch


def _mark(batch: Outcome, request: Request, runs: Lanes, longest: Array) -> None:
    span = float(request.times[-1]) - request.t0
    batch.status[runs[_slides(batch, request, runs, np.minimum(longest[runs], FAR * span))]] = Status.SLIDING


def _slides(batch: Outcome, request: Request, runs: Lanes, longest: Array) -> NDArray[np.bool_]:
    """Return which runs slide where they stopped. longest : how far ahead the jump may be, in time, (n_runs,)."""
    functions = request.functions
    with np.errstate(all="ignore"):
        sliding = [
            slides(functions, float(batch.reached[run]), batch.last[:, run], request.values[:, [run]], float(far))
            for run, far in zip(runs.tolist(), longest, strict=True)
        ]
    return np.array(sliding, dtype=bool)


def slides(functions: Functions, t: float, y: Array, values: Array, longest: float) -> bool:
    """Return whether rates jump just ahead of a state, and lead back to it from beyond.

    y : (n_states,).   values : (n_values, 1), with the switches as they are at the start.
    longest : how far ahead to look, in the model's time unit.
    """
    c = functions.prepare(functions.parameters(values))

    def rates(at: Array) -> Array:
        slope: Array = functions.rhs(t, at[:, None], c)[:, 0]
        return slope

    here = rates(y)
    step = NEAR * max(abs(t), longest)
    while step <= longest:
        there = rates(y + step * here)
        apart = np.abs(there - here) / (np.abs(there) + np.abs(here) + 1e-300)
        k = int(np.argmax(apart))
        if apart[k] > JUMP:
            low, high = 0.0, step
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                value = rates(y + middle * here)[k]
                low, high = (middle, high) if abs(value - here[k]) < abs(value - there[k]) else (low, middle)
            before, beyond = rates(y + low * here), rates(y + high * here)
            if abs(beyond[k] - before[k]) > abs(there[k] - here[k]) / 2:
                back = rates(y + high * here + step * beyond)
                return bool(abs(back[k] - before[k]) < abs(back[k] - beyond[k]))
        step *= 2
    return False
