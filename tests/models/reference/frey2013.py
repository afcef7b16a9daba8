"""The equations of Levi, Grange and Frey 2013 and Frey et al. 2010 (tocilizumab) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, Values, becomes

STATES = ("central", "periph", "das28")


def monthly(dose: float, n: int, first: float = 0.0) -> Change:
    """Return the change that infuses `dose` mg/kg for an hour on days `first`, `first` + 28, ..., n times."""

    def infused(t: float, p: Values) -> Values:
        inside = any(first + 28 * k <= t < first + 28 * k + 1 / 24 for k in range(n))
        return {**p, "dose": dose} if inside else p

    return infused


ARMS: dict[str, Change] = {
    "tocilizumab_4": monthly(4, 6),
    "tocilizumab_8": monthly(8, 6),
    "stopped_after_3": monthly(8, 3),
    "tocilizumab_4_year": monthly(4, 13),
    "tocilizumab_8_year": monthly(8, 13),
    "rescue_week_16": monthly(8, 2, 112.0),
    "no_background": becomes(DMARD=0),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of drug (mg) and score (points) per day. `dose`: mg/kg infused within an hour."""
    central, periph, das28 = np.asarray(y, float)
    c = central / p["V1"]
    level = np.log(p["IL6"] / p["IL6_unit"]) / 9.9
    ec50 = (p["EC50"] * level**-4.4) ** p["g"]
    felt = (c + p["DMARD"] * level**-6.4) ** p["g"]
    emax = min(p["Emax"] * 1.11 ** (1 - p["female"]), 1)
    base = p["BASE"] * (max(p["HAQ"], 0.01) / 1.6) ** 0.043 * level**0.13
    base *= (max(p["PAIN"], p["PAIN_low"]) / p["PAIN_ref"]) ** 0.062 * (p["PHYVAS"] / p["PHYVAS_ref"]) ** 0.13
    kout = p["Kout"] * 0.75 ** p["other_race"]
    rate_in = min(p["dose"] * p["weight"], p["most"]) / p["infusion_time"]
    exchange = p["Q"] * c - p["Q"] * periph / p["V2"]
    loss = p["CL"] * p["CL_female"] ** p["female"] * c + p["Vmax"] * c / (p["Km"] + c)
    return np.array([
        rate_in - loss - exchange,
        exchange,
        kout * base * (1 - emax * felt / (ec50 + felt)) - kout * das28,
    ])  # fmt: skip
