"""The equations of Hibma et al. 2026 (elranatamab) written by hand from the specification hibma2026.md."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same

STATES = ("depot", "A1", "A2", "A4")
ARMS: dict[str, Change] = {
    "step_up": same,
    "step_up_4_20": same,
    "single_priming": same,
    "no_step_up": same,
    "q2w_after_24w": same,
}
# by day 50: days 0 and 3, and seven weekly doses
PUTS = {
    "step_up": ("depot", 12 + 32 + 7 * 76.0),
    "step_up_4_20": ("depot", 4 + 20 + 7 * 76.0),
    "single_priming": ("depot", 44 + 7 * 76.0),
    "no_step_up": ("depot", 8 * 76.0),
    "q2w_after_24w": ("depot", 12 + 32 + 7 * 76.0),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day between doses, in mg under the skin and nmol elsewhere."""
    depot, drug, tissue, target = np.asarray(y, float)
    volume = p["Vc"] * (p["weight"] / p["weight_ref"]) ** p["Vc_weight"]
    taken = p["ka"] * (p["age"] / p["age_ref"]) ** p["ka_age"] * depot
    k = p["Kd"] * volume * p["Vt"] / p["Vx"]
    both = drug + target
    root = np.sqrt((drug - target) ** 2 + k * (2 * both + k))
    bound = 2 * drug * target / (k + both + root)
    cf, sf, cx = (drug - bound) / volume, (target - bound) / p["Vt"], bound / p["Vx"]
    exchange = p["Q"] * cf - p["Q"] / p["Vp"] * tissue
    return np.array(
        [
            -taken,
            p["nmol"] * p["F"] * taken - exchange - p["CL"] * (1 + p["CL_female"] * p["female"]) * cf - p["CLx"] * cx,
            exchange,
            p["CLt"] * (p["B0"] - sf) - p["CLx"] * cx,
        ]
    )
