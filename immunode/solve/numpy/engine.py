"""The lockstep engine: NumPy only, blocks of runs side by side."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.program.nonsmooth import has_corners
from immunode.program.numpy.functions import Functions
from immunode.solve.accuracy.rehearsal import factor_needed, in_words, stricter
from immunode.solve.eighth_order.choice import exact_inside, heard, is_cheaper, worth_a_look
from immunode.solve.engine import Engine, Request
from immunode.solve.numpy.delayed import DelayLockstep
from immunode.solve.numpy.eighth_order import Eighth
from immunode.solve.numpy.lockstep import Lockstep
from immunode.solve.numpy.methods import Explicit, Method, Stiff
from immunode.solve.outcome import Outcome
from immunode.solve.runs import Runs
from immunode.solve.status import Status
from immunode.solve.step_size import pilot_steps
from immunode.solve.triggers.settling import StateEvents, watched

Array = NDArray[np.float64]

MOST_LANES = 12288
"""Lanes of a block; more bring nothing. Lanes with many rows get fewer, see `lockstep.BLOCK_BYTES`."""
PILOT_STEPS, PILOT_CHECK, FURTHER = 600, 4, 5
REHEARSED_STEPS = 2000
"""Steps after which the runs that tell how errors grow are left. Side by side they take as long as one run does, which
is seconds at tight tolerances."""
FEW_STEPS, HELD_BACK_SHARE, STIFF_COST = 60, 0.3, 2.5
"""A second pilot run, with the stiff method, is made if the first took few steps or was held back by stability in this
share of them. A stiff step costs about as much as so many explicit ones."""
CORNERS_COST = 0.8
"""What it costs where the right-hand side has corners, for which it is preferred."""
EARLY = 0.5
"""A sweep starts with the stiff method if the pilot run turned stiff within this part of the time span."""


class NumpyEngine(Engine):
    """Tsit5, Rodas5P, DOP853 in lockstep; "auto" starts as the pilot run says, and stiff runs change by themselves."""

    name = "numpy"
    methods = ("tsit5", "rodas5p", "dop853")

    def solve(self, request: Request, reason: str) -> Outcome:
        """See `Engine`."""
        self.check_method(request.method, request)
        with np.errstate(all="ignore"):
            return self._solve(request, reason)

    def _solve(self, request: Request, reason: str) -> Outcome:
        start, why = request.method, f"method '{request.method}' was asked for"
        if request.method == "auto":
            start, why, factor = first_method(request)
            request = stricter(request, factor)
        outcome, turned = _integrated(request, start)
        if turned:
            n = request.values.shape[1]
            why += f"; {f'{turned} of {n} runs' if n > 1 else 'it'} became stiff and went on with rodas5p"
        why = f"{reason}; {why}" if reason else why
        return replace(outcome, engine=self.name, method_names=self.methods, reason=why)


def _integrated(request: Request, start: str) -> tuple[Outcome, int]:
    """Return what comes of runs that begin with a method, and how many turned stiff on their way."""
    runs = Runs(exact_inside(request) if start == "dop853" else request)
    events = watched(runs)
    waiting, turned = runs.waiting(), 0
    if start != "rodas5p":
        # a run with delays that went on elsewhere would have no past
        free, kind = request.method == "auto" and not request.functions.program.delays, _EXPLICIT[start]
        waiting = _loop(runs, kind, events, hand_over=free).run(waiting)
        turned = len(waiting)
    _loop(runs, Stiff, events).run(waiting)
    return runs.outcome, turned


def _rehearsed(start: str, request: Request, factors: Sequence[float]) -> list[Array]:
    """Return states of runs begun with a method, see `accuracy.rehearsal.Rehearse`.

    All are made side by side, for a block takes about as long as its longest run.
    """
    n, strictness = request.values.shape[1], np.array(factors)
    together = replace(request, values=np.tile(request.values, len(factors)), strictness=strictness.repeat(n))
    return np.split(_integrated(together, start)[0].y, len(factors), axis=2)


_EXPLICIT: dict[str, type[Method]] = {"tsit5": Explicit, "dop853": Eighth}


def _loop(runs: Runs, kind: type[Method], events: StateEvents | None, hand_over: bool = False, **more: int) -> Lockstep:
    """Return the loop of a method. more : `check_every`, if another than usual."""
    functions = runs.functions
    if functions.program.delays:
        return DelayLockstep(functions, runs, kind, MOST_LANES, hand_over=hand_over, events=events, **more)
    return Lockstep(functions, runs, kind, MOST_LANES, hand_over=hand_over, events=events, **more)


def _often_fast(trial: Lockstep) -> bool:
    seen = trial.stiffness
    return seen is not None and seen.found_fast > HELD_BACK_SHARE * seen.looked


_pilots: dict[int, tuple[weakref.ref[Functions], dict[object, tuple[str, str, float]]]] = {}


def first_method(request: Request) -> tuple[str, str, float]:
    """Return the method a sweep starts with, why, and by what its tolerances are divided.

    One run at the declared values is looked at, and then runs around them as `rehearsal` says.

    It depends on the program, the span of time, the number of outputs, whether somebody listens, and the tolerances
    only, never on the runs of a sweep. Remembered.
    """
    functions = request.functions
    known = _pilots.get(id(functions))
    if known is None or known[0]() is not functions:
        known = _pilots[id(functions)] = (weakref.ref(functions), {})
    given = None if request.atol is None or np.ndim(request.atol) == 2 else np.asarray(request.atol, dtype=float)
    asked = (len(request.times), heard(request))
    key = (request.t0, float(request.times[-1]), request.rtol, None if given is None else given.tobytes(), asked)
    if key not in known[1]:
        start, why = _pilot(request, given)
        factor = factor_needed(request, REHEARSED_STEPS, partial(_rehearsed, start), once=True)
        known[1][key] = start, why + in_words(factor), factor
    return known[1][key]


def _pilot(asked: Request, atol: ArrayLike | None) -> tuple[str, str]:
    functions, t0, rtol, t_end = asked.functions, asked.t0, asked.rtol, float(asked.times[-1])
    values = np.array(functions.program.values, dtype=float)[:, None]
    # a sweep with delays can't change over later, so that its pilot looks further
    most = pilot_steps(PILOT_STEPS * (FURTHER if functions.program.delays else 1), rtol)
    request = Request(
        functions=functions, values=values, times=np.array([t_end]), t0=t0, rtol=rtol, atol=atol, max_steps=most
    )
    runs = Runs(request)
    trial = _loop(runs, Explicit, watched(runs), hand_over=True, check_every=PILOT_CHECK)
    if trial.run(runs.waiting()).size:
        turned = float(runs.t[0])
        # a run with delays can't go on with the other method
        if functions.program.delays or turned - t0 <= EARLY * (t_end - t0):
            return "rodas5p", f"at the declared values the system is stiff (seen by t = {turned:.3g})"
        return "tsit5", f"at the declared values the system is not stiff until t = {turned:.3g}"
    steps = int(runs.steps[0])
    if runs.status[0] not in (Status.OK, Status.TOO_MANY_STEPS):
        return "tsit5", f"the run at the declared values ended as '{Status(int(runs.status[0])).label}'"
    # a corner between two stages escapes tsit5's error estimate, not that of rodas5p
    corners = has_corners(functions.program)
    halfway = runs.status[0] == Status.TOO_MANY_STEPS
    if halfway or corners or steps < FEW_STEPS or _often_fast(trial):
        # the stiff method is worth it if it needs much fewer steps; it is stopped where it doesn't
        cost = CORNERS_COST if corners else STIFF_COST
        other = Runs(replace(request, max_steps=max(1, int(steps / cost))))
        _loop(other, Stiff, watched(other)).run(other.waiting())
        if other.status[0] == Status.OK:
            return "rodas5p", f"at the declared values rodas5p needs {other.steps[0]} steps, tsit5 {steps}"
        if halfway and other.reached[0] > runs.reached[0]:
            return "rodas5p", f"at the declared values rodas5p gets further than tsit5 in {steps} steps"
    why = "at the declared values the system is not stiff"
    if runs.status[0] == Status.OK and worth_a_look(asked, steps):
        other = Runs(request)
        _loop(other, Eighth, watched(other)).run(other.waiting())
        if other.status[0] == Status.OK and is_cheaper(asked, steps, float(other.steps[0])):
            return "dop853", f"{why}, and cheaper with dop853"
    return "tsit5", why
