"""A drug's differences between occasions written out: a random effect for each occasion, which an event puts in place.

A switch holds the random effect of the occasion that runs. Events that move only switches come before doses of the same
time. So a clearance is constant from one occasion to the next in every engine, and a sweep draws each occasion's effect
as it draws any other parameter.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from immunode.errors import ModelError, did_you_mean
from immunode.intervention.expand.contribution import Draft
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability, correlated_occasions
from immunode.model import Effect, Event, Switch
from immunode.model.patients import Correlation, Variability

_ENOUGH = 1e-9
"""Part of a period by which a run may go on beyond it without a new one."""
_MOST = 50
"""Occasions of one event."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Doses that begin occasions: `count` of them, planned as number `first` and following.

    at : time of the first one as text.   every : text of the interval, None for one dose.   n : text of their number.
    """

    first: int
    at: str
    every: str | None
    count: int
    n: str | int


def add_occasions(
    draft: Draft, given: Sequence[OccasionVariability], doses: Sequence[Stretch], there: Collection[str],
    formulas: Collection[str], absent: Collection[str],
) -> dict[str, list[str]]:  # fmt: skip
    """Add the random effects of occasions; return the factors on numbers with a formula, by number.

    doses : the stretches of doses, in order.   there : numbers that the drug has as knobs.
    formulas : numbers that it has as formulas.   absent : numbers that these doses do not need.

    Raises
    ------
    ModelError : a number that differs between occasions does not exist.
    """
    used = []
    for one in given:
        if one.number in there or one.number in formulas:
            used.append(one)
        elif one.number not in absent:
            hint = did_you_mean(one.number, sorted({*there, *formulas}))
            raise ModelError(
                f"drug '{draft.name}': variability of '{one.number}' between occasions, which it does not have{hint}"
            )
    first = {**_by_dose(draft, [one for one in used if not one.every], doses),
             **_by_period(draft, [one for one in used if one.every])}  # fmt: skip
    if first and doses:
        _after_steady_state(draft, first, doses[0].at)
    _correlate(draft, given)
    factors: dict[str, list[str]] = {}
    for one in used:
        factor = f"exp({_switch(draft, one)})"
        if one.number in formulas:
            factors.setdefault(one.number, []).append(factor)
        else:
            draft.effects.append(Effect(f"{draft.name}.{one.number}", "scale", factor, by=draft.name))
    return factors


def _correlate(draft: Draft, given: Sequence[OccasionVariability]) -> None:
    """Add the correlations of random effects of the same occasion; none with a number that these doses do not need."""
    etas = {v.parameter for v in draft.variability if v.occasion}
    for first, second, value, source in correlated_occasions(given):
        k = 1
        while {one := f"{draft.name}.{first}_eta_{k}", other := f"{draft.name}.{second}_eta_{k}"} <= etas:
            draft.correlations.append(Correlation(one, other, value, source))
            k += 1


def _switch(draft: Draft, one: OccasionVariability) -> str:
    return f"{draft.name}.{one.number}_eta"


def _by_dose(draft: Draft, given: Sequence[OccasionVariability], doses: Sequence[Stretch]) -> dict[str, str]:
    """Add the events by which doses begin occasions; return the random effect of the first one, by switch."""
    if not given or not doses:
        return {}
    last = max(stretch.first + stretch.count - 1 for stretch in doses)
    released = f"{draft.name}.D1"
    if any(one.number == "F" for one in given) and any(p.name == released for p in draft.parameters):
        for every in dict.fromkeys(stretch.every for stretch in doses if stretch.every):
            why = f"'{draft.name}': a dose must have entered before the next one, since each has its own F"
            draft.require(f"{released} <= {every}", why)
    etas = {one.number: _etas(draft, one, last, "dose") for one in given}
    for number, stretch in enumerate(doses, 1):
        mine = {_switch(draft, one): etas[one.number][stretch.first - 1 :][: stretch.count] for one in given}
        name = f"{draft.name}.occasion" + ("" if number == 1 else f"_{number}")
        draft.events += _events(name, mine, stretch)
        if stretch.every and isinstance(stretch.n, str):
            draft.require(
                f"{stretch.n} <= {stretch.count}",
                f"'{draft.name}' has a random effect for each of its planned doses, which can't become more; write a "
                "regimen with more of them",
            )
    return {_switch(draft, one): etas[one.number][doses[0].first - 1] for one in given}


def _by_period(draft: Draft, given: Sequence[OccasionVariability]) -> dict[str, str]:
    """Add the events at which periods begin, from the first dose to the horizon; return as `_by_dose`."""
    first: dict[str, str] = {}
    for i, every in enumerate(dict.fromkeys(one.every for one in given), 1):
        mine = [one for one in given if one.every == every]
        suffix = "" if i == 1 else f"_{i}"
        length = draft.time(f"occasion_length{suffix}", every, f"how long an occasion lasts ({mine[0].occasion})")
        draft.above_zero(length)
        start = f"{draft.name}.start"
        begin = next(p.value for p in draft.parameters if p.name == start)
        periods = (draft.model.horizon - begin) / draft.in_model_time(every)
        count = max(1, math.ceil(periods - _ENOUGH))
        etas = {_switch(draft, one): _etas(draft, one, count, "period") for one in mine}
        draft.events += _events(f"{draft.name}.period{suffix}", etas, Stretch(1, start, length, count, count))
        first |= {switch: names[0] for switch, names in etas.items()}
    return first


def _after_steady_state(draft: Draft, first: Mapping[str, str], begin: str) -> None:
    """Let what earlier doses have left be that of the typical occasion: the first one begins after that event."""
    steady = f"{draft.name}.steady_state"
    for i, event in enumerate(draft.events):
        if event.name == steady:
            begun = {switch: f"piecewise({eta}, {begin} <= 0, 0)" for switch, eta in first.items()}
            draft.events[i] = replace(event, changes={**dict(event.changes), **begun})
    if any(event.name == steady for event in draft.events):
        for i, event in enumerate(draft.events):
            if first.keys() & dict(event.changes).keys() and event.name != steady:
                later = {switch: f"piecewise(0, t <= 0, {text})" for switch, text in dict(event.changes).items()}
                draft.events[i] = replace(event, changes=later)


def _etas(draft: Draft, one: OccasionVariability, count: int, what: str) -> list[str]:
    """Add the switch and the random effects of all occasions; return the names of the latter."""
    meaning = f"random effect on {one.number} in the occasion that runs"
    draft.switches.append(Switch(_switch(draft, one), 0.0, "", meaning))
    names = []
    for k in range(1, count + 1):
        meaning = f"random effect on {one.number} of {what} {k}"
        names.append(draft.knob(f"{one.number}_eta_{k}", 0.0, "", meaning, source=one.source or draft.source))
        draft.variability.append(Variability(names[-1], one.spread, "linear", source=one.source, occasion=k))
    return names


def _events(name: str, etas: Mapping[str, Sequence[str]], stretch: Stretch) -> list[Event]:
    """Return the events that put the random effects of a stretch in place. etas : switch -> those of its occasions.

    A long stretch has several, so that none has a text without end.
    """
    events = []
    for low in range(0, stretch.count, _MOST):
        high = min(low + _MOST, stretch.count)
        at, n = stretch.at, stretch.n
        if stretch.every and stretch.count > _MOST:
            at = f"{at} + {stretch.every}*{low}" if low else at
            n = f"max(0, min({n}, {high}) - {low})"
        passed = f"(t - ({at}))/{stretch.every}" if stretch.every else ""
        changes = {switch: _chosen(names[low:high], passed) for switch, names in etas.items()}
        part = f"{name}_part_{low // _MOST + 1}" if stretch.count > _MOST else name
        events.append(Event(part, changes, at=at, every=stretch.every, count=n))
    return events


def _chosen(names: Sequence[str], passed: str) -> str:
    """Return the random effect of the occasion that begins. passed : number of intervals since the first one."""
    cases = [f"{name}, {passed} < {i + 0.5}" for i, name in enumerate(names[:-1])]
    return f"piecewise({', '.join([*cases, names[-1]])})" if cases else names[0]
