"""The equations of Crass et al. 2024 written by hand (specification crass2024.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes, same

STATES = ("D", "T", "C")
ARMS: dict[str, Change] = {
    **dict.fromkeys(("pegcetacoplan", "every_72h", "mg_360", "mg_180"), same),
    "eculizumab_before": becomes(ecu=1.0),
    "eculizumab_goes_on": becomes(0, 672, co=1.0),
}
# by hour 50: the first dose
PUTS: dict[str, tuple[str, float]] = {
    "pegcetacoplan": ("D", 1080),
    "every_72h": ("D", 1080),
    "mg_360": ("D", 360),
    "mg_180": ("D", 180),
}


def effects(p: Mapping[str, float], c: float) -> tuple[float, float]:
    """Return hemoglobin (g/dL) and LDH (U/L) at a concentration in mg/L."""
    rise = p["EH"] * (p["CrCl"] / 120) ** 0.641 * (p["EH_woman"] if p["female"] else 1)
    log_l0 = 5.52 if p["ecu"] else 7.56
    le = (-1.39 if p["ecu"] else 2.40) + (0.783 if p["co"] else 0)
    fall = c**3.42 / (np.exp(5.23) ** 3.42 + c**3.42) / (1 + np.exp(-le))
    return float(p["Hb0"] * (1 + rise * c**4.66 / (337**4.66 + c**4.66))), float(np.exp(log_l0) * (1 - fall))


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per hour of the drug in mg: as injected, on its way, in blood.

    The specification multiplies the dose by F when it is given; here F acts where the drug leaves the skin.
    """
    site, way, blood = np.asarray(y, float)
    w = p["weight"] / p["weight_ref"]
    clearance = p["CL"] * p["CL_PNH"] ** p["PNH"] * w**0.646
    return np.array(
        [
            -p["ka"] * site,
            p["F"] * p["ka"] * site - p["ka"] * way,
            p["ka"] * way - clearance / (p["V"] * w**0.809) * blood,
        ]
    )
