"""The equations of Hayashi et al. 2007 (omalizumab and IgE) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

STATES = ("depot", "X", "E")


def binding(x: float, e: float, p: Mapping[str, float]) -> tuple[float, float, float]:
    """Return free omalizumab, free IgE and the complex in nmol/L."""
    volume = 5.9 * (p["WT"] / 61.1) ** p["V_WT"] * (p["V_ref"] / 5.9)
    kd = p["Kd0"] * (x / e) ** p["alpha"]
    s = x + e + kd * volume * volume / p["VC"]
    pairs = (s - np.sqrt(s * s - 4 * x * e)) / 2
    return (x - pairs) / volume, (e - pairs) / volume, pairs / p["VC"]


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives (mg and nmol per day) between doses, for X above 0."""
    depot, x, e = np.asarray(y, float)
    free, ige, both = binding(x, e, p)
    clx = p["CLX_ref"] * (p["WT"] / 61.1) ** p["CLX_WT"]
    cle = p["CLE_ref"] * (p["IGE0"] / 482.4) ** p["CLE_IGE"]
    pe = p["PE_ref"] * (p["IGE0"] / 482.4) ** p["PE_IGE"] * p["PE_mult"]
    lost = (clx + p["dCLC"]) * both
    absorbed = p["ka"] * depot
    return np.array([-absorbed, absorbed * 1000 / 150 - clx * free - lost, pe - cle * ige - lost])
