"""Interventions: what perturbs a model, and `perturb`, which applies it."""

from __future__ import annotations

from immunode.intervention.compose import knobs, perturb
from immunode.intervention.drug import Drug, DrugEffect
from immunode.intervention.drugs import LIBRARY, drug
from immunode.intervention.intervention import Intervention
from immunode.intervention.operations import Operation, add, inhibit, scale, set_to, stimulate, transfer
from immunode.intervention.pk import PK, one_compartment, two_compartment
from immunode.intervention.regimen import Dose, Regimen
from immunode.intervention.regimen_text import regimen
from immunode.intervention.schedule import Pulses, Rhythm, Schedule, decay, during, pulses, ramp, rhythm

__all__ = [
    "Intervention",
    "Drug",
    "perturb",
    "knobs",
    "scale",
    "add",
    "set_to",
    "inhibit",
    "stimulate",
    "transfer",
    "during",
    "pulses",
    "ramp",
    "decay",
    "rhythm",
    "regimen",
    "one_compartment",
    "two_compartment",
    "drug",
    "LIBRARY",
    "Dose",
    "DrugEffect",
    "Operation",
    "PK",
    "Pulses",
    "Regimen",
    "Rhythm",
    "Schedule",
]
