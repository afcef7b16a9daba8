"""The equations of Islam et al. 2021 (butyrate, Treg, TGF-beta, Wnt10b) written by hand, with the package's guards."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, all_of, becomes, times_

STATES = ("bI", "bB", "bb", "N_gut", "N_blood", "N_bone", "T_gut", "T_blood", "T_bone", "TGFb", "Wnt10b")


def _by_day(t: float, p: dict[str, float]) -> dict[str, float]:
    return {**p, "b_target": 0.18} if t < 120 and t % 1 < 0.5 else p


ARMS: dict[str, Change] = {
    "fiber": becomes(b_target=0.18),
    "fiber_course": becomes(0, 28, b_target=0.18),
    "fiber_by_day": _by_day,
    "antibiotic": becomes(0, 7, b_target=-0.11),
    "antibiotic_lasting": becomes(b_target=-0.11),
    "germ_free": becomes(b_target=-0.15),
    "treg_block": all_of(times_("b_minus", 0.5), times_("b_plus", 0.5)),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day."""
    y = np.asarray(y, float)
    butyrate, naive, treg, (tgf, wnt) = y[:3], y[3:6], y[6:9], y[9:]
    target = np.array([1.0, p["AB12"] / (p["muB"] + p["AB23"]), 0.0]) * p["b_target"]
    target[2] = target[1] * p["AB23"] / p["muB"]
    moved = np.array([p["AB12"], p["AB23"], 0.0]) * butyrate
    gained = np.array([(p["muB"] + p["AB12"]) * p["b_target"], moved[0], moved[1]])
    d_butyrate = gained - moved - p["muB"] * butyrate
    base = p["b_minus"] * p["gamma"]
    made = (base + p["b_plus"] * butyrate) * naive
    d_naive = base + p["muN"] + p["b_plus"] * target - made - p["muN"] * naive
    left = np.array([1.0, 1.0, 0.0]) * p["mig"] * treg
    d_treg = made + np.array([0.0, left[0], left[1]]) - left - p["muT"] * treg
    rise = min(treg[2] / p["T_bone0"] - 1, p["r_cap"] * p["kTGF"])
    effect = max(p["VTGF"] * rise / (p["kTGF"] - rise), -p["muTGF"])
    d_tgf = p["muTGF"] * (1 - tgf) + effect
    d_wnt = p["muW"] * (1 - wnt) + p["rhoW"] * (tgf - 1)
    return np.array([*d_butyrate, *d_naive, *d_treg, d_tgf, d_wnt])
