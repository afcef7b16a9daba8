"""Pharmacokinetics and doses: regimens, compartments, binding to a target, indirect response."""

# names only, to import and to complete; what they stand for is in intervention/pharmacokinetics/, regimens/ and drugs/

from __future__ import annotations

from immunode.intervention.drugs.effects import DrugEffect
from immunode.intervention.drugs.response import indirect_response, turnover
from immunode.intervention.pharmacokinetics.compartments import PK, one_compartment, two_compartment
from immunode.intervention.pharmacokinetics.covariates import Covariate
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.intervention.pharmacokinetics.products import DrugCompartment, DrugFlow
from immunode.intervention.pharmacokinetics.target import Target, qss, tmdd
from immunode.intervention.regimens.dose import Dose
from immunode.intervention.regimens.parser import regimen, taper
from immunode.intervention.regimens.regimen import Regimen

__all__ = [
    "regimen", "taper", "Regimen", "Dose", "one_compartment", "two_compartment", "PK", "tmdd", "qss", "Target",
    "turnover", "indirect_response", "Covariate", "DrugEffect", "OccasionVariability",
    "DrugCompartment", "DrugFlow",
]  # fmt: skip
