"""The value at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from immunode.study.endpoints.endpoint import Endpoint, Reducer, Shared, subject_of, time_words
from immunode.study.endpoints.final_value import FromOutput


@dataclass(frozen=True, slots=True)
class At(Endpoint):
    """The value of a quantity at a time, in its unit. time : model time, or text such as "24 weeks"."""

    kind: ClassVar[str] = "at"
    looks_inside: ClassVar[bool] = False
    when: ClassVar[str] = "at"

    time: float | str

    @property
    def name(self) -> str:
        """See `Endpoint`."""
        time = self.time if isinstance(self.time, str) else f"{self.time:.12g}"
        return f"{self.kind}({self.subject}, {time})"

    @property
    def moment(self) -> float | str:
        """See `Endpoint`."""
        return self.time

    def phrase(self, label: str, end: str = "the end", unit: str = "") -> str:
        """See `Endpoint`."""
        return f"{label} at the start" if self.time == 0 else f"{label} {self.when} {time_words(self.time, unit)}"

    def unit(self, units: Mapping[str, str], time_unit: str) -> str:
        """See `Endpoint`."""
        return units.get(self.subject, "")

    def reducer(self, n_runs: int, time: float, shared: Shared) -> Reducer:
        """See `Endpoint`."""
        return FromOutput(self.subject, time)


def at(quantity: str, time: float | str) -> Endpoint:
    """Return the value of a quantity at a time (just after, where something jumps then).

    Parameters
    ----------
    time : float | str
        model time, or text such as "24 weeks".
    """
    return At(subject_of("at", quantity), time.strip() if isinstance(time, str) else float(time))
