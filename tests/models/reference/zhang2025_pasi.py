"""The equations of Zhang et al. 2025 written by hand (specification zhang2025_pasi.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same, times_

STATES = ("D", "C", "Q", "E", "S")
ARMS: dict[str, Change] = {
    **dict.fromkeys(("mg_70", "mg_140", "mg_210", "mg_280_q4w"), same),
    "less_sensitive": times_("IC50", 2.6),
    "much_less_sensitive": times_("IC50", 5.4),
}
# by day 50: on days 0, 7, 14, 28 and 42, or 0 and 28
PUTS: dict[str, tuple[str, float]] = {
    "mg_70": ("D", 350),
    "mg_140": ("D", 700),
    "mg_210": ("D", 1050),
    "mg_280_q4w": ("D", 560),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day of the drug (mg, as injected, then absorbed) and of PASI.

    The specification multiplies the dose by F when it is given; here F acts where the drug reaches blood.
    """
    site, blood, tissue, effect, score = np.asarray(y, float)
    c = blood / p["V"]
    ce = effect / (p["kel"] * p["V"] / p["ke0"])
    return np.array(
        [
            -p["ka"] * site,
            p["F"] * p["ka"] * site
            - p["Vmax"] * c / (p["Km"] + c)
            - p["kel"] * blood
            - p["k12"] * blood
            + p["k21"] * tissue,
            p["k12"] * blood - p["k21"] * tissue,
            p["kel"] * blood - p["ke0"] * effect,
            p["ksyn0"] * (1 - p["Imax"] * ce / (p["IC50"] + ce))
            - p["ksyn0"] / p["BL"] * (1 + p["Pmax"] * np.exp(-p["kpl"] * t)) * score,
        ]
    )
