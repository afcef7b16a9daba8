"""The equations of Berends et al. 2019 (quasi-steady-state binding) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

STATES = ("A", "X", "R")


def clearance(p: Mapping[str, float]) -> float:
    """Return the clearance of free infliximab in L/day for a patient's antibodies and albumin."""
    covariates = p["CL_ADA"] ** p["ADA"] * (p["ALB"] / p["ALB_ref"]) ** p["CL_ALB"]
    return float(p["CL_ref"] * covariates)


def binding(y: ArrayLike, p: Mapping[str, float]) -> tuple[float, float]:
    """Return free infliximab and the complex in mg/L."""
    central, _, tnf = np.asarray(y, float)
    total = central / p["Vc"]
    b = total - tnf - p["Kss"]
    free = (b + np.sqrt(b**2 + 4 * p["Kss"] * total)) / 2
    return free, tnf * free / (p["Kss"] + free)


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return dA/dt, dX/dt (mg per day) and dR/dt (mg/L per day) between doses; burden 1 is the paper."""
    _, peripheral, tnf = np.asarray(y, float)
    free, bound = binding(y, p)
    out, back = p["Q"] * free, p["Q"] / p["Vp"] * peripheral
    d_central = -clearance(p) * free - out + back - p["kint"] * p["Vc"] * bound
    d_tnf = p["kdeg"] * p["B0"] * p["burden"] - p["kdeg"] * tnf - (p["kint"] - p["kdeg"]) * bound
    return np.array([d_central, out - back, d_tnf])
