"""For how much of a run a condition holds."""

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


class HeldTime(Reducer):
    """Adds up the time for which a condition holds, and all time.

    Steps in which it turns are looked at later than the others, so they have a sum of their own: each sum is added up
    one step after the other, and does not depend on where chunks begin.
    """

    def __init__(self, condition: str, n_runs: int) -> None:
        self.condition = condition
        self.whole, self.parts, self.total = np.zeros((3, n_runs + 1))
        self.pending: Pending[Margin] = Pending(self._look)

    def update(self, chunk: Chunk) -> None:
        """See `Reducer`."""
        condition, steps = chunk.condition(self.condition), chunk.steps
        np.add.at(self.whole, steps.run, np.where(condition.certain, steps.h, 0.0))
        np.add.at(self.total, steps.run, steps.h)
        which = np.flatnonzero(chunk.there & condition.possible & ~condition.certain)
        if which.size:
            t, h = steps.t[which], steps.h[which]
            self.pending.add(Looks(steps.run[which], t, h, h, condition.inside(which)))

    def _look(self, looks: Looks[Margin]) -> None:
        np.add.at(self.parts, looks.run, turns(looks.inside).share * looks.h)

    def forget(self, runs: Lanes) -> None:
        """See `Reducer`."""
        self.pending.finish()
        self.whole[runs] = self.parts[runs] = self.total[runs] = 0.0

    def result(self, outputs: Outputs | None) -> Array:
        """See `Reducer`."""
        self.pending.finish()
        return np.minimum((self.whole[:-1] + self.parts[:-1]) / self.total[:-1], 1.0)


@dataclass(frozen=True, slots=True)
class FractionOfTime(Conditional):
    """The share of the time for which a condition holds, 0 to 1."""

    kind: ClassVar[str] = "fraction_of_time"

    def phrase(self, label: str, end: str = "the end", unit: str = "") -> str:
        """See `Endpoint`."""
        return f"share of the time with {label}"

    def unit(self, units: Mapping[str, str], time_unit: str) -> str:
        """See `Endpoint`."""
        return ""

    def reducer(self, n_runs: int, time: float, shared: Shared) -> Reducer:
        """See `Endpoint`."""
        return HeldTime(self.subject, n_runs)


def fraction_of_time(condition: str) -> Endpoint:
    """Return the share of the time for which a condition holds, 0 to 1; located as in `time_to`."""
    return FractionOfTime(subject_of("fraction_of_time", condition, "a condition"))
