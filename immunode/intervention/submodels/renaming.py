"""New names for what a model declares: in its records, and inside its interventions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from immunode.errors import ModelError
from immunode.intervention.drugs.drug import Drug
from immunode.intervention.drugs.effects import DrugEffect
from immunode.intervention.intervention import Intervention
from immunode.intervention.operations import Operation
from immunode.intervention.rules import CONDITIONS, Rule
from immunode.intervention.schedule import Schedule
from immunode.language.expression import parse, parse_arrow
from immunode.language.tree import names, number_text, substitute, to_text
from immunode.model.declaration import Perturbation
from immunode.model.patients import Correlation, Observed, PatientClass, PatientCovariate, Threshold, Variability
from immunode.model.records import Compartment, Derived, Event, Parameter, Process, Requirement, State, Switch, Variant

Namer = Callable[[str], str]
"""Old name of a quantity -> new name."""


def _text(value: Any, new: Namer) -> Any:
    """Return an expression under new names; what holds no name stays as it was written."""
    if not isinstance(value, str) or not value:
        return value
    expression = parse(value)
    known = names(expression)
    if not known:
        return value
    return to_text(substitute(expression, {name: ("name", new(name)) for name in known}))


def _arrow(value: str, new: Namer) -> str:
    def side(terms: tuple[tuple[str, float], ...]) -> str:
        return " + ".join(new(name) if count == 1 else f"{number_text(count)} {new(name)}" for name, count in terms)

    taken, made = parse_arrow(value)
    return f"{side(taken)} -> {side(made)}".strip()


def _name(value: str, new: Namer) -> str:
    return new(value) if value else value


def _names(value: Any, new: Namer) -> Any:
    return tuple(new(name) for name in value)


def _keys(value: Any, new: Namer) -> Any:
    return tuple((new(key), kept) for key, kept in value)


def _columns(value: Any, new: Namer) -> Any:
    """Return values under new names, of parameters and of starts such as `E(0)`."""
    return tuple((f"{new(key[:-3])}(0)" if key.endswith("(0)") else new(key), kept) for key, kept in value)


def _starts(value: Any, new: Namer) -> Any:
    return tuple((new(key), _text(text, new)) for key, text in value)


def _operations(value: Any, new: Namer) -> Any:
    return tuple(renamed(one, new) for one in value)


def _record(value: Any, new: Namer) -> Any:
    return value if value is None else renamed(value, new)


_FIELDS: dict[type, dict[str, Callable[[Any, Namer], Any]]] = {
    Compartment: {"name": _name, "volume": _text},
    State: {"name": _name, "initial": _text, "compartment": _name, "history": _text},
    Parameter: {"name": _name},
    Switch: {"name": _name, "initial": _text},
    Process: {"name": _name, "arrow": _arrow, "rate": _text},
    Derived: {"name": _name, "expression": _text},
    Event: {
        "name": _name, "changes": _starts, "at": _text, "every": _text, "count": _text, "when": _text, "delay": _text,
        "priority": _text, "sizes": _starts,
    },
    Requirement: {"condition": _text},
    Variant: {"values": _keys, "initial": _starts},
    Variability: {"parameter": _name, "shares": _name},
    Correlation: {"first": _name, "second": _name},
    PatientClass: {"values": _columns},
    PatientCovariate: {"parameter": _name},
    Observed: {"quantity": _name},
    Threshold: {"condition": _text},
    Operation: {"target": _name},
    DrugEffect: {"target": _name},
    Rule: dict.fromkeys(CONDITIONS, _text),
    Schedule: {"rule": _record},
    Intervention: {"operations": _operations, "schedule": _record, "expects": _keys},
    Drug: {"effects": _operations, "rule": _record, "expects": _keys},
}  # fmt: skip
"""Kind of record -> its fields that hold names, and how each is written anew."""


def renamed(record: Any, new: Namer) -> Any:
    """Return a record of a model, or a part of an intervention, with new names of quantities in it.

    Raises
    ------
    ModelError : it is of a kind that nothing is known of.
    """
    known = _FIELDS.get(type(record))
    if known is None:
        raise ModelError(f"can't give new names to what a {type(record).__name__} acts on")
    return replace(record, **{field: write(getattr(record, field), new) for field, write in known.items()})


def renamed_intervention(one: Perturbation, new: Namer, word: Callable[[str], str]) -> Perturbation:
    """Return an intervention that acts on quantities under their new names. word : its own name -> its new name.

    Raises
    ------
    ModelError : it is of a class that nothing is known of.
    """
    if type(one) not in _FIELDS:
        raise ModelError(
            f"'{one.name}' is a {type(one).__name__}, and only an Intervention or a Drug can be given new names; "
            "take it out of the part, and apply one to the whole"
        )
    anew: Any = renamed(one.renamed(word(one.name)), new)
    return replace(anew, beside=word(one.beside)) if isinstance(anew, Intervention) and one.beside else anew


def prefixed(prefix: str, merged: Mapping[str, str], interventions: Collection[str]) -> Namer:
    """Return the namer of a part: `prefix.name`, or what stands in its place; a drug's `drug.C` is `prefix_drug.C`.

    merged : new name -> that which stands in its place. interventions : names of the part's.
    """

    def new(name: str) -> str:
        head, dot, rest = name.partition(".")
        own = f"{prefix}_{head}.{rest}" if dot and head in interventions else f"{prefix}.{name}"
        return merged.get(own, own)

    return new
