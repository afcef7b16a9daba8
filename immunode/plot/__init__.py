"""Finished figures from labelled arrays: time courses, quantile bands, heat maps, distributions of endpoints.

Nothing here is global: styles hold while a figure is drawn, and figures need no display and no pyplot. `__init__.pyi`
says where each name is defined; it is loaded when it is first used, so that the import itself loads no matplotlib.
"""

from __future__ import annotations

from typing import Any

import lazy_loader

from immunode.errors import did_you_mean

__all__ = [
    # runs and sweeps
    "courses", "timeline", "Lane", "bands", "endpoints", "heat", "atlas", "waterfall", "time_to_event", "animate",
    # models
    "diagram", "equations",
    # trials
    "responder_shares", "agreement_chart", "regimens",
    # steady states
    "steady_points", "phase_plane", "basins", "bifurcation", "bifurcation_curves",
    # what matters, and why
    "tornado", "sensitivity_bars", "sensitivity_heat", "sensitivity_convergence", "morris_plane", "evidence_shares",
    "difference_bars", "difference_courses",
    # doses, combinations, order
    "dose_response", "isoboles", "gap_curves", "order_map",
    # fits
    "data_and_curves", "residuals", "searches", "profile_curves",
    # populations
    "convergence", "individual_curves", "predictive_check", "outcome_check", "covariate_panels",
    # solvers
    "work_precision",
    # the figure itself
    "panels", "letters", "save", "read_metadata", "data_hash", "Style", "STYLES", "PALETTE", "arm_colors",
]  # fmt: skip

_load, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name in __all__:
        return _load(name)
    hint = "" if name.startswith("_") else did_you_mean(name, __all__)
    raise AttributeError(f"module 'immunode.plot' has no attribute '{name}'{hint}")
