"""SciPy's solvers, one run after the other, and events that fire on states."""

from __future__ import annotations
