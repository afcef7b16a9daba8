"""Steady states and their stability, bifurcations, basins of attraction, phase planes."""

# names only, to import and to complete; what they stand for is in analysis/dynamics/

from __future__ import annotations

from immunode.analysis.dynamics.basin_map import Basins, basins
from immunode.analysis.dynamics.bifurcation_points import BifurcationPoint
from immunode.analysis.dynamics.branches import Branch
from immunode.analysis.dynamics.continuations import Continuation, continuation
from immunode.analysis.dynamics.curves import BifurcationCurve, Curves
from immunode.analysis.dynamics.cycles import Cycles
from immunode.analysis.dynamics.nullclines import PhasePlane, phase_plane
from immunode.analysis.dynamics.steady import SteadyState, SteadyStates, steady_states

__all__ = [
    "steady_states", "SteadyState", "SteadyStates", "continuation", "Continuation", "Branch", "BifurcationPoint",
    "Cycles", "basins", "Basins", "phase_plane", "PhasePlane", "Curves", "BifurcationCurve",
]  # fmt: skip
