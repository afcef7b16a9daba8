"""The equations of Hancioglu et al. 2007 written by hand; the dead part of the epithelium is a state here."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import all_of, becomes, plus, same, times_

STATES = ("V", "H", "I", "M", "F", "R", "E", "P", "A", "S", "D")
ARMS = {
    "prior_immunity": same,
    "passive_antibody": same,
    "antibody_boost": times_("bA", 3),
    "neuraminidase_inhibitor": times_("gV", 0.5),
    "entry_blocker": times_("gHV", 0.3),
    "virulent_strain": becomes(gHV=1.0),
    "interferon_boost": times_("bF", 2),
    "interferon_therapy": plus("F_input", 1000),
    "jak_inhibitor": all_of(times_("bF", 0.5), times_("cF", 0.5), times_("bHF", 0.5)),
    "t_cell_suppression": all_of(times_("bEM", 0.5), times_("bIE", 0.5)),
    "b_cell_suppression": all_of(times_("bPM", 0.5), times_("bA", 0.5), becomes(r=0.0)),
    "inoculum": same,
}
PUTS = {"prior_immunity": ("S", 0.1), "passive_antibody": ("A", 9.0), "inoculum": ("V", 0.19)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day; the ones of the paper are M_all, E_home, P_home and S_full."""
    v, h, i, m, f, r, e, plasma, a, s, dead = np.asarray(y, float)
    d_v = p["gV"] * i - p["gVA"] * s * a * v - p["gVH"] * h * v - p["aV"] * v - p["aV1"] * v / (1 + p["aV2"] * v)
    regrown, infected, protected = p["bHD"] * dead * (h + r), p["gHV"] * v * h, p["bHF"] * f * h
    died = p["bIE"] * e * i + p["aI"] * i
    d_h = regrown + p["aR"] * r - infected - protected
    d_m = (p["bMD"] * dead + p["bMV"] * v) * (p["M_all"] - m) - p["aM"] * m
    d_f = p["bF"] * m + p["cF"] * i + p["F_input"] - p["bFH"] * h * f - p["aF"] * f
    d_e = p["bEM"] * m * e - p["bEI"] * i * e + p["aE"] * (p["E_home"] - e)
    d_p = p["bPM"] * m * plasma + p["aP"] * (p["P_home"] - plasma)
    d_a = p["bA"] * plasma - p["gAV"] * s * a * v - p["aA"] * a
    d_s = p["r"] * plasma * (p["S_full"] - s)
    return np.array([d_v, d_h, infected - died, d_m, d_f, protected - p["aR"] * r, d_e, d_p, d_a, d_s, died - regrown])
