"""The equations of Hardiansyah and Ng 2019 written by hand from the specification hardiansyah2019.md."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, all_of, becomes, same, times_

STATES = ("B", "E", "Et", "M", "Mt", "il6", "il10", "ifng")
ARMS: dict[str, Change] = {
    "no_cells": becomes(dose=0),
    "single_dose": becomes(first=1, second=0, third=0),
    "dose_half": same,
    "dose_double": same,
    "burden_half": same,
    "burden_double": same,
    "tocilizumab": becomes(2, 16, ro=0.95),
    "steroid": times_("release", 0.5, 1.25, 8.25),
    "steroid_strong": times_("release", 0.1, 1.25, 8.25),
    "steroid_on_cells": all_of(times_("release", 0.5, 1.25, 8.25), times_("rE", 0.7, 1.25, 8.25)),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day between infusions, in 1e9 cells and pg/mL."""
    b, e, et, m, mt, il6, il10, ifng = np.asarray(y, float)
    f = b / (b + p["h"])
    free = p["aG"] + (1 - p["aG"]) * p["bG"] / (il10 + p["bG"])
    met = p["release"] * b * e
    new, back = p["aE"] * e * (1 - f), p["aM"] * m * f
    e_out, m_out = p["kin"] * e - p["kout"] * et, p["kin"] * m - p["kout"] * mt
    return np.array(
        [
            (p["rB"] - p["dB"] - p["kBC"] * e) * b,
            (p["rE"] * b - p["dE"]) * e - new + back - e_out,
            e_out,
            (p["rM"] - p["dM"]) * m + new - back - m_out,
            m_out,
            p["d6"] * p["b6"] + p["p6"] * met - p["d6"] * (1 - p["via_receptor"] * p["ro"]) * il6,
            p["d10"] * p["b10"] + p["p10"] * met - p["d10"] * il10,
            p["dg"] * p["bg"] + p["pg"] * met * free - p["dg"] * ifng,
        ]
    )
