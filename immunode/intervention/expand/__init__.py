"""How interventions become records of a model: signals, doses, transfers and kinetics written out."""

from __future__ import annotations
