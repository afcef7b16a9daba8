"""Models as values: the declaration's records, and what can be read from them."""

from __future__ import annotations

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
)
from immunode.model.expression import parse, parse_arrow

__all__ = [
    "Compartment",
    "Derived",
    "Effect",
    "Event",
    "Model",
    "Parameter",
    "Process",
    "Requirement",
    "State",
    "Switch",
    "Unit",
    "Variant",
    "parse",
    "parse_arrow",
]
