"""The equations of Kirschner and Panetta 1998 written by hand, plain and in logarithms of the states."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

STATES = ("E", "T", "I")


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return dE/dt, dT/dt (cells per day) and dI/dt (IL-2 units per day)."""
    effector, tumor, il2 = np.asarray(y, float)
    per_effector = p["p1"] * il2 / (p["g1"] + il2) - p["mu2"]
    d_effector = p["c"] * tumor + per_effector * effector + p["s1"]
    d_tumor = p["r2"] * tumor * (1 - p["b"] * tumor) - p["a"] * effector * tumor / (p["g2"] + tumor)
    d_il2 = p["p2"] * effector * tumor / (p["g3"] + tumor) - p["mu3"] * il2 + p["s2"]
    return np.array([d_effector, d_tumor, d_il2])


def log_rhs(t: float, u: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of ln E, ln T, ln I: keeps relative accuracy in troughs far below one cell."""
    effector, tumor, il2 = np.exp(np.asarray(u, float))
    return np.array(
        [
            (p["c"] * tumor + p["s1"]) / effector + p["p1"] * il2 / (p["g1"] + il2) - p["mu2"],
            p["r2"] * (1 - p["b"] * tumor) - p["a"] * effector / (p["g2"] + tumor),
            (p["p2"] * effector * tumor / (p["g3"] + tumor) + p["s2"]) / il2 - p["mu3"],
        ]
    )
