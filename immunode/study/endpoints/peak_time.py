"""When a quantity is largest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from immunode.study.endpoints.endpoint import Endpoint, Reducer, Shared, subject_of
from immunode.study.endpoints.extremum import ExtremumTime


@dataclass(frozen=True, slots=True)
class TimeOfPeak(Endpoint):
    """When a quantity is largest, in model time."""

    kind: ClassVar[str] = "time_of_peak"

    def phrase(self, label: str, end: str = "the end", unit: str = "") -> str:
        """See `Endpoint`."""
        return f"time of the peak of {label}"

    def unit(self, units: Mapping[str, str], time_unit: str) -> str:
        """See `Endpoint`."""
        return time_unit

    def reducer(self, n_runs: int, time: float, shared: Shared) -> Reducer:
        """See `Endpoint`."""
        return ExtremumTime(self.subject, n_runs, 1, shared)


def time_of_peak(quantity: str) -> Endpoint:
    """Return when a quantity is largest, in model time; found as in `peak`, the first of equals."""
    return TimeOfPeak(subject_of("time_of_peak", quantity))
