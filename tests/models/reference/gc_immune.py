"""The equations of gc_immune written by hand: bindellini2024, a drug of one compartment, and two kinds of cells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.bindellini2024 import free_amount, tablets
from reference.changes import Change, becomes, same

STATES = ("depot", "ACTH", "A", "Ap", "gut", "pred", "L", "Neu")
ARMS: dict[str, Change] = {
    **{f"prednisolone_{mg}": same for mg in (10, 20, 40)},
    **{f"prednisolone_{mg}_daily": same for mg in (5, 20)},
    "hydrocortisone_20": becomes(mg1=20.0, h1=8.0, days=1.0),
    "hydrocortisone_50_q6h": becomes(
        mg1=50.0, mg2=50.0, mg3=50.0, mg4=50.0, h1=8.0, h2=14.0, h3=20.0, h4=26.0, days=1.0
    ),
    "adrenal_insufficiency": becomes(act=0.02),
}


def absorbed(mg: float) -> float:
    """Return what of a dose in mg reaches the gut, nmol."""
    nmol = mg / 360.44 * 1e6
    return float(nmol * (nmol / 80_000) ** -0.28)


# by hour 50: one dose, or those at 8.17 and 32.17 h
PUTS = {
    **{f"prednisolone_{mg}": ("gut", absorbed(mg)) for mg in (10, 20, 40)},
    **{f"prednisolone_{mg}_daily": ("gut", 2 * absorbed(mg)) for mg in (5, 20)},
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of the eight states per hour."""
    depot, acth, amount, periphery, gut, pred, cells, neutrophils = np.asarray(y, float)
    size = p["BW"] / p["BW_ref"]
    volume = p["V2"] * size
    free = free_amount(amount, p, volume) / volume
    drug = pred / p["Vp"]
    felt, sensed = free + p["rF"] * drug, free + p["rL"] * drug
    hour = t % p["day"]
    surge = p["SA1"] * size**6.53 / (1 + (abs(hour - p["P1"]) / p["W1"]) ** 4)
    surge += p["SA2"] / (1 + (abs(hour - p["P2"]) / p["W2"]) ** 4)
    held = 1 - p["Imax"] * felt ** p["gI"] / (felt ** p["gI"] + p["IC50"] ** p["gI"])
    made = p["act"] * p["Emax"] * acth ** p["gE"] / (p["EC50"] ** p["gE"] + acth ** p["gE"])
    away = p["Q"] * size**0.75 * (free - periphery / (p["V3"] * size))
    return np.array(
        [
            tablets(t, p) - p["ka"] * depot,
            p["BASE"] * p["Kout"] + surge * (1 - p["dex"]) * held - p["Kout"] * acth,
            made - p["CL"] * size**0.75 * free - away + p["ka"] * depot,
            away,
            -p["kap"] * gut,
            p["kap"] * gut - p["CLp"] * drug,
            p["kinL"] * p["IC50u"] / (p["IC50u"] + sensed) - p["koutL"] * cells,
            p["kinN"] * (1 + p["S"] * sensed / (p["IC50N"] + sensed)) - p["koutN"] * neutrophils,
        ]
    )
