"""The equations of Barros et al. 2021 (CARTmath) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same, times_

STATES = ("CT", "CM", "T")
ARMS: dict[str, Change] = {
    "car_t": same,
    "car_t_raji": same,
    "car_t_weekly": same,
    "car_t_fortnightly": same,
    "car_t_first_10_percent": same,
    "car_t_then_30_percent": same,
    "car_t_then_60_percent": same,
    "checkpoint_inhibitor": times_("alpha", 0.8631462),
    "rechallenge": same,
    "tumor_burden": same,
}
# by day 50
PUTS = {
    "car_t": ("CT", 2e6),
    "car_t_raji": ("CT", 1e7),
    "car_t_weekly": ("CT", 1e6),
    "car_t_fortnightly": ("CT", 5e5),
    "car_t_first_10_percent": ("CT", 2e5),
    "car_t_then_30_percent": ("CT", 6e5),
    "car_t_then_60_percent": ("CT", 1.2e6),
    "tumor_burden": ("T", 2e6),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives in cells per day."""
    killers, memory, tumor = np.asarray(y, float)
    recall = p["theta"] * tumor * memory
    return np.array(
        [
            (p["phi"] - p["rho"] - p["alpha"] * tumor) * killers + recall,
            p["eps"] * killers - p["mu"] * memory - recall,
            (p["r"] * (1 - p["b"] * tumor) - p["gamma"] * killers) * tumor,
        ]
    )
