"""From an SBML file to a model."""

from __future__ import annotations
