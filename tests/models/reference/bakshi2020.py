"""The equations of Bakshi et al. 2020 written by hand (specification bakshi2020.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, all_of, same, times_

STATES = ("C3", "C3b", "BC", "BO", "CV", "CVH", "Bb", "H", "B", "CH", "iC3b")
ARMS: dict[str, Change] = {
    "factor_h_half": times_("ks3", 0.5),
    "factor_h_tenth": times_("ks3", 0.1),
    "factor_h_none": times_("ks3", 0.0),
    "factor_i_tenth": times_("FI", 0.1),
    "factor_i_none": times_("FI", 0.0),
    "block_d_90": times_("k7", 0.1),
    "block_d_99": times_("k7", 0.01),
    "block_b_90": times_("k4", 0.1),
    "block_b_99": times_("k4", 0.01),
    "block_c3_90": all_of(times_("k1", 0.1), times_("k2", 0.1)),
    "trigger": same,
    "factor_h_lost": same,
}
PUTS: dict[str, tuple[str, float]] = {"trigger": ("C3b", 0.1)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per minute of the eleven proteins and complexes in umol/L."""
    c3, c3b, bc, bo, cv, cvh, _, h, b, ch, _ = np.asarray(y, float)
    made = p["k1"] * c3 + p["k2"] * cv * c3 / (p["k3"] + c3)
    bind, unbind = p["k4"] * c3b * b, p["k5"] * bc
    opens, shuts = p["k9"] * bc, p["k10"] * bo
    cut = p["k7"] * p["FD"] * bo / (p["k8"] + bo)
    grip, slip = p["k25"] * cv * h, p["k16"] * cvh
    torn, decays = p["k21"] * cvh, p["k6"] * cv
    held, let = p["k15"] * c3b * h, p["k16"] * ch
    ended = p["k19"] * ch * p["FI"] / (p["k20"] + ch)
    return np.array(
        [
            p["ks1"] - p["d1"] * c3 - made,
            made - bind + unbind + torn + decays - held + let,
            bind - unbind - opens + shuts,
            opens - shuts - cut,
            cut - grip + slip - decays,
            grip - slip - torn,
            torn + decays,
            p["ks3"] - p["d3"] * h - grip + slip + torn - held + let + ended,
            p["ks2"] - p["d2"] * b - bind + unbind,
            held - let - ended,
            ended,
        ]
    )
