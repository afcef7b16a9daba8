"""SBML: any model of ordinary differential equations in that language becomes a Model, and back."""

from __future__ import annotations

from immunode.exchange.sbml.reading.reader import read_sbml

__all__ = ["read_sbml"]
