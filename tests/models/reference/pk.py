"""Amounts of a drug in one and two compartments written by hand (structure of the drug library)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray


def absorbed(y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of depot, central and peripheral (mg per day): first-order absorption."""
    depot, central, peripheral = np.asarray(y, float)
    absorption = p["ka"] * depot
    return np.array([-absorption, *two_compartment([central, peripheral], p, absorption)])


def two_compartment(y: ArrayLike, p: Mapping[str, float], infusion: float = 0.0) -> NDArray[np.float64]:
    """Return the derivatives of central and peripheral (mg per day) under an infusion of `infusion` mg/day."""
    central, peripheral = np.asarray(y, float)
    concentration = central / p["V1"]
    exchange = p["Q"] * (concentration - peripheral / p["V2"])
    return np.array([infusion - p["CL"] * concentration - exchange, exchange])
