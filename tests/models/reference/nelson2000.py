"""The equations of Nelson et al. 2000 without the delay, with both kinds of inhibitor, written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import becomes

STATES = ("T", "I", "V_I", "V_NI")
ARMS = {
    "protease_inhibitor": becomes(e_pi=0.8),
    "protease_inhibitor_half": becomes(e_pi=0.5),
    "protease_inhibitor_full": becomes(e_pi=1),
    "protease_inhibitor_weak": becomes(e_pi=0.2),
    "rt_inhibitor": becomes(e_rt=0.9),
    "rt_inhibitor_half": becomes(e_rt=0.5),
    "both_inhibitors": becomes(e_rt=0.9, e_pi=0.9),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day of target cells, infected cells, infectious and other virus."""
    target, infected, infectious, other = np.asarray(y, float)
    new = (1 - p["e_rt"]) * p["k"] * infectious * target
    held = p["c"] / (p["N"] * p["k"]) * (p["d"] + p["k"] * p["V0"])  # no arm changes one of these
    made = p["N"] * p["delta"] * infected
    return np.array(
        [
            held - p["d"] * target - new,
            new - p["delta"] * infected,
            (1 - p["e_pi"]) * made - p["c"] * infectious,
            p["e_pi"] * made - p["c"] * other,
        ]
    )
