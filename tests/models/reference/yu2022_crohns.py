"""The formula of Yu et al. 2022 written by hand (specification yu2022_crohns.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes

STATES = ("onset",)
CONSTANT = [
    "infliximab",
    "certolizumab",
    "cdp571",
    "onercept",
    "etanercept",
    "ustekinumab",
    "apilimod",
    "brazikumab",
    "andecaliximab",
    "fontolizumab",
    "laquinimod",
    "natalizumab",
    "vedolizumab",
    "abrilumab",
    "ontamalimab",
    "vercirnon",
]
JAK = ("filgotinib", "upadacitinib", "tofacitinib")
DOSES = {"adalimumab": (40, 80, 160), "risankizumab": (200, 600), "pf04236921": (10, 50, 200)}
ARMS: dict[str, Change] = {
    **{name: becomes(**{f"on_{name}": 1.0}) for name in (*CONSTANT, *JAK)},
    **{f"{name}_{mg}": becomes(**{f"dose_{name}": float(mg)}) for name, doses in DOSES.items() for mg in doses},
}


def remission(p: Mapping[str, float], week: ArrayLike) -> NDArray[np.float64]:
    """Return the share in remission by the printed closed form."""
    k = (p["CDAI0"] / 303.19) ** p["b_CDAI"] * (p["CRP0"] / 1.688) ** p["b_CRP"]
    effect = sum(p[f"on_{name}"] * p[f"E_{name}"] for name in CONSTANT)
    effect += sum(p[f"dose_{name}"] * p[f"E_{name}"] for name in DOSES)
    slow = sum(p[f"on_{name}"] * p[f"E_{name}"] for name in JAK)
    z = np.log(p["p0"] / (1 - p["p0"])) + (effect + slow * -np.expm1(-p["k_JAK"] * np.asarray(week, float))) * k
    return np.asarray(1 / (1 + np.exp(-z)))


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivative per week of the onset of JAK inhibitors, in percent of the whole."""
    (onset,) = np.asarray(y, float)
    return np.array([p["k_JAK"] * (p["whole"] - onset)])
