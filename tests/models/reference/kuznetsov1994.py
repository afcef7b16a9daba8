"""The equations of Kuznetsov et al. 1994 written by hand, as a second opinion on the generated ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

STATES = ("E", "T")


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return dE/dt and dT/dt in cells per day."""
    effector, tumor = np.asarray(y, float)
    contacts = effector * tumor
    d_effector = p["s"] + p["p"] * contacts / (p["g"] + tumor) - p["m"] * contacts - p["d"] * effector
    d_tumor = p["a"] * tumor * (1 - p["b"] * tumor) - p["n"] * contacts
    return np.array([d_effector, d_tumor])
