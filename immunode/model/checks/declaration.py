"""Whether a model holds together: types and numbers of its fields here, names and units in neighboring modules."""

from __future__ import annotations

import math
from dataclasses import fields
from functools import lru_cache
from numbers import Real
from typing import Any

from immunode.errors import ModelError, did_you_mean, quoted
from immunode.language.characters import problem
from immunode.model.checks.references import check_story
from immunode.model.checks.structure import check_structure
from immunode.model.checks.units import check_units
from immunode.model.declaration import Declaration, is_perturbation
from immunode.model.records import MOST_TIMES, Derived, Event, Parameter, State, one_of, pairs
from immunode.model.serial import record_named

RECORDS = {
    "states": "State",
    "parameters": "Parameter",
    "processes": "Process",
    "derived": "Derived",
    "events": "Event",
    "switches": "Switch",
    "compartments": "Compartment",
    "units": "Unit",
    "variants": "Variant",
    "variability": "Variability",
    "correlations": "Correlation",
    "classes": "PatientClass",
    "covariates": "PatientCovariate",
    "observed": "Observed",
    "thresholds": "Threshold",
    "trials": "Trial",
    "effects": "Effect",
    "requirements": "Requirement",
    "story": "Story",
}
"""Field of a model -> the record that it holds, by name: what a model does not have is not loaded."""
_OF_PATIENTS = ("variability", "correlations", "classes", "covariates", "observed", "thresholds")
_EVIDENCE = ("measured", "fitted", "published", "memory", "assumed", "derived")
_STATUS = ("published", "ours")
_LEVELS = ("patient", "study")
"""What one run of a model is."""
_STARTS = ("steady state", "initial values")


def validate(model: Declaration) -> None:
    """Check that a model holds together.

    Raises
    ------
    ModelError : a name is unknown, used twice or malformed; an arrow, a rate or a number is wrong; derived
        quantities depend on each other in a circle.
    UnitError : units don't fit.
    """
    _check_types(model)
    _check_numbers(model)
    # names, rates and units don't depend on numbers: a copy with other values is not read again
    _check_once(_Structure(model))
    if model.species == "human" or any(getattr(model, field) for field in _OF_PATIENTS):
        from immunode.model.checks.patients import check_patients

        check_patients(model)
    check_story(model)
    if model.trials:
        from immunode.model.checks.trials import check_trials

        check_trials(model)


class _Structure:
    """A model seen without its numbers and prose, equal to another that differs in these only."""

    __slots__ = ("key", "model")

    def __init__(self, model: Declaration) -> None:
        self.model = model
        self.key: tuple[Any, ...] = (
            (model.name, model.time_unit, model.clock, model.readouts, model.aliases, model.effects),
            tuple((s.name, s.unit, s.compartment, s.amount, _text(s.initial), s.history) for s in model.states),
            tuple((p.name, p.unit) for p in model.parameters),
            tuple((p.name, p.arrow, p.rate) for p in model.processes),
            tuple((d.name, d.expression, d.unit) for d in model.derived),
            tuple((e.name, e.changes, e.sizes, e.at, e.every, e.count, e.when) for e in model.events),
            tuple((e.delay, e.priority, e.from_trigger, e.persistent, e.initially) for e in model.events),
            tuple((s.name, s.unit, _text(s.initial)) for s in model.switches),
            tuple((c.name, c.unit, _text(c.volume)) for c in model.compartments),
            tuple((v.name, v.values, v.initial) for v in model.variants),
            tuple(r.condition for r in model.requirements),
            tuple(u.name for u in model.units),
            tuple((i.name, i.beside) for i in model.interventions),
        )

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Structure) and self.key == other.key


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=256)
def _check_once(structure: _Structure) -> None:
    check_structure(structure.model)
    check_units(structure.model)


def _check_types(model: Declaration) -> None:
    name: object = model.name
    if not isinstance(name, str) or not name.strip():
        raise ModelError(f"a model needs a name, but {name!r} was found")
    if problem(name, lines=False):
        raise ModelError(f"the name {quoted(name)} of a model can't be used: {problem(name, lines=False)}")
    for spec in fields(model):
        value = getattr(model, spec.name)
        who = f"{model.name}, {spec.name}"
        if spec.name in ("horizon", "max_step"):
            continue
        if spec.name == "story":
            if value is not None and not _holds(spec.name, value):
                raise ModelError(f"{who}: only a Story belongs here, but {type(value).__name__} was found")
            continue
        if isinstance(spec.default, str) or spec.name == "name":
            if not isinstance(value, str):
                raise ModelError(f"{who}: text is needed, but {type(value).__name__} was found")
            if problem(value):
                raise ModelError(f"{who}: {problem(value)}")
            continue
        if not isinstance(value, tuple):
            raise ModelError(f"{who}: a list is needed, but {type(value).__name__} was found")
        record = RECORDS.get(spec.name)
        for item in value:
            if record is not None and not _holds(spec.name, item):
                raise ModelError(f"{who}: only {record} belongs here, but {type(item).__name__} was found")
            if record is not None:
                _check_texts(model, spec.name, item)
            elif spec.name == "interventions" and not is_perturbation(item):
                raise ModelError(f"{who}: {type(item).__name__} is no intervention")
            elif spec.name in ("readouts", "applied", "remarks"):
                if not isinstance(item, str):
                    raise ModelError(f"{who}: only names belong here, but {type(item).__name__} was found")
                if problem(item):
                    raise ModelError(f"{who}: {problem(item)}")
    one_of(f"{model.name}: level", model.level, _LEVELS)
    if model.status and model.status not in _STATUS:
        raise ModelError(f"{model.name}: status '{model.status}'{did_you_mean(model.status, _STATUS)}")
    starts = {model.name: model.start} | {f"{model.name}, variant '{v.name}'": v.start for v in model.variants}
    for who, start in starts.items():
        if start and start not in _STARTS:
            raise ModelError(f"{who}: start='{start}'{did_you_mean(start, _STARTS)}")


def _holds(field: str, item: object) -> bool:
    """Return whether an item is of the record that a field holds."""
    record = record_named(RECORDS[field])
    return record is not None and isinstance(item, record)


@lru_cache(maxsize=64)
def _text_fields(record: type) -> tuple[str, ...]:
    return tuple(spec.name for spec in fields(record) if str(spec.type) == "str")


def _check_texts(model: Declaration, group: str, record: Any) -> None:
    for name in _text_fields(record.__class__):
        value = getattr(record, name)
        if not isinstance(value, str):
            label = getattr(record, "name", "")
            found = f"{type(value).__name__} was found"
            raise ModelError(f"{model.name}, {group} '{label}': {name}= is text, but {found}: {value!r:.40}")


def _check_numbers(model: Declaration) -> None:
    name = model.name
    if model.axis and (model.time_unit or model.clock):
        raise ModelError(f"{name}: axis={model.axis!r} is for a model without time; leave out time_unit= and clock=")
    horizons = {name: model.horizon}
    horizons |= {f"{name}, variant '{v.name}'": v.horizon for v in model.variants if v.horizon is not None}
    for who, given in horizons.items():
        horizon = finite_number(f"{who}, horizon", given)
        if horizon <= 0:
            raise ModelError(f"{who}: the horizon is {horizon:g}, but it must be above 0")
    if finite_number(f"{name}, max_step", model.max_step) < 0:
        raise ModelError(f"{name}: max_step is {model.max_step:g}, but it can't be below 0; 0 leaves it to the solver")
    for parameter in model.parameters:
        _check_parameter(f"{name}, parameter '{parameter.name}'", parameter)
    for state in model.states:
        who = f"{name}, state '{state.name}'"
        number_or_text(f"{who}, initial value", state.initial)
        if finite_number(f"{who}, typical size", state.typical) < 0:
            raise ModelError(f"{who}: the typical size is {state.typical:g}, but it can't be below 0")
        if finite_number(f"{who}, extinct_below", state.extinct_below) < 0:
            raise ModelError(f"{who}: extinct_below is {state.extinct_below:g}, but it can't be below 0")
    read_outs: list[State | Derived] = [*model.states, *model.derived]
    for one in read_outs:
        _check_limits(f"{name}, '{one.name}', limits", one.limits)
    for switch in model.switches:
        number_or_text(f"{name}, switch '{switch.name}', initial value", switch.initial)
    for compartment in model.compartments:
        who = f"{name}, compartment '{compartment.name}', volume"
        volume = number_or_text(who, compartment.volume)
        if volume is not None and volume <= 0:
            raise ModelError(f"{who}: it is {volume:g}, but it must be above 0")
    for event in model.events:
        _check_event(f"{name}, event '{event.name}'", event)
    for variant in model.variants:
        for key, value in pairs(variant.values):
            finite_number(f"{name}, variant '{variant.name}', value of '{key}'", value)
        for key, initial in pairs(variant.initial):
            number_or_text(f"{name}, variant '{variant.name}', initial value of '{key}'", initial)


def _check_parameter(who: str, parameter: Parameter) -> None:
    value = finite_number(f"{who}, value", parameter.value)
    if parameter.evidence and parameter.evidence not in _EVIDENCE:
        raise ModelError(f"{who}: evidence '{parameter.evidence}'{did_you_mean(parameter.evidence, _EVIDENCE)}")
    if parameter.bounds is None:
        return
    bounds: object = parameter.bounds
    if not isinstance(bounds, tuple) or len(bounds) != 2:
        raise ModelError(f"{who}: bounds are a pair (low, high), but {bounds!r:.60} was found")
    low, high = (finite_number(f"{who}, bounds", bound) for bound in bounds)
    if low > high:
        raise ModelError(f"{who}: the bounds ({low:g}, {high:g}) are the wrong way round")
    if not low <= value <= high:
        raise ModelError(f"{who}: its value {value:g} is outside its bounds ({low:g}, {high:g})")


def _check_limits(who: str, limits: object) -> None:
    if limits is None:
        return
    if not isinstance(limits, tuple) or len(limits) != 2:
        raise ModelError(f"{who}: a pair (low, high) is needed, but {limits!r:.60} was found")
    low, high = (finite_number(who, limit) for limit in limits)
    if low >= high:
        raise ModelError(f"{who}: ({low:g}, {high:g}) are the wrong way round")


def _check_event(who: str, event: Event) -> None:
    for label, value in (("at", event.at), ("every", event.every), ("count", event.count), ("delay", event.delay)):
        number = None if value is None else number_or_text(f"{who}, {label}", value)
        if number is not None and label == "every" and number <= 0:
            raise ModelError(f"{who}: every={number:g}, but it must be above 0")
        if number is not None and label == "delay" and number < 0:
            raise ModelError(f"{who}: delay={number:g}, but it can't be below 0")
        if number is not None and label == "count" and not (1 <= number <= MOST_TIMES and number == int(number)):
            raise ModelError(f"{who}: count={number:g}, but it must be a whole number from 1 to {MOST_TIMES:,}")
    for label in ("persistent", "initially", "from_trigger"):
        if not isinstance(getattr(event, label), bool):
            raise ModelError(f"{who}: {label}= is True or False, but {getattr(event, label)!r:.40} was found")


def number_or_text(who: str, value: object) -> float | None:
    """Return a finite number, or None for a text; ModelError for anything else. who : for the message."""
    return None if isinstance(value, str) else finite_number(who, value)


def finite_number(who: str, value: object) -> float:
    """Return a finite number as a float; ModelError for anything else. who : for the message."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ModelError(f"{who}: a number is needed, but {type(value).__name__} was found: {value!r:.60}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ModelError(f"{who}: {number} is not a finite number")
    return number
