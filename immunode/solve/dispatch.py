"""One call of the solvers: the engine is chosen, initial values are found, and runs that fail are tried again."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from numpy.typing import ArrayLike

from immunode.program.numpy.functions import Functions
from immunode.solve.choice import FEW_RUNS, can_compile_soon, choose_engine, engine_named, spent
from immunode.solve.engine import OnJump, OnRestart, Request
from immunode.solve.failures import failure_reasons
from immunode.solve.fallback import Try, last_resort, solve_with_others
from immunode.solve.outcome import NO_MESSAGE, Outcome
from immunode.solve.request_checks import checked_request
from immunode.solve.sliding import solve_or_slide
from immunode.solve.stateless import with_a_state, without_states
from immunode.solve.status import Status
from immunode.solve.steady.start import start_at_steady_state
from immunode.solve.tape import StepListener

PATIENCE = 0.1
"""Of the limit of steps, what LSODA may take where machine code can take over: its steps are the faster ones."""
MOST_PATIENCE = 3_000
"""Steps after which that is so in any case: they take about as long as it takes to make machine code."""
SECOND_TRIES = 10_000
"""Steps that SciPy's other methods may take on a run that LSODA did not finish: they take ten times as long, and one
that none of them finishes would go on for many minutes."""


def solve(
    functions: Functions,
    values: ArrayLike,
    *,
    times: ArrayLike,
    t0: float = 0.0,
    initial: ArrayLike | None = None,
    engine: str = "auto",
    method: str = "auto",
    rtol: float = 1e-6,
    atol: ArrayLike | None = None,
    max_steps: int = 100_000,
    on_jump: OnJump | None = None,
    on_restart: OnRestart | None = None,
    listener: StepListener | None = None,
) -> Outcome:
    """Return the trajectories of many runs; a run that fails is a status, never an exception.

    values : (n_values, n_runs), the program's declared parameters of each run.
    times : (n_times,), increasing, none before `t0`; the last one is the end.
    initial : (n_states, n_runs); NaN where the program's own initial value holds.
    engine : "scipy" (one run at a time), "numpy" (blocks of runs), "compiled" (machine code made for the model, all
        cores; needs the extra `fast`), or "auto": see `choose_engine`. One sweep that is cut into several calls should
        name its engine, so that all its runs are computed alike.
    method : "tsit5", "rodas5p", "dop853" for numpy and compiled; "LSODA", "BDF", "Radau", "DOP853" for scipy; or
        "auto": then a run that fails with one method is computed again by the others, and `reason` says
        so. One that is named is kept.
    rtol, atol : relative and absolute tolerance. The default `atol` of a state is rtol * 1e-3 times its declared
        typical size, else times the larger of its absolute initial value and 1e-6; it may be a number, (n_states,) or
        (n_states, n_runs).
    max_steps : most steps that a run may try with one method.
    on_jump(runs, t, y_before, y_after, p) : told of every event; runs and t are (n,), the states (n_states, n), p
        (n_parameters, n) after it. A call may bring several events of one run, in order of time.
    on_restart(runs) : called where runs begin again with another method; what `on_jump` reported of them is void.
    listener : is given every accepted step, see `tape.StepListener`.

    Raises
    ------
    EngineError : unknown engine or method, times that go backwards, arrays of the wrong shape.
    """
    request = checked_request(
        functions, values, times=times, t0=t0, initial=initial, method=method, rtol=rtol, atol=atol, max_steps=max_steps
    )
    request = replace(request, on_jump=on_jump, on_restart=on_restart, listener=listener)
    name, reason = choose_engine(functions, request.values.shape[1], engine, method)
    outcome = _started(request, name, reason, engine)
    return replace(outcome, reasons=failure_reasons(request, outcome))


def _started(request: Request, name: str, reason: str, asked: str) -> Outcome:
    """Return the outcome of runs that have no states, begin at a steady state, or neither; arguments as of `_solve`."""
    if not request.functions.program.states:
        return without_states(_solve(with_a_state(request), name, reason, asked))
    if request.functions.steady_start is None:
        return _solve(request, name, reason, asked)
    request, runs, moving = start_at_steady_state(request, lambda alone: _solve(alone, name, "", asked))
    outcome = _solve(request, name, reason, asked)
    outcome.status[runs], outcome.trouble[runs], outcome.message_index[runs] = (
        Status.NO_STEADY_STATE,
        moving,
        NO_MESSAGE,
    )
    return outcome


def _solve(request: Request, name: str, reason: str, asked: str) -> Outcome:
    """Return the batch of an engine; where it chose the method itself, others are tried on the runs that fail.

    name : of the engine.   asked : the engine that the user asked for, or "auto".
    """
    engine = engine_named(name)
    if request.method != "auto":
        return solve_or_slide(engine, request, reason)
    few = request.values.shape[1] < FEW_RUNS
    if name != "scipy":
        others: list[Try] = [(engine, "rodas5p"), (engine, "tsit5")]
        begun = time.thread_time()
        outcome = solve_with_others(request, engine, reason, others)
        if asked == "auto" and few and name == "numpy" and can_compile_soon(request.functions):
            spent(request.functions, time.thread_time() - begun)
        return last_resort(request, outcome, engine_named("scipy"), "LSODA") if asked == "auto" and few else outcome
    if asked == "scipy":
        slow: list[Try] = [(engine, "Radau"), (engine, "DOP853")]
        return solve_with_others(request, engine, reason, slow, later=SECOND_TRIES)
    fast = can_compile_soon(request.functions)
    other = engine_named("compiled" if fast else "numpy")
    share = min(PATIENCE, MOST_PATIENCE / request.max_steps) if fast else 1.0
    # the first time, most of it is the import of SciPy
    loaded, begun = "scipy.integrate" in sys.modules, time.thread_time()
    outcome = solve_with_others(request, engine, reason, [(other, "rodas5p"), (other, "tsit5")], share)
    if loaded and fast:
        spent(request.functions, time.thread_time() - begun)
    return last_resort(request, outcome, engine, "LSODA") if share < 1.0 and few else outcome
