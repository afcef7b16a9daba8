"""How a number of a drug differs between occasions of one patient, such as one dose and the next.

Source of the method: Karlsson & Sheiner 1993, doi:10.1007/BF01113502. On occasion k a patient has

    number * exp(eta_k)

with a fresh eta_k, normal with mean 0, beside the differences between patients; the typical patient has eta_k = 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from immunode.errors import DoseError, did_you_mean
from immunode.intervention.numbers import finite
from immunode.intervention.times import DAYS, Time, size, tidy_time
from immunode.model.records import pairs
from immunode.model.serial import register

MOMENTS = ("lag", "D1")
"""Times at which something happens, which no occasion changes."""


@register
@dataclass(frozen=True, slots=True)
class OccasionVariability:
    """How a number of a drug differs between occasions of one patient: number*exp(eta), with a fresh eta each time.

    Parameters
    ----------
    number : str
        such as "F" or "CL"; also a constant of the drug. No time at which something happens (lag, D1).
    sd : float
        standard deviation of eta.
    cv : float
        instead, the coefficient of variation, dimensionless (0.2 is 20 %); sd**2 = log(1 + cv**2).
    every : str
        how long an occasion lasts, such as "7 days", counted from the first dose; "" means that each dose begins one.
        Planned doses that are missed begin none.
    source : str
        where the size is from, and what its authors call an occasion.
    correlations : Mapping[str, float]
        another number that differs between the same occasions -> correlation of both random effects, inside -1 and 1.

    Raises
    ------
    DoseError
        not exactly one of sd and cv is above 0, the number is a time, an occasion has no length, or a correlation is
        outside -1 and 1.
    """

    number: str
    sd: float = 0.0
    every: Time = ""
    cv: float = 0.0
    source: str = ""
    correlations: Mapping[str, float] | tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        who = f"variability of '{self.number}' between occasions"
        sizes = {label: finite(getattr(self, label)) for label in ("sd", "cv")}
        for label, value in sizes.items():
            if value is None or value < 0:
                raise DoseError(f"{who}: {label} must be 0 or above, got {getattr(self, label)!r}")
            object.__setattr__(self, label, value)
        if (self.sd > 0) == (self.cv > 0):
            raise DoseError(f"{who}: give either sd or cv, above 0")
        if self.number in MOMENTS:
            raise DoseError(f"{who}: it is a time at which something happens; give that of a rate such as ka")
        if self.every:
            every = tidy_time(self.every, f"{who}, every")
            number, unit = size(every)
            if number <= 0 or (unit and unit not in DAYS):
                raise DoseError(f"{who}: an occasion must last longer than 0, got {self.every!r}")
            object.__setattr__(self, "every", every)
        found = []
        for other, given in pairs(self.correlations):
            value = finite(given)
            if value is None or not -1 < value < 1:
                raise DoseError(f"{who}: its correlation with '{other}' must lie inside -1 and 1, got {given!r}")
            if other == self.number:
                raise DoseError(f"{who}: it can't be correlated with itself; name another number")
            found.append((other, value))
        object.__setattr__(self, "correlations", tuple(found))

    @property
    def spread(self) -> float:
        """The standard deviation of eta."""
        return self.sd if self.sd > 0 else math.sqrt(math.log1p(self.cv**2))

    @property
    def occasion(self) -> str:
        """What an occasion is: "a dose" or "7 days"."""
        number, unit = size(self.every) if self.every else (0.0, "")
        if not number:
            return "a dose"
        return f"{number:g} {unit}{'s' if unit and number != 1 else ''}".rstrip()

    @property
    def words(self) -> str:
        """The difference in words: "F with each dose (SD 0.219)"."""
        when = "with each dose" if self.occasion == "a dose" else f"every {self.occasion}"
        told = "".join(f", correlation with {other} {value:g}" for other, value in pairs(self.correlations))
        return f"{self.number} {when} (SD {self.spread:.3g}{told})"


def correlated_occasions(given: Sequence[OccasionVariability]) -> list[tuple[str, str, float, str]]:
    """Return pairs of numbers whose random effects of one occasion are correlated, the correlation, and its source.

    Raises
    ------
    DoseError
        one of a pair has no such variability or other occasions, or a pair is given twice.
    """
    by_number = {one.number: one for one in given}
    found: list[tuple[str, str, float, str]] = []
    for one in given:
        for other, value in pairs(one.correlations):
            who = f"variability of '{one.number}' between occasions"
            if other not in by_number:
                raise DoseError(
                    f"{who}: it is correlated with that of '{other}', which has none{did_you_mean(other, by_number)}"
                )
            if by_number[other].occasion != one.occasion:
                raise DoseError(f"{who}: it is correlated with that of '{other}', whose occasions are others")
            if any({first, second} == {one.number, other} for first, second, *_ in found):
                raise DoseError(f"{who}: its correlation with '{other}' is given twice")
            found.append((other, one.number, float(value), one.source))
    return found
