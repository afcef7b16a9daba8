"""The equations of Ait-Oudhia et al. 2012 (canakinumab, IL-1beta, CRP, ACR) written by hand.

The complex is written as L*Af/(Kd Vc + Af), which equals T - Af where binding is in balance. The links before CRP are
those of the paper divided by CRP0**(1/gamma).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same

STATES = ("depot", "T", "Tp", "L", "c1", "c2", "crp", "A")
ARMS: dict[str, Change] = dict.fromkeys(
    ("canakinumab_150", "canakinumab_300_q2w", "canakinumab_iv_300_q2w", "infusion_600", "canakinumab_once"), same
)
PUTS = {
    "canakinumab_150": ("depot", 2 * 150.0),
    "canakinumab_300_q2w": ("depot", 4 * 300.0),
    "canakinumab_iv_300_q2w": ("depot", 3 * 300.0),
    "infusion_600": ("T", 600 * 1000 / 150),
    "canakinumab_once": ("depot", 150.0),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day: mg, nmol, nmol, nmol, none, none, mg/L, none."""
    depot, total, tissue, ligand, c1, c2, crp, a = np.asarray(y, float)
    w = p["weight"] / p["weight_ref"]
    vc, vp, kd = p["Vc"] * w, p["Vp"] * w, p["Kd"]
    cl, cll, q = (p[name] * w**0.75 for name in ("CL", "CLL", "Q"))
    d = total - ligand - kd * vc
    root = np.sqrt(d**2 + 4 * kd * vc * total)
    af = (d + root) / 2 if d >= 0 else 2 * kd * vc * total / (root - d)
    complex_ = ligand * af / (kd * vc + af)
    f = ligand / vc * kd / (kd + af / vc)
    ksyn = p["ksyn"] / p["mass_IL1"]
    f0 = ksyn / cll
    gone = max((f0 - f) * p["mass_IL1"], 0) * p["pg"]
    drug = p["Emax"] * gone / (max(f0 * p["mass_IL1"] * p["pg"] - p["EC50"], p["least"]) + gone)
    placebo = p["plbmax"] * (1 - np.exp(-p["kplb"] * t))
    to_tissue = q * total / vc - q * tissue / vp
    return np.array([
        -p["ka"] * depot,
        p["F"] * p["ka"] * depot * p["per_mg"] - cl * total / vc - to_tissue,
        to_tissue,
        ksyn - cll * f - cl * complex_ / vc,
        p["kout"] * (f / f0) ** p["beta"] - p["kout"] * c1,
        p["kout"] * (c1 - c2),
        p["kout"] * (p["CRP0"] * c2 ** p["gamma"] - crp),
        (1 - drug - placebo - a) / p["tau"],
    ])  # fmt: skip
