from .composition import Contribution, Perturbation, card, knobs, perturb, unfit
from .drugs.drug import Drug
from .drugs.effects import DrugEffect
from .drugs.library import LIBRARY, drug, list_drugs
from .drugs.profile import DrugProfile
from .drugs.response import indirect_response, turnover
from .expand.contribution import Draft
from .intervention import Intervention
from .operations import Operation, add, inhibit, remove, scale, set_to, stimulate, transfer
from .pharmacokinetics.compartments import PK, one_compartment, two_compartment
from .pharmacokinetics.covariates import Covariate
from .pharmacokinetics.occasions import OccasionVariability
from .pharmacokinetics.products import DrugCompartment, DrugFlow
from .pharmacokinetics.target import Target, qss, tmdd
from .regimens.dose import Dose
from .regimens.parser import regimen, taper
from .regimens.regimen import Regimen
from .rules import Rule
from .schedule import Pulses, Rhythm, Schedule, Trip, decay, during, pulses, ramp, rhythm
from .sequences import sequence, shifted
from .shapes import at_times, at_visits, bouts, cycles, daily, jet_lag, nights, seasons, to_target, weekly
from .submodels.joining import join

__all__ = [
    "Contribution",
    "Covariate",
    "Dose",
    "Draft",
    "Drug",
    "DrugCompartment",
    "DrugEffect",
    "DrugFlow",
    "DrugProfile",
    "Intervention",
    "LIBRARY",
    "OccasionVariability",
    "Operation",
    "PK",
    "Perturbation",
    "Pulses",
    "Regimen",
    "Rhythm",
    "Rule",
    "Schedule",
    "Target",
    "Trip",
    "add",
    "at_times",
    "at_visits",
    "bouts",
    "cycles",
    "card",
    "daily",
    "decay",
    "drug",
    "during",
    "indirect_response",
    "inhibit",
    "jet_lag",
    "join",
    "knobs",
    "list_drugs",
    "nights",
    "one_compartment",
    "perturb",
    "pulses",
    "qss",
    "ramp",
    "regimen",
    "remove",
    "rhythm",
    "scale",
    "seasons",
    "sequence",
    "set_to",
    "shifted",
    "stimulate",
    "taper",
    "tmdd",
    "to_target",
    "transfer",
    "turnover",
    "two_compartment",
    "unfit",
    "weekly",
]
