"""Engines that integrate many runs of one program; they see functions and arrays, never a model."""

from __future__ import annotations

from immunode.solve.choice import ENGINES, FEW_RUNS, choose_engine
from immunode.solve.dispatch import solve
from immunode.solve.engine import Engine, OnJump, OnRestart, Request
from immunode.solve.outcome import Outcome
from immunode.solve.status import Status

__all__ = [
    "ENGINES",
    "FEW_RUNS",
    "Outcome",
    "Engine",
    "OnJump",
    "OnRestart",
    "Request",
    "Status",
    "choose_engine",
    "solve",
]
