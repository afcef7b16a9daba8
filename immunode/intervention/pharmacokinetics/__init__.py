"""Pharmacokinetics: compartments, targets that bind a drug, and what a patient's covariates do."""

from __future__ import annotations
