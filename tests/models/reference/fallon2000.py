"""The equations of Fallon and Lauffenburger 2000 (IL-2 and its receptor) written by hand, kfe in the balance of Li."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import all_of, becomes, same, times_

STATES = ("Rs", "Cs", "Ri", "Ci", "Li", "Ld", "L", "Y")
KR = 0.0138
ARMS = {
    "il2_1": same,
    "il2_100": same,
    "il2_1000": same,
    "analog_2d1": becomes(kf=KR / 8.2, kre=5 * KR, kfe=5 * KR / 3000),
    "receptor_block": times_("kf", 0.1),
    "no_new_receptors": all_of(times_("Vs", 0), times_("ksyn", 0)),
    "slow_uptake": times_("ke", 0.5),
}
PUTS = {"il2_1": ("L", -9), "il2_100": ("L", 90), "il2_1000": ("L", 990)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per minute of molecules per cell, pM and cells per liter."""
    rs, cs, ri, ci, li, _, free, cells = np.asarray(y, float)
    on, off = p["kf"] * free * rs, p["kr"] * cs
    on_inside, off_inside = p["kfe"] * li * ri, p["kre"] * ci
    return np.array(
        [
            p["Vs"] + p["ksyn"] * cs - p["kt"] * rs - on + off,
            on - off - p["ke"] * cs,
            p["kt"] * rs - on_inside + off_inside - p["kh"] * ri,
            p["ke"] * cs + on_inside - off_inside - p["kh"] * ci,
            -(on_inside - off_inside) / p["v"] - p["kx"] * li,
            p["kh"] * ci,
            -(on - off - p["kx"] * li * p["v"]) * cells / p["NA"],
            max(p["g_max"] * cs / (p["g_half"] + cs) - p["g_loss"], 0.0),
        ]
    )
