"""The equations of asthma_eos_min (mepolizumab in a minimal PBPK model, blood eosinophils) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import becomes, same

STATES = ("depot", "plasma", "tight", "leaky", "lymph", "eos")
PUTS = {
    "sc_100": ("depot", 200),
    "iv_75": ("plasma", 150),
    "sc_300": ("depot", 600),
    "sc_12_5_x3": ("depot", 25),
    "sc_125_x3": ("depot", 250),
    "sc_250_x3": ("depot", 500),
    "iv_10_single": ("plasma", 10),
    "iv_75_single": ("plasma", 75),
    "iv_250_single": ("plasma", 250),
    "iv_750_single": ("plasma", 750),
}
ARMS = {**dict.fromkeys(PUTS, same), "depleter": becomes(made=0)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives (mg and cells/uL per day) between doses; the depot holds what was injected."""
    depot, plasma, tight, leaky, lymph, eos = np.asarray(y, float)
    cp = plasma / p["V_plasma"]
    l1 = p["L"] * p["L_tight"]
    l2 = p["L"] - l1
    in_tight, in_leaky = l1 * (1 - p["s1"]) * cp, l2 * (1 - p["s2"]) * cp
    out_tight = l1 * (1 - p["sL"]) * tight / p["V_tight"]
    out_leaky = l2 * (1 - p["sL"]) * leaky / p["V_leaky"]
    back = p["L"] * lymph / p["V_lymph"]
    production = p["kout"] * p["E0"] * p["made"] * (1 - p["Imax"] * cp / (p["IC50"] + cp))
    return np.array(
        [
            -p["ka"] * depot,
            p["F"] * p["ka"] * depot - in_tight - in_leaky + back - p["CL"] * cp,
            in_tight - out_tight,
            in_leaky - out_leaky,
            out_tight + out_leaky - back,
            production - p["kout"] * eos,
        ]
    )
