"""Engines that integrate many runs of one program; they see functions and arrays, never a model."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import EngineError, did_you_mean
from immunode.solve.batch import NO_MESSAGE, Batch
from immunode.solve.engine import Engine, OnJump, OnRestart, Request
from immunode.solve.status import Status

if TYPE_CHECKING:
    from immunode.program import Program
    from immunode.program.numpy.source import Functions
    from immunode.solve.tape import StepListener

__all__ = ["ENGINES", "Batch", "Engine", "OnJump", "OnRestart", "Request", "Status", "choose_engine", "solve"]

ENGINES = ("auto", "scipy", "numpy", "compiled")
FEW_RUNS = 10
"""Below this many runs SciPy, one at a time, is faster than a block."""
MANY_NODES = 10_000
"""Above this many operations a program takes longer to compile than "auto" waits; engine="compiled" does it."""
PATIENCE = 0.1
"""Of the limit of steps, what LSODA may take where machine code can take over: its steps are the faster ones."""
_SCIPY_METHODS = ("LSODA", "BDF", "Radau", "DOP853")


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
) -> Batch:
    """Return the trajectories of many runs; a run that fails is a status, never an exception.

    values : (n_values, n_runs), the program's declared parameters of each run.
    times : (n_times,), increasing, none before `t0`; the last one is the end.
    initial : (n_states, n_runs); NaN where the program's own initial value holds.
    engine : "scipy" (one run at a time), "numpy" (blocks of runs), "compiled" (machine code made for the model, all
        cores; needs the extra `fast`), or "auto": see `choose_engine`. One sweep that is cut into several calls should
        name its engine, so that all its runs are computed alike.
    method : "tsit5", "rodas5p" for numpy and compiled; "LSODA", "BDF", "Radau", "DOP853" for scipy; or "auto": then a
        run that fails with one method is made anew by the others, and `reason` says so. One that is named is kept.
    rtol, atol : relative and absolute tolerance. The default `atol` of a state is rtol * 1e-3 times its declared
        typical size, else times the larger of its absolute initial value and 1e-6; it may be a number, (n_states,) or
        (n_states, n_runs).
    max_steps : most steps that a run may try with one method.
    on_jump(runs, t, y_before, y_after, p) : called at every event for the runs concerned; runs and t are (n,), the
        states (n_states, n), p (n_parameters, n).
    on_restart(runs) : called where runs begin anew with another method; what `on_jump` told of them is void.
    listener : hears of every accepted step, see `tape.StepListener`.

    Raises
    ------
    EngineError : unknown engine or method, times that go backwards, arrays of the wrong shape.
    """
    request = _request(functions, values, times, t0, initial, method, rtol, atol, max_steps, on_jump)
    request = replace(request, on_restart=on_restart, listener=listener)
    name, reason = choose_engine(functions, request.values.shape[1], engine, method)
    if not functions.program.states:
        from immunode.solve.stateless import with_a_state, without_states

        return without_states(_solve(with_a_state(request), name, reason, engine))
    if functions.rest is None:
        return _solve(request, name, reason, engine)
    from immunode.solve.steady_start import start_at_rest

    request, runs, moving = start_at_rest(request, lambda alone: _solve(alone, name, "", engine))
    batch = _solve(request, name, reason, engine)
    batch.status[runs], batch.trouble[runs], batch.message_index[runs] = Status.NOT_AT_REST, moving, NO_MESSAGE
    return batch


def choose_engine(functions: Functions, n_runs: int, engine: str = "auto", method: str = "auto") -> tuple[str, str]:
    """Return the name of the engine that `solve` takes, and why.

    Raises
    ------
    EngineError : unknown engine; an engine that can't find this program's state events.
    """
    name = functions.program.name
    if engine not in ENGINES:
        raise EngineError(f"{name}: unknown engine '{engine}'{did_you_mean(engine, ENGINES)}")
    triggers = functions.program.triggers
    if engine in ("numpy", "compiled") and triggers:
        event = triggers[0].name
        raise EngineError(f"{name}: engine '{engine}' can't find state events ('{event}'); use engine='scipy'")
    if engine != "auto":
        return engine, f"engine '{engine}' was asked for"
    if triggers:
        return "scipy", f"scipy: event '{triggers[0].name}' fires on a state"
    if method in _SCIPY_METHODS:
        return "scipy", f"scipy: method '{method}' was asked for"
    if n_runs < FEW_RUNS and method == "auto":
        return "scipy", f"scipy: fewer than {FEW_RUNS} runs"
    if len(functions.program.nodes) <= MANY_NODES and _can_compile():
        return "compiled", f"compiled: {n_runs} runs side by side"
    return "numpy", f"numpy: {n_runs} runs side by side"


def _solve(request: Request, name: str, reason: str, asked: str) -> Batch:
    """Return the batch of an engine; where it chose the method itself, others are tried on the runs that fail.

    name : of the engine.   asked : the engine that the user asked for, or "auto".
    """
    engine = _engine(name)
    if request.method != "auto":
        from immunode.solve.sliding import solve_or_slide

        return replace(solve_or_slide(engine, request, reason), asked=request.method)
    from immunode.solve.fallback import solve_with_others

    program = request.functions.program
    if name != "scipy":
        return solve_with_others(request, engine, reason, [(engine, "rodas5p"), (engine, "tsit5")])
    if asked == "scipy" or program.triggers:
        return solve_with_others(request, engine, reason, [(engine, "Radau"), (engine, "DOP853")])
    fast = len(program.nodes) <= MANY_NODES and _can_compile()
    other = _engine("compiled" if fast else "numpy")
    share = PATIENCE if fast else 1.0
    return solve_with_others(request, engine, reason, [(other, "rodas5p"), (other, "tsit5")], share)


def _can_compile() -> bool:
    """Return whether machine code can be made here; a library that is there and can't is told in one line, once."""
    from immunode.program.llvm.compile import Absent, require

    try:
        require()
    except Absent:
        return False
    except EngineError as error:
        _tell(f"{error}; until then many runs are computed in NumPy, which is slower")
        return False
    return True


@lru_cache(maxsize=8)
def _tell(text: str) -> None:
    warnings.warn(text, stacklevel=5)


def _engine(name: str) -> Engine:
    if name == "scipy":
        from immunode.solve.scipy.engine import ScipyEngine

        return ScipyEngine()
    if name == "compiled":
        from immunode.solve.compiled.engine import CompiledEngine

        return CompiledEngine()
    from immunode.solve.numpy.engine import NumpyEngine

    return NumpyEngine()


def _request(
    functions: Functions,
    values: ArrayLike,
    times: ArrayLike,
    t0: float,
    initial: ArrayLike | None,
    method: str,
    rtol: float,
    atol: ArrayLike | None,
    max_steps: int,
    on_jump: OnJump | None,
) -> Request:
    program = functions.program
    table = _table(program.name, "values", values, len(program.values))
    grid = np.array(times, dtype=float).reshape(-1)
    if not grid.size or not np.isfinite(grid).all() or np.any(np.diff(grid) <= 0) or grid[0] < t0:
        raise EngineError(f"{program.name}: times must be finite, increasing, and not before t0 = {t0:g}")
    _check_steps(program, float(grid[-1]) - t0, max_steps)
    start = None if initial is None else _table(program.name, "initial", initial, len(program.states))
    if start is not None and start.shape[1] != table.shape[1]:
        raise EngineError(f"{program.name}: initial has {start.shape[1]} runs, values {table.shape[1]}")
    if not 0 < rtol < 1 or (atol is not None and not np.all(np.asarray(atol) >= 0)):
        raise EngineError(f"{program.name}: rtol must lie between 0 and 1, atol must not be negative")
    if atol is not None:
        _check_atol(program.name, np.shape(atol), len(program.states), table.shape[1])
    return Request(functions, table, grid, float(t0), start, float(rtol), atol, int(max_steps), on_jump, method)


def _check_steps(program: Program, span: float, max_steps: int) -> None:
    """Refuse a run that can't get to its end: each of its steps is at most the model's `max_step` long."""
    if program.max_step and span / program.max_step > max_steps:
        needed = f"a run over {span:g} needs {span / program.max_step:.3g} steps, and {max_steps:,} is the limit"
        raise EngineError(
            f"{program.name}: with steps of at most {program.max_step:g} (the model's max_step) {needed}; "
            "raise max_step, or end the run earlier"
        )


def _table(name: str, what: str, given: ArrayLike, rows: int) -> NDArray[np.float64]:
    table = np.asarray(given, dtype=float)
    if table.ndim != 2 or table.shape[0] != rows or table.shape[1] == 0:
        raise EngineError(f"{name}: {what} must have shape ({rows}, n_runs), not {table.shape}")
    return table


def _check_atol(name: str, shape: tuple[int, ...], n_states: int, n_runs: int) -> None:
    if shape not in ((), (1,), (n_states,), (n_states, 1), (n_states, n_runs)):
        raise EngineError(f"{name}: atol must be a number, ({n_states},) or ({n_states}, {n_runs}), not {shape}")
