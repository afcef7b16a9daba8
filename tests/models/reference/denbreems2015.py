"""The equations of den Breems and Eftimie 2016 (macrophages and melanoma) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import all_of, times_

STATES = ("Tn", "Ts", "M1", "M2", "Th1", "Th2")
ARMS = {
    "repolarize_x2": times_("k21", 2),
    "repolarize_x3": times_("k21", 3),
    "repolarize_day_20": times_("k21", 3, 20),
    "block_polarization": times_("k12", 0.2),
    "deplete_x2": all_of(times_("dm1", 2), times_("dm2", 2)),
    "deplete_x5": all_of(times_("dm1", 5), times_("dm2", 5)),
    "th1_activation": times_("ah1", 5),
    "th1_killing": times_("dts", 10),
    "th2_off": all_of(times_("ah2", 0), times_("am2", 0)),
    "m1_kill": all_of(times_("dmn", 5), times_("dms", 5)),
    "chemotherapy": times_("r", 0.5),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives (cells per day) of the tumor, macrophages and helper cells."""
    n, s, m1, m2, h1, h2 = np.asarray(y, float)
    growth = p["r"] * (1 - (n + s) / p["bt"])
    free_m, free_h = 1 - (m1 + m2) / p["bm"], 1 - (h1 + h2) / p["bth"]
    turned = (p["k12"] - p["k21"]) * m1 * m2
    return np.array(
        [
            growth * n + p["ksn"] * s + p["rmn"] * n * m2 - p["dmn"] * m1 * n,
            growth * s - p["ksn"] * s - p["dms"] * m1 * s - p["dts"] * h1 * s,
            (p["a_s"] * s + p["am1"] * h1) * m1 * free_m - p["dm1"] * m1 - turned,
            (p["a_n"] * n + p["am2"] * h2) * m2 * free_m - p["dm2"] * m2 + turned,
            p["ah1"] * m1 + p["rh1"] * m1 * h1 * free_h - p["dh1"] * h1,
            p["ah2"] * m2 + p["rh2"] * m2 * h2 * free_h - p["dh2"] * h2,
        ]
    )
