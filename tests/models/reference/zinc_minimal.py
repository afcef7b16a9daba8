"""The equations of the zinc model (specifications vitd_zinc.md, part 2, and zinc_amend.md) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, Values, becomes, plus, times_

STATES = ("Zpool", "Thymus", "N", "M", "TNF")
ARMS: dict[str, Change] = {
    "mild_deficiency": becomes(intake=50),
    "severe_deficiency": becomes(intake=20),
    "high_intake": becomes(intake=460),
    "depletion": becomes(0, 168, intake=50),
    "repletion": becomes(168, 252, intake=565),
    "elderly_supplement": plus("intake", 688, 0, 365),
    "phytate": lambda t, p: times_("Amax", 0.6)(t, held(p)),
}


def held(p: Values) -> Values:
    """Return the values with the loss of the person before any change of absorption."""
    return {**p, "held": p["Amax"] * p["intake_ref"] / (p["K"] + p["intake_ref"])}


def rising(x: float, half: float, power: float) -> float:
    """Return the Hill function of x."""
    return float(x**power / (half**power + x**power))


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day."""
    pool, thymus, naive, th1, tnf = np.asarray(y, float)
    z = pool / p["Z_ref"]
    loss = p.get("held", p["Amax"] * p["intake_ref"] / (p["K"] + p["intake_ref"]))
    g = rising(z, p["Zh"], p["h"]) / rising(1, p["Zh"], p["h"])
    lack = (1 - rising(z, p["ZT"], p["hT"])) / (1 - rising(1, p["ZT"], p["hT"])) - 1
    return np.array([
        p["Amax"] * p["intake"] / (p["K"] + p["intake"]) - loss * z,
        p["kTh"] * (p["size"] * g - thymus),
        p["dN"] * (p["theta"] * thymus + p["pN"] * p["size"] * g - naive),
        p["aM"] * naive * (1 + g) / 2 - p["dM"] * th1,
        p["kT"] * (p["size"] * (1 + p["bT"] * lack / (1 + p["cT"] * lack)) - tnf),
    ])  # fmt: skip
