"""The equations of Reynolds et al. 2006 (and the endotoxin variant of Day et al. 2006) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

STATES = ("P", "N", "D", "C", "PE")


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of P, N, D, C and PE per hour; P = 0 gives the endotoxin variant."""
    pathogen, phagocytes, damage, mediator, endotoxin = np.asarray(y, float)
    damping = 1 + (mediator / p["c_inf"]) ** 2
    stimulus = p["k_nn"] * phagocytes + p["k_np"] * pathogen + p["k_npe"] * endotoxin + p["k_nd"] * damage
    activation = stimulus / damping
    seen = (phagocytes + p["k_cnd"] * damage) / damping
    active = phagocytes / damping
    local = p["k_pm"] * p["s_m"] * pathogen / (p["mu_m"] + p["k_mp"] * pathogen)
    growth = p["k_pg"] * pathogen * (1 - pathogen / p["p_inf"])
    d_pathogen = growth - local - p["k_pn"] * active * pathogen - p["k_abx"] * pathogen
    d_phagocytes = p["s_nr"] * activation / (p["mu_nr"] + activation) - p["mu_n"] * phagocytes
    d_damage = p["k_dn"] * active**6 / (p["x_dn"] ** 6 + active**6) - p["mu_d"] * damage
    d_mediator = p["s_c"] + p["k_cn"] * seen / (1 + seen) - p["mu_c"] * mediator
    return np.array([d_pathogen, d_phagocytes, d_damage, d_mediator, -p["mu_pe"] * endotoxin])
