"""The equations of bindellini2024 written by hand from its specification (bindellini2024.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes

STATES = ("depot", "ACTH", "A", "Ap")
ARMS: dict[str, Change] = {
    "enzyme_deficiency": becomes(act=0.02),
    "mild_deficiency": becomes(act=0.35),
    "adrenal_insufficiency": becomes(act=0.0),
    "metyrapone": becomes(act=0.3),
    "dexamethasone": becomes(dex=1.0),
    "hydrocortisone_7_13_19": becomes(mg1=10.0, mg2=5.0, mg3=5.0),
    "hydrocortisone_4_12_20": becomes(mg1=10.0, mg2=5.0, mg3=5.0, h1=4.0, h2=12.0, h3=20.0),
    "hydrocortisone_20_at_7": becomes(mg1=20.0, h1=55.0, days=1.0),
    "hydrocortisone_20_at_8": becomes(mg1=20.0, h1=56.0, days=1.0),
    "hydrocortisone_20_at_22": becomes(mg1=20.0, h1=46.0, days=1.0),
}


def free_amount(total: float, p: Mapping[str, float], volume: float) -> float:
    """Return the root of n x^2 - q x - K A = 0, in nmol."""
    k, n, sites = p["KD"] * volume, 1 + p["NS"], p["CBG"] * volume
    q = total - k * n - sites
    return (q + math.sqrt(q * q + 4 * k * total * n)) / (2 * n)


def tablets(t: float, p: Mapping[str, float]) -> float:
    """Return the hydrocortisone that comes out of the transit steps, nmol per hour, of the last time each was taken."""
    rate = 0.0
    for i in range(1, 5):
        mg = p[f"mg{i}"]
        since = t - p[f"h{i}"]
        if since <= 0 or mg == 0:
            continue
        x = since - p["day"] * min(since // p["day"], p["days"] - 1)
        k = (p["N"] + 1) / (p["MTT"] * (max(mg, p["least"]) / p["mg_ref"]) ** 0.179)
        shape = k * (k * x) ** p["N"] * math.exp(-k * x) / math.gamma(p["N"] + 1)
        rate += p["F"] * mg / p["MW"] * shape
    return rate


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of the four states per hour."""
    depot, acth, amount, periphery = np.asarray(y, float)
    size = p["BW"] / p["BW_ref"]
    volume = p["V2"] * size
    free = free_amount(amount, p, volume) / volume
    hour = t % p["day"]
    surge = p["SA1"] * size**6.53 / (1 + (abs(hour - p["P1"]) / p["W1"]) ** 4)
    surge += p["SA2"] / (1 + (abs(hour - p["P2"]) / p["W2"]) ** 4)
    held = 1 - p["Imax"] * free ** p["gI"] / (free ** p["gI"] + p["IC50"] ** p["gI"])
    made = p["act"] * p["Emax"] * acth ** p["gE"] / (p["EC50"] ** p["gE"] + acth ** p["gE"])
    away = p["Q"] * size**0.75 * (free - periphery / (p["V3"] * size))
    return np.array(
        [
            tablets(t, p) - p["ka"] * depot,
            p["BASE"] * p["Kout"] + surge * (1 - p["dex"]) * held - p["Kout"] * acth,
            made - p["CL"] * size**0.75 * free - away + p["ka"] * depot,
            away,
        ]
    )
