"""Charts of runs and sweeps, a file for each kind."""

from __future__ import annotations
