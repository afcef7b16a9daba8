"""The equations of the zinc model (specification vitd_zinc.md, part 2) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import becomes, times_

STATES = ("Zpool", "Thymus", "N", "M", "TNF")
ARMS = {
    "mild_deficiency": becomes(intake=50),
    "severe_deficiency": becomes(intake=20),
    "high_intake": becomes(intake=460),
    "depletion": becomes(0, 168, intake=50),
    "repletion": becomes(168, 252, intake=565),
    "phytate": times_("Amax", 0.6),
}


def rising(x: float, half: float, power: float) -> float:
    """Return the Hill function of x."""
    return float(x**power / (half**power + x**power))


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day."""
    pool, thymus, naive, th1, tnf = np.asarray(y, float)
    z = pool / p["Z_ref"]
    g = rising(z, p["Zh"], p["h"]) / rising(1, p["Zh"], p["h"])
    lack = (1 - rising(z, p["ZT"], p["hT"])) / (1 - rising(1, p["ZT"], p["hT"])) - 1
    return np.array([
        p["Amax"] * p["intake"] / (p["K"] + p["intake"]) - p["k_loss"] * pool,
        p["kTh"] * (g - thymus),
        p["dN"] * (p["theta"] * thymus + p["pN"] * g - naive),
        p["aM"] * naive * (1 + g) / 2 - p["dM"] * th1,
        p["kT"] * (1 + p["bT"] * lack / (1 + p["cT"] * lack) - tnf),
    ])  # fmt: skip
