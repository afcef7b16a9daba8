"""The kinetics of dupilumab (Zhang et al. 2021, as used in Zhang et al. 2025) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import becomes, same

STATES = ("depot", "central", "peripheral")
ARMS = dict.fromkeys(("loading_400", "loading_600", "q2w_200", "q2w_300", "q4w_200", "q4w_300"), same)
ARMS |= {"type2_high": becomes(FENO=50, EOS=500), "type2_low": becomes(FENO=10, EOS=100)}
PUTS = {
    "loading_400": ("depot", 400),
    "loading_600": ("depot", 600),
    "q2w_200": ("depot", 3 * 200),
    "q2w_300": ("depot", 3 * 300),
    "q4w_200": ("depot", 200),
    "q4w_300": ("depot", 300),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives in mg per day between doses; the depot holds what was injected, F of it gets through."""
    depot, central, tissue = np.asarray(y, float)
    w = p["weight"] / p["weight_ref"]
    ke = p["ke"] * (1 + 0.191 * p["ADA"]) * w**0.222 * (p["CRCL"] / p["CRCL_ref"]) ** 0.217
    volume = p["V"] * w**0.667 / (p["ALB"] / p["ALB_ref"]) ** 0.484
    receptor = p["Vmax"] * w**0.224 * central / (p["Km"] + central / volume)
    out, back = p["k23"] * central, p["k32"] * tissue
    return np.array(
        [-p["ka"] * depot, p["F"] * p["ka"] * depot - ke * central - receptor - out + back, out - back],
    )
