"""The equations of Chigutsa et al. 2021 (SARS-CoV-2 and two antibodies) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import same, times_

STATES = ("Bc", "Bp", "Ec", "Ep", "V", "T", "I")
# infusions of an hour on days 1, 4 and 10, at none of the times that are compared
DOSES = ("combo_day1", "combo_day4", "combo_day10", "combo_2800", "combo_350", "combo_175", "bam_700_day1", "bam_700",
         "bam_700_day10", "bam_2800", "bam_7000")  # fmt: skip
ARMS = dict.fromkeys(DOSES, same) | {
    "mucosal_clearance": times_("c", 1.5),
    "killing": times_("delta", 2),
    "entry_block": times_("beta", 0.1),
    "replication_block": times_("p", 0.1),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives (mg, million copies per mL, million cells; per day) outside infusions."""
    bc, bp, ec, ep, v, targets, infected = np.asarray(y, float)
    w = p["weight"] / p["weight_ref"]
    cb, ce = bc / (p["V1b"] * w), ec / (p["V1e"] * w)
    b_out, e_out = p["Qb"] * w**0.81 * cb, p["Qe"] * w**0.81 * ce
    b_back, e_back = p["Qb"] * w**0.81 * bp / (p["V2b"] * w), p["Qe"] * w**0.81 * ep / (p["V2e"] * w)
    kill = p["Emax"] * cb / (p["EC50"] + cb) + p["Emax"] * ce / (p["ratio"] * p["EC50"] + ce)
    new = p["beta"] * targets * v
    return np.array(
        [
            -p["CLb"] * w**0.81 * cb - b_out + b_back,
            b_out - b_back,
            -p["CLe"] * w**0.81 * ce - e_out + e_back,
            e_out - e_back,
            p["p"] * infected - p["c"] * v - kill * v,
            -new,
            new - p["delta"] * infected,
        ]
    )
