"""The equations of the package's own vaccination model written by hand from its specification."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import all_of, becomes, plus, same, times_

STATES = ("D", "V", "J", "F", "H", "N", "B", "S", "L", "M", "A")
_CD20 = [(name, 0.5) for name in ("dN", "dB", "dM")]
ARMS = {
    "prime_only": same,
    "adjuvanted": same,
    "low_dose": same,
    "low_dose_adjuvanted": same,
    "third_dose": same,
    "anti_cd20": all_of(*(plus(name, size, 0, 180) for name, size in _CD20)),
    "anti_cd20_late": all_of(*(plus(name, size, 120, 300) for name, size in _CD20)),
    "antiproliferative": times_("rho", 0.6, 0, 120),
    "proteasome_inhibitor": becomes(120, 150, dS=0.331, dL=0.1003),
    "fcrn_block": times_("dA", 4, 120, 148),
    "old_age": all_of(times_("kact", 0.5), times_("krec", 0.5), times_("rho", 0.9)),
    "passive_igg": same,
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day of antigen, adjuvant, help, B cells and antibody between doses."""
    depot, free, adjuvant, kept, helpers, naive, center, short, long, memory, antibody = np.asarray(y, float)
    drive = (1 + p["EJ"] * adjuvant / (p["J50"] + adjuvant)) * free / (p["KV"] + free)
    held = p["sig"] * helpers
    growth = p["rho"] * kept / (p["KF"] + kept) * held / (held + center + p["B_none"])
    enter, again = p["kact"] * drive * naive, p["krec"] * drive * memory
    leave = p["kdif"] * center
    return np.array(
        [
            -p["krel"] * depot,
            p["krel"] * depot - p["dV"] * free,
            -p["kJ"] * adjuvant,
            p["kF"] * free - p["dF"] * kept,
            drive * (p["kH"] + p["kHm"] * memory / (p["KMh"] + memory)) - p["dH"] * helpers,
            p["sN"] - p["dN"] * naive - enter,
            enter + again + growth * center - p["dB"] * center - leave,
            (1 - p["fL"] - p["fM"]) * leave - p["dS"] * short,
            p["fL"] * leave - p["dL"] * long,
            p["fM"] * leave - again - p["dM"] * memory,
            p["theta"] * (short + long) - p["dA"] * antibody,
        ]
    )
