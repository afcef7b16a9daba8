"""The equations of Stein et al. 2019 (tisagenlecleucel) written by hand from the specification stein2019.md."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes, times_

STATES = ("E", "M", "AUC")
ARMS: dict[str, Change] = {
    "tocilizumab": becomes(5.7, toci=1),
    "corticosteroid": becomes(7.5, steroid=1),
    "poor_lymphodepletion": times_("reach", 0.01),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day in copies per ug, and the exposure."""
    e, m, _ = np.asarray(y, float)
    if t < p["Tmax"]:
        faster = (p["Ftoci"] if p["toci"] == 1 else p["Ftoci"] ** p["toci"]) * p["Fster"] ** p["steroid"]
        return np.array([np.log(p["foldx"] * p["reach"]) / p["Tmax"] * faster * e, 0.0, e + m])
    formed = p["FB"] * max(p["alpha"] - p["beta"], 0)
    return np.array([-p["alpha"] * e, formed * e - p["beta"] * m, e + m])
