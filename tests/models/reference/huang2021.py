"""The equations of huang2021 written by hand from its specification (huang2021.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, plus, same, times_

STATES = ("depot", "DV", "DL", "DO", "DR", "HV", "HL", "HO", "HR")


def per_hour(iu: float) -> float:
    """Return a daily dose as nmol per hour: 40 IU are 1 ug, 384.64 g/mol."""
    return iu / 40 * 1000 / 384.64 / 24


ARMS: dict[str, Change] = {
    **{f"iu_{iu}": plus("intake", per_hour(iu)) for iu in (400, 600, 1000, 2000, 4000, 10000)},
    **{f"iu_{iu}_half_year": plus("intake", per_hour(iu), 0, 4368) for iu in (1000, 2000, 4000)},
    "bolus": same,
    "obesity": times_("Vrb", 1.5),
}
PUTS = {"bolus": ("depot", 6499.584)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per hour."""
    depot, *amounts = np.asarray(y, float)
    rest = p["Qco"] - p["Ql"]

    def clearance(c: float) -> float:
        return float(p["CLmax"] * c ** p["g"] / (p["C50"] ** p["g"] + c ** p["g"]))

    def circulation(vein: float, liver: float, other: float, artery: float, kl: float, ko: float) -> list[float]:
        cv, cr = vein / p["Vven"], artery / p["Vart"]
        cl, co = liver / (p["Vl"] * kl), other / (p["Vrb"] * ko)
        return [
            p["Ql"] * cl + rest * co - p["Qco"] * cv,
            p["Ql"] * (cr - cl),
            rest * (cr - co),
            p["Qco"] * (cv - cr),
        ]

    d3 = circulation(*amounts[:4], p["KplD"], p["KprbD"])
    ohd = circulation(*amounts[4:], p["KplH"], p["KprbH"])
    d3_liver, ohd_liver = amounts[1] / (p["Vl"] * p["KplD"]), amounts[5] / (p["Vl"] * p["KplH"])
    d3[1] += clearance(p["B"]) * p["B"] / p["fm"] + p["ka"] * depot - p["CLH"] * d3_liver
    ohd[1] += p["fm"] * p["CLH"] * d3_liver - clearance(ohd_liver) * ohd_liver
    return np.array([p["intake"] - p["ka"] * depot, *d3, *ohd])
