"""One block of doses: how much, by which route and when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from immunode.errors import DoseError, did_you_mean, quoted
from immunode.intervention.numbers import finite, whole
from immunode.intervention.times import Time, comparable, number_text, size, tidy_time, time_unit, words
from immunode.model.serial import register

ROUTES = {"iv": "iv", "sc": "sc", "im": "im", "ip": "ip", "po": "po", "oral": "po", "orally": "po"}
INTO_DEPOT = ("sc", "im", "ip", "po")
AMOUNTS = ("kg", "g", "mg", "ug", "ng", "pg", "mol", "mmol", "umol", "nmol", "pmol", "IU", "U")
SPELLED = {"µg": "ug", "μg": "ug", "mcg": "ug", "µmol": "umol", "μmol": "umol", "iu": "IU"}


@register
@dataclass(frozen=True, slots=True)
class Dose:
    """Doses of one size: single ones at given times, or a row of them one interval apart.

    A time is a number in the model's time unit or text such as "2 weeks".

    Parameters
    ----------
    amt : float
        amount of one dose in `unit`.
    unit : str
        such as "mg", "mg/kg" for a dose by weight, "mg/m2" for one by body surface.
    route : str
        "iv" (into the central compartment), "sc", "im", "ip" or "po" (into the depot); "" leaves it to the drug.
    at : tuple[Time, ...] | Sequence[Time]
        times of single doses from the regimen's time 0, increasing.
    start : Time | None
        time of the first of a row; None: 0, or one interval after the doses before it.
    ii : Time | None
        interval of a row; None for single doses.
    addl : int | None
        doses after the first of a row; None: on to the end of the model's horizon.
    duration, rate
        length or speed (`"50 mg/hour"`; `"50 mg/time"` in model time) of an infusion; neither: at once.
    lag, F
        absorption lag and bioavailability of these doses instead of the drug's own.
    ss : bool
        a row that has been given for ever: at time 0 the drug is at its steady state. With amt=0 and a rate, and
        without an interval: an infusion that has run for ever and ends at `at` (by default at time 0).

    Raises
    ------
    DoseError
        a field is missing, negative, of an unknown unit, or times go backwards.
    """

    amt: float
    unit: str = "mg"
    route: str = ""
    at: tuple[Time, ...] | Sequence[Time] = ()
    start: Time | None = None
    ii: Time | None = None
    addl: int | None = 0
    duration: Time | None = None
    rate: str = ""
    lag: Time | None = None
    F: float | None = None
    ss: bool = False

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        if not self.steady_infusion:
            set_(self, "amt", _positive(self.amt, "a dose"))
        set_(self, "unit", amount_unit(self.unit))
        if self.route and self.route.casefold() not in ROUTES:
            raise DoseError(f"unknown route {quoted(self.route)}{did_you_mean(self.route, ROUTES)}")
        set_(self, "route", ROUTES[self.route.casefold()] if self.route else "")
        given = (self.at,) if isinstance(self.at, str | int | float) else tuple(self.at)
        set_(self, "at", tuple(tidy_time(t, "a dose's time") for t in given))
        for name in ("start", "ii", "duration", "lag"):
            value = getattr(self, name)
            if value is not None:
                set_(self, name, tidy_time(value, f"a dose's {name}"))
        if self.rate:
            set_(self, "rate", _rate(self.rate))
        if self.F is not None:
            set_(self, "F", _positive(self.F, "the bioavailability F"))
        self._check()

    def _check(self) -> None:
        for name, value in (("ii", self.ii), ("duration", self.duration)):
            if value is not None and size(value)[0] <= 0:
                what = "the interval between doses" if name == "ii" else "the duration of an infusion"
                raise DoseError(f"{what} must be above 0, got {words(value)}")
        if self.lag is not None and size(self.lag)[0] < 0:
            raise DoseError(f"the lag must be 0 or above, got {words(self.lag)}")
        addl = whole(self.addl)
        if self.addl is not None and (addl is None or addl < 0):
            raise DoseError(f"addl, the doses after the first, is a whole number of 0 or above, got {self.addl!r}")
        if self.at and (self.ii is not None or self.start is not None or self.addl != 0):
            raise DoseError("doses are either at given times or one interval apart; write two blocks")
        if self.ii is None and self.addl != 0:
            raise DoseError("several doses need an interval (ii), such as '2 weeks'")
        if self.duration is not None and self.rate:
            raise DoseError("an infusion has a duration or a rate, not both")
        if (self.duration is not None or self.rate) and self.route in INTO_DEPOT:
            raise DoseError(f"an infusion goes iv, not {self.route}")
        if self.steady_infusion and (
            len(self.at) > 1 or self.start is not None or self.addl != 0 or self.lag or self.F
        ):
            raise DoseError("a steady infusion has a rate and one time at which it ends, nothing else")
        if self.steady_infusion and self.route not in ("", "iv"):
            raise DoseError(f"an infusion goes iv, not {self.route}")
        if self.ss and self.ii is None and not self.steady_infusion:
            raise DoseError("a steady state needs doses one interval apart, such as 'q2w at steady state'")
        for time in (*self.at, *(() if self.start is None else (self.start,))):
            if size(time)[0] < 0:
                raise DoseError(f"a dose at {words(time)} lies before the start; a regimen begins at time 0 or later")
        for first, second in zip(self.at, self.at[1:], strict=False):
            check_forward(first, second)

    @property
    def steady_infusion(self) -> bool:
        """Whether it is an infusion that has run for ever."""
        return self.ss and self.ii is None and bool(self.rate) and finite(self.amt) == 0

    @property
    def count(self) -> int | None:
        """Number of doses; None if it depends on the model's horizon."""
        return len(self.at) or (None if self.addl is None else self.addl + 1)

    @property
    def head(self) -> tuple[Any, ...]:
        """All that is not about when: amount, unit, route, infusion, lag and F."""
        return (self.amt, self.unit, self.route, self.duration, self.rate, self.lag, self.F)


def amount_unit(unit: str) -> str:
    """Return the canonical spelling of a dose's unit.

    Raises
    ------
    DoseError : it is not known.
    """
    top, slash, bottom = unit.partition("/")
    top = SPELLED.get(top, top)
    if top not in AMOUNTS:
        raise DoseError(f"unknown unit {quoted(unit)}{did_you_mean(top, AMOUNTS)}")
    bottom = {"m^2": "m2", "m**2": "m2", "m²": "m2"}.get(bottom, bottom)
    if slash and bottom not in ("kg", "m2"):
        raise DoseError(f"unknown unit {quoted(unit)}; only '/kg' and '/m2' are known")
    return top + slash + bottom


def _positive(value: Any, what: str) -> float:
    number = finite(value)
    if number is None:
        raise DoseError(f"{what} must be a finite number, got {value!r}")
    if number <= 0:
        raise DoseError(f"{what} must be above 0, got {number:g}{'; leave it out instead' if number == 0 else ''}")
    return number


def _rate(text: str) -> str:
    """Return the canonical text of an infusion's speed, such as "50 mg/hour"."""
    pieces = text.split()
    top, slash, bottom = pieces[1].rpartition("/") if len(pieces) == 2 else ("", "", "")
    try:
        number = float(pieces[0])
    except (ValueError, IndexError):
        number = math.nan
    if not slash or not math.isfinite(number):
        raise DoseError(f"can't read the rate {quoted(text)}; write e.g. '50 mg/h'")
    per = bottom if bottom == "time" else time_unit(bottom)
    return f"{number_text(_positive(number, 'the rate of an infusion'))} {amount_unit(top)}/{per}"


def check_forward(first: Time, second: Time) -> None:
    """Raise DoseError where the second time does not come after the first."""
    pair = comparable(first, second)
    if pair and pair[1] <= pair[0]:
        raise DoseError(f"times go backwards: a dose at {words(second)} after one at {words(first)}")
