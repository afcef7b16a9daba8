"""The equations of Yu et al. 2022 written by hand (specification yu2022_ofatumumab.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same

STATES = ("D", "A", "Ap", "R", "B", "Bp")
MONTHLY = (1, 2, 5, 10, 20, 40)
ARMS: dict[str, Change] = dict.fromkeys([*(f"mg_{d}" for d in MONTHLY), "mg_60_q12w", "iv_100", "iv_300"], same)
# by day 50: days 0, 7, 14 and 28; one of every 12 weeks; days 0 and 14 into blood
PUTS: dict[str, tuple[str, float]] = {
    **{f"mg_{d}": ("D", 4 * d) for d in MONTHLY},
    "mg_60_q12w": ("D", 60),
    "iv_100": ("A", 200),
    "iv_300": ("A", 600),
}


def free(total: float, target: float, ks: float) -> float:
    """Return free drug (mg/L) where total drug and target are in quasi-steady state."""
    d = total - target - ks
    root = np.sqrt(d * d + 4 * ks * total)
    return float((d + root) / 2 if d >= 0 else 2 * ks * total / (root - d))


def patient(p: Mapping[str, float]) -> dict[str, float]:
    """Return the values that depend on weight, age and the patient's own count of B cells."""
    w = p["weight"] / p["weight_ref"]
    b0 = p["B0"] * w**0.271 * (p["age"] / p["age_ref"]) ** -0.282
    return {
        "ka": p["ka"] * w**-0.457,
        "Vc": p["Vc"] * w**1.2,
        "ks0": p["ks0"] * w**-1.52,
        "CL": p["CL"] * w**1.52,
        "kout": p["kout"] * w**-0.624,
        "B0": b0,
        "Emax": p["Emax"] * (b0 / p["count_ref"]) ** 0.275,
    }


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day of drug (mg; as injected, blood, tissue), CD20 and B cells of blood and tissue.

    The specification multiplies the dose by F when it is given; here F acts where the drug reaches blood.
    """
    site, blood, tissue, target, cells, pool = np.asarray(y, float)
    own = patient(p)
    total = blood / own["Vc"]
    c = free(total, target, (p["kep"] + p["koff"]) * p["KD"] / p["koff"])
    bound = total - c
    ksyn = p["ksi"] + (own["ks0"] - p["ksi"]) * np.exp(-p["kdes"] * t / p["year"])
    stim = own["Emax"] * c ** p["h"] / (p["EC50"] ** p["h"] + c ** p["h"])
    exchange = p["Q"] * (c - tissue / p["Vp"])
    moved = p["QB"] / own["Vc"] * cells - p["QB"] / p["Vb"] * pool
    return np.array(
        [
            -own["ka"] * site,
            p["F"] * own["ka"] * site - own["CL"] * c - exchange - p["kep"] * own["Vc"] * bound,
            exchange,
            ksyn - ksyn / p["R0"] * (target - bound) - p["kep"] * bound,
            own["kout"] * (own["B0"] - cells * (1 + stim)) - moved,
            moved,
        ]
    )
