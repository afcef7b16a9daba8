"""Drugs: pharmacokinetics, effects, covariates, and the library of published ones."""

from __future__ import annotations
