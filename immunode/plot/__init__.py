"""Finished figures from labelled arrays: time courses, quantile bands, heat maps, distributions of endpoints.

Nothing here is global: styles hold while a figure is drawn, and figures need no display and no pyplot. Every name below
is loaded when it is first used, so that the import itself does not load matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from immunode.errors import did_you_mean

if TYPE_CHECKING:
    from immunode.plot.charts.analysis.basin_map import basins
    from immunode.plot.charts.analysis.bifurcation_diagram import bifurcation, bifurcation_curves
    from immunode.plot.charts.analysis.differences import difference_bars, difference_courses
    from immunode.plot.charts.analysis.dose_curve import dose_response
    from immunode.plot.charts.analysis.fit import data_and_curves, profile_curves, searches
    from immunode.plot.charts.analysis.isobole import isoboles
    from immunode.plot.charts.analysis.phase import phase_plane, steady_points
    from immunode.plot.charts.analysis.precision_diagram import work_precision
    from immunode.plot.charts.analysis.residual_panels import residuals
    from immunode.plot.charts.analysis.sensitivity import (
        evidence_shares,
        morris_plane,
        sensitivity_bars,
        sensitivity_convergence,
        sensitivity_heat,
    )
    from immunode.plot.charts.analysis.sequence_map import gap_curves, order_map
    from immunode.plot.charts.analysis.tornado_bars import tornado
    from immunode.plot.charts.animation import animate
    from immunode.plot.charts.distributions import endpoints
    from immunode.plot.charts.equation_page import equations
    from immunode.plot.charts.event_curves import time_to_event
    from immunode.plot.charts.fold_changes import atlas
    from immunode.plot.charts.heat_map import heat
    from immunode.plot.charts.patient_changes import waterfall
    from immunode.plot.charts.quantile_bands import bands
    from immunode.plot.charts.regimen_tradeoff import regimens
    from immunode.plot.charts.responder_bars import responder_shares
    from immunode.plot.charts.time_courses import courses
    from immunode.plot.charts.treatment_timeline import Lane, timeline
    from immunode.plot.diagrams.drawing import diagram
    from immunode.plot.kit.figure import panels
    from immunode.plot.kit.fingerprint import data_hash
    from immunode.plot.kit.panel_letters import letters
    from immunode.plot.kit.saving import read_metadata, save
    from immunode.plot.kit.style import PALETTE, STYLES, Style, arm_colors

__all__ = [
    # runs and sweeps
    "courses", "timeline", "Lane", "bands", "endpoints", "heat", "atlas", "waterfall", "time_to_event", "animate",
    # models
    "diagram", "equations",
    # trials
    "responder_shares", "regimens",
    # steady states
    "steady_points", "phase_plane", "basins", "bifurcation", "bifurcation_curves",
    # what matters, and why
    "tornado", "sensitivity_bars", "sensitivity_heat", "sensitivity_convergence", "morris_plane", "evidence_shares",
    "difference_bars", "difference_courses",
    # doses, combinations, order
    "dose_response", "isoboles", "gap_curves", "order_map",
    # fits
    "data_and_curves", "residuals", "searches", "profile_curves",
    # solvers
    "work_precision",
    # the figure itself
    "panels", "letters", "save", "read_metadata", "data_hash", "Style", "STYLES", "PALETTE", "arm_colors",
]  # fmt: skip

_HOMES = {
    "charts.analysis.basin_map": "basins",
    "charts.analysis.bifurcation_diagram": "bifurcation bifurcation_curves",
    "charts.analysis.differences": "difference_bars difference_courses",
    "charts.analysis.dose_curve": "dose_response",
    "charts.analysis.fit": "data_and_curves profile_curves searches",
    "charts.analysis.isobole": "isoboles",
    "charts.analysis.phase": "phase_plane steady_points",
    "charts.analysis.precision_diagram": "work_precision",
    "charts.analysis.residual_panels": "residuals",
    "charts.analysis.sensitivity": """
        evidence_shares morris_plane sensitivity_bars sensitivity_convergence sensitivity_heat""",
    "charts.analysis.sequence_map": "gap_curves order_map",
    "charts.analysis.tornado_bars": "tornado",
    "charts.animation": "animate",
    "charts.distributions": "endpoints",
    "charts.equation_page": "equations",
    "charts.event_curves": "time_to_event",
    "charts.fold_changes": "atlas",
    "charts.heat_map": "heat",
    "charts.patient_changes": "waterfall",
    "charts.quantile_bands": "bands",
    "charts.regimen_tradeoff": "regimens",
    "charts.responder_bars": "responder_shares",
    "charts.time_courses": "courses",
    "charts.treatment_timeline": "Lane timeline",
    "diagrams.drawing": "diagram",
    "kit.figure": "panels",
    "kit.fingerprint": "data_hash",
    "kit.panel_letters": "letters",
    "kit.saving": "read_metadata save",
    "kit.style": "PALETTE STYLES Style arm_colors",
}
_HOME = {name: f"immunode.plot.{module}" for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it, once."""
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    hint = "" if name.startswith("_") else did_you_mean(name, _HOME)
    raise AttributeError(f"module 'immunode.plot' has no attribute '{name}'{hint}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
