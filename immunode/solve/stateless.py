"""Models without states: an engine is given one state that never moves and that no result shows."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.program.program import Program
from immunode.solve.engine import OnJump, Request
from immunode.solve.outcome import Outcome

Array = NDArray[np.float64]
NAME = "nothing"


def with_a_state(request: Request) -> Request:
    """Return the request for the same program with one state, which stays at 0.

    What engines divide by the number of states, or take the largest of over them, then needs no exception. The
    schedule, the switches and what can be observed stay the same.
    """
    on_jump = None if request.on_jump is None else _with_no_states(request.on_jump)
    scalar = request.atol if request.atol is None or not np.ndim(request.atol) else None
    return replace(request, functions=_still(request.functions.program), initial=None, atol=scalar, on_jump=on_jump)


def without_states(batch: Outcome) -> Outcome:
    """Return what came of it, with no states in it: y is (n_times, 0, n_runs)."""
    return replace(batch, y=batch.y[:, :0], last=batch.last[:0], trouble=np.full_like(batch.trouble, -1))


@lru_cache(maxsize=64)
def _still(program: Program) -> Functions:
    nodes, zero = (*program.nodes, ("number", 0.0)), len(program.nodes)
    by_time = (zero,) if program.time_derivative else ()
    return compile_numpy(
        replace(
            program,
            nodes=nodes,
            states=(NAME,),
            initial=(zero,),
            derivatives=(zero,),
            time_derivative=by_time,
            typical=(1.0,),
            structure="",
        )
    )


def _with_no_states(on_jump: OnJump) -> OnJump:
    def listen(runs: NDArray[np.intp], t: Array, before: Array, after: Array, p: Array) -> None:
        on_jump(runs, t, before[:0], after[:0], p)

    return listen
