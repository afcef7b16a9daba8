"""The equations of the exercise model (specification exercise.md) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import all_of, becomes, plus, times_

STATES = ("A", "H1", "H2", "H3", "M", "I", "K_b", "K_m", "K_t", "L_b", "L_m", "L_t", "X")
ARMS = {
    "knee_extension": becomes(0, 300, E=1.0),
    "bout_30min_80": becomes(0, 30, E=0.8),
    "bout_45min_50": becomes(0, 45, E=0.5),
    "bout_45min_80": becomes(0, 45, E=0.8),
    "bout_15min_100": becomes(0, 15, E=1.0),
    "bout_60min_60": becomes(0, 60, E=0.6),
    "bout_60min_40": becomes(0, 60, E=0.4),
    "bout_120min_70": becomes(0, 120, E=0.7),
    "two_bouts": all_of(becomes(0, 60, E=0.75), becomes(240, 300, E=0.75)),
    "training": becomes(0, 60, E=0.6),
    "carbohydrate": times_("r_max", 0.5),
    "beta_blocker": all_of(times_("aK", 0.4), times_("aL", 0.4)),
    "rhIL6": plus("inf_I", 15, 0, 180),
}


def exchange(cells: NDArray[np.float64], p: Mapping[str, float], kind: str, tone: float, late: float) -> list[float]:
    """Return the derivatives of blood, marginal pool and tissue of one kind of cell ("K" or "L")."""
    blood, marginal, tissue = cells
    walls = p[f"kb_{kind}"] * ((1 + p[f"a{kind}"] * tone) * marginal / p[f"f_{kind}"] - blood)
    pull = late / (1 + tone / p["KA"])
    away = p["kt"] * (1 + p[f"bT_{kind}"] * pull) * blood - p["kr"] * tissue
    return [walls - away, -walls, away]


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per minute; IL-6 of rest is that of the values given, which no arm changes."""
    y = np.asarray(y, float)
    tone, h1, h2, h3, muscle, il6 = y[:6]
    above = max(p["E"] - p["thr_H"], 0) / (1 - p["thr_H"])
    tau = p["tau_up"] if p["E"] > muscle else p["tau_dn"]
    made = p["r_rest"] + p["r_max"] * p["m_act"] * muscle + p["inf_I"]
    ratio = il6 * p["V"] * p["k_I"] / p["r_rest"]
    return np.array([
        (p["E"] ** p["nE"] - tone) / p["tau_A"],
        (above - h1) / p["tau_H"],
        (h1 - h2) / p["tau_H"],
        (h2 - h3) / p["tau_H"],
        (p["E"] - muscle) / tau,
        made / p["V"] - p["k_I"] * il6,
        *exchange(y[6:9], p, "K", tone, h3),
        *exchange(y[9:12], p, "L", tone, h3),
        p["k_X"] * (1 + p["gX"] * (ratio - 1) - y[12]),
    ])  # fmt: skip
