"""The equations of Desikan et al. 2022 (boosters and imprinting) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import same, times_

STATES = ("W", "Ww", "Wc", "Wwc", "V", "Vv", "Vc", "Vvc", "Bc", "Bw", "Bv", "Ac", "Aw", "Av")
ARMS = dict.fromkeys(("W1", "W2", "W3_5", "O3", "O4_5", "passive_antibody"), same) | {
    "slow_division": times_("lam", 0.8),
    "antiproliferative": times_("lam", 0.5),
    "b_cell_lifespan": times_("dB", 2),
    "fcrn_blocker": times_("dAb", 2),
    "no_masking": times_("k", 0),
}
PUTS = {"W2": ("W", 1e5), "passive_antibody": ("Aw", 1000)}


def _antigen(x: ArrayLike, own: float, shared: float, p: Mapping[str, float]) -> list[float]:
    """Return the derivatives of antigen that is free, covered on its own, on the shared and on both epitopes."""
    free, on_own, on_shared, both = np.asarray(x, float)
    k, loss = p["k"], p["dAg"]
    return [
        -k * free * (own + shared) - loss * free,
        k * free * own - k * on_own * shared - loss * on_own,
        k * free * shared - k * on_shared * own - loss * on_shared,
        k * on_own * shared + k * on_shared * own - loss * both,
    ]


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day of antigens, B cells and antibodies, in arbitrary units."""
    y = np.asarray(y, float)
    w, v, cells, antibodies = y[:4], y[4:8], y[8:11], y[11:]
    drive_w, drive_v = w[0] + w[2], v[0] + v[2]
    seen = np.array([w[0] + w[1] + v[0] + v[1], drive_w + p["f"] * drive_v, drive_v + p["f"] * drive_w])
    growth = p["lam"] * seen / (p["phi"] + seen)
    return np.array(
        [
            *_antigen(w, antibodies[1], antibodies[0], p),
            *_antigen(v, antibodies[2], antibodies[0], p),
            *((growth - p["dB"]) * cells),
            *(p["pAb"] * cells - p["dAb"] * antibodies),
        ]
    )
