"""Copies of a model with other values, and the search for one of its records by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from immunode.errors import ModelError, did_you_mean
from immunode.language.expression import names, parse
from immunode.language.tree import replace_part, to_text
from immunode.model.checks.declaration import finite_number, number_or_text
from immunode.model.declaration import Declaration
from immunode.model.records import Parameter

M = TypeVar("M", bound=Declaration)
R = TypeVar("R")


def find(model: Declaration, kind: str, records: Iterable[R], name: str) -> R:
    """Return the record called `name` among `records`.

    kind : what the records are, for the message: "intervention", "variant", "state", ...

    Raises
    ------
    ModelError : none has that name; the message gives the nearest names.
    """
    known = {str(getattr(record, "name", "")): record for record in records}
    if name in known:
        return known[name]
    meanings = {key: str(getattr(record, "meaning", "")) for key, record in known.items()}
    hint = did_you_mean(str(name), meanings) or f"; the model has no {kind}s" * (not known)
    raise ModelError(f"{model.name}: unknown {kind} '{name}'{hint}")


def with_values(model: M, values: Mapping[str, float], *, declared: bool = False) -> M:
    """Return a copy of `model` with other parameter values; bounds widen where a new value lies outside.

    declared : whether the model itself declares these values, as those of a variant; else the copy remembers bounds
        that widened, and results tell of them.

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
        finite_number(f"{model.name}, value of '{name}'", value)
    parameters = tuple(_revalued(p, values[p.name]) if p.name in values else p for p in model.parameters)
    kept = {name: (low, high) for name, low, high in model.file_bounds}
    for p in () if declared else model.parameters:
        if p.bounds is not None and p.name in values and not p.bounds[0] <= values[p.name] <= p.bounds[1]:
            kept.setdefault(p.name, p.bounds)
    file_bounds = tuple((name, low, high) for name, (low, high) in kept.items())
    return noted(model, replace(model, parameters=parameters, file_bounds=file_bounds))


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
        number_or_text(f"{model.name}, initial value of '{name}'", value)
    before = model
    own = initial_parameters(model)
    for name in own.keys() & values.keys():
        model = _begun(model, name, own[name], values[name])
    left = {name: value for name, value in values.items() if name not in own}
    states = tuple(replace(s, initial=left[s.name]) if s.name in left else s for s in model.states)
    return noted(before, replace(model, states=states))


def initial_parameters(model: Declaration) -> dict[str, str]:
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
    ModelError : there is no such variant; the message gives the nearest names.
    """
    variant = find(model, "variant", model.variants, name)
    copy = with_initial(with_values(model, dict(variant.values), declared=True), dict(variant.initial))
    names = dict.fromkeys([*filter(None, model.variant_name.split(" + ")), name])
    horizon = copy.horizon if variant.horizon is None else variant.horizon
    return replace(copy, start=variant.start or copy.start, horizon=horizon, variant_name=" + ".join(names))


def noted(before: M, copy: M) -> M:
    """Return a copy just made, which knows what the model it comes from declared for values that differ now."""
    if copy.parameters is before.parameters and copy.states is before.states:
        return copy
    declared, now = before.values | dict(before.file_values), copy.values
    differ = tuple((name, value) for name, value in declared.items() if name in now and now[name] != value)
    # nobody has seen it yet, and this alone needs no further check
    object.__setattr__(copy, "file_values", differ)
    return copy
