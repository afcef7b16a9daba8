"""Doses and when they are given: records that print as the text that `text.parse_regimen` reads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from immunode.errors import DoseError, did_you_mean, quoted
from immunode.intervention.numbers import finite, whole
from immunode.intervention.times import Time, comparable, number_text, size, tidy_time, time_unit, words
from immunode.model.serial import register

if TYPE_CHECKING:
    from pandas import DataFrame

ROUTES = {"iv": "iv", "sc": "sc", "im": "im", "ip": "ip", "po": "po", "oral": "po", "orally": "po"}
INTO_DEPOT = ("sc", "im", "ip", "po")
AMOUNTS = ("kg", "g", "mg", "ug", "ng", "pg", "mol", "mmol", "umol", "nmol", "pmol", "IU", "U")
SPELLED = {"µg": "ug", "μg": "ug", "mcg": "ug", "µmol": "umol", "μmol": "umol", "iu": "IU"}


@register
@dataclass(frozen=True, slots=True)
class Dose:
    """Doses of one size: single ones at given times, or a row of them one interval apart.

    amt : amount of one dose in `unit`.   unit : such as "mg", or "mg/kg" for a dose by weight.
    route : "iv" (into the central compartment), "sc", "im", "ip" or "po" (into the depot); "" leaves it to the drug.
    at : times of single doses from the regimen's time 0, increasing.
    start : time of the first of a row; None: 0, or one interval after the doses before it.
    ii : interval of a row; None for single doses.
    addl : doses after the first of a row; None: on to the end of the model's horizon.
    duration, rate : length or speed (`"50 mg/hour"`; `"50 mg/time"` in model time) of an infusion; neither: at once.
    lag, F : absorption lag and bioavailability of these doses instead of the drug's own.
    ss : a row that has been given for ever: at time 0 the drug is at its steady state. With amt=0 and a rate, and
        without an interval: an infusion that has run for ever and ends at `at` (by default at time 0).

    A time is a number in the model's time unit or text such as "2 weeks".

    Raises
    ------
    DoseError : a field is missing, negative, of an unknown unit, or times go backwards.
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
            _forward(first, second)

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


@register
@dataclass(frozen=True, slots=True, repr=False, init=False)
class Regimen:
    """Blocks of doses, one after another; made by `regimen("40 mg sc q2w x 26")` or from `Dose` records.

    `Regimen(Dose(80), Dose(40, ii="2 weeks", addl=5))`, or a list of them.

    `str()` gives text that reads back as the same regimen. A row of doses without a start begins one of its own
    intervals after single doses, and one interval of the row before it after a row.

    missed : numbers of the doses that are not given, counted from 1 through all blocks.

    Raises
    ------
    DoseError : a block starts before the one before it has ended, or follows one that never ends; a missed dose is
        none of the regimen's; a steady state is asked for after other doses.
    """

    doses: tuple[Dose, ...]
    missed: tuple[int, ...] = ()

    def __init__(self, doses: Sequence[Dose] | Dose, *more: Dose, missed: Sequence[int] = ()) -> None:
        single: object = doses
        if isinstance(single, Regimen):
            raise DoseError("a regimen is made of Dose records, got a regimen; it is one already, and never changes")
        listed = isinstance(single, Iterable) and not isinstance(single, str)
        given = (*(tuple(doses) if listed else (doses,)), *more)  # type: ignore[arg-type]
        if not given:
            raise DoseError("a regimen needs at least one dose")
        for dose in given:
            what: object = dose
            if not isinstance(what, Dose):
                hint = "; read text with regimen('40 mg sc q2w x 26')" if isinstance(what, str) else ""
                raise DoseError(f"a regimen is made of Dose records, got {quoted(what)}{hint}")
        filled: list[Dose] = []
        for dose in given:
            route = dose.route or (filled[-1].route if filled else "")
            if route and not dose.route:
                dose = replace(dose, route=route)
            if not dose.at and dose.ii is None and dose.start is not None:
                dose = replace(dose, at=(dose.start,), start=None)
            if filled:
                _follows(filled[-1], dose)
            if filled and dose.ss:
                raise DoseError("only the first doses can begin at steady state")
            filled.append(dose)
        object.__setattr__(self, "doses", tuple(filled))
        object.__setattr__(self, "missed", _missed(missed, self.count))

    @property
    def blocks(self) -> tuple[Dose, ...]:
        """The blocks of doses, in order."""
        return self.doses

    @property
    def count(self) -> int | None:
        """Number of planned doses, missed ones included; None if it depends on the model's horizon."""
        counts = [dose.count for dose in self.blocks]
        return None if None in counts else sum(c for c in counts if c is not None)

    def without(self, *numbers: int) -> Regimen:
        """Return the regimen with these doses missed: `.without(3, 5)`. numbers : counted from 1, missed ones too."""
        return replace(self, missed=tuple({*self.missed, *numbers}))

    def then(self, other: str | Regimen | Dose) -> Regimen:
        """Return this regimen followed by another one."""
        after = _regimen(other)
        shift = self.count or 0
        return Regimen((*self.blocks, *after.blocks), missed=(*self.missed, *(shift + n for n in after.missed)))

    def loading(self, other: str | Regimen | Dose) -> Regimen:
        """Return the regimen after loading doses: `regimen("40 mg sc q2w x 25").loading("80 mg sc")`."""
        return _regimen(other).then(self)

    def at_steady_state(self) -> Regimen:
        """Return the regimen as if its first row had been given for ever before time 0."""
        return replace(self, doses=(replace(self.blocks[0], ss=True), *self.blocks[1:]))

    def to_table(self, **options: Any) -> DataFrame:
        """Return the doses as a NONMEM-style event table; options as in `event_table.to_table`."""
        from immunode.intervention.regimens.event_table import to_table

        return to_table(self, **options)

    @classmethod
    def from_table(cls, frame: DataFrame, **options: Any) -> Regimen:
        """Return the regimen of a NONMEM-style event table; options as in `event_table.from_table`."""
        from immunode.intervention.regimens.event_table import from_table

        return from_table(frame, **options)

    @property
    def by_weight(self) -> bool:
        """True if a dose is per kg of body mass."""
        return any(dose.unit.endswith("/kg") for dose in self.blocks)

    def __repr__(self) -> str:
        return f"regimen({str(self)!r})"

    def __str__(self) -> str:
        from immunode.intervention.regimens.words import head_text, when_text

        said: list[str] = []
        before: Dose | None = None
        for dose in self.blocks:
            same = before is not None and before.head == dose.head
            said.append(" ".join(filter(None, ("" if same else head_text(dose), when_text(dose)))))
            before = dose
        missed = f" missing dose {', '.join(str(n) for n in self.missed)}" if self.missed else ""
        return " then ".join(said) + missed


def taper(
    *amounts: float,
    each: Time | Sequence[Time] = "1 week",
    ii: Time = "1 day",
    unit: str = "mg",
    route: str = "",
    start: Time | None = None,
) -> Regimen:
    """Return a falling row of doses: `taper(40, 30, 20, 10, each="1 week", ii="1 day", route="po")`.

    amounts : dose of each step in `unit`, falling.   each : how long a step lasts, one time or one for each step.
    ii : interval between doses.   start : time of the first dose.

    Raises
    ------
    DoseError : amounts rise, or a step does not hold a whole number of intervals.
    """
    steps: list[Time] = list(each) if isinstance(each, list | tuple) else [each] * len(amounts)  # type: ignore[list-item]
    if len(amounts) < 2 or len(steps) != len(amounts):
        raise DoseError(f"a taper needs two amounts or more and a time for each; got {len(amounts)} and {len(steps)}")
    interval = tidy_time(ii, "taper, ii")
    doses: list[Dose] = []
    for i, (amount, step) in enumerate(zip(amounts, steps, strict=True)):
        if i and doses[-1].amt <= (finite(amount) or 0.0):
            raise DoseError(f"a taper falls, but {amount:g} {unit} follows {amounts[i - 1]:g} {unit}")
        pair = comparable(tidy_time(step, "taper, each"), interval)
        if pair is None:
            raise DoseError(f"taper: give each={step!r} and ii={ii!r} both with a unit of time or both without")
        if pair[0] <= 0 or pair[1] <= 0:
            raise DoseError(f"a taper goes forward in time: each={step!r} and ii={ii!r} must be above 0")
        count = whole(round(min(pair[0] / pair[1], 1e300))) or 0
        if count < 1 or abs(count * pair[1] - pair[0]) > 1e-9 * pair[0]:
            raise DoseError(f"taper: a step of {step!r} does not hold a whole number of intervals of {ii!r}")
        doses.append(Dose(amount, unit, route, ii=interval, addl=count - 1, start=None if i else start))
    return Regimen(tuple(doses))


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
    if slash and bottom != "kg":
        hint = "; doses per area need the patient's mg" if bottom.startswith("m") else "; only '/kg' is known"
        raise DoseError(f"unknown unit {quoted(unit)}{hint}")
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


def _forward(first: Time, second: Time) -> None:
    pair = comparable(first, second)
    if pair and pair[1] <= pair[0]:
        raise DoseError(f"times go backwards: a dose at {words(second)} after one at {words(first)}")


def _regimen(given: str | Regimen | Dose) -> Regimen:
    from immunode.intervention.regimens.text import regimen

    return regimen(given)


def _missed(numbers: Any, count: int | None) -> tuple[int, ...]:
    """Return the numbers of missed doses in order. count : number of planned doses, None for no end."""
    found = set()
    for number in (numbers,) if isinstance(numbers, int) else tuple(numbers):
        n = whole(number)
        if n is None or n < 1:
            raise DoseError(f"missed doses are counted from 1, got {number!r}")
        if count is not None and n > count:
            raise DoseError(f"dose {n} can't be missed: there {'is 1 dose' if count == 1 else f'are {count} doses'}")
        found.add(n)
    if count is not None and len(found) == count:
        raise DoseError("all doses are missed; leave the drug out instead")
    return tuple(sorted(found))


def _follows(before: Dose, dose: Dose) -> None:
    """Check that a block can come after another, as far as it shows without a model."""
    if before.count is None:
        from immunode.intervention.regimens.words import when_text

        raise DoseError(f"'{when_text(before)}' never ends; give it a number of doses (x 6) before 'then'")
    if not dose.at and dose.ii is None and before.ii is None:
        raise DoseError("a single dose after single doses needs a time, such as 'at week 4'")
    begin = dose.at[0] if dose.at else dose.start
    if begin is None:
        return
    last: Time = before.at[-1] if before.at else before.start or 0.0
    if before.ii is not None and before.addl:
        number, unit = size(before.ii)
        offset, offset_unit = size(last)
        if unit != offset_unit and offset != 0:
            return
        last = f"{number_text(offset + number * before.addl)} {unit}" if unit else offset + number * before.addl
    if size(last)[0] == 0 and not isinstance(last, type(begin)):
        last = f"0 {size(begin)[1]}" if isinstance(begin, str) else 0.0
    pair = comparable(last, begin)
    if not (before.steady_infusion and pair and pair[0] == pair[1]):  # a dose may go on where an infusion ends
        _forward(last, begin)
