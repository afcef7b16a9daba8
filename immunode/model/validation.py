"""Whether a model holds together, the search for a record by its name, and copies with other values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import lru_cache
from numbers import Real
from typing import Any, TypeVar

from immunode.characters import problem
from immunode.errors import ModelError, did_you_mean, quoted
from immunode.language.expression import names, parse
from immunode.language.tree import replace_part, to_text
from immunode.model.declaration import (
    Compartment,
    Derived,
    Effect,
    Event,
    Model,
    Parameter,
    Process,
    Requirement,
    State,
    Switch,
    Unit,
    Variant,
    pairs,
)
from immunode.model.structure import check_structure
from immunode.model.units import check_units

MOST_TIMES = 2**53
"""How often an event may happen: whole numbers up to this are exact as floats, in which engines count."""

M = TypeVar("M", bound=Model)
R = TypeVar("R")

_RECORDS: dict[str, type] = {
    "states": State,
    "parameters": Parameter,
    "processes": Process,
    "derived": Derived,
    "events": Event,
    "switches": Switch,
    "compartments": Compartment,
    "units": Unit,
    "variants": Variant,
    "effects": Effect,
    "requirements": Requirement,
}
_EVIDENCE = ("measured", "fitted", "published", "memory", "assumed", "derived")
_STATUS = ("published", "ours")
_STARTS = ("steady state", "initial values")


def validate(model: Model) -> None:
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


class _Structure:
    """A model seen without its numbers and prose, equal to another that differs in these only."""

    __slots__ = ("key", "model")

    def __init__(self, model: Model) -> None:
        self.model = model
        self.key: tuple[Any, ...] = (
            (model.name, model.time_unit, model.clock, model.readouts, model.aliases, model.effects),
            tuple((s.name, s.unit, s.compartment, s.amount, _text(s.initial)) for s in model.states),
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
            tuple((i.name, getattr(i, "beside", "")) for i in model.interventions),
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


def _check_types(model: Model) -> None:
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
        if isinstance(spec.default, str) or spec.name == "name":
            if not isinstance(value, str):
                raise ModelError(f"{who}: text is needed, but {type(value).__name__} was found")
            if problem(value):
                raise ModelError(f"{who}: {problem(value)}")
            continue
        if not isinstance(value, tuple):
            raise ModelError(f"{who}: a list is needed, but {type(value).__name__} was found")
        record = _RECORDS.get(spec.name)
        for item in value:
            if record is not None and not isinstance(item, record):
                raise ModelError(f"{who}: only {record.__name__} belongs here, but {type(item).__name__} was found")
            if record is not None:
                _check_texts(model, spec.name, item)
            elif spec.name == "interventions" and not isinstance(getattr(item, "name", None), str):
                raise ModelError(f"{who}: {type(item).__name__} is no intervention")
            elif spec.name in ("readouts", "applied", "remarks"):
                if not isinstance(item, str):
                    raise ModelError(f"{who}: only names belong here, but {type(item).__name__} was found")
                if problem(item):
                    raise ModelError(f"{who}: {problem(item)}")
    if model.status and model.status not in _STATUS:
        raise ModelError(f"{model.name}: status '{model.status}'{did_you_mean(model.status, _STATUS)}")
    starts = {model.name: model.start} | {f"{model.name}, variant '{v.name}'": v.start for v in model.variants}
    for who, start in starts.items():
        if start and start not in _STARTS:
            raise ModelError(f"{who}: start='{start}'{did_you_mean(start, _STARTS)}")


_TEXTS = {record: tuple(f.name for f in fields(record) if str(f.type) == "str") for record in _RECORDS.values()}


def _check_texts(model: Model, group: str, record: Any) -> None:
    for name in _TEXTS[type(record)]:
        value = getattr(record, name)
        if not isinstance(value, str):
            label = getattr(record, "name", "")
            found = f"{type(value).__name__} was found"
            raise ModelError(f"{model.name}, {group} '{label}': {name}= is text, but {found}: {value!r:.40}")


def _check_numbers(model: Model) -> None:
    name = model.name
    horizon = _finite(f"{name}, horizon", model.horizon)
    if horizon <= 0:
        raise ModelError(f"{name}: the horizon is {horizon:g}, but it must be above 0")
    if _finite(f"{name}, max_step", model.max_step) < 0:
        raise ModelError(f"{name}: max_step is {model.max_step:g}, but it can't be below 0; 0 leaves it to the solver")
    for parameter in model.parameters:
        _check_parameter(f"{name}, parameter '{parameter.name}'", parameter)
    for state in model.states:
        who = f"{name}, state '{state.name}'"
        _number_or_text(f"{who}, initial value", state.initial)
        if _finite(f"{who}, typical size", state.typical) < 0:
            raise ModelError(f"{who}: the typical size is {state.typical:g}, but it can't be below 0")
        if _finite(f"{who}, extinct_below", state.extinct_below) < 0:
            raise ModelError(f"{who}: extinct_below is {state.extinct_below:g}, but it can't be below 0")
    for switch in model.switches:
        _number_or_text(f"{name}, switch '{switch.name}', initial value", switch.initial)
    for compartment in model.compartments:
        who = f"{name}, compartment '{compartment.name}', volume"
        volume = _number_or_text(who, compartment.volume)
        if volume is not None and volume <= 0:
            raise ModelError(f"{who}: it is {volume:g}, but it must be above 0")
    for event in model.events:
        _check_event(f"{name}, event '{event.name}'", event)
    for variant in model.variants:
        for key, value in pairs(variant.values):
            _finite(f"{name}, variant '{variant.name}', value of '{key}'", value)
        for key, initial in pairs(variant.initial):
            _number_or_text(f"{name}, variant '{variant.name}', initial value of '{key}'", initial)


def _check_parameter(who: str, parameter: Parameter) -> None:
    value = _finite(f"{who}, value", parameter.value)
    if parameter.evidence and parameter.evidence not in _EVIDENCE:
        raise ModelError(f"{who}: evidence '{parameter.evidence}'{did_you_mean(parameter.evidence, _EVIDENCE)}")
    if parameter.bounds is None:
        return
    bounds: object = parameter.bounds
    if not isinstance(bounds, tuple) or len(bounds) != 2:
        raise ModelError(f"{who}: bounds are a pair (low, high), but {bounds!r:.60} was found")
    low, high = (_finite(f"{who}, bounds", bound) for bound in bounds)
    if low > high:
        raise ModelError(f"{who}: the bounds ({low:g}, {high:g}) are the wrong way round")
    if not low <= value <= high:
        raise ModelError(f"{who}: its value {value:g} is outside its bounds ({low:g}, {high:g})")


def _check_event(who: str, event: Event) -> None:
    for label, value in (("at", event.at), ("every", event.every), ("count", event.count), ("delay", event.delay)):
        number = None if value is None else _number_or_text(f"{who}, {label}", value)
        if number is not None and label == "every" and number <= 0:
            raise ModelError(f"{who}: every={number:g}, but it must be above 0")
        if number is not None and label == "delay" and number < 0:
            raise ModelError(f"{who}: delay={number:g}, but it can't be below 0")
        if number is not None and label == "count" and not (1 <= number <= MOST_TIMES and number == int(number)):
            raise ModelError(f"{who}: count={number:g}, but it must be a whole number from 1 to {MOST_TIMES:,}")
    for label in ("persistent", "initially", "from_trigger"):
        if not isinstance(getattr(event, label), bool):
            raise ModelError(f"{who}: {label}= is True or False, but {getattr(event, label)!r:.40} was found")


def _number_or_text(who: str, value: object) -> float | None:
    return None if isinstance(value, str) else _finite(who, value)


def _finite(who: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ModelError(f"{who}: a number is needed, but {type(value).__name__} was found: {value!r:.60}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ModelError(f"{who}: {number} is not a finite number")
    return number


def find(model: Model, kind: str, records: Iterable[R], name: str) -> R:
    """Return the record called `name` among `records`.

    kind : what the records are, for the message: "intervention", "variant", "state", ...

    Raises
    ------
    ModelError : none has that name; the nearest names are told.
    """
    known = {str(getattr(record, "name", "")): record for record in records}
    if name in known:
        return known[name]
    meanings = {key: str(getattr(record, "meaning", "")) for key, record in known.items()}
    hint = did_you_mean(str(name), meanings) or f"; the model has no {kind}s" * (not known)
    raise ModelError(f"{model.name}: unknown {kind} '{name}'{hint}")


def with_values(model: M, values: Mapping[str, float]) -> M:
    """Return a copy of `model` with other parameter values; bounds widen where a new value lies outside.

    Raises
    ------
    ModelError : a parameter is unknown, or a value is not a finite number.
    """
    known = {p.name: p.meaning for p in model.parameters}
    states = {s.name for s in model.states}
    for name, value in values.items():
        if name not in known:
            hint = f"; {name} is a state: use with_initial" if name in states else did_you_mean(str(name), known)
            raise ModelError(f"{model.name}: unknown parameter '{name}'{hint}")
        _finite(f"{model.name}, value of '{name}'", value)
    parameters = tuple(_revalued(p, values[p.name]) if p.name in values else p for p in model.parameters)
    return noted(model, replace(model, parameters=parameters))


def _revalued(parameter: Parameter, value: float) -> Parameter:
    bounds = parameter.bounds
    if bounds is not None:
        bounds = (min(bounds[0], value), max(bounds[1], value))
    return replace(parameter, value=value, bounds=bounds)


def with_initial(model: M, values: Mapping[str, float | str]) -> M:
    """Return a copy of `model` with other initial values; a text is an expression of parameters.

    Raises
    ------
    ModelError : a state is unknown, or a value is neither a finite number nor an expression of parameters.
    """
    known = {s.name: s.meaning for s in model.states}
    parameters = {p.name for p in model.parameters}
    for name, value in values.items():
        if name not in known:
            hint = f"; {name} is a parameter: use with_values" if name in parameters else did_you_mean(str(name), known)
            raise ModelError(f"{model.name}: unknown state '{name}'{hint}")
        _number_or_text(f"{model.name}, initial value of '{name}'", value)
    before = model
    own = initial_parameters(model)
    for name in own.keys() & values.keys():
        model = _begun(model, name, own[name], values[name])
    left = {name: value for name, value in values.items() if name not in own}
    states = tuple(replace(s, initial=left[s.name]) if s.name in left else s for s in model.states)
    return noted(before, replace(model, states=states))


def initial_parameters(model: Model) -> dict[str, str]:
    """Return the parameter `x.initial` of each state x that begins with that, or with a sum that ends in it.

    Other initial values may rest on it, so whoever sets the initial value of such a state sets its parameter.
    """
    known = {p.name for p in model.parameters}
    own = {s.name: f"{s.name}.initial" for s in model.states if f"{s.name}.initial" in known}
    texts = {s.name: s.initial for s in model.states if s.name in own and isinstance(s.initial, str)}
    trees = {name: parse(text) for name, text in texts.items()}
    return {
        name: own[name] for name, tree in trees.items()
        if tree == ("name", own[name]) or (tree[0] == "add" and tree[2] == ("name", own[name]))
    }  # fmt: skip


def _begun(model: M, state: str, own: str, value: float | str) -> M:
    """Return a model in which a state with a parameter of its own, and what rests on it, begins with `value`."""
    old = next(str(s.initial) for s in model.states if s.name == state)
    if old == own and not isinstance(value, str):
        return with_values(model, {own: float(value)})
    before, now = parse(old), parse(str(value))
    if own not in names(now):
        now, model = ("add", now, ("name", own)), with_values(model, {own: 0.0})

    def put(text: float | str) -> float | str:
        if not isinstance(text, str) or own not in names(parse(text)):
            return text
        return to_text(replace_part(parse(text), before, now))

    return replace(
        model,
        states=tuple(replace(s, initial=put(s.initial)) for s in model.states),
        switches=tuple(replace(s, initial=put(s.initial)) for s in model.switches),
        derived=tuple(replace(d, expression=str(put(d.expression))) for d in model.derived),
        compartments=tuple(replace(c, volume=put(c.volume)) for c in model.compartments),
    )


def with_variant(model: M, name: str) -> M:
    """Return `model` with the values of its variant `name`.

    Raises
    ------
    ModelError : there is no such variant; the nearest names are told.
    """
    variant = find(model, "variant", model.variants, name)
    made = with_initial(with_values(model, dict(variant.values)), dict(variant.initial))
    names = dict.fromkeys([*filter(None, model.variant_name.split(" + ")), name])
    return replace(made, start=variant.start or made.start, variant_name=" + ".join(names))


def values_of(model: Model) -> dict[str, float | str]:
    """Return parameters and initial values (`"E(0)"`) by name."""
    return {p.name: p.value for p in model.parameters} | {f"{s.name}(0)": s.initial for s in model.states}


def noted(before: M, made: M) -> M:
    """Return a copy just made, which knows what the model it comes from declared for values that differ now."""
    if made.parameters is before.parameters and made.states is before.states:
        return made
    declared, now = values_of(before) | dict(before.file_values), values_of(made)
    differ = tuple((name, value) for name, value in declared.items() if name in now and now[name] != value)
    # nobody has seen it yet, and this alone needs no further check
    object.__setattr__(made, "file_values", differ)
    return made
