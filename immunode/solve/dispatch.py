"""One call of the solvers: the engine is chosen, initial values are found, and runs that fail are tried again."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from immunode.program.numpy.functions import Functions
from immunode.solve.accuracy.positive import STRICTER, fallen
from immunode.solve.accuracy.rehearsal import FINEST, stricter
from immunode.solve.choice import FEW_RUNS, MOST_KEPT, can_compile_soon, choose_engine, engine_named, spent
from immunode.solve.engine import Engine, OnJump, OnRestart, Request
from immunode.solve.failures import failure_reasons
from immunode.solve.fallback import Try, last_resort, solve_with_others
from immunode.solve.outcome import NO_MESSAGE, Outcome
from immunode.solve.request_checks import checked_request
from immunode.solve.reruns import rerun
from immunode.solve.sliding import solve_or_slide
from immunode.solve.stateless import with_a_state, without_states
from immunode.solve.status import Status
from immunode.solve.steady.start import start_at_steady_state
from immunode.solve.tape import StepListener

PATIENCE = 0.1
"""Of the limit of steps, what LSODA may take where machine code can take over: its steps are the faster ones."""
MOST_PATIENCE = 3_000
"""Steps after which that is so in any case: they take about as long as it takes to make machine code."""
_too_long: set[object] = set()
"""Calls whose runs all took LSODA too long, and none of them machine code, which then gives the same bits at once."""
LSODA_STRICTER = 32.0
"""Where nobody asked for SciPy, its tolerances are divided by this: at 1e-6 LSODA errs by up to 135 of them in the
models of the catalogue, the other engines by up to 5."""
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
    """Return the batch of an engine; where it chose the method itself, what went wrong is made anew.

    name : of the engine.   asked : the engine that the user asked for, or "auto".
    """
    engine = engine_named(name)
    if request.method != "auto":
        return solve_or_slide(engine, request, reason)
    outcome = _with_others(request, engine, reason, asked)
    return _above_zero(request, outcome)


def _above_zero(request: Request, outcome: Outcome) -> Outcome:
    """Return an outcome in which runs that fell below 0, where the system can't, are made anew with smaller steps."""
    runs = fallen(request, outcome)
    if not runs.size:
        return outcome
    n = outcome.y.shape[2]
    word = "the run" if n == 1 else f"{runs.size} of {n} runs"
    why = f"{word} fell below 0 and {'was' if runs.size == 1 else 'were'} made anew, tolerances divided by {STRICTER:g}"
    closer = stricter(request, min(STRICTER, max(1.0, request.rtol / FINEST)))
    return rerun(closer, outcome, runs, engine_named(outcome.engine), why)


def _with_others(request: Request, engine: Engine, reason: str, asked: str) -> Outcome:
    """Return the batch of an engine, other methods tried on the runs that fail; arguments as of `_solve`."""
    name = engine.name
    few = request.values.shape[1] < FEW_RUNS
    if name != "scipy":
        others: list[Try] = [(engine, "rodas5p"), (engine, "tsit5")]
        begun = time.thread_time()
        outcome = solve_with_others(request, engine, reason, others)
        if asked == "auto" and few and name == "numpy" and can_compile_soon(request.functions):
            spent(request.functions, time.thread_time() - begun)
        if asked != "auto":
            return outcome
        scipy = engine_named("scipy")
        if name == "compiled" and request.functions.program.delays:
            # a kernel leaves some state events to others, but not the past of a run
            outcome = last_resort(request, outcome, scipy, "LSODA", Status.SOLVER_FAILED)
        return last_resort(request, outcome, scipy, "LSODA") if few else outcome
    if asked == "scipy":
        slow: list[Try] = [(engine, "Radau"), (engine, "DOP853")]
        return solve_with_others(request, engine, reason, slow, later=SECOND_TRIES)
    request = stricter(request, LSODA_STRICTER)
    fast = can_compile_soon(request.functions)
    other = engine_named("compiled" if fast else "numpy")
    share = min(PATIENCE, MOST_PATIENCE / request.max_steps) if fast else 1.0
    line = _line(request)
    if share < 1.0 and line in _too_long:
        return other.solve(request, f"{reason}; LSODA has ended as 'too many steps' before")
    # the first time, most of it is the import of SciPy
    loaded, begun = "scipy.integrate" in sys.modules, time.thread_time()
    tries: list[Try] = [(other, "auto"), (other, "rodas5p"), (other, "tsit5")]
    outcome = solve_with_others(request, engine, reason, tries, share)
    once = len(outcome.method_names) == len(engine.methods) + len(other.methods)
    done = outcome.engine == other.name and bool((outcome.status == Status.OK).all())
    if once and done and len(_too_long) < MOST_KEPT:
        _too_long.add(line)
    if loaded and fast:
        spent(request.functions, time.thread_time() - begun)
    return last_resort(request, outcome, engine, "LSODA") if share < 1.0 and few else outcome


def _line(request: Request) -> object:
    """Return what the result of a call depends on."""
    program, atol, initial = request.functions.program, request.atol, request.initial
    arrays = (request.values, request.times, np.asarray(atol, dtype=float) if atol is not None else None, initial)
    parts = tuple(None if array is None else (array.shape, array.tobytes()) for array in arrays)
    return (program.key or program, parts, request.t0, request.rtol, request.max_steps, request.any_start)
