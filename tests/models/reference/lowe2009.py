"""The equations of Lowe et al. 2009 (omalizumab and IgE) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import same

STATES = ("depot", "depot_by_rule", "X", "E")
ARMS = dict.fromkeys(("q4w_150", "q4w_300", "q2w_375", "single_150", "single_300", "by_rule"), same)
PUTS = {
    "q4w_150": ("depot", 2 * 150),
    "q4w_300": ("depot", 2 * 300),
    "q2w_375": ("depot", 4 * 375),
    "single_150": ("depot", 150),
    "single_300": ("depot", 300),
    "by_rule": ("depot_by_rule", 2 * 0.016),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives (mg and nmol per day) between doses, for X above 0."""
    depot, by_rule, x, e = np.asarray(y, float)
    w, i = p["WT"] / p["WT_ref"], p["IGE0"] / p["IGE_ref"]
    volume, volume_complex = p["V_ref"] * w**0.828, p["VC_ref"] * w**0.549
    kd = p["Kd_ref"] * i**0.115 * (x / e) ** p["alpha"]
    s = x + e + kd * volume**2 / volume_complex
    pairs = 2 * x * e / (s + np.sqrt(s * s - 4 * x * e))
    lost = p["CLC_ref"] * w**0.671 * pairs / volume_complex
    made = p["R_ref"] / p["mass_IgE"] * w**0.491 * i**0.594
    free_drug = p["CLX_ref"] * w * (x - pairs) / volume
    free_ige = p["CLE_ref"] * w**0.499 * i**0.372 * (e - pairs) / volume
    absorbed = p["ka"] * (depot + by_rule * p["WT"] * p["IGE0"] / p["IU"]) / p["mass_drug"]
    return np.array([-p["ka"] * depot, -p["ka"] * by_rule, absorbed - free_drug - lost, made - free_ige - lost])
