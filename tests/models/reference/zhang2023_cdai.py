"""The equations of Zhang et al. 2023 written by hand (specification zhang2023_cdai.md), and their closed form."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes

STATES = ("CDAI", "C", "Q", "given")
# 700 mg within an hour, on days 0 and 28 (rates are looked at on day 0, and on no other within an infusion)
ARMS: dict[str, Change] = {
    "brazikumab": becomes(0, 1 / 24, infusion=700 * 24.0),
    "crp_3": becomes(CRP=3.0),
    "crp_50": becomes(CRP=50.0),
}
PUTS: dict[str, tuple[str, float]] = {"brazikumab": ("given", 2)}


def stopped(p: Mapping[str, float], treated: bool) -> float:
    """Return the part of the symptoms that placebo and, where given, the drug stop."""
    by_crp = 1 / (1 + (p["CRP50"] / p["CRP"]) ** p["h_CRP"])
    by_il22 = 1 / (1 + (p["IL22_50"] / p["IL22"]) ** p["h_IL22"])
    share = p["by_IL22"]  # 0 or 1 in the two variants
    return p["I_pl"] + (p["Imax"] * ((1 - share) * by_crp + share * by_il22) if treated else 0.0)


def closed(p: Mapping[str, float], treated: bool, day: ArrayLike) -> NDArray[np.float64]:
    """Return CDAI by the printed closed form."""
    return np.asarray(p["B"] * (1 - stopped(p, treated) * (1 - 0.5 ** (np.asarray(day, float) / p["HL"]))))


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day of CDAI, drug in blood and in tissue (mg) and the count of infusions.

    Where more than all symptoms would be stopped, none arise: the floor at 0 that the specification asks for.
    """
    score, blood, tissue, given = np.asarray(y, float)
    kout = np.log(2) / p["HL"]
    v = p["V"] * (1 if p["female"] == 1 else p["female"] + 1.214 * (1 - p["female"]))
    clearance = p["CL"] * (p["albumin"] / p["albumin_ref"]) ** -1.32
    exchange = p["q"] * blood / v - p["q"] / p["Vp"] * tissue
    return np.array(
        [
            kout * p["B"] * max(0.0, 1 - stopped(p, given > 0)) - kout * score,
            p.get("infusion", 0.0) - clearance / v * blood - exchange,
            exchange,
            0.0,
        ]
    )
