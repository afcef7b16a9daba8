"""When a condition first holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from immunode.study.endpoints.conditional import Conditional
from immunode.study.endpoints.endpoint import Array, Endpoint, Lanes, Outputs, Reducer, Shared, subject_of
from immunode.study.endpoints.steps.chunk import Chunk
from immunode.study.endpoints.steps.inside import Margin
from immunode.study.endpoints.steps.pending import Looks, Pending
from immunode.study.endpoints.steps.turning_points import turns


class FirstTime(Reducer):
    """Looks for the first time at which a condition holds."""

    def __init__(self, condition: str, n_runs: int) -> None:
        self.condition = condition
        self.time = np.full(n_runs + 1, np.inf)
        self.settled = np.zeros(n_runs + 1, dtype=bool)
        self.pending: Pending[Margin] = Pending(self._look)

    def update(self, chunk: Chunk) -> None:
        """See `Reducer`."""
        steps = chunk.steps
        waits = chunk.there & ~self.settled.take(steps.run)
        if not waits.any():
            return
        condition = chunk.condition(self.condition)
        # of a run, no step after the first that is known to hold it needs a look
        seen = np.flatnonzero(waits & condition.seen)
        certain = np.full(len(self.time), len(steps.run))
        np.minimum.at(certain, steps.run[seen], seen)
        self.settled[steps.run[seen]] = True
        which = np.flatnonzero(waits & condition.possible)
        which = which[which <= certain[steps.run[which]]]
        if which.size:
            t, h = steps.t[which], steps.h[which]
            self.pending.add(Looks(steps.run[which], t, h, t, condition.inside(which)))

    def _look(self, looks: Looks[Margin]) -> None:
        looks = looks.only(np.flatnonzero(looks.t < self.time[looks.run]))
        x = turns(looks.inside).first
        held = np.isfinite(x)
        time = looks.t[held] + x[held] * looks.h[held]
        np.minimum.at(self.time, looks.run[held], time)

    def forget(self, runs: Lanes) -> None:
        """See `Reducer`."""
        self.pending.finish()
        self.time[runs], self.settled[runs] = np.inf, False

    def result(self, outputs: Outputs | None) -> Array:
        """See `Reducer`."""
        self.pending.finish()
        return self.time[:-1]


@dataclass(frozen=True, slots=True)
class TimeTo(Conditional):
    """The first time at which a condition holds, in model time."""

    kind: ClassVar[str] = "time_to"

    def phrase(self, label: str, end: str = "the end", unit: str = "") -> str:
        """See `Endpoint`."""
        return f"time until {label}"

    def unit(self, units: Mapping[str, str], time_unit: str) -> str:
        """See `Endpoint`."""
        return time_unit

    def reducer(self, n_runs: int, time: float, shared: Shared) -> Reducer:
        """See `Endpoint`."""
        return FirstTime(self.subject, n_runs)


def time_to(condition: str) -> Endpoint:
    """Return the first time at which a condition holds, in model time; infinity where it never does.

    Parameters
    ----------
    condition : str
        such as `"T > 1e8"` or `"tnf < 0.5*k and damage > 1"`. The moment is located inside the solver's step, whatever
        the output times are.
    """
    return TimeTo(subject_of("time_to", condition, "a condition"))
