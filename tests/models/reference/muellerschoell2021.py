"""The equations of Mueller-Schoell et al. 2021 written by hand from the specification muellerschoell2021.md."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes, same

STATES = ("TN", "TCM", "TEM", "TEff", "T", "AUC")
ARMS: dict[str, Change] = {
    "infusion": same,
    "infusion_x10": same,
    "prior_transplant": becomes(ASCT=1),
    "low_expansion": becomes(low=1),
    "many_cd8": becomes(ratio=0.1),
    "debulking": same,
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day in cells per uL, mL of tumor, and the exposure."""
    n, cm, em, eff, tumor, _ = np.asarray(y, float)
    usual = p["Vmax1_ref"] * p["ratio"] ** p["f_ratio"]
    # parameters of the test lie between the kinds of patients
    speed = (usual + p["low"] * (p["Vmax1_low"] - usual)) * (1 + p["f_ASCT"] * p["ASCT"]) * tumor
    kill = p["q1"] * n + p["q2"] * cm + p["q3"] * em + p["q4"] * eff

    def net(x: float, renewal: float) -> float:
        return float(speed * x / (p["KM1"] + x) + (renewal - p["ke"]) * x)

    return np.array(
        [
            net(n, p["kp1"]) - p["k12"] * n,
            net(cm, p["kp2"]) + p["k12"] * n - p["k23"] * cm,
            net(em, p["kp3"]) + p["k23"] * cm - p["k34"] * em,
            p["k34"] * em - p["ke4"] * eff,
            p["k5"] * tumor * (1 - tumor / p["K0"]) - kill * tumor / (p["KM5"] + tumor),
            n + cm + em + eff,
        ]
    )
