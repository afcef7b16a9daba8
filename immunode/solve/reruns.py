"""Some runs of a batch, computed again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.solve.engine import Engine, OnJump, Request
from immunode.solve.outcome import Outcome
from immunode.solve.status import Status
from immunode.solve.tape import Renumbered

Lanes = NDArray[np.intp]


def rerun(request: Request, batch: Outcome, runs: Lanes, engine: Engine, why: str) -> Outcome:
    """Return a batch in which some runs are computed again; one that gets less far than before stays as it was.

    why : what to add to the reason.
    """
    if request.on_restart is not None:
        request.on_restart(runs)
    on_jump, listener = _renumbered(request.on_jump, runs), request.listener
    if listener is not None:
        listener.forget(runs)
        listener = Renumbered(listener, runs)
    other = engine.solve(replace(request.only(runs), on_jump=on_jump, listener=listener), "")
    further = (np.asarray(other.status) == Status.OK) | (other.reached > batch.reached[runs])
    offset, n = len(batch.method_names), batch.y.shape[2]
    for name in Outcome.PER_RUN:
        mine, theirs = getattr(batch, name), getattr(other, name)
        mine[..., runs[further]] = theirs[..., further]
    batch.method_index[runs[further]] += offset
    return replace(
        batch,
        method_names=(*batch.method_names, *other.method_names),
        engine=other.engine if further.all() and runs.size == n else batch.engine,
        reason="; ".join(filter(None, [batch.reason, why])),
    )


def _renumbered(on_jump: OnJump | None, called: Lanes) -> OnJump | None:
    """Return a listener that is given the numbers `called[runs]` of runs."""
    if on_jump is None:
        return None

    def listen(runs: Lanes, *jump: Any) -> None:
        on_jump(called[runs], *jump)

    return listen
