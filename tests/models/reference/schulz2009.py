"""The equations of Schulz et al. 2009 (Th1 differentiation) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import all_of, becomes, times_

STATES = ("Tm", "T", "Im", "I", "Rm", "R")
ARMS = {
    "anti_ifng": times_("a2", 0),
    "anti_il12": times_("a3", 0),
    "anti_il12_half": times_("a3", 0.5),
    "jak_inhibitor": all_of(times_("a2", 0.5), times_("a3", 0.5)),
    "short_antigen": becomes(t_off=20.0),
    "long_antigen": becomes(t_off=72.0),
    "weak_antigen": times_("Ag_0", 0.1),
    "receptor_lifespan": times_("dR", 2),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per hour of mRNA and protein of T-bet, interferon and IL-12 receptor."""
    tm, tbet, im, ifn, rm, receptor = np.asarray(y, float)
    antigen = p["Ag_0"] * p["t_off"] ** p["steep"] / (p["t_off"] ** p["steep"] + t ** p["steep"])
    by_ifn = p["a2"] * antigen / (p["K1"] + antigen) * ifn / (p["K2"] + ifn)
    to_ifn = tbet / (p["K5"] + tbet) * receptor / (p["K6"] + receptor) * antigen / (p["K7"] + antigen)
    return np.array(
        [
            p["a1"] + by_ifn + p["a3"] * receptor - p["gm"] * tm,
            p["b"] * tm - p["dT"] * tbet,
            p["a5"] * to_ifn - p["gm"] * im,
            p["b"] * im - p["dI"] * ifn,
            p["a4"] * tbet * p["K4"] / (p["K4"] + antigen) - p["gm"] * rm,
            p["b"] * rm - p["dR"] * receptor,
        ]
    )
