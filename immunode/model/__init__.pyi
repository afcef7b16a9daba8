from .declaration import Contribution, Declaration, Perturbation
from .model import Model
from .patient_files import listed_patients
from .patients import Correlation, Observed, PatientClass, PatientCovariate, Threshold, Variability
from .published_trials import Trial, TrialResult
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
from .story import Story
from .transit_chains import Chain, transit_chain

__all__ = [
    "Chain",
    "Compartment",
    "Contribution",
    "Correlation",
    "Declaration",
    "Derived",
    "Effect",
    "Event",
    "Model",
    "Observed",
    "Parameter",
    "PatientClass",
    "PatientCovariate",
    "Perturbation",
    "Process",
    "Requirement",
    "State",
    "Story",
    "Switch",
    "Threshold",
    "Trial",
    "TrialResult",
    "Unit",
    "Variability",
    "Variant",
    "listed_patients",
    "parameter_table",
    "sourced",
    "transit_chain",
]
