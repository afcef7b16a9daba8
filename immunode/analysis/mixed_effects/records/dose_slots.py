"""Doses that differ between runs of one batch: a model with slots for doses, and what each run puts into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.records.course_slots import CourseSlots, Span, slots_of_courses
from immunode.analysis.mixed_effects.records.discrete_outcomes import with_outcomes
from immunode.analysis.mixed_effects.records.individual_records import DoseRecord, Individual, IndividualData, Route
from immunode.analysis.mixed_effects.records.value_steps import AFTER
from immunode.errors import StudyError, did_you_mean
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.language.expression import parse
from immunode.language.tree import names
from immunode.model import Event, Model, Parameter, Process, Switch
from immunode.model.checks.units import unit_of

Array = NDArray[np.float64]
SOURCE = "assumed: given by the records of individuals"
FIELDS = ("time", "every", "count", "amount", "duration")


@dataclass(frozen=True, slots=True)
class Course:
    """Equal doses at equal distances on one route. duration : of the infusion of each, 0 for a bolus.

    alone : whether it stays apart, since an observation stands at its time, which must not move by a rounding error.
    """

    route: int
    time: float
    every: float
    count: int
    amount: float
    duration: float
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Episode:
    """What one run computes: an individual from its start, or from a reset, to the next reset.

    shift : model time minus the records' time.   first, last : which observations of the individual it holds.
    place, end : which rows of its records.
    """

    individual: int
    shift: float
    place: int
    end: int
    first: int
    last: int
    courses: tuple[Course, ...]


@dataclass(frozen=True, slots=True)
class DosedModel:
    """A model with slots for doses, and for what else the records change in time."""

    model: Model
    routes: tuple[Route, ...]
    boluses: tuple[int, ...]
    infusions: tuple[int, ...]
    episodes: tuple[Episode, ...]
    courses: CourseSlots


def dosed_model(
    model: Model, data: IndividualData, steady: int, occasions: Sequence[OccasionVariability] = ()
) -> DosedModel:
    """Return the model with room for the doses of all individuals, and for covariates and occasions that change.

    steady : doses that lead to a steady state.

    Raises
    ------
    StudyError : a route that the model has not, or a steady state in a model whose rates depend on time.
    """
    codes = tuple(dict.fromkeys(d.code for one in data.individuals for d in one.doses))
    unnamed = [code or "none" for code in codes if code not in data.routes]
    if "" in data.routes and len(unnamed) > 1:
        # one for all would send drugs of several routes to one place
        raise StudyError(
            f"{model.name}: column CMT has doses into {' and '.join(unnamed)}, but one route, into "
            f"'{data.routes[''].state}', is given; name each: routes={{'{unnamed[0]}': ..., '{unnamed[1]}': ...}}"
        )
    by_code = {code: _route(model, data.routes, code) for code in codes}
    routes = tuple(dict.fromkeys(by_code.values()))
    of_code = {code: routes.index(route) for code, route in by_code.items()}
    episodes = tuple(e for i, one in enumerate(data.individuals) for e in _episodes(i, one, of_code, steady))
    boluses, infusions = [0] * len(routes), [0] * len(routes)
    for episode in episodes:
        for k in range(len(routes)):
            mine = [c for c in episode.courses if c.route == k]
            boluses[k] = max(boluses[k], sum(c.duration == 0 for c in mine))
            infusions[k] = max(infusions[k], sum(c.duration > 0 for c in mine))
    courses = slots_of_courses(model, data, occasions, [Span(e.individual, e.place, e.end, e.shift) for e in episodes])
    with_slots = _with_slots(model, routes, boluses, infusions)
    with_slots = with_outcomes(with_slots).replace(
        parameters=(*with_slots.parameters, *courses.parameters), effects=(*with_slots.effects, *courses.effects)
    )
    return DosedModel(with_slots, routes, tuple(boluses), tuple(infusions), episodes, courses)


def slot_values(dosed: DosedModel) -> dict[str, Array]:
    """Return the value of each parameter of the slots in each episode, (n_episodes,)."""
    n = len(dosed.episodes)
    values: dict[str, Array] = dict(dosed.courses.values)
    for k in range(len(dosed.routes)):
        for kind, count in (("bolus", dosed.boluses[k]), ("infusion", dosed.infusions[k])):
            for j in range(count):
                for name in FIELDS[: 4 if kind == "bolus" else 5]:
                    values[_slot(k, kind, j, name)] = np.full(n, 1.0 if name == "duration" else 0.0)
    for i, episode in enumerate(dosed.episodes):
        used = {(k, kind): 0 for k in range(len(dosed.routes)) for kind in ("bolus", "infusion")}
        for course in episode.courses:
            kind = "infusion" if course.duration > 0 else "bolus"
            j = used[course.route, kind]
            used[course.route, kind] += 1
            for name in FIELDS[: 4 if kind == "bolus" else 5]:
                values[_slot(course.route, kind, j, name)][i] = getattr(course, name)
    return values


def _slot(route: int, kind: str, j: int, name: str) -> str:
    return f"dose_{kind}_{route + 1}_{j + 1}.{name}"


def _route(model: Model, given: Mapping[str, Route], code: str) -> Route:
    states = [s.name for s in model.states]
    route = given.get(code) or given.get("")
    if route is not None and code not in given and code in states and code != route.state:
        raise StudyError(
            f"{model.name}: doses into compartment '{code}' would go to '{route.state}', the one route; name each with "
            f"routes={{'{code}': ...}}"
        )
    if route is None:
        if code in states:
            return Route(code)
        if code == "" and states and not given:
            return Route(states[0])
        if code.isdigit() and 1 <= int(code) <= len(states) and not given:
            return Route(states[int(code) - 1])
        which = f"into compartment '{code}'" if code else "without a CMT"
        so_far = f" (which has {', '.join(given)})" if given else ""
        raise StudyError(
            f"{model.name}: doses {which}: name their state with routes={{'{code}': ...}}{so_far}; the model has "
            f"{', '.join(states)}"
        )
    if route.state not in states:
        raise StudyError(
            f"{model.name}: doses into compartment '{code}' go to the unknown state '{route.state}'"
            f"{did_you_mean(route.state, states)}"
        )
    known = {p.name for p in model.parameters}
    for text in (route.factor, route.lag):
        for name in sorted(names(parse(text)) - known):
            raise StudyError(
                f"{model.name}: route into '{route.state}', '{text}': no parameter '{name}'{did_you_mean(name, known)}"
            )
    return route


def _episodes(i: int, one: Individual, routes: Mapping[str, int], steady: int) -> list[Episode]:
    """Return the runs that an individual needs: a new one at every reset, and at every steady state (SS 1)."""
    resets = sorted({*one.resets, *((d.time, d.place) for d in one.doses if d.steady == 1)}, key=lambda c: c[1])
    # what led to a steady state that is added (SS 2) lies before its record, where no observation may see it
    added = {(d.time, d.place) for d in one.doses if d.steady == 2}
    cuts = sorted({*resets, *added}, key=lambda c: c[1])
    places = [-1, *(place for _, place in cuts)]
    starts = [0.0, *(time for time, _ in cuts)]
    ends = [*places[1:], max([o.place for o in one.observations] + [d.place for d in one.doses]) + 1]
    episodes: list[Episode] = []
    done = 0
    for k, (place, end) in enumerate(zip(places, ends, strict=True)):
        last = done + sum(place <= o.place < end for o in one.observations)
        since = max([p for _, p in resets if p <= place], default=-1)
        doses = [d for d in one.doses if since <= d.place < end]
        if last > done:
            begin = min([starts[k]] + [o.time for o in one.observations[done:last]] + [d.time for d in doses])
            before = max([steady * d.ii for d in doses if d.steady], default=0.0)
            shift = before - begin if k or before or begin < 0 else 0.0
            courses = _courses(doses, one, shift, routes, steady)
            episodes.append(Episode(i, shift, since, end, done, last, courses))
        done = last
    return episodes


def _courses(
    doses: Sequence[DoseRecord], one: Individual, shift: float, routes: Mapping[str, int], steady: int
) -> tuple[Course, ...]:
    listed = []
    for d in doses:
        duration = d.amount / d.rate if d.rate > 0 else 0.0
        time = d.time + shift
        meeting = [o for o in one.observations if o.time == d.time]
        if any(o.place < d.place for o in meeting):
            time += AFTER * max(abs(time), 1e-3)
        first = time - (steady * d.ii if d.steady else 0.0)
        count = 1 + d.addl + (steady if d.steady else 0)
        listed.append(
            Course(routes[d.code], first, d.ii if count > 1 else 0.0, count, d.amount, duration, bool(meeting))
        )
    return tuple(_joined(listed))


def _joined(courses: list[Course]) -> list[Course]:
    """Return courses with runs of equal single doses at equal distances written as one."""
    joined: list[Course] = []
    for c in courses:
        last = joined[-1] if joined else None
        same = last is not None and c.count == 1 and (last.route, last.amount, last.duration) == (
            c.route, c.amount, c.duration,
        )  # fmt: skip
        if last is not None and same and not c.alone:
            gap = c.time - (last.time + last.every * (last.count - 1))
            if gap > 0 and (last.count == 1 or abs(gap - last.every) <= 1e-12 * max(c.time, 1.0)):
                joined[-1] = replace(last, every=last.every if last.count > 1 else gap, count=last.count + 1)
                continue
        joined.append(c)
    return joined


def _with_slots(model: Model, routes: Sequence[Route], boluses: Sequence[int], infusions: Sequence[int]) -> Model:
    parameters, events, switches, processes = [], [], [], []
    units = {s.name: s.unit for s in model.states}
    for k, route in enumerate(routes):
        factor = "" if route.factor == "1" else f"({route.factor})*"
        lag = "" if route.lag == "0" else f" + ({route.lag})"
        unit = unit_of(model, f"{route.state}/({route.factor})") if factor else units[route.state]
        for kind, count in (("bolus", boluses[k]), ("infusion", infusions[k])):
            for j in range(count):
                slot = {name: _slot(k, kind, j, name) for name in FIELDS}
                parameters += [Parameter(slot[name], 0.0, model.time_unit, source=SOURCE) for name in ("time", "every")]
                parameters += [Parameter(slot["count"], 0.0, "", source=SOURCE)]
                parameters += [Parameter(slot["amount"], 0.0, unit, source=SOURCE)]
                every, count_of = slot["every"], slot["count"]
                name, amount = slot["time"].partition(".")[0], f"{factor}{slot['amount']}"
                if kind == "bolus":
                    changes = {route.state: f"{route.state} + {amount}"}
                    events.append(Event(name, changes, at=f"{slot['time']}{lag}", every=every, count=count_of))
                    continue
                parameters += [Parameter(slot["duration"], 1.0, model.time_unit, source=SOURCE)]
                rate = f"dose_rate_{k + 1}"
                step = f"{amount}/{slot['duration']}"
                stop = f"{slot['time']} + {slot['duration']}{lag}"
                events.append(
                    Event(
                        f"{name}_start",
                        {rate: f"{rate} + {step}"},
                        at=f"{slot['time']}{lag}",
                        every=every,
                        count=count_of,
                    )
                )
                events.append(Event(f"{name}_stop", {rate: f"{rate} - {step}"}, at=stop, every=every, count=count_of))
        if infusions[k]:
            unit = f"{units[route.state] or '1'}/{model.time_unit}" if model.time_unit else units[route.state]
            switches.append(Switch(f"dose_rate_{k + 1}", 0.0, unit))
            processes.append(Process(f"dose_input_{k + 1}", f"-> {route.state}", f"dose_rate_{k + 1}"))
    return model.replace(
        parameters=(*model.parameters, *parameters),
        events=(*model.events, *events),
        switches=(*model.switches, *switches),
        processes=(*model.processes, *processes),
    )
