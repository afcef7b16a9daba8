"""The value at the end of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from immunode.study.endpoints.endpoint import Array, Endpoint, Outputs, Reducer, Shared, subject_of


@dataclass(slots=True)
class FromOutput(Reducer):
    """Reads a quantity at one time. time : in model time; infinity is the end."""

    quantity: str
    time: float

    def result(self, outputs: Outputs | None) -> Array:
        """See `Reducer`."""
        assert outputs is not None
        return outputs(self.quantity, self.time)


@dataclass(frozen=True, slots=True)
class Final(Endpoint):
    """The value of a quantity at the end of a run, in its unit."""

    kind: ClassVar[str] = "final"
    looks_inside: ClassVar[bool] = False

    def phrase(self, label: str, end: str = "the end", unit: str = "") -> str:
        """See `Endpoint`."""
        return f"{label} at {end}"

    def unit(self, units: Mapping[str, str], time_unit: str) -> str:
        """See `Endpoint`."""
        return units.get(self.subject, "")

    def reducer(self, n_runs: int, time: float, shared: Shared) -> Reducer:
        """See `Endpoint`."""
        return FromOutput(self.subject, math.inf)


def final(quantity: str) -> Endpoint:
    """Return the value of a quantity at the end of a run, in its unit."""
    return Final(subject_of("final", quantity))
