"""Runs that one method could not finish, computed again by the others: "auto" fails only where all of them do.

What is tried on a run depends on that run alone, so its result is the same whatever its neighbours are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from immunode.solve.engine import Engine, Request
from immunode.solve.outcome import Outcome
from immunode.solve.reruns import rerun
from immunode.solve.sliding import solve_or_slide
from immunode.solve.status import Status

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Try = tuple[Engine, str]
"""An engine and a method of its own."""

STEPS_A_JUMP = 10
"""A run with more jumps than one in so many steps is one of restarts, which cost a multistep method most."""
_MENDABLE = (Status.NOT_FINITE, Status.STEP_TOO_SMALL, Status.TOO_MANY_STEPS, Status.SOLVER_FAILED)


def solve_with_others(
    request: Request, first: Engine, reason: str, others: Sequence[Try], share: float = 1.0, later: int | None = None
) -> Outcome:
    """Return the batch of engine `first`; the runs that fail in it are computed again by the others in turn.

    others : in the order in which they are tried; what a run has failed with already is left out. SciPy's own come the
        other way round on a run of restarts.
    share : of the limit of steps that the first engine may take.
    later : steps that the others may take on a run that is not one of restarts; None is the limit.
    """
    count = _Jumps(request) if first.name == "scipy" else None
    limit = max(1, int(share * request.max_steps))
    on_jump = count.note if count else request.on_jump
    batch = solve_or_slide(first, replace(request, on_jump=on_jump, max_steps=limit), reason)
    lost = _lost(batch, request.t0)
    if not lost.size:
        return batch
    jumps = np.zeros(batch.y.shape[2]) if count is None else count.jumps
    restarts = STEPS_A_JUMP * jumps > batch.steps
    for method in range(len(batch.method_names)):
        for backwards in (False, True):
            runs = lost[(batch.method_index[lost] == method) & (restarts[lost] == backwards)]
            order = [one for one in others if (one[0].name, one[1]) != (first.name, batch.method_names[method])]
            most = request.max_steps if later is None or backwards else min(later, request.max_steps)
            order = order[::-1] if backwards and later is not None else order
            batch = _tried(replace(request, max_steps=most), batch, runs, order)
    return batch


def last_resort(
    request: Request, batch: Outcome, engine: Engine, method: str, status: Status = Status.TOO_MANY_STEPS
) -> Outcome:
    """Return a batch in which the runs that still took too many steps have the whole limit of a slower engine.

    status : how runs have ended that are computed again, if in another way.
    """
    runs = np.flatnonzero(batch.status == status)
    return _tried(request, batch, runs, [(engine, method)])


def _lost(batch: Outcome, t0: float) -> Lanes:
    """Return the runs that another method might finish: those that did begin."""
    # a slope that is not finite at the start is so for every method
    begun = (batch.steps > 0) & ((batch.status != Status.NOT_FINITE) | (batch.reached > t0))
    return np.flatnonzero(np.isin(batch.status, _MENDABLE) & begun)


def _tried(request: Request, batch: Outcome, runs: Lanes, order: Sequence[Try]) -> Outcome:
    """Return a batch in which some runs are computed again by one method after the other, until one succeeds."""
    for engine, method in order:
        runs = runs[batch.status[runs] != Status.OK]
        if runs.size:
            batch = rerun(replace(request, method=method), batch, runs, engine, _why(batch, runs, engine, method))
    return batch


def _why(batch: Outcome, runs: Lanes, engine: Engine, method: str) -> str:
    stopped, label, n = batch.methods[runs[0]], Status(int(batch.status[runs[0]])).label, batch.y.shape[2]
    word = "the run was" if n == 1 else f"{runs.size} of {n} runs were"
    by = engine.name if method == "auto" else f"{engine.name} {method}"
    return f"{stopped} ended as '{label}', so {word} made anew by {by}"


class _Jumps:
    """Counts the jumps of every run, and passes them on."""

    def __init__(self, request: Request) -> None:
        self.on_jump = request.on_jump
        self.jumps = np.zeros(request.values.shape[1], dtype=np.intp)

    def note(self, runs: Lanes, t: Array, before: Array, after: Array, p: Array) -> None:
        """Count; the signature that engines call."""
        np.add.at(self.jumps, runs, 1)
        if self.on_jump is not None:
            self.on_jump(runs, t, before, after, p)
