"""Models as values: the declaration's records, and what can be read from them."""

from __future__ import annotations

from immunode.language.expression import parse, parse_arrow
from immunode.model import serial  # noqa: F401  # from then on the records refuse texts that can't be shown
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
from immunode.model.sources import parameter_table, sourced
from immunode.model.transit_chains import Chain, transit_chain

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
    "parameter_table",
    "sourced",
    "transit_chain",
    "parse",
    "parse_arrow",
]
