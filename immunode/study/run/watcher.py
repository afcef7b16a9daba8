"""Listens to the steps of a batch, and hands them to the reducers of endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.quantities import Watched, watch
from immunode.solve.tape import Steps, standing
from immunode.study.endpoints.endpoint import Endpoint, Reducer
from immunode.study.endpoints.steps.chunk import Chunk

if TYPE_CHECKING:
    from immunode.program import Functions

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]


PARTS = 400
"""A solver may take long steps where states rest: what depends on time itself is looked at in this part of a run."""


class Watcher:
    """A listener (`tape.StepListener`) for endpoints that look inside a run.

    endpoints, reducers : one for one.   values : shape (n_values, n_runs), what the batch was started with.
    end : of the runs, in model time.   rtol : their relative tolerance.
    states : rows of the states that are looked at.
    """

    whole_steps = False

    def __init__(
        self,
        functions: Functions,
        endpoints: Sequence[Endpoint],
        reducers: Sequence[Reducer],
        values: Array,
        end: float,
        rtol: float,
    ) -> None:
        program = functions.program
        self.reducers, self.end, self.rtol, self.n_runs = reducers, end, rtol, values.shape[1]
        self.constants = dict(zip(program.parameters, values, strict=False))
        rows = {name: row for row, name in enumerate(program.states)}
        known = {*program.quantities, *program.switches}
        names = sorted({name for one in endpoints for name in one.names()} & known)
        self.rows = {name: rows[name] for name in names if name in rows}
        self.watched: dict[str, Watched] = {name: watch(program, name) for name in names if name not in rows}
        self.timed = any(one.timed for one in self.watched.values()) or any(one.timed for one in endpoints)
        looked = {*self.rows.values(), *(row for one in self.watched.values() for row in one.states)}
        self.states = tuple(sorted(looked))

    def hear(self, steps: Steps) -> None:
        """Look at steps; those of a run come in order of time."""
        if self.timed:
            steps = steps.split(self.end / PARTS)
        chunk = Chunk(steps, self.rows, self.watched, self.constants, self.rtol, self.n_runs)
        with np.errstate(all="ignore"):
            for reducer in self.reducers:
                reducer.update(chunk)

    def forget(self, runs: Lanes) -> None:
        """Forget what was heard of some runs."""
        for reducer in self.reducers:
            reducer.forget(runs)

    def on_jump(self, runs: NDArray[Any], t: Any, y_before: Array, y_after: Array, p: Array) -> None:
        """Look at where runs stand after a jump at their end, where no step begins. Solvers call it."""
        when = np.broadcast_to(np.asarray(t, float), np.shape(runs))
        last = np.flatnonzero(when >= self.end)
        if last.size:
            self.hear(standing(np.asarray(runs)[last], when[last], y_after[:, last], p[:, last], self.states))
