from .declaration import Contribution, Declaration, Perturbation
from .model import Model
from .records import (
    Compartment,
    Derived,
    Effect,
    Event,
    Parameter,
    Process,
    Requirement,
    State,
    Switch,
    Unit,
    Variant,
)
from .sources import parameter_table, sourced
from .transit_chains import Chain, transit_chain

__all__ = [
    "Chain",
    "Compartment",
    "Contribution",
    "Declaration",
    "Derived",
    "Effect",
    "Event",
    "Model",
    "Parameter",
    "Perturbation",
    "Process",
    "Requirement",
    "State",
    "Switch",
    "Unit",
    "Variant",
    "parameter_table",
    "sourced",
    "transit_chain",
]
