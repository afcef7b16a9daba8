"""A regimen written out as knobs, events and infusion rates."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from immunode.errors import DoseError, UnitError
from immunode.intervention.expand.contribution import Draft
from immunode.intervention.expand.kinetics import add_pk_knob
from immunode.intervention.expand.latest_dose import note_latest_dose
from immunode.intervention.expand.occasions import Stretch
from immunode.intervention.expand.steady_dosing import Row, add_steady_state
from immunode.intervention.pharmacokinetics.compartments import PK
from immunode.intervention.regimens.blocks import Blocks
from immunode.intervention.regimens.dose import INTO_DEPOT, Dose
from immunode.intervention.regimens.words import given_text
from immunode.intervention.times import size
from immunode.model import Event, Switch
from immunode.model.units import convert


@dataclass(frozen=True, slots=True)
class _Moment:
    """A time as the expression of an event and as its value at the declared knobs, in model time."""

    text: str
    value: float


@dataclass(frozen=True, slots=True)
class _End:
    """How a block ends. moment : its last dose, or, after a row, one interval later.   last : time of its last dose."""

    moment: _Moment
    row: bool
    last: float


@dataclass(slots=True)
class Administration:
    """One pass over one regimen; fills `draft`, `infusions`, `stretches` and `largest` (a dose, as `mass` reads it).

    infusions : pairs of a compartment and the text of a rate that flows into it.   stretches : rows of doses without
    a gap, as planned.   linked : properties of the model's patient as texts, which doses by size follow.
    """

    draft: Draft
    pk: PK
    regimen: Blocks
    strength: str
    weight: float | None = None
    route: str = ""
    area: float | None = None
    linked: Mapping[str, str] = field(default_factory=dict)
    infusions: list[tuple[str, str]] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    largest: float = 0.0
    uses_depot: bool = False
    _steady: bool = False
    _given: int = 0
    _known: dict[tuple[str, Hashable], str] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)
    _events: int = 0

    def write(self) -> None:
        """Add all doses.

        Raises
        ------
        DoseError : a route or unit does not suit the drug, mg/kg meets no weight, or times go backwards.
        """
        if self.regimen.by_weight and "weight" not in self.linked:
            self._add_size("weight", self.weight, "kg", "body weight", "weight=70), in kg")
        if self.regimen.by_area and "BSA" not in self.linked:
            self._add_size("BSA", self.area, "m**2", "body surface", "BSA=1.8), in m2")
        first: _Moment | None = None
        end: _End | None = None
        for dose in self.regimen.blocks:
            moments = self._moments(dose, first, end)
            if end is not None and moments[0].value <= end.last:
                raise self._backwards(moments[0].value, end.last)
            first = first or moments[0]
            every, n, end = self._row(dose, moments)
            if every is None:
                for moment in moments:
                    self._given += 1
                    if self._given not in self.regimen.missed:
                        self._stretch(dose, self._given, moment, None, 1, 1)
                        self._give(dose, moment, None, 1)
                continue
            for number, begin, count, planned in self._kept(dose, moments[0], every, n):
                self._stretch(dose, number, begin, every, planned, count)
                self._give(dose, begin, every, count, moments[0].text)
            if dose.ss and not self._steady:
                raise DoseError(f"{self.draft.name}, '{self.regimen}': all doses at steady state are missed")

    def _add_size(self, word: str, value: float | None, unit: str, meaning: str, say: str) -> None:
        if value is None:
            missing = f"is by {meaning}, and {self.draft.model.name} declares no {word} of its patients"
            raise DoseError(f"'{self.draft.name}': '{self.regimen}' {missing}; say dose(..., {say}")
        self.draft.above_zero(self.draft.knob(word, value, unit, meaning))

    def _moments(self, dose: Dose, first: _Moment | None, end: _End | None) -> list[_Moment]:
        """Return the times of single doses, or that of the first of a row. first : the first dose of all."""
        moments: list[_Moment] = []
        if dose.at:
            for time in dose.at:
                moments.append(self._moment(self.draft.in_model_time(time), first))
                first = first or moments[0]
                if len(moments) > 1 and moments[-1].value <= moments[-2].value:
                    raise self._backwards(moments[-1].value, moments[-2].value)
            return moments
        if dose.start is not None or end is None:
            return [self._moment(self.draft.in_model_time(dose.start) if dose.start is not None else 0.0, first)]
        if end.row:
            return [end.moment]
        every = self._interval(dose)
        return [_Moment(f"{end.moment.text} + {every.text}", end.moment.value + every.value)]

    def _row(self, dose: Dose, moments: list[_Moment]) -> tuple[str | None, str | int, _End]:
        """Return the interval and the number of doses of a block, and how it ends."""
        if dose.ii is None:
            # a dose may go on where a steady infusion ends
            last = math.nextafter(moments[-1].value, -math.inf) if dose.steady_infusion else moments[-1].value
            return None, 1, _End(moments[-1], False, last)
        every, begin = self._interval(dose), moments[0]
        count = dose.count if dose.count is not None else self._fill(begin.value, every.value)
        n = self.draft.knob(self._next("n"), count, "", "number of doses")
        self.draft.within([n], 0)
        after = _Moment(f"{begin.text} + {every.text}*{n}", begin.value + every.value * count)
        return every.text, n, _End(after, True, begin.value + every.value * (count - 1))

    def _stretch(self, dose: Dose, number: int, begin: _Moment, every: str | None, planned: int, n: str | int) -> None:
        """Note `planned` doses that are given one after another, the first one as planned dose `number`."""
        if not dose.steady_infusion:
            self.stretches.append(Stretch(number, begin.text, every, planned, n))

    def _kept(self, dose: Dose, begin: _Moment, every: str, n: str | int) -> list[tuple[int, _Moment, str | int, int]]:
        """Return the stretches of a row between its missed doses: number of the first, its time, how many (twice)."""
        interval = self._interval(dose).value
        planned = dose.count if dose.count is not None else self._fill(begin.value, interval)
        first, self._given = self._given + 1, self._given + (dose.count or 0)
        missed = [k - first for k in self.regimen.missed if first <= k and (dose.count is None or k <= self._given)]
        if not missed:
            return [(first, begin, n, planned)]
        kept: list[tuple[int, _Moment, str | int, int]] = []
        for low, high in zip([0, *(k + 1 for k in missed)], [*missed, None], strict=True):
            if high is None and (dose.count is None or low < dose.count):
                count = f"max(0, {n} - {low})"
            elif high is not None and high > low:
                count = f"max(0, min({n}, {high}) - {low})"
            else:
                continue
            time = _Moment(f"{begin.text} + {every}*{low}" if low else begin.text, begin.value + interval * low)
            kept.append((first + low, time, count, (planned if high is None else high) - low))
        return kept

    def _model_time(self, unit: str) -> float:
        return 1.0 if unit == "time" else self.draft.in_model_time(f"1 {unit}")

    def _interval(self, dose: Dose) -> _Moment:
        assert dose.ii is not None
        knob = self._shared("interval", dose.ii, "from one dose to the next")
        return _Moment(knob, self.draft.in_model_time(dose.ii))

    def _backwards(self, time: float, before: float) -> DoseError:
        return DoseError(
            f"{self.draft.name}, '{self.regimen}': times go backwards, a dose at {time:g} after one at {before:g} "
            "(in model time)"
        )

    def _fill(self, begin: float, interval: float) -> int:
        """Return how many doses start before the model's horizon, at least 1."""
        return max(1, math.ceil((self.draft.model.horizon - begin) / interval - 1e-9))

    def _moment(self, value: float, first: _Moment | None) -> _Moment:
        """Return a given time as a knob; times after the first dose are counted from it."""
        unit = self.draft.model.time_unit
        if first is None:
            self._used["time"] = 1
            return _Moment(self.draft.knob("start", value, unit, "time of the first dose"), value)
        number = self._used["time"] = self._used.get("time", 0) + 1
        knob = self.draft.knob(f"time_{number}", value - first.value, unit, "time of a dose after the first one")
        return _Moment(f"{first.text} + {knob}", value)

    def _next(self, knob: str) -> str:
        """Return `knob`, then `knob_2`, ..."""
        number = self._used[knob] = self._used.get(knob, 0) + 1
        return knob if number == 1 else f"{knob}_{number}"

    def _shared(self, knob: str, value: str | float | None, meaning: str) -> str:
        """Return the knob of a time; equal values share one."""
        key = (knob, value)
        if key not in self._known:
            assert value is not None
            self._known[key] = self.draft.time(self._next(knob), value, meaning)
            self.draft.above_zero(self._known[key])
        return self._known[key]

    def _give(self, dose: Dose, moment: _Moment, every: str | None, n: str | int, planned: str = "") -> None:
        """Add the events of a stretch of doses. planned : text of the time of the row's first dose, given or missed."""
        name = self.draft.name
        route = dose.route or self.route or ("sc" if self.pk.absorbed else "iv")
        self._events += 1
        suffix = "" if self._events == 1 else f"_{self._events}"
        if dose.steady_infusion:
            self._infuse_steadily(dose, moment, suffix)
            return
        amount = self._amount(dose)
        if route in INTO_DEPOT:
            if not self.pk.absorbed:
                raise DoseError(f"{name}, '{self.regimen}': {route} needs absorption (ka) in its pharmacokinetics")
            if dose.duration is not None or dose.rate:
                raise DoseError(f"{name}, '{self.regimen}': an infusion goes iv, not {route}")
            self.uses_depot = self.pk.ka is not None
            change, at = self._absorbed(dose, amount), moment.text + self._lag(dose)
            target = f"{name}.depot"
            if self.pk.D1 is not None:
                share = self._release(dose, change, at, every, n, suffix, planned)
                if not share:
                    return
                change = f"{share}*{change}"
            self._start_steady(dose, Row(change, planned + self._lag(dose), every, depot=True))
        elif dose.duration is not None or dose.rate:
            self._infuse(dose, amount, moment, every, n, suffix, planned)
            return
        else:
            change, at, target = f"{self.strength}*{amount}{self._factor(dose)}", moment.text, f"{name}.{self._vein}"
            at += self._lag(dose) if dose.lag is not None else ""
            planned += self._lag(dose) if dose.lag is not None else ""
            self._start_steady(dose, Row(change, planned, every))
        changes = {target: f"{target} + {change}", **self._noted(amount)}
        self.draft.events.append(
            Event(f"{name}.dosing{suffix}", changes, at=at, every=every, count=n, meaning=given_text(dose, route))
        )

    @property
    def _vein(self) -> str:
        """The compartment that doses by vein enter."""
        if self.pk.prodrug:
            self.uses_depot = True
        return "depot" if self.pk.prodrug else "central"

    def _noted(self, amount: str) -> dict[str, str]:
        return note_latest_dose(self.draft, self.pk, f"{self.strength}*{amount}")

    def _release(
        self, dose: Dose, whole: str, at: str, every: str | None, n: str | int, suffix: str, planned: str
    ) -> str:
        """Add the part of doses that enters at a constant rate; return the share of them that does not, "" for none."""
        length = self._number("D1", self.pk.D1 or 0.0)
        direct = "" if self.pk.direct is None else self._number("direct", self.pk.direct)
        slow = f"{direct}*{whole}" if direct else whole
        where = "depot" if self.uses_depot and not direct else "central"
        self._start_steady(dose, Row(slow, planned + self._lag(dose), every, length=length, depot=where == "depot"))
        counter = self._counter(f"{slow}/{length}", where)
        for word, sign, moment in (("ends", "-", f"{at} + {length}"), ("begins", "+", at)):
            changes = {counter: f"{counter} {sign} 1"}
            changes |= self._noted(self._amount(dose)) if sign == "+" and not direct else {}
            said = given_text(dose, dose.route or self.route) if sign == "+" else ""
            event = f"{self.draft.name}.release_{word}{suffix}"
            self.draft.events.append(Event(event, changes, at=moment, every=every, count=n, meaning=said))
        return f"(1 - {direct})" if direct else ""

    def _start_steady(self, dose: Dose, row: Row) -> None:
        """Begin at the steady state of a row that has always been given."""
        if dose.ss and not self._steady:
            self._steady = True
            add_steady_state(self.draft, self.pk, row)

    def _amount(self, dose: Dose) -> str:
        """Return the amount of one dose as text, without strength and F."""
        size, unit = self._size(dose.unit)
        key = ("dose", (dose.amt, dose.unit))
        value = self._in_mass(dose.amt, dose.unit.partition("/")[0])
        if key not in self._known:
            unit = f"{self.pk.mass}/{unit}" if unit else self.pk.mass
            self._known[key] = self.draft.knob(self._next("dose"), value, unit, "amount of one dose")
            self.draft.within([self._known[key]], 0)
        self.largest = max(self.largest, value * self._patient_size(dose.unit))
        return f"{self._known[key]}*{self.linked.get(size, f'{self.draft.name}.{size}')}" if size else self._known[key]

    def _size(self, unit: str) -> tuple[str, str]:
        """Return the knob of the patient's size that a dose is given by, and its unit; "" for none."""
        return {"kg": ("weight", "kg"), "m2": ("BSA", "m**2")}.get(unit.partition("/")[2], ("", ""))

    def _patient_size(self, unit: str) -> float:
        by = self._size(unit)[0]
        return (self.weight or 1.0) if by == "weight" else (self.area or 1.0) if by else 1.0

    def _in_mass(self, value: float, unit: str) -> float:
        try:
            return convert(value, unit, self.pk.mass)
        except UnitError:
            pass
        try:
            if self.pk.molar_mass is None:
                raise UnitError("")
            return convert(convert(value, unit, "g") / self.pk.molar_mass, "mol", self.pk.mass)
        except UnitError:
            raise DoseError(
                f"{self.draft.name}: a dose in {unit} does not fit pharmacokinetics in {self.pk.mass}"
            ) from None

    def _absorbed(self, dose: Dose, amount: str) -> str:
        """Return what reaches the depot: strength * F * dose, where F may depend on the dose."""
        name = self.draft.name
        follows = dose.F is None and "F" in self.pk.formula
        bioavailability = f"{name}.F" if follows else self._number("F", dose.F if dose.F is not None else self.pk.F)
        whole = f"{self.strength}*{amount}"
        if self.pk.F_exponent is None:
            return f"{bioavailability}*{whole}"
        key = ("F_dose", None)
        if key not in self._known:
            self._known[key] = add_pk_knob(self.draft, self.pk, "F_dose")
            add_pk_knob(self.draft, self.pk, "F_exponent")
        # one power, so that a dose of 0 gives 0 for exponents down to -1
        return f"{bioavailability}*{name}.F_dose*({whole}/{name}.F_dose)**(1 + {name}.F_exponent)"

    def _factor(self, dose: Dose) -> str:
        return f"*{self._number('F', dose.F)}" if dose.F is not None else ""

    def _number(self, knob: str, value: float) -> str:
        key = (knob, value)
        if key not in self._known:
            full = self._next(knob)
            self._known[key] = add_pk_knob(self.draft, self.pk, knob, value, full.removeprefix(knob))
        return self._known[key]

    def _lag(self, dose: Dose) -> str:
        if dose.lag is not None:
            if size(dose.lag)[0] == 0:
                return ""
            key = ("lag", dose.lag)
            if key not in self._known:
                self._known[key] = self.draft.time(self._next("lag"), dose.lag, "delay before absorption")
                self.draft.within([self._known[key]], 0)
            return f" + {self._known[key]}"
        return f" + {self._number('lag', self.pk.lag)}" if self.pk.lag else ""

    def _infuse(
        self, dose: Dose, amount: str, moment: _Moment, every: str | None, n: str | int, suffix: str, planned: str
    ) -> None:
        """Add an infusion: a counter of infusions that run, which makes the rate, and the events that move it."""
        name = self.draft.name
        lag = self._lag(dose) if dose.lag is not None else ""
        begin = moment.text + lag
        if dose.rate:
            speed = self._speed(dose.rate)
            length, flow = f"{amount}/{speed}", f"{self.strength}*{speed}{self._factor(dose)}"
        else:
            length = self._shared("duration", dose.duration, "length of an infusion")
            flow = f"{self.strength}*{amount}{self._factor(dose)}/{length}"
        end = f"{begin} + {length}"
        whole = f"{self.strength}*{amount}{self._factor(dose)}"
        self._start_steady(dose, Row(whole, planned + lag, every, length=length))
        counter = self._counter(flow, self._vein)
        for word, sign, at in (("ends", "-", end), ("begins", "+", begin)):
            changes = {counter: f"{counter} {sign} 1"}
            changes |= self._noted(amount) if sign == "+" else {}
            said = given_text(dose, "iv") if sign == "+" else ""
            self.draft.events.append(
                Event(f"{name}.infusion_{word}{suffix}", changes, at=at, every=every, count=n, meaning=said)
            )

    def _infuse_steadily(self, dose: Dose, end: _Moment, suffix: str) -> None:
        """Add an infusion that has run for ever before time 0 and ends at a time."""
        flow = f"{self.strength}*{self._speed(dose.rate)}"
        number, unit = dose.rate.split()
        self.largest = max(self.largest, self._in_mass(float(number), unit.partition("/")[0]))
        self._start_steady(dose, Row(flow, "0", None))
        counter, name = self._counter(flow, self._vein), self.draft.name
        for word, sign, at in (("ends", "-", end.text), ("begins", "+", "0")):
            changes = {counter: f"{counter} {sign} 1"}
            self.draft.events.append(Event(f"{name}.infusion_{word}{suffix}", changes, at=at, meaning=""))

    def _counter(self, flow: str, where: str) -> str:
        """Return the switch that counts the inputs of one rate that run; their sum is the rate."""
        key = ("infusing", (where, flow))
        if key not in self._known:
            self._known[key] = f"{self.draft.name}.{self._next('infusing')}"
            self.draft.switches.append(Switch(self._known[key], 0.0, "", "number of infusions that run"))
            self.infusions.append((where, f"{self._known[key]}*{flow}"))
        return self._known[key]

    def _speed(self, rate: str) -> str:
        key = ("rate", rate)
        if key not in self._known:
            number, unit = rate.split()
            top, _, bottom = unit.rpartition("/")
            value = self._in_mass(float(number), top.partition("/")[0]) / self._model_time(bottom)
            value *= self._patient_size(top)
            unit = self.draft.per_time(self.pk.mass)
            self._known[key] = self.draft.knob(self._next("rate"), value, unit, "speed of an infusion")
            self.draft.above_zero(self._known[key])
        return self._known[key]
