"""Finished figures from labelled arrays: time courses, quantile bands, heat maps, distributions of endpoints.

Nothing here is global: styles hold while a figure is drawn, and figures need no display and no pyplot.
"""

from __future__ import annotations

from immunode.plot.charts.analysis.residual_panels import residuals
from immunode.plot.charts.analysis.precision_diagram import work_precision
from immunode.plot.charts.animation import animate
from immunode.plot.charts.fold_changes import atlas
from immunode.plot.charts.quantile_bands import bands
from immunode.plot.charts.time_courses import courses
from immunode.plot.charts.distributions import endpoints
from immunode.plot.charts.equation_page import equations
from immunode.plot.charts.heat_map import heat
from immunode.plot.diagrams.drawing import diagram
from immunode.plot.kit.figure import panels
from immunode.plot.kit.fingerprint import data_hash
from immunode.plot.kit.panel_letters import letters
from immunode.plot.kit.saving import read_metadata, save
from immunode.plot.kit.style import PALETTE, STYLES, Style, arm_colors

__all__ = [
    "PALETTE",
    "STYLES",
    "Style",
    "animate",
    "arm_colors",
    "atlas",
    "bands",
    "courses",
    "data_hash",
    "diagram",
    "endpoints",
    "equations",
    "heat",
    "letters",
    "panels",
    "read_metadata",
    "residuals",
    "save",
    "work_precision",
]
