"""The largest value of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from immunode.study.endpoints.endpoint import Endpoint, Reducer, Shared, subject_of
from immunode.study.endpoints.extremum import ExtremumValue


@dataclass(frozen=True, slots=True)
class Peak(Endpoint):
    """The largest value of a quantity, in its unit."""

    kind: ClassVar[str] = "peak"

    def phrase(self, label: str, end: str = "the end", unit: str = "") -> str:
        """See `Endpoint`."""
        return f"peak of {label}"

    def unit(self, units: Mapping[str, str], time_unit: str) -> str:
        """See `Endpoint`."""
        return units.get(self.subject, "")

    def reducer(self, n_runs: int, time: float, shared: Shared) -> Reducer:
        """See `Endpoint`."""
        return ExtremumValue(self.subject, n_runs, 1, shared)


def peak(quantity: str) -> Endpoint:
    """Return the largest value of a quantity during a run, in its unit.

    It is looked for in the solver's own steps and on both sides of every jump, whatever the output times are.
    """
    return Peak(subject_of("peak", quantity))
