"""The equations of Kosinsky et al. 2018 written by hand, with repair U/tau and the kinetics of Table 1."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes, same, times_

STATES = ("TV", "TVd", "U", "nTeff", "dTeff", "PDL1", "mAb_ip", "mAb")
ARMS: dict[str, Change] = {
    "anti_pdl1": same,
    "rt_5x2": same,  # the pulses fall between the times looked at; test_kosinsky2018.py looks into them
    "rt_1x7": same,
    "rt_1x10": same,
    "rt_3x4": same,
    "cd8_depletion": becomes(kLN=0),
    "killing_block": becomes(e=0),
    "trafficking_block": times_("S_L", 3),
    "sensitive": becomes(S_L=3),
}
PUTS = {"anti_pdl1": ("mAb_ip", 9 * 444.44)}


def activation(y: ArrayLike, p: Mapping[str, float]) -> tuple[float, float]:
    """Return the antigen and the immune activation rate at a state."""
    living, damaged, _, _, killers, pdl1, _, antibody = np.asarray(y, float)
    total = living + damaged
    dying = (p["mu"] * damaged / total + p["e"] * killers + p["d0"]) / p["Ktcd"]
    antigen = total * dying**2 / (1 + dying**2)
    free = pdl1 * p["K_D"] / (p["K_D"] + antibody)
    return antigen, (1 - free) * p["S_R"] / (antigen + p["S_R"])


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day; the dose rate R_t is a parameter."""
    living, damaged, breaks, young, killers, pdl1, depot, antibody = np.asarray(y, float)
    antigen, iar = activation(y, p)
    dose_squared = (breaks / p["delta"]) ** 2
    hit = living * p["alpha"] * (p["R_t"] + 2 / p["alpha_beta"] * dose_squared / p["tau"])
    d_living = p["r"] * living * (1 - living / p["TVmax"]) - hit - (p["e"] * killers + p["d0"]) * living
    influx = p["kLN"] * antigen / (antigen + p["S_L"])
    d_young = influx + (p["kpro"] * iar - p["kdif"] * iar - p["kel"]) * young
    d_killers = p["kdif"] * iar * young - p["kapo"] * killers
    d_pdl1 = p["kpdl"] * (killers / (p["Kpdl"] + killers) - pdl1)
    return np.array(
        [
            d_living,
            hit - p["mu"] * damaged,
            p["delta"] * p["R_t"] - breaks / p["tau"],
            d_young,
            d_killers,
            d_pdl1,
            -p["ka"] * depot,
            p["ka"] * depot - p["kel_mAb"] * antibody,
        ]
    )
