"""The equations of Windoloski et al. 2024 written by hand, with the package's handles for interventions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import all_of, becomes, same, times_

STATES = ("E", "MR", "MA", "TNF", "IL6", "IL8", "IL10")
ARMS = {
    "anti_tnf": times_("kTNF", 5),
    "anti_tnf_production": times_("f_TNF", 0.5),
    "steroid": all_of(times_("f_TNF", 0.5), times_("f_IL6", 0.5), times_("f_IL8", 0.5)),
    "il10_production": times_("f_IL10", 3),
    "il10_therapy": becomes(0, 6, k10_in=5.0),
    "anti_il6": times_("f_IL6", 0.5),
    "activation_block": times_("f_act", 0.5),
    "more_endotoxin": same,
    "second_bolus": same,
}
PUTS = {"more_endotoxin": ("E", 2.0), "second_bolus": ("E", 2.0)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per hour of endotoxin, resting and activated monocytes, TNF, IL-6, IL-8, IL-10."""
    endotoxin, resting, active, tnf, il6, il8, il10 = np.asarray(y, float)

    def up(s: float, x: str, h: str) -> float:
        return float(s ** p[h] / (s ** p[h] + p[x] ** p[h])) if s > 0 else 0.0

    def down(s: float, x: str, h: str) -> float:
        return float(p[x] ** p[h] / (s ** p[h] + p[x] ** p[h])) if s > 0 else 1.0

    drive = p["kM"] + p["kMTNF"] * up(tnf, "xMTNF", "hMTNF")
    waking = p["f_act"] * up(endotoxin, "xME", "hME") * drive * down(il10, "xM10", "hM10") * resting
    make_tnf = p["f_TNF"] * p["kTNFM"] * down(il6, "xTNF6", "hTNF6") * down(il10, "xTNF10", "hTNF10") * active
    make_6 = p["f_IL6"] * (p["k6M"] + p["k6TNF"] * up(tnf, "x6TNF", "h6TNF"))
    make_8 = p["f_IL8"] * (p["k8M"] + p["k8TNF"] * up(tnf, "x8TNF", "h8TNF"))
    make_10 = p["f_IL10"] * (p["k10M"] + p["k106"] * up(il6, "x106", "h106"))
    return np.array(
        [
            (p["r"] if t < p["t_infusion"] else 0.0) - p["kE"] * endotoxin,
            p["kMR"] * resting * (1 - resting / p["Mmax"]) - waking,
            waking - p["kMA"] * active,
            make_tnf - p["kTNF"] * (tnf - p["wTNF"]),
            make_6 * down(il6, "x66", "h66") * down(il10, "x610", "h610") * active - p["k6"] * (il6 - p["w6"]),
            make_8 * down(il10, "x810", "h810") * active - p["k8"] * (il8 - p["w8"]),
            make_10 * active - p["k10"] * (il10 - p["w10"]) + p["k10_in"],
        ]
    )
