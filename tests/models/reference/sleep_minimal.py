"""The equations of sleep_minimal written by hand from its specification."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, Values, same

STATES = ("S", "S_hab", "Debt", "NK", "IL6", "Ag", "B1", "PC", "Ab")


def lost(first: int, last: float, *windows: tuple[float, float]) -> Change:
    """Return the change that exchanges sleep and waking in windows counted from midnight before nights first..last."""

    def made(t: float, p: Values) -> Values:
        inside = any(
            24 * night + start <= t < 24 * night + stop
            for night in range(first, int(min(last, 20)) + 1)
            for start, stop in windows
        )
        return {**p, "flip": 1.0} if inside else p

    return made


ARMS: dict[str, Change] = {
    "late_night": lost(0, 0, (27, 31)),
    "sleep_7h": lost(0, 13, (23, 24)),
    "sleep_6h": lost(0, 7, (23, 25)),
    "sleep_5h": lost(0, 7, (23, 26)),
    "three_short_nights": lost(0, 2, (23, 26.7)),
    "five_short_nights": lost(0, 4, (23, 26.7)),
    "sleep_4h": lost(0, 5, (23, 25), (29, 31)),
    "recovery": lost(6, 11, (21, 23), (31, 33)),
    "no_sleep": lost(0, 0, (23, 31)),
    "shift_work": lost(0, 20, (23, 39)),
    "nap": lost(1, 1, (14, 15.5)),
    "vaccination": same,
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of the nine states per hour."""
    s, s_hab, debt, nk, il6, ag, b1, pc, ab = np.asarray(y, float)
    habit = 1.0 if (t - p["bed_hab"]) % 24 < p["duration_hab"] else 0.0
    asleep = habit * (1 - p["flip"]) + (1 - habit) * p["flip"]
    x = max(s - s_hab, 0.0)
    prim = p["p_D"] ** p["m_D"] / (p["p_D"] ** p["m_D"] + debt ** p["m_D"])
    return np.array(
        [
            (1 - asleep) * (1 - s) / p["tau_w"] - asleep * s / p["tau_s"],
            (1 - habit) * (1 - s_hab) / p["tau_w"] - habit * s_hab / p["tau_s"],
            (x**2 / (p["Sx"] ** 2 + x**2) - debt) / p["tau_D"],
            p["k_NK"] * (1 - p["a_NK"] * x / (p["S_half"] + x) - nk),
            p["k_I"] * (p["I0"] * (1 + p["b_I"] * debt ** p["n_I"] / (p["D_I"] ** p["n_I"] + debt ** p["n_I"])) - il6),
            -(p["kP"] * prim + p["kl"]) * ag,
            p["kP"] * prim * ag - p["kB"] * b1,
            p["kB"] * b1 - p["d_PC"] * pc,
            p["s_Ab"] * pc - p["d_Ab"] * ab,
        ]
    )
