"""The formulas of Checchio et al. 2017 written by hand (specification checchio2017.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes

STATES = ("placebo_onset", "drug_onset")
DRUGS = (
    "adalimumab",
    "certolizumab",
    "etanercept",
    "infliximab",
    "briakinumab",
    "ustekinumab",
    "brodalumab",
    "ixekizumab",
    "secukinumab",
    "alefacept",
    "apremilast",
    "methotrexate",
    "tofacitinib",
)
STUDIED = (
    "adalimumab_40 certolizumab_200 etanercept_25 etanercept_50 infliximab_5 briakinumab_100 ustekinumab_45 "
    "ustekinumab_90 brodalumab_140 brodalumab_210 ixekizumab_80 secukinumab_150 secukinumab_300 alefacept_10 "
    "apremilast_30 methotrexate_18 tofacitinib_5 tofacitinib_10"
)
ARMS: dict[str, Change] = {
    arm: becomes(**{f"dose_{arm.split('_')[0]}": float(arm.split("_")[1])}) for arm in STUDIED.split(" ")
}


def onset(p: Mapping[str, float]) -> float:
    """Return the speed of the drugs given, per week; certolizumab has none."""
    speed = sum(p[f"k_{drug}"] for drug in DRUGS if drug != "certolizumab" and p[f"dose_{drug}"] > 0)
    return float(speed * (p["weight"] / p["weight_ref"]) ** p["b_k"])


def logits(p: Mapping[str, float], week: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the logit of PASI75 on placebo and what one drug adds to it, by the printed closed forms."""
    t = np.asarray(week, float)
    f0 = p["A"] + p["B"] * (p["weight"] / p["weight_ref"]) ** p["b_B"] * (1 - np.exp(-p["k_placebo"] * t))
    fd = np.zeros_like(t)
    for drug in DRUGS:
        dose = p[f"dose_{drug}"]
        if dose > 0:
            part = 1.0 if drug in ("alefacept", "methotrexate") else dose / (dose + p[f"ED50_{drug}"])
            come = (t > 0) * 1.0 if drug == "certolizumab" else 1 - np.exp(-onset(p) * t)
            fd = fd + p[f"Emax_{drug}"] * part * come
    return f0, fd


def pasi75(p: Mapping[str, float], week: ArrayLike) -> NDArray[np.float64]:
    """Return the share with PASI75."""
    f0, fd = logits(p, week)
    return np.asarray(1 / (1 + np.exp(-f0 - fd)))


def pasi90(p: Mapping[str, float], week: ArrayLike) -> NDArray[np.float64]:
    """Return the share with PASI90."""
    f0, fd = logits(p, week)
    return np.asarray(1 / (1 + np.exp(-f0 - p["shift90"] - p["factor90"] * fd)))


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per week of the two onsets, in percent of the whole."""
    placebo, drug = np.asarray(y, float)
    return np.array([p["k_placebo"] * (p["whole"] - placebo), onset(p) * (p["whole"] - drug)])
