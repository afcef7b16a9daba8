"""Experiments of a PEtab problem as arms: each makes of the problem's model the one that runs it from start to end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from immunode.errors import StudyError, UnitError
from immunode.exchange.petab.formulas import parse_formula
from immunode.exchange.petab.records import Period
from immunode.exchange.petab.source import Source, without_units
from immunode.exchange.sbml.reading.reader import read_elements
from immunode.language.expression import parse
from immunode.language.tree import Expression, fold, names, to_text, uses_time
from immunode.model import Derived, Event, Model
from immunode.model.records import pairs
from immunode.study.simulations import simulate

AT_REST = "steady state"


_SAME = {
    "states": ("name", "initial", "compartment", "amount"),
    "processes": ("name", "arrow", "rate"),
    "events": ("name", "changes", "at", "when", "delay"),
    "switches": ("name", "initial"),
}
"""What a model must have in common with that of the problem for its experiments to act on it."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Experiment:
    """One experiment of a PEtab problem, an entry of an arm: `simulate(problem.model, arms=problem.arms)`.

    origin : the problem's model without observables.   course : the model that runs the experiment, or None where
        other parameter values are all.   values : parameter -> value in it.   begins : PEtab's time at the model's 0.
    rests : whether it begins at rest under its first condition.   words : what it does, for people.
    """

    name: str
    origin: Model
    course: Model | None
    values: Mapping[str, float]
    begins: float = 0.0
    rests: bool = False
    words: str = ""

    strength = 1.0

    def at(self, strength: float) -> Experiment:
        """Return the experiment itself; it has no strength but 1.

        Raises
        ------
        StudyError : another strength is asked for.
        """
        if strength != 1.0:
            raise StudyError(f"the experiment '{self.name}' of a PEtab problem has no strength {strength:g}")
        return self

    def __repr__(self) -> str:
        return f"experiment '{self.name}'{f': {self.words}' if self.words else ''}"

    def compose(self, model: Model) -> Model:
        """Return the model that runs this experiment with the parameter values of `model`.

        model : the problem's, perhaps with other values, further parameters and further derived quantities.

        Raises
        ------
        StudyError : it is another model.
        """
        origin = self.origin
        for part, fields in _SAME.items():
            mine, its = ([tuple(getattr(r, f) for f in fields) for r in getattr(m, part)] for m in (origin, model))
            if mine != its:
                raise StudyError(
                    f"{model.name}: the experiment '{self.name}' belongs to the model of its PEtab problem, "
                    f"and this one has other {part}; change parameter values only"
                )
        if self.course is None:
            return model.with_values(self.values) if self.values else model
        known = {p.name for p in self.course.parameters}
        taken = known | _quantities(self.course)
        own = {d.name for d in origin.derived}
        derived = [self._moved(d) for d in model.derived if d.name not in own and d.name not in taken]
        parameters = [p for p in model.parameters if p.name not in taken]
        values = {p.name: float(p.value) for p in model.parameters if p.name in known} | dict(self.values)
        course = self.course.replace(parameters=(*self.course.parameters, *parameters)).with_values(values)
        if course.time_unit and not model.time_unit:
            course = without_units(course)
        try:
            return course.replace(derived=(*course.derived, *derived))
        except UnitError:
            plain = without_units(course)
            return plain.replace(derived=(*plain.derived, *(without_unit(d) for d in derived)))

    def _moved(self, derived: Derived) -> Derived:
        """Return a derived quantity of the files' time as one of the arm's."""
        expression = parse(derived.expression)
        if not (self.begins and uses_time(expression)):
            return derived
        return replace(derived, expression=to_text(shifted(expression, self.begins)))


def without_unit(record: Any) -> Any:
    """Return a record without its unit."""
    return replace(record, unit="")


def _quantities(model: Model) -> set[str]:
    groups = ("states", "derived", "switches", "compartments")
    return {record.name for group in groups for record in getattr(model, group)}


Changes = dict[str, str]
"""Id of an element -> the text of its new value."""


class Planner:
    """Makes the experiments of one problem; those of one build share one model.

    horizon : of the models made, their time unit.   remarks : what was read in another way than it was written.
    """

    def __init__(self, source: Source, horizon: float) -> None:
        self.source, self.horizon = source, horizon
        self.built: dict[Any, tuple[Model, float]] = {}
        self.remarks: dict[str, None] = {}

    def experiment(self, name: str, periods: tuple[Period, ...]) -> Experiment:
        """Return an experiment of its periods."""
        who = f"experiment '{name}'"
        rests = bool(periods) and periods[0].time == -math.inf
        begins = next((p.time for p in periods if p.time > -math.inf), 0.0)
        steps = self._steps(periods, who)
        later = {target for _, changes in steps[1:] for target in changes}
        values: dict[str, float] = {}
        courses: list[tuple[float, Changes]] = []
        plain = not (rests or begins or later)
        for i, (time, changes) in enumerate(steps):
            texts: Changes = {}
            for target, text in changes.items():
                number = number_of(text)
                if number is not None and not i and self.source.is_plain(target) and target not in later:
                    values[self.source.names[target]] = number
                    continue
                plain, texts[target] = False, text
                if number is not None:
                    texts[target] = self.source.free_id(f"{target}_at_{i}")
                    values[texts[target]] = number
            courses.append((time, texts))
        words = "; ".join(f"{t:g}: {', '.join(f'{k} = {v}' for k, v in c.items())}" for t, c in steps if c)
        if plain:
            return Experiment(name, self.source.base, None, values, words=words)
        key = (begins, rests, tuple((time, tuple(changes.items())) for time, changes in courses))
        if key not in self.built:
            self.built[key] = _Course(self, courses, begins, rests, who).built()
        course, lead = self.built[key]
        return Experiment(name, self.source.base, course, values, begins - lead, rests and not lead, words)

    def _steps(self, periods: tuple[Period, ...], who: str) -> list[tuple[float, Changes]]:
        """Return what is set when, without what stays as it was."""
        source, tables = self.source, self.source.tables
        steps: list[tuple[float, Changes]] = []
        held: Changes = {}
        for period in periods or (Period(0.0, ()),):
            changes: Changes = {}
            for condition in period.conditions:
                for given, text in tables.conditions[condition].items():
                    target = source.find(given, f"condition '{condition}'")
                    source.check_target(target, f"condition '{condition}'")
                    if target in changes:
                        raise source.error(f"{who}, time {period.time:g}", f"'{given}' is set twice")
                    changes[target] = text
            if tables.version == 1 and steps:
                # what only the condition before sets has the model's own value again; states stay as they are
                gone = [t for t in steps[0][1] if t not in changes and source.is_constant(t)]
                changes |= {target: repr(source.value(target, who)) for target in gone}
            kept = {
                target: text
                for target, text in changes.items()
                if not (held.get(target) == text and source.is_constant(target) and self._is_fixed(text))
            }
            held |= changes
            steps.append((period.time, kept))
        return steps

    def _is_fixed(self, text: str) -> bool:
        """Return whether a text means the same whenever it is evaluated: a number or one parameter of the table."""
        return number_of(text) is not None or text in self.source.tables.parameters


class _Course:
    """One model in the making that runs an experiment.

    steps : time and changes of each period; a number stands in a knob, a parameter of its own.
    """

    def __init__(self, planner: Planner, steps: list[tuple[float, Changes]], begins: float, rests: bool, who: str):
        source = self.source = planner.source
        self.planner, self.steps, self.begins, self.rests = planner, steps, begins, rests
        self.who = f"{source.tables.path}, {who}"
        texts = [text for step in steps for text in step[1].values()]
        knobs = dict.fromkeys(text for text in texts if text in source.knobs)
        self.reading = source.reading(begins, knobs)
        self.names = source.names | {knob: self.reading.names[knob] for knob in knobs}

    def value(self, target: str, text: str) -> Expression:
        """Return what a condition sets a target to."""
        return parse_formula(text, self.names, f"{self.who}, '{target}'")

    def built(self) -> tuple[Model, float]:
        """Return the model, and how long it comes to rest in before the experiment begins."""
        reading, first = self.reading, self.steps[0][1]
        for target, text in first.items():
            value = self.value(target, text)
            circle = sorted(names(value) & {self.names[t] for t in first})
            if circle:
                raise StudyError(f"{self.who}: the first condition sets '{target}' by '{circle[0]}', which it sets too")
            reading.initials[target] = shifted(value, self.begins)
        later = [(time, changes) for time, changes in self.steps[1:] if changes]
        for _, changes in later:
            reading.by_event |= dict.fromkeys(changes)
        read_elements(reading)
        events = len(reading.events)
        for i, (time, changes) in enumerate(later):
            event = Event(
                reading.fresh(f"period_{i + 1}"),
                {name: to_text(value) for name, value in self.assignments(changes).items()},
                at=time - self.begins,
                meaning=f"period from {time:g}",
            )
            reading.events.insert(i, event)
        model = self.source.built(reading).replace(horizon=self.planner.horizon)
        if not self.rests:
            return model, 0.0
        if not events:
            return model.replace(start=AT_REST), 0.0
        return self._led_in(model, len(later))

    def _led_in(self, model: Model, periods: int) -> tuple[Model, float]:
        """Return a model that comes to rest before its first period, events and all, and how long that takes."""
        texts = [p.rate for p in model.processes] + [d.expression for d in model.derived]
        texts += [e.when for e in model.events if e.when] + [text for e in model.events for _, text in pairs(e.changes)]
        if any(uses_time(parse(text)) for text in texts):
            raise StudyError(f"{self.who}: a model with events and with time in it can't come to rest before the start")
        own = model.replace(events=model.events[periods:])
        for lead in (model.horizon * 10.0**k for k in range(1, 7)):
            run = simulate(own, times=[lead / 2, lead], rtol=1e-8)
            ends = {s.name: run[s.name] for s in model.states}
            if all(abs(y[1] - y[0]) <= 1e-6 * max(abs(y[0]), abs(y[1]), 1e-9) for y in ends.values()):
                break
        else:
            raise StudyError(f"{self.who}: the model does not come to rest before the start")
        # ten times as long, so that other values have time enough
        lead *= 10
        self.planner.remarks[f"{self.who}: its rest with events is what it reaches in {lead:g} before the start"] = None
        moved = [e if i >= periods else replace(e, at=float(e.at or 0.0) + lead) for i, e in enumerate(model.events)]
        return model.replace(events=tuple(moved), horizon=lead + model.horizon), lead

    def assignments(self, changes: Changes) -> dict[str, Expression]:
        """Return new values by record; concentrations stay when only their compartment changes.

        Source: PEtab specification 2.0, Detailed semantics; cases 0016 and 0022 of its test suite.
        """
        reading, source = self.reading, self.source
        made: dict[str, Expression] = {}
        values = {target: shifted(self.value(target, text), self.begins) for target, text in changes.items()}
        todo = dict(values)
        for target in filter(source.is_compartment, values):
            for species in source.species_in(target):
                if reading.names[species] in reading.changes:
                    todo.setdefault(species, ("name", reading.names[species]))
        for target, value in todo.items():
            name = reading.names[target]
            if name in reading.changes:
                whole, size = reading.changes[name]
                made[whole] = ("mul", value, values.get(source.home(target), size))
            else:
                made[name] = value
        return made


def shifted(expression: Expression, begins: float) -> Expression:
    """Return an expression of PEtab's time as one of the model's."""
    if not begins:
        return expression
    moved: Expression = ("add", ("time",), ("number", begins) if begins > 0 else ("neg", ("number", -begins)))

    def join(node: Expression, parts: list[Expression]) -> Expression:
        return (*node[: len(node) - len(parts)], *parts)

    made: Expression = fold(expression, lambda node: moved if node[0] == "time" else node, join)
    return made


def number_of(text: str) -> float | None:
    """Return the finite number that a text is, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
