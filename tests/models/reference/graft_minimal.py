"""The equations of the package's small kidney graft model written by hand (specification graft_renal_min.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes, same

STATES = ("H", "I", "V", "EV", "EK", "C", "depot", "cent", "peri")
ARMS: dict[str, Change] = {
    "no_drug": same,
    "tac_1mg": same,
    "tac_3mg": same,
    "tac_8mg": same,
    "tac_3mg_azole": becomes(60, azole=1),
    "tac_azole_dose_cut": becomes(60, azole=1),
    "tac_withdrawal": same,
    "induction": becomes(0, 14, depl=0.5),
    "mmf_1mg": becomes(mmf=0.4),
    "mmf_3mg": becomes(mmf=0.4),
    "reduction_on_viremia": same,
    "fixed_efficacy": becomes(eps_fixed=0.7),
}
# 101 doses by day 50
PUTS = {
    "tac_1mg": ("depot", 101.0),
    "tac_3mg": ("depot", 303.0),
    "tac_8mg": ("depot", 808.0),
    "tac_withdrawal": ("depot", 303.0),
    "mmf_1mg": ("depot", 101.0),
    "reduction_on_viremia": ("depot", 808.0),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day between doses."""
    h, i, v, ev, ek, creatinine, depot, cent, peri = np.asarray(y, float)
    level = (p["per_mg"] * cent / p["V2"]) ** p["hill_e"]
    left = (1 - p["eps_max"] * level / (p["EC50"] ** p["hill_e"] + level)) * (1 - p["eps_fixed"])
    divides = left * (1 - p["mmf"])
    infected, allo = p["beta"] * h * v, p["kEH"] * ek
    d_ev = left * p["lamEV"] + divides * p["rhoEV"] * v * ev / (v + p["kapV"]) * (1 - ev / p["KEV"]) - p["dEV"] * ev
    d_ek = left * p["lamEK"] * h / p["kapH"] - (p["dEK"] + p["depl"]) * ek
    d_ek += divides * p["rhoEK"] * h * ek / (h + p["kapKH"]) * (1 - ek / p["KEK"])
    k = (p["CL"] * (1 - p["azole"]) + p["CL_azole"] * p["azole"]) / p["V2"]
    exchange = p["Q"] * (cent / p["V2"] - peri / p["V3"])
    return np.array(
        [
            p["lamH"] * h * (1 - (h + i) / p["kapH"]) - infected - allo * h,
            infected - (p["dI"] + p["kEI"] * ev + allo) * i,
            p["rhoV"] * p["dI"] * i - p["dV"] * v - infected * p["uptake"],
            d_ev,
            d_ek,
            p["lamC"] - p["dC0"] * h / (h + p["kapCH"]) * creatinine,
            -p["ka"] * depot,
            p["ka"] * depot - k * cent - exchange,
            exchange,
        ]
    )
