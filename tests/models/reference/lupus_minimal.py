"""The equations of the package's small lupus model written by hand (specification lupus_minimal.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, all_of, becomes

STATES = ("B", "Bn", "aab", "ifn", "c3", "ptu", "dmg")
ARMS: dict[str, Change] = {
    "belimumab_like": becomes(eps_baff=0.5),
    "anifrolumab_like": becomes(eps_ifnar=0.9),
    "belimumab_plus_anifrolumab": becomes(eps_baff=0.5, eps_ifnar=0.9),
    "hydroxychloroquine_like": becomes(eps_pdc=0.5),
    "rituximab_like": all_of(becomes(0, 60, kdep=0.15, reach=0.2), becomes(168, 228, kdep=0.15, reach=0.2)),
    "rituximab_complete": all_of(becomes(0, 60, kdep=0.15), becomes(168, 228, kdep=0.15)),
    "cart_cd19_like": becomes(0, 30, kdep=2.76),
    "long_lived_plasma_cells": becomes(fLL=0.3),
    "helper_t_block": becomes(T4=0.3),
    "plasma_exchange": becomes(k_ivig=0.1),
}


def lasting(p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return aab, ifn, c3 and ptu in the long run under constant drugs (NT = 1, T8 = 1), in closed form."""
    makers = (1 - p["fLL"]) * (1 - p["eps_baff"]) * p["T4"] + p["fLL"]
    return _from_makers(makers, p)


def lasting_without_b_cells(p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the same when only long-lived plasma cells are left."""
    return _from_makers(p["fLL"], p)


def _from_makers(makers: float, p: Mapping[str, float]) -> NDArray[np.float64]:
    seen = (1 - p["eps_ifnar"]) * (1 - p["eps_pdc"])
    kept = p["kaab"] / (p["kaab"] + p["k_ivig"])
    x = (makers * kept * seen ** p["gi4"]) ** (1 / (1 - p["gi4"]))
    c3 = p["c30"] * ((p["aab0"] * x + p["aabbg"]) / (p["aab0"] + p["aabbg"])) ** -p["gc3"]
    ptu = p["ptu0"] * (p["c30"] / c3) ** p["gptu"] * (x * seen) ** p["gi8"]
    return np.array([p["aab0"] * x, p["ifn0"] * x * (1 - p["eps_pdc"]), c3, ptu])


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day of B, Bn, aab, ifn, c3, ptu and dmg."""
    b, naive, aab, ifn, c3, ptu, _ = np.asarray(y, float)
    seen = ifn / p["ifn0"] * (1 - p["eps_ifnar"])
    makers = (1 - p["fLL"]) * b / p["B0"] * p["T4"] + p["fLL"]
    use = ((aab + p["aabbg"]) / (p["aab0"] + p["aabbg"])) ** p["gc3"]
    leak = (p["c30"] / c3) ** p["gptu"] * seen ** p["gi8"] * np.exp(p["T8"] + p["NT"] - 2)
    return np.array(
        [
            p["kg"] * b * (1 - b / p["B0"] / (1 - p["eps_baff"])) - p["reach"] * p["kdep"] * b,
            p["k0"] * (1 - (min(b, p["Bmax"]) + naive) / p["Bmax"]) - p["kdep"] * naive,
            p["kaab"] * p["aab0"] * makers * seen ** p["gi4"] - (p["kaab"] + p["k_ivig"]) * aab,
            p["kifn"] * (p["ifn0"] * aab / p["aab0"] * p["NT"] * (1 - p["eps_pdc"]) - ifn),
            p["vc3"] * (1 - c3 / p["c30"] * use),
            p["vptu"] * (leak - ptu / p["ptu0"]),
            ptu / p["ptu0"] / p["per_year"],
        ]
    )
