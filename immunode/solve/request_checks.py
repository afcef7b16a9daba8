"""What a caller of `solve` gives, checked before anything is computed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import EngineError
from immunode.program.numpy.functions import Functions
from immunode.program.program import Program
from immunode.solve.engine import Request


def checked_request(
    functions: Functions,
    values: ArrayLike,
    *,
    times: ArrayLike,
    t0: float,
    initial: ArrayLike | None,
    method: str,
    rtol: float,
    atol: ArrayLike | None,
    max_steps: int,
) -> Request:
    """Return the request of a call, with arrays of the right shapes; the arguments are those of `solve`.

    Raises
    ------
    EngineError : times that go backwards, arrays of the wrong shape, tolerances or steps that can't be.
    """
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
    return Request(
        functions=functions,
        values=table,
        times=grid,
        t0=float(t0),
        initial=start,
        rtol=float(rtol),
        atol=atol,
        max_steps=int(max_steps),
        method=method,
    )


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
