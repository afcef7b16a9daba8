"""Runs on which LSODA runs out of steps, made anew by another method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.solve.batch import Batch
from immunode.solve.engine import Engine, OnJump, Request
from immunode.solve.status import Status
from immunode.solve.tape import Renumbered

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

STEPS_A_JUMP = 10
"""A run with more jumps than one in so many steps is one of restarts, which cost a multistep method most."""


def solve_twice(
    request: Request, first: Engine, reason: str, second: Callable[[bool], tuple[Engine, str]], share: float = 1.0
) -> Batch:
    """Return the batch of engine `first`; runs on which it ran out of steps, or gave up, are made anew.

    second(restarts) : the engine and the method for them; `restarts` tells whether jumps took most of their steps.
    share : of the limit of steps that the first try may take.
    """
    tape = _Tape(request.values.shape[1])
    limit = max(1, int(share * request.max_steps))
    batch = first.solve(replace(request, on_jump=tape.note, max_steps=limit), reason)
    lost = np.flatnonzero(np.isin(batch.status, (Status.TOO_MANY_STEPS, Status.SOLVER_FAILED)))
    if not lost.size:
        tape.play(request.on_jump, np.arange(tape.n_runs))
        return batch
    restarts = bool((STEPS_A_JUMP * tape.jumps[lost] > batch.steps[lost]).all())
    engine, method = second(restarts)
    again, listener = _Tape(lost.size), request.listener
    if listener is not None:
        listener.forget(lost)
        listener = Renumbered(listener, lost)
    other = engine.solve(replace(request.only(lost), on_jump=again.note, method=method, listener=listener), "")
    tape.play(request.on_jump, np.setdiff1d(np.arange(tape.n_runs), lost))
    again.play(request.on_jump, np.arange(lost.size), lost)
    return _joined(batch, other, lost)


@dataclass(slots=True)
class _Tape:
    """Jumps that are told only when it is known which try of a run counts.   jumps : how many, (n_runs,)."""

    n_runs: int
    jumps: NDArray[np.intp] = field(init=False)
    _notes: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.jumps = np.zeros(self.n_runs, dtype=np.intp)

    def note(self, runs: Lanes, t: Array, before: Array, after: Array, p: Array) -> None:
        self.jumps[runs] += 1
        self._notes.append((runs.copy(), np.array(t), before.copy(), after.copy(), p.copy()))

    def play(self, told: OnJump | None, which: Lanes, called: Lanes | None = None) -> None:
        """Tell the jumps of the runs `which`, under the numbers `called`."""
        if told is None:
            return
        wanted = np.zeros(self.n_runs, dtype=bool)
        wanted[which] = True
        for runs, t, before, after, p in self._notes:
            here = wanted[runs]
            if here.any():
                number = runs[here] if called is None else called[runs[here]]
                told(number, t[here], before[:, here], after[:, here], p[:, here])


def _joined(batch: Batch, other: Batch, runs: Lanes) -> Batch:
    """Return a batch with other results for some of its runs."""
    offset = len(batch.methods)
    stopped = batch.method[runs[0]]
    word = "the run was" if batch.y.shape[2] == 1 else f"{runs.size} of {batch.y.shape[2]} runs were"
    for name in ("status", "reached", "steps", "rejected", "trouble", "message_index"):
        getattr(batch, name)[runs] = getattr(other, name)
    batch.y[:, :, runs] = other.y
    batch.method_index[runs] = other.method_index + offset
    why = f"{stopped} took too many steps, so {word} made anew by {other.engine} {other.method[0]}"
    return replace(
        batch,
        methods=(*batch.methods, *other.methods),
        engine=other.engine if runs.size == batch.y.shape[2] else batch.engine,
        reason=f"{batch.reason}; {why}",
    )
