"""Regimens as event tables in the form of NONMEM (pandas), in and out.

Columns: ID, TIME, AMT, II, ADDL, RATE, DUR, EVID, SS, and where they say something CMT (1 depot, 2 central), LAG and F.
RATE and DUR are two words for one thing; 0 means all at once. Rows with a C in a column C are comments. SS 1 with II 0,
AMT 0 and a RATE is an infusion that has run for ever and ends at TIME, as in NONMEM. The frame's `attrs` hold what
NONMEM leaves to the reader: "unit", "time_unit" and "routes" by CMT.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from immunode.errors import DoseError, UnitError, quoted
from immunode.intervention.regimens.blocks import Blocks
from immunode.intervention.regimens.dose import INTO_DEPOT, Dose, amount_unit
from immunode.intervention.regimens.event_columns import numeric, read_columns
from immunode.intervention.times import DAYS, Time, number_text, size, tidy_time, time_unit
from immunode.model.units import convert

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_DOSES = 100_000
"""Doses that are written out one by one where rows overlap."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Doses of one block without a missed one between, all times in one unit.

    begin : time of the first.   every : interval, 0 for a single dose.   count : number of doses.
    """

    dose: Dose
    begin: float
    every: float
    count: int
    ss: bool


def write_table(
    regimen: Blocks,
    *,
    id: int = 1,
    unit: str = "",
    time_unit: str | None = None,
    until: Time | None = None,
    weight: float | None = None,
    BSA: float | None = None,
) -> DataFrame:
    """Return the doses of a regimen as a table; parameters and errors as in `Regimen.to_table`."""
    from pandas import DataFrame

    sizes = {"kg": weight, "m2": BSA}

    clock = _clock(regimen, time_unit)
    target = amount_unit(unit) if unit else regimen.blocks[0].unit.partition("/")[0]
    stretches = schedule(regimen, clock, None if until is None else tidy_time(until, "event table, until"))
    named = {s.dose.route for s in stretches}
    absorbed = bool(named & set(INTO_DEPOT))
    rows = []
    for s in stretches:
        amount = _amount(regimen, s.dose.amt, s.dose.unit, target, sizes)
        length = _length(regimen, s.dose, amount, target, clock, sizes)
        row: dict[str, Any] = {"ID": id, "TIME": s.begin, "AMT": amount, "II": s.every, "ADDL": s.count - 1}
        rate = _speed(regimen, s.dose, target, clock, sizes) if s.dose.steady_infusion else 0.0
        row |= {"RATE": amount / length if length else rate, "DUR": length, "EVID": 1, "SS": int(s.ss)}
        if "" not in named:
            row["CMT"] = 2 if absorbed and s.dose.route == "iv" else 1
        row["LAG"] = float("nan") if s.dose.lag is None else _in(s.dose.lag, clock)
        row["F"] = float("nan") if s.dose.F is None else s.dose.F
        rows.append(row)
    frame = DataFrame(rows).dropna(axis="columns", how="all")
    routes = {int(row["CMT"]): s.dose.route for row, s in zip(rows, stretches, strict=True) if "CMT" in row}
    frame.attrs.update({"unit": target, "time_unit": clock, "routes": routes})
    if len({s.dose.route for s in stretches if s.dose.route in INTO_DEPOT}) > 1:
        raise DoseError(
            f"{quoted(regimen)}: CMT can't tell {' from '.join(sorted(named & set(INTO_DEPOT)))}; use one route"
        )
    return frame


def read_doses(
    frame: DataFrame | str | os.PathLike[str],
    *,
    id: Any = None,
    unit: str = "",
    time_unit: str | None = None,
    routes: Mapping[int, str] | str = "",
) -> tuple[Dose, ...]:
    """Return the doses of a table; parameters and errors as in `Regimen.from_table`."""
    frame = read_columns(frame) if isinstance(frame, str | os.PathLike) else frame
    table = numeric(frame, id)
    unit = unit or frame.attrs.get("unit", "mg")
    clock = frame.attrs.get("time_unit", "") if time_unit is None else time_unit
    rows = table.to_dict("records")
    if not rows:
        raise DoseError("event table: there is no dose (a row with EVID 1 and AMT above 0)")
    doses = [_dose(row, unit, clock, _route(row, routes or frame.attrs.get("routes", {}))) for row in rows]
    if any(dose.ss for dose in doses[1:]):
        raise DoseError("event table: only the first dose can be at steady state (SS 1)")
    return tuple(_joined(_apart(doses)))


def schedule(regimen: Blocks, clock: str, until: Time | None = None) -> list[Stretch]:
    """Return all doses that are given. clock : unit of the times, "" for plain numbers.

    Raises
    ------
    DoseError : the regimen has no end and `until` none either.
    """
    stretches: list[Stretch] = []
    planned, begin, after_row = 0, 0.0, False
    for number, dose in enumerate(regimen.blocks):
        if dose.ii is None:
            for time in dose.at or (0.0,):
                planned += 1
                begin = _in(time, clock) if dose.at or number == 0 else begin
                if planned not in regimen.missed:
                    stretches.append(Stretch(dose, begin, 0.0, 1, dose.ss))
            after_row = False
            continue
        every = _in(dose.ii, clock)
        if dose.start is not None:
            begin = _in(dose.start, clock)
        elif number and not after_row:
            begin += every
        count = dose.count
        if count is None:
            if until is None:
                raise DoseError(f"{quoted(regimen)} never ends; say until='52 weeks'")
            count = max(1, -int(-((_in(until, clock) - begin) / every - 1e-9) // 1))
        if dose.ss and 1 in regimen.missed:
            raise DoseError(f"{quoted(regimen)}: a table can't hold a steady state whose first dose is missed")
        missed = [n - planned - 1 for n in regimen.missed if planned < n <= planned + count]
        for low, high in zip([0, *(k + 1 for k in missed)], [*missed, count], strict=True):
            if high > low:
                steady = dose.ss and low == 0
                stretches.append(Stretch(dose, begin + low * every, every if high - low > 1 or steady else 0.0,
                                     high - low, steady))  # fmt: skip
        planned, begin, after_row = planned + count, begin + count * every, True
    return stretches


def _clock(regimen: Blocks, asked: str | None) -> str:
    if asked is not None:
        return time_unit(asked) if asked else ""
    times = [t for d in regimen.blocks for t in (*d.at, d.start, d.ii, d.duration) if t is not None]
    return "day" if any(isinstance(t, str) for t in times) else ""


def _in(time: Time, clock: str) -> float:
    number, unit = size(time)
    if unit == clock or number == 0:
        return number
    if not unit or not clock:
        raise DoseError(f"event table: can't write {number:g} {unit or '(model time)'} in {clock or 'model time'}")
    return number * DAYS[unit] / DAYS[clock]


Sizes = Mapping[str, float | None]
"""Size of the patient by the unit that doses are per: "kg", "m2"."""
_SIZES = {"kg": "is by weight; give weight=... in kg", "m2": "is by body surface; give BSA=... in m2"}


def _amount(regimen: Blocks, value: float, unit: str, target: str, sizes: Sizes) -> float:
    unit, _, per = unit.partition("/")
    if per in _SIZES:
        size_ = sizes[per]
        if size_ is None:
            raise DoseError(f"{quoted(regimen)} {_SIZES[per]}")
        value *= size_
    try:
        return convert(value, unit, target)
    except UnitError:
        raise DoseError(f"{quoted(regimen)}: {unit} can't be written in {target}") from None


def _length(regimen: Blocks, dose: Dose, amount: float, target: str, clock: str, sizes: Sizes) -> float:
    """Return the length of an infusion, 0 for a bolus."""
    if dose.duration is not None:
        return _in(dose.duration, clock)
    if not dose.rate:
        return 0.0
    speed = _speed(regimen, dose, target, clock, sizes)
    return amount / speed


def _speed(regimen: Blocks, dose: Dose, target: str, clock: str, sizes: Sizes) -> float:
    """Return the rate of an infusion in the table's units."""
    number, unit = dose.rate.split()
    mass, _, per = unit.rpartition("/")
    return _amount(regimen, float(number), mass, target, sizes) / _in(1.0 if per == "time" else f"1 {per}", clock)


def _dose(row: Mapping[Any, Any], unit: str, clock: str, route: str) -> Dose:
    """Return one row as a dose with its checks."""
    value = {k: None if v is None or v != v else float(v) for k, v in row.items()}
    time, amount = value["TIME"], value["AMT"]
    if time is None or amount is None:
        raise DoseError("event table: a dose needs TIME and AMT")
    where = f"event table, dose at {time:g}"
    if time < 0:
        raise DoseError(f"{where}: the time lies before the start")
    more = value.get("ADDL") or 0.0
    every, steady = value.get("II") or 0.0, value.get("SS") or 0.0
    if more < 0 or more != int(more):
        raise DoseError(f"{where}: ADDL must be a whole number of 0 or above, got {more:g}")
    if steady not in (0, 1):
        raise DoseError(f"{where}: SS must be 0 or 1, got {steady:g}")
    rate = value.get("RATE") or 0.0
    if steady and not every and not more and rate > 0:
        if amount:
            raise DoseError(f"{where}: SS 1 with II 0 is an infusion that ends then, so AMT is 0, got {amount:g}")
        at = f"{number_text(time)} {clock}" if clock else time
        return Dose(0.0, unit, route, rate=f"{number_text(rate)} {unit}/{clock or 'time'}", at=(at,), ss=True)
    if every < 0 or ((more or steady) and not every):
        raise DoseError(f"{where}: {'ADDL' if more else 'SS'} needs an interval II above 0, got {every:g}")
    length = _infusion(where, amount, rate, value.get("DUR") or 0.0)

    def as_time(number: float) -> Time:
        return f"{number_text(number)} {clock}" if clock else number

    when: dict[str, Any] = {"at": (as_time(time),)}
    if more or steady:
        when = {"start": as_time(time), "ii": as_time(every), "addl": int(more), "ss": bool(steady)}
    lag = value.get("LAG")
    when["duration"] = _said_short(length, clock) if length else None
    return Dose(amount, unit, route, lag=None if lag is None else as_time(lag), F=value.get("F"), **when)


def _said_short(length: float, clock: str) -> Time:
    """Return a length of time, in hours where that is a rounder number than days."""
    hours = length * DAYS["day"] / DAYS["hour"]
    if clock == "day" and length < 1 and abs(hours - round(hours, 6)) < 1e-9 * hours:
        return f"{number_text(round(hours, 6))} hour"
    return f"{number_text(length)} {clock}" if clock else length


def _infusion(where: str, amount: float, rate: float, length: float) -> float:
    if rate < 0 and not length:
        raise DoseError(f"{where}: RATE {rate:g} leaves the duration to a model; give the column DUR")
    if length < 0:
        raise DoseError(f"{where}: DUR must be 0 or above, got {length:g}")
    if rate > 0 and length and abs(rate * length - amount) > 1e-6 * amount:
        raise DoseError(f"{where}: RATE x DUR = {rate * length:g} is not AMT = {amount:g}")
    return length or (amount / rate if rate > 0 else 0.0)


def _route(row: Mapping[Any, Any], routes: Mapping[int, str] | str) -> str:
    """Return the route of one row.

    Raises
    ------
    DoseError : the row goes to another compartment than the first, and no route says what that is.
    """
    if isinstance(routes, str) and routes:
        return routes
    given = row.get("CMT")
    number = 0.0 if given is None or given != given else float(given)
    known = {} if isinstance(routes, str) else routes
    if number in known:
        return known[int(number)]
    # 0 stands for the default compartment, and without routes that is the first
    if number and (known or number != 1):
        raise DoseError(
            f"event table, dose at {row['TIME']:g}: CMT {number:g} has no route; say what it is, such as "
            f"routes={{{number:g}: 'iv'}}"
        )
    return ""


def _apart(doses: list[Dose]) -> list[Dose]:
    """Return doses in order of time, rows that reach beyond the next dose written out one by one."""
    last = [_end(dose) for dose in doses]
    if all(
        end < _begin(dose) or (before.steady_infusion and end == _begin(dose))
        for end, before, dose in zip(last, doses, doses[1:], strict=False)
    ):
        return doses
    number = sum(dose.count or 1 for dose in doses)
    if number > MOST_DOSES:
        raise DoseError(f"event table: rows overlap, and their {number:,} doses are too many to write out one by one")
    single = []
    for dose in doses:
        if dose.ss:
            raise DoseError("event table: doses at steady state overlap with others")
        unit = size(dose.at[0] if dose.at else dose.ii or 0.0)[1]
        for k in range(dose.count or 1):
            time = _begin(dose) + (k * size(dose.ii)[0] if dose.ii is not None else 0.0)
            at: Time = f"{number_text(time)} {unit}" if unit else time
            single.append(replace(dose, at=(at,), start=None, ii=None, addl=0))
    single.sort(key=_begin)
    for one, two in pairwise(single):
        if _begin(one) == _begin(two):
            raise DoseError(f"event table: two doses at {_begin(one):g}; a regimen gives one at a time")
    return single


def _begin(dose: Dose) -> float:
    return size(dose.at[0] if dose.at else dose.start or 0.0)[0]


def _end(dose: Dose) -> float:
    return _begin(dose) + (size(dose.ii)[0] * (dose.addl or 0) if dose.ii is not None else 0.0)


def _joined(doses: list[Dose]) -> list[Dose]:
    """Return doses with single ones of one kind in one block."""
    blocks: list[Dose] = []
    for dose in doses:
        if blocks and dose.at and blocks[-1].at and dose.head == blocks[-1].head:
            blocks[-1] = replace(blocks[-1], at=(*blocks[-1].at, *dose.at))
        else:
            blocks.append(dose)
    return blocks
