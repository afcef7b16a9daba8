"""The equations of Wodarz et al. 2007 (cytomegalovirus, CTL and NK cells) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import all_of, same, times_

STATES = ("x", "y0", "y1", "L", "v", "za", *(f"m{i}" for i in range(9)), "zi")
ARMS = {
    "weak_nk": times_("p_i", 0.5),
    "fewer_nk": times_("ci", 0.8),
    "more_nk": times_("ci", 1.2),
    "nk_depleted": all_of(times_("ci", 0), times_("p_i", 0)),
    "no_ctl": all_of(times_("ca", 0), times_("pa", 0)),
    "ctl_lifespan": times_("ba", 2),
    "nk_lifespan": times_("bi", 2),
    "antiviral": times_("k", 0.1),
    "entry_block": all_of(times_("beta", 0.5), times_("gam", 0.5)),
    "vaccine": same,
}
PUTS = {"vaccine": ("m0", 1)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day of cells, virus, CTL, their precursors and NK cells, in arbitrary units."""
    y = np.asarray(y, float)
    x, y0, y1, latent, v, za = y[:6]
    m, zi = y[6:15], y[15]
    kill = p["pa"] * za + p["p_i"] * zi
    met = y0 + y1
    return np.array(
        [
            p["lam"] - p["d"] * x - (p["beta"] + p["gam"]) * v * x,
            p["beta"] * v * x + p["phi"] * latent - (p["a0"] + p["eta"] + kill) * y0,
            p["eta"] * y0 - (p["a1"] + kill) * y1,
            p["gam"] * v * x - (p["phi"] + p["d"]) * latent,
            p["k"] * y1 - p["u"] * v,
            p["alpha"] * m[8] + p["ca"] * met * za - p["ba"] * za,
            -p["r"] * m[0],
            *(2 * p["r"] * m[i - 1] - p["r"] * m[i] for i in range(1, 9)),
            p["xi"] + p["ci"] * met * zi - p["bi"] * zi,
        ]
    )
