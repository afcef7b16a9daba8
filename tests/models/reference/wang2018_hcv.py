"""The equations of Wang et al. 2018 (hepatitis C and two antivirals) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import becomes, plus, same, times_

STATES = ("depot_d", "Dc", "Dp", "depot_a", "Ac", "Ap", "Ed", "Ea", "T", "V", "I")
D = 2.58 / 24
ARMS = {
    "interferon_5": becomes(eps=0.81),
    "interferon_10": becomes(eps=0.95),
    "interferon_15": becomes(eps=0.96),
    "interferon_14_days": becomes(0, 14, eps=0.95),
    "daclatasvir_1": same,
    "daclatasvir_10": same,
    "daclatasvir_100": same,
    "daclatasvir_60": same,
    "daclatasvir_24_weeks": same,
    "t_cell_killing": times_("killing", 2),
    "entry_block": becomes(eta=0.5),
}


def _infused(dose: float, last: float):  # type: ignore[no-untyped-def]
    """Return the change that lets a part of a dose in at an even rate, twice a day up to day `last`."""

    def change(t: float, p: dict[str, float]) -> dict[str, float]:
        return plus("rate", 0.184 * dose / D)(t, {"rate": 0.0, **p}) if t % 0.5 < D and t < last else p

    return change


ARMS |= {
    "asunaprevir_200": _infused(200, 14),
    "asunaprevir_100": _infused(100, 14),
    "asunaprevir_24_weeks": _infused(100, 168),
}
PUTS = {
    "daclatasvir_1": ("depot_d", 1),
    "daclatasvir_10": ("depot_d", 10),
    "daclatasvir_100": ("depot_d", 100),
    "daclatasvir_60": ("depot_d", 14 * 60),
    "daclatasvir_24_weeks": ("depot_d", 51 * 60),
    "asunaprevir_200": ("depot_a", 28 * 0.816 * 200),
    "asunaprevir_100": ("depot_a", 28 * 0.816 * 100),
    "asunaprevir_24_weeks": ("depot_a", 101 * 0.816 * 100),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives (mg, ug/L, cells and virions per mL; per day)."""
    depot_d, dc, dp, depot_a, ac, ap, ed, ea, targets, v, infected = np.asarray(y, float)
    beta = p["R0"] * p["delta"] * p["c"] / (p["p"] * p["Tmax"])
    x_d = np.exp(p["gd"] * (np.log(ed) - np.log(p["icd"]) - p["krd"] * t))
    x_a = np.exp(p["ga"] * (np.log(ea) - np.log(p["ica"]) - p["kra"] * t))
    left = 1 / (1 + x_d + x_a)
    new = (1 - p["eta"]) * beta * v * targets
    d_net = p["Q_d"] * (dc / p["Vc_d"] - dp / p["Vp_d"])
    a_net = p["Q_a"] * (ac / p["Vc_a"] - ap / p["Vp_a"])
    return np.array(
        [
            -p["ka_d"] * depot_d,
            p["ka_d"] * depot_d - p["CL_d"] * dc / p["Vc_d"] - d_net,
            d_net,
            -p["ka_a"] * depot_a,
            p["ka_a"] * depot_a - p["CL_a"] * ac / p["Vc_a"] - a_net + p.get("rate", 0.0),
            a_net,
            p["kd"] * (p["ug"] * dc / p["Vc_d"] - ed),
            p["ka_e"] * (p["ug"] * ac / p["Vc_a"] - ea),
            p["d"] * p["Tmax"] - p["d"] * targets - new,
            left * (1 - p["eps"]) * p["p"] * infected - p["c"] * v,
            new - p["killing"] * p["delta"] * infected,
        ]
    )
