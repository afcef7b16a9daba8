"""Models as values: the declaration's records, and what can be read from them."""

from __future__ import annotations

from immunode.model.chains import Chain, transit_chain
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
    "Chain",
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
    "transit_chain",
    "parse",
    "parse_arrow",
]
