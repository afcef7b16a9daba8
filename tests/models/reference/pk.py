"""Amounts of a drug in one and two compartments written by hand (structure of the drug library)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray


def absorbed(y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of depot and central (mg per day): first-order absorption and elimination."""
    depot, central = np.asarray(y, float)
    return np.array([-p["ka"] * depot, p["ka"] * depot - p["CL"] * central / p["V1"]])


def two_compartment(y: ArrayLike, p: Mapping[str, float], infusion: float = 0.0) -> NDArray[np.float64]:
    """Return the derivatives of central and peripheral (mg per day) under an infusion of `infusion` mg/day."""
    central, peripheral = np.asarray(y, float)
    concentration = central / p["V1"]
    exchange = p["Q"] * (concentration - peripheral / p["V2"])
    return np.array([infusion - p["CL"] * concentration - exchange, exchange])
