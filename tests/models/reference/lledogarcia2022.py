"""The equations of Lledo-Garcia et al. 2022 written by hand (specification lledogarcia2022.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same

STATES = ("central", "periph", "igg", "igg_felt")
ARMS: dict[str, Change] = dict.fromkeys(("iv_1", "iv_4", "iv_7", "iv_7_weekly", "iv_10_weekly"), same)
# by day 50, in mg per kg
PUTS: dict[str, tuple[str, float]] = {
    "iv_1": ("central", 1),
    "iv_4": ("central", 4),
    "iv_7": ("central", 7),
    "iv_7_weekly": ("central", 42),
    "iv_10_weekly": ("central", 60),
}


def free(total: float, receptor: float, kd: float) -> float:
    """Return free drug (mg/L) where total drug and receptor are in binding balance."""
    d = total - receptor - kd
    root = np.sqrt(d * d + 4 * kd * total)
    return float((d + root) / 2 if d >= 0 else 2 * kd * total / (root - d))


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day of drug in plasma and in tissue (mg/kg), IgG and the one felt (g/L)."""
    central, periph, igg, felt = np.asarray(y, float)
    total = central * p["weight"] / p["V"]
    c = free(total, p["F"] * p["mw"], p["KD"] * p["mw"])
    # the spec counts mg in the body
    eliminated, lost = p["CL"] * c, p["kdeg"] * p["V"] * (p["F"] * p["mw"]) * c / (p["KD"] * p["mw"] + c)
    out, back = p["Q"] * c, p["Q"] / p["V2"] * periph * p["weight"]
    return np.array(
        [
            (back - out - eliminated - lost) / p["weight"],
            (out - back) / p["weight"],
            p["kout"] * (p["IgG0"] - igg * (1 + p["Emax"] * c / (c + p["EC50"]))),
            p["ke0"] * (igg - felt),
        ]
    )
