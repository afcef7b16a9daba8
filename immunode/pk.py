"""Pharmacokinetics and doses: regimens, compartments, binding to a target, indirect response."""

from __future__ import annotations

from immunode.intervention.drugs.covariates import Covariate
from immunode.intervention.drugs.drug import DrugEffect
from immunode.intervention.drugs.pharmacokinetics import PK, one_compartment, two_compartment
from immunode.intervention.drugs.response import indirect_response, turnover
from immunode.intervention.drugs.target import Target, qss, tmdd
from immunode.intervention.regimens.regimen import Dose, Regimen, taper
from immunode.intervention.regimens.text import regimen

__all__ = [
    "regimen", "taper", "Regimen", "Dose", "one_compartment", "two_compartment", "PK", "tmdd", "qss", "Target",
    "turnover", "indirect_response", "Covariate", "DrugEffect",
]  # fmt: skip
