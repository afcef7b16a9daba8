"""From a model to an SBML file."""

from __future__ import annotations
