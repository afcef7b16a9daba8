"""Finished figures from labelled arrays: time courses, quantile bands, heat maps, distributions of endpoints.

Nothing here is global: styles hold while a figure is drawn, and figures need no display and no pyplot.
"""

from __future__ import annotations

from immunode.plot.animation import animate
from immunode.plot.atlas import atlas
from immunode.plot.bands import bands
from immunode.plot.courses import courses
from immunode.plot.diagram import diagram
from immunode.plot.endpoints import endpoints
from immunode.plot.equations import equations
from immunode.plot.figure import panels
from immunode.plot.fingerprint import data_hash
from immunode.plot.heat import heat
from immunode.plot.letters import letters
from immunode.plot.residuals import residuals
from immunode.plot.save import read_metadata, save
from immunode.plot.style import PALETTE, STYLES, Style, arm_colors
from immunode.plot.work_precision import work_precision

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
