"""Words that options take, with what they mean; here so that completing them loads no library.

Tests compare them with the code that obeys them.
"""

from __future__ import annotations

STYLES = ("slide", "paper", "poster", "dark")
ENGINES = ("auto", "compiled", "numpy", "scipy")
METHODS = ("auto", "tsit5", "rodas5p", "dop853", "LSODA", "BDF", "Radau", "DOP853")
MEASURES = ("mean", "final", "peak")
PICTURES = ("png", "svg", "pdf")

FORMATS = {
    "sbml": "SBML Level 3 Version 2",
    "antimony": "Antimony text",
    "json": "all that immunode knows",
    "latex": "a sheet: equations, numbers and their sources",
    "markdown": "the same sheet in Markdown",
    "omex": "a COMBINE archive with a figure as SED-ML",
    "html": "the lab: one page that runs in any browser, without the network",
    "petab": "a folder of PEtab v2 tables, one experiment per arm",
    "matlab": "a function of MATLAB or Octave, with its doses",
    "rxode2": "a script of R for rxode2 and nlmixr2, with its doses",
    "mrgsolve": "a script of R for mrgsolve, with its doses",
    "nonmem": "a control stream of NONMEM, and its data set beside it",
    "julia": "a script of Julia for ModelingToolkit, with its doses",
}
"""Format of `export` -> what it is."""

KINDS = {
    "courses": "Time courses by arm",
    "timeline": "Interventions and what they do",
    "diagram": "The model as a picture",
    "equations": "Equations",
    "atlas": "Every intervention on every read-out",
    "bands": "Patients or parameter sets over time",
    "endpoints": "Endpoints by arm",
    "waterfall": "Change in each patient or parameter set",
    "time_to_event": "Time to an event",
    "responders": "Who responds",
    "tornado": "What matters",
    "heat": "The two parameters that matter most",
    "dose_response": "Dose and response",
    "isobole": "Two interventions together",
    "why": "Why two arms differ",
    "phase": "Phase plane",
    "basins": "Where each start ends",
    "bifurcation": "Steady states over a parameter",
    "work_precision": "What precision costs",
}
"""Kind of figure -> its title, in the order of a gallery."""

WITHOUT_ARMS = (
    "equations", "atlas", "heat", "tornado", "phase", "basins", "bifurcation", "work_precision",
)  # fmt: skip
"""Kinds of figures that show the model as it is, or all its interventions, whatever arms there are."""
LOGARITHMIC = ("courses", "timeline", "bands", "endpoints", "heat")
"""Kinds of figures that --log gives logarithmic axes."""
