"""Interventions: what perturbs a model, and `perturb`, which applies it."""

from __future__ import annotations

from immunode.intervention.cards import Card, card
from immunode.intervention.compose import knobs, perturb
from immunode.intervention.drugs.covariates import Covariate
from immunode.intervention.drugs.drug import Drug, DrugEffect
from immunode.intervention.drugs.library import LIBRARY, drug
from immunode.intervention.drugs.pharmacokinetics import PK, one_compartment, two_compartment
from immunode.intervention.drugs.response import indirect_response, turnover
from immunode.intervention.drugs.target import Target, qss, tmdd
from immunode.intervention.intervention import Intervention
from immunode.intervention.operations import Operation, add, inhibit, remove, scale, set_to, stimulate, transfer
from immunode.intervention.regimens.regimen import Dose, Regimen, taper
from immunode.intervention.regimens.text import regimen
from immunode.intervention.rules import Rule
from immunode.intervention.schedule import Pulses, Rhythm, Schedule, Trip, decay, during, pulses, ramp, rhythm
from immunode.intervention.sequences import sequence, shifted
from immunode.intervention.shapes import (
    at_times,
    at_visits,
    bouts,
    daily,
    jet_lag,
    nights,
    seasons,
    to_target,
    weekly,
)

__all__ = [
    "Intervention",
    "Drug",
    "perturb",
    "knobs",
    "card",
    "scale",
    "add",
    "set_to",
    "inhibit",
    "stimulate",
    "transfer",
    "remove",
    "during",
    "pulses",
    "ramp",
    "decay",
    "rhythm",
    "daily",
    "weekly",
    "seasons",
    "jet_lag",
    "bouts",
    "nights",
    "at_times",
    "at_visits",
    "to_target",
    "sequence",
    "shifted",
    "regimen",
    "taper",
    "tmdd",
    "qss",
    "turnover",
    "indirect_response",
    "one_compartment",
    "two_compartment",
    "drug",
    "LIBRARY",
    "Covariate",
    "Card",
    "Dose",
    "DrugEffect",
    "Operation",
    "PK",
    "Pulses",
    "Regimen",
    "Rhythm",
    "Rule",
    "Schedule",
    "Target",
    "Trip",
]
