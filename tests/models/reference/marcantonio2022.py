"""The equations of Marcantonio et al. 2022 (adalimumab, TNF, TNF receptor 1) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

STATES = ("depot", "Ab", "AbTNF", "TNF", "TNFR1", "TNFTNFR1")


def baseline(p: Mapping[str, float]) -> tuple[float, float, float]:
    """Return free TNF, free receptor and bound receptor of the untreated patient, in nmol."""
    tnf, receptor = p["TNF0"] * p["V"], p["RT"] * p["V"]
    bound = p["kon"] * tnf * receptor / p["V"] / (p["kon"] * tnf / p["V"] + p["kon"] * p["KDR"] + p["kR"])
    return tnf, receptor - bound, bound


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives in nmol per day between doses; burden 1 is the paper."""
    depot, drug, complex_, tnf, receptor, bound = np.asarray(y, float)
    tnf0, receptor0, bound0 = baseline(p)
    resting = p["kon"] * tnf0 * receptor0 / p["V"] - p["kon"] * p["KDR"] * bound0
    made_tnf = (resting + p["kL"] * tnf0) * p["burden"]
    made_receptor = resting + p["kR"] * receptor0
    b_drug = p["kon"] * tnf * drug / p["V"] - p["kon"] * p["KD"] * complex_
    b_receptor = p["kon"] * tnf * receptor / p["V"] - p["kon"] * p["KDR"] * bound
    return np.array(
        [
            -p["ka"] * depot,
            p["ka"] * depot - p["kAb"] * drug - b_drug,
            b_drug - p["kAb"] * complex_,
            made_tnf - p["kL"] * tnf - b_receptor - b_drug,
            made_receptor - p["kR"] * receptor - b_receptor,
            b_receptor - p["kR"] * bound,
        ]
    )
