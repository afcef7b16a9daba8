"""The integral over a run: area under the curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from immunode.study.endpoints.endpoint import Array, Endpoint, Lanes, Outputs, Reducer, Shared, subject_of
from immunode.study.endpoints.steps.chunk import Chunk
from immunode.study.unit_text import times_unit


class Integral(Reducer):
    """Adds up the integrals of a quantity over the steps, in order of time."""

    def __init__(self, quantity: str, n_runs: int) -> None:
        self.quantity = quantity
        self.total = np.zeros(n_runs + 1)

    def update(self, chunk: Chunk) -> None:
        """See `Reducer`."""
        mean = chunk.quantity(self.quantity).mean
        # add.at adds one after the other: the total does not depend on where chunks begin
        np.add.at(self.total, chunk.steps.run, mean * chunk.steps.h)

    def forget(self, runs: Lanes) -> None:
        """See `Reducer`."""
        self.total[runs] = 0.0

    def result(self, outputs: Outputs | None) -> Array:
        """See `Reducer`."""
        return self.total[:-1]


@dataclass(frozen=True, slots=True)
class Auc(Endpoint):
    """The integral of a quantity over a run, in its unit times the time unit."""

    kind: ClassVar[str] = "auc"

    def phrase(self, label: str, end: str = "the end", unit: str = "") -> str:
        """See `Endpoint`."""
        return f"{label}, area under the curve"

    def unit(self, units: Mapping[str, str], time_unit: str) -> str:
        """See `Endpoint`."""
        return times_unit(units.get(self.subject, ""), time_unit)

    def reducer(self, n_runs: int, time: float, shared: Shared) -> Reducer:
        """See `Endpoint`."""
        return Integral(self.subject, n_runs)


def auc(quantity: str) -> Endpoint:
    """Return the integral of a quantity over a run, in its unit times the time unit.

    It is the integral of the solver's dense output over every step, as exact as the tolerance asks for.
    """
    return Auc(subject_of("auc", quantity))
