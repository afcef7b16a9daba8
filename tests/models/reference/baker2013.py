"""The equations of Baker et al. 2013 written by hand, with the package's damage read-out and pulsed drug."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

STATES = ("a", "p", "damage", "drug")


def alpha2_at(t: float, p: Mapping[str, float]) -> float:
    """Return the strength of the pro-inflammatory feedback at age `t` (curated entry BIOMD0000000549)."""
    old = p["alpha2"] * (1 + p["aging"])
    return p["alpha2"] + (old - p["alpha2"]) * t**2 / (p["alpha2_T"] ** 2 + t**2)


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of a, p, damage and drug; everything is dimensionless."""
    anti, pro, _, drug = np.asarray(y, float)
    brake = 1 + anti**2
    d_anti = p["alpha4"] * pro**2 / (p["alpha3"] ** 2 + pro**2) + p["a_input"] - anti
    production = p["alpha1"] / brake + alpha2_at(t, p) * pro**2 / (1 + pro**2) / brake
    d_pro = production - p["gamma"] * pro - (p["D"] + drug) * pro
    return np.array([d_anti, d_pro, p["k_J"] * pro, -p["k_drug"] * drug])
