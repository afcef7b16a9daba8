"""The change from the start of a run to a time, in the quantity's unit or in percent of the value at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from immunode.study.endpoints.endpoint import Array, Endpoint, Outputs, Reducer, Shared, subject_of
from immunode.study.endpoints.value_at import At


@dataclass(slots=True)
class FromTwoOutputs(Reducer):
    """Reads a quantity at time 0 and at another time. percent : whether the difference is a part of the first."""

    quantity: str
    time: float
    percent: bool

    def result(self, outputs: Outputs | None) -> Array:
        """See `Reducer`."""
        assert outputs is not None
        first = outputs(self.quantity, 0.0)
        change = outputs(self.quantity, self.time) - first
        if not self.percent:
            return change
        with np.errstate(all="ignore"):
            return np.asarray(100 * change / first)


@dataclass(frozen=True, slots=True)
class Change(At):
    """The change of a quantity from time 0 to a time, in its unit; negative where it fell."""

    kind: ClassVar[str] = "change"
    from_start: ClassVar[bool] = True
    percent: ClassVar[bool] = False
    when: ClassVar[str] = "by"

    def phrase(self, label: str, end: str = "the end", unit: str = "") -> str:
        """See `Endpoint`."""
        told = "percent change" if self.percent else "change"
        return f"{told} of {At.phrase(self, label, end, unit).removeprefix('change of ')}"

    def reducer(self, n_runs: int, time: float, shared: Shared) -> Reducer:
        """See `Endpoint`."""
        return FromTwoOutputs(self.subject, time, self.percent)


@dataclass(frozen=True, slots=True)
class PercentChange(Change):
    """The change of a quantity from time 0 to a time, in percent of its value at time 0, which is not 0."""

    kind: ClassVar[str] = "percent_change"
    percent: ClassVar[bool] = True

    def unit(self, units: Mapping[str, str], time_unit: str) -> str:
        """See `Endpoint`."""
        return "percent"


def change(quantity: str, time: float | str) -> Endpoint:
    """Return the change of a quantity from time 0 to a time, in its unit; negative where it fell.

    Parameters
    ----------
    time : float | str
        model time, or text such as "24 weeks".
    """
    return Change(subject_of("change", quantity), _time(time))


def percent_change(quantity: str, time: float | str) -> Endpoint:
    """Return the change of a quantity from time 0 to a time, in percent of its value at time 0.

    Parameters
    ----------
    time : float | str
        model time, or text such as "24 weeks".
    """
    return PercentChange(subject_of("percent_change", quantity), _time(time))


def _time(time: float | str) -> float | str:
    return time.strip() if isinstance(time, str) else float(time)
