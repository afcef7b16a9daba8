"""The stress axis of Milo 2025 per hour, the endotoxin model of Windoloski 2024, and the coupling, written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes, plus, same, times_

STATES = ("CRH", "ACTH", "CORT", "P", "A", "E", "MR", "MA", "TNF", "IL6", "IL8", "IL10")
ARMS: dict[str, Change] = {
    "acute_stressor": becomes(0, 3, u=3),
    "chronic_stress": becomes(u=3),
    "gr_resistance": times_("KGR", 2),
    "immune_gc_resistance": times_("K_c", 4),
    "metyrapone": times_("I3", 0.5),
    "crh_antagonist": times_("C1", 0.5),
    "crh_antibody": times_("A1", 2),
    "mifepristone": times_("C3", 0.5),
    "glucocorticoid": plus("c_ex", 2),
    "endotoxin": same,
}
PUTS = {"endotoxin": ("E", 2.0)}


def up(s: float, x: float, h: float) -> float:
    """Return s^h/(s^h + x^h)."""
    return float(s**h / (s**h + x**h))


def down(s: float, x: float, h: float) -> float:
    """Return x^h/(s^h + x^h)."""
    return float(x**h / (s**h + x**h))


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of the twelve states per hour."""
    crh, acth, cort, pit, adr, e, mr, ma, tnf, il6, il8, il10 = np.asarray(y, float)
    d = max(tnf - p["wTNF"], 0.0)
    u = p["u"] + p["k_cyt"] * d / (p["K_tnf"] + d)
    gr = 1 / (1 + (p["C3"] * (cort + p["c_ex"]) / p["KGR"]) ** p["nGR"])
    through = 1 / max(p["C3"] * (cort + p["m_ex"] * p["c_ex"]), p["c_least"])
    f = (1 + (p["c0"] / p["K_c"]) ** p["h_c"]) / (1 + ((cort + p["c_ex"]) / p["K_c"]) ** p["h_c"])
    act = up(e, p["xME"], p["hME"]) * (p["kM"] + p["kMTNF"] * up(tnf, p["xMTNF"], p["hMTNF"]))
    act *= down(il10, p["xM10"], p["hM10"]) * mr
    made_tnf = p["kTNFM"] * down(il6, p["xTNF6"], p["hTNF6"]) * down(il10, p["xTNF10"], p["hTNF10"]) * ma
    made_6 = (p["k6M"] + p["k6TNF"] * up(tnf, p["x6TNF"], p["h6TNF"])) * ma
    made_6 *= down(il6, p["x66"], p["h66"]) * down(il10, p["x610"], p["h610"])
    made_8 = (p["k8M"] + p["k8TNF"] * up(tnf, p["x8TNF"], p["h8TNF"])) * down(il10, p["x810"], p["h810"]) * ma
    made_10 = (p["k10M"] + p["k106"] * up(il6, p["x106"], p["h106"])) * ma
    return np.array(
        [
            p["g1"] * (u * through * gr - p["A1"] * crh),
            p["g2"] * (p["C1"] * crh * pit * gr - acth),
            p["g3"] * (p["I3"] * acth * adr - cort),
            p["gP"] * pit * (p["C1"] * crh * (1 - pit / p["KP"]) - 1),
            p["gA"] * adr * (acth * (1 - adr / p["KA"]) - 1),
            -p["kE"] * e,
            p["kMR"] * mr * (1 - mr / p["Mmax"]) - act,
            act - p["kMA"] * ma,
            f * made_tnf - p["kTNF"] * (tnf - p["wTNF"]),
            f * made_6 - p["k6"] * (il6 - p["w6"]),
            f * made_8 - p["k8"] * (il8 - p["w8"]),
            made_10 - p["k10"] * (il10 - p["w10"]),
        ]
    )
