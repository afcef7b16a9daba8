"""The equations of Precup et al. 2012 written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes, same

STATES = ("x", "y", "z")
ARMS: dict[str, Change] = {
    "immunosuppression": becomes(h=1),
    "sensitized_host": becomes(h=4),
    "conditioning": same,
    "graft_versus_leukemia": becomes(G=4),
    "strong_graft": becomes(g=4, G=4),
    "gvhd_prophylaxis": becomes(g=0.5, G=0.5),
    "donor_lymphocyte_infusion": same,
    "graft_dose": same,
}
PUTS = {"donor_lymphocyte_infusion": ("z", 2e8), "graft_dose": ("z", 2e8)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives in cells per day."""
    host, leukemic, donor = np.asarray(y, float)
    own, others = host + leukemic + p["eps"], donor + p["eps"]
    total = host + leukemic + donor
    normal = p["a"] / (1 + p["b"] * total)
    cancer = p["A"] / (1 + p["B"] * total)
    return np.array(
        [
            host * (normal / (1 + p["g"] * donor / own) - p["c"]),
            leukemic * (cancer / (1 + p["G"] * donor / own) - p["C"]),
            donor * (normal / (1 + p["h"] * (host + leukemic) / others) - p["c"]),
        ]
    )
