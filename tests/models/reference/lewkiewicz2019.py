"""The equation of Lewkiewicz et al. 2019 (naive T cells over a life) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import plus, same, times_

STATES = ("N",)
ARMS = {
    "thymectomy_1y": times_("g0", 0, 1),
    "thymectomy_30y": times_("g0", 0, 30),
    "slow_involution": times_("a", 0.5),
    "no_involution": times_("a", 0),
    "less_division": times_("p", 0.9),
    "more_death": times_("m0", 1.1),
    "il7_at_60": plus("p", 0.3, 60, 61),
    "depletion_at_30": same,
    "depletion_at_5": same,
    "depletion_at_60": same,
}
PUTS = {"depletion_at_30": ("N", -0.9), "depletion_at_5": ("N", -0.9)}  # nine tenths of the one cell at the start


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivative (cells per year)."""
    n = np.asarray(y, float)[0]
    death = p["m0"] + p["m1"] * n * n / (n * n + p["K"] ** 2)
    return np.array([p["g0"] * np.exp(-p["a"] * t) + p["p"] * n - death * n])
