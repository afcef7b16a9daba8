"""The equations of Karin 2020 in the form of Milo 2025, written by hand, with the package's own inputs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, all_of, becomes, plus, times_

STATES = ("CRH", "ACTH", "CORT", "P", "A")
ARMS: dict[str, Change] = {
    "acute_stressor": becomes(0, 1 / 24, u=3),
    "chronic_stress": becomes(0, 60, u=3),
    "circadian": becomes(u_day=0.5),
    "gr_resistance": times_("KGR", 2),
    "metyrapone": times_("I3", 0.5),
    "crh_antagonist": times_("C1", 0.5),
    "crh_antibody": times_("A1", 2),
    "mifepristone": times_("C3", 0.5),
    "glucocorticoid": plus("c_ex", 2, 0, 60),
    "prednisolone_20mg": plus("c_ex", 4, 0, 60),
    "prednisolone_5mg": plus("c_ex", 1, 0, 60),
    "prednisolone_5_days": plus("c_ex", 4, 0, 5),
    "dexamethasone": all_of(plus("c_ex", 4, 0, 60), becomes(0, 60, m_ex=0)),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of the five states per day."""
    crh, acth, cort, pituitary, adrenal = np.asarray(y, float)
    given = p["f_ex"] * p["c_ex"]
    gr = 1 / (1 + (p["C3"] * (cort + given) / p["KGR"]) ** p["nGR"])
    mr = 1 / max(p["C3"] * (cort + p["m_ex"] * given), p["c_least"])
    u = p["u"] * (1 + p["u_day"] * np.cos(2 * np.pi * (t - p["u_top"]) / p["u_period"]))
    return np.array(
        [
            p["g1"] * (p["I1"] * u * mr * gr - p["A1"] * crh),
            p["g2"] * (p["I2"] * p["C1"] * crh * pituitary * gr - p["A2"] * acth),
            p["g3"] * (p["I3"] * p["C2"] * acth * adrenal - p["A3"] * cort),
            p["gP"] * pituitary * (p["C1"] * crh * (1 - pituitary / p["KP"]) - 1),
            p["gA"] * adrenal * (p["C2"] * acth * (1 - adrenal / p["KA"]) - 1),
        ]
    )
