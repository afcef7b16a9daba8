"""Why runs failed, in words: stated once, for whoever shows it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from immunode.program.program import Program
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
from immunode.solve.runs import padded
from immunode.solve.status import Status

Lanes = NDArray[np.intp]
_CAUSES = {
    Status.NOT_FINITE: ("a value became NaN or infinite", "check the parameters and the model's domain"),
    Status.STEP_TOO_SMALL: (
        "no step was small enough",
        "check for blow-up or a jump; declare jumps as events, or relax rtol",
    ),
    Status.TOO_MANY_STEPS: ("the limit of steps was reached", "relax rtol, or end the run earlier"),
    Status.SOLVER_FAILED: ("the solver gave up", "relax rtol"),
    Status.SLIDING: (
        "a condition in a rate switches back and forth without end",
        "both sides of it lead back to the switch; make it gradual, with hill or tanh, or declare events",
    ),
}
_REFUSALS = {
    DOSE_BEFORE_START: "an event before the start changes a state; start earlier",
    INPUT_IS_NAN: "a parameter or an initial value is NaN",
    BAD_SCHEDULE: "an event's time, interval or count is NaN or negative",
    ENDLESS_LAG: "the lag of a delay is infinite or NaN",
    TOO_DENSE: f"an event happens more than {MOST_EVENTS:,} times until the end; its interval is too short",
}


def failure_reasons(request: Request, outcome: Outcome) -> dict[int, str]:
    """Return run -> why it failed: what happened, the state nearest to trouble, and what to try; without the model's
    name.

    request : as the user made it.
    """
    failed = np.flatnonzero(np.asarray(outcome.status) != Status.OK)
    refused = failed[np.asarray(outcome.status)[failed] == Status.REFUSED]
    wrong_inputs = dict(_wrong_inputs(request, refused))
    program = request.functions.program
    return {
        run: f"refused: {wrong_inputs[run]}"
        if run in wrong_inputs
        else _in_words(outcome, run, program, request.method)
        for run in failed.tolist()
    }


def _wrong_inputs(request: Request, runs: Lanes) -> Iterator[tuple[int, str]]:
    """Give runs that can't begin, and why, as far as their values alone say."""
    if not runs.size:
        return
    functions, program, lanes = request.functions, request.functions.program, padded(runs)
    values = request.values[:, lanes]
    with np.errstate(all="ignore"):
        p = functions.parameters(values)
        held = np.asarray(functions.requirements(p), dtype=bool)
        y = np.asarray(functions.initial(p))
        lags = np.empty((0, len(lanes))) if functions.lags is None else functions.lags(p)
    if request.initial is not None:
        given = request.initial[:, lanes]
        y = np.where(np.isnan(given), y, given)
    for k, run in enumerate(runs.tolist()):
        wrong = np.flatnonzero(~np.isfinite(values[:, k]))
        if wrong.size:
            yield run, f"{program.parameters[wrong[0]]} is {values[wrong[0], k]:g}"
            continue
        wrong = np.flatnonzero(~np.isfinite(lags[:, k]))
        if wrong.size:
            name = program.states[program.delays[wrong[0]].row]
            yield run, f"the lag of {name} is {lags[wrong[0], k]:g}; a lag must be a finite time"
            continue
        broken = [] if not len(held) else np.flatnonzero(~held[:, k]).tolist()
        if broken:
            yield run, program.requirements[broken[0]][1]
            continue
        wrong = np.flatnonzero(~np.isfinite(y[:, k]))
        if wrong.size:
            yield run, f"the initial value of {program.states[wrong[0]]} is {y[wrong[0], k]:g}"


def _in_words(outcome: Outcome, run: int, program: Program, method: str) -> str:
    """Return why a run failed, as far as the engine tells. method : the one that was asked for."""
    status, state = Status(int(outcome.status[run])), int(outcome.trouble[run])
    if status is Status.REFUSED:
        return _refusal(outcome, run, program)
    if status is Status.NO_STEADY_STATE:
        return (
            f"without interventions it does not come to rest, so there is no start: "
            f"'{program.states[state]}' still moves; look for growth or a cycle, or give initial values"
        )
    where = f" (look at '{program.states[state]}')" if 0 <= state < len(program.states) else ""
    cause, remedy = _CAUSES[status]
    if status is Status.SOLVER_FAILED and outcome.engine == "compiled":
        cause, remedy = "events fire again and again at one moment, beside delays", "use engine='scipy'"
    if status is Status.TOO_MANY_STEPS and program.triggers:
        names = ", ".join(f"'{trigger.name}'" for trigger in program.triggers[:3])
        remedy = f"see whether an event on states ({names}) fires ever sooner, {remedy}"
    if status is Status.TOO_MANY_STEPS and program.max_step:
        remedy = f"raise the model's max_step, which is {program.max_step:g}, or {remedy}"
    if method == "auto" and outcome.reason.startswith("engine 'scipy' was asked for"):
        remedy = f"try engine='auto', which has other methods, or {remedy}"
    unit = f" {program.time_unit}" if program.time_unit else ""
    if method != "auto" and status is not Status.SLIDING:
        remedy = f"method='{method}' was asked for: leave it at 'auto', which tries others as well, or {remedy}"
    return f"{cause} at t = {outcome.reached[run]:.6g}{unit}{where}; {remedy}"


def _refusal(outcome: Outcome, run: int, program: Program) -> str:
    index = int(outcome.message_index[run])
    if index >= 0:
        return program.requirements[index][1]
    if index == BAD_START:
        row, value = int(outcome.trouble[run]), float(outcome.bad_start[run])
        kind = dict(program.never_negative).get(row, "")
        wrong = f", and a {kind} can't be below 0" if kind and np.isfinite(value) else ""
        remedy = "check its initial value, what that is computed from, and what is given at the start"
        return f"refused: {program.states[row]} would start at {value:.6g}{wrong}; {remedy}"
    if index == SHORT_LAG:
        name = program.states[int(outcome.trouble[run])]
        return (
            f"refused: the lag of {name} is so short that more than {MOST_EVENTS:,} steps were needed, for none is "
            "longer than it; make it 0 if nothing is that fast, or end the run earlier"
        )
    return _REFUSALS.get(index, "refused")
