"""The equations of the vitamin D model (specification vitd_zinc.md, part 1) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import becomes, same, times_

STATES = ("gut_D3", "D3", "C25", "LL37", "Teff", "Treg", "Ag")
# Sun and food are those that hold C0 at the slope before any change; obesity must not move them.
ARMS = {
    **{f"supplement_{dose}": becomes(dose=dose) for dose in (10, 25, 50, 100, 250)},
    "bolus": same,
    "seasons": becomes(season=0.4),
    "antigen_challenge": same,
    "obesity": lambda t, p: times_("slope", 1 / 1.5)(t, {**p, "held": p["C0"] / p["slope"]}),
}
PUTS = {"bolus": ("gut_D3", 6500), "antigen_challenge": ("Ag", 5)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day."""
    gut, pool, c25, ll37, teff, treg, antigen = np.asarray(y, float)
    volume = p["nmol_per_ug"] / (p["slope"] * p["kel"])
    action = c25 ** p["h"] / (p["K"] ** p["h"] + c25 ** p["h"])
    sun = p.get("held", p["C0"] / p["slope"]) * (1 + p["season"] * np.cos(2 * np.pi * (t - p["sun_peak"]) / p["year"]))
    priming = p["sE"] * antigen / (p["KA"] + antigen) * (1 - p["bE"] * action) / (1 + treg / p["G0"])
    return np.array([
        p["nmol_per_ug"] * p["dose"] - p["k_abs"] * gut,
        p["k_abs"] * gut + p["nmol_per_ug"] * sun - p["k25"] * pool,
        p["k25"] * pool / volume - p["kel"] * c25,
        p["kL"] * (p["L0"] + p["L1"] * action - ll37),
        priming - p["dE"] * teff,
        (p["sG"] + p["gG"] * teff) * (1 + p["cG"] * action) - p["dG"] * treg,
        -p["kA"] * antigen * (p["Teff_basal"] + teff),
    ])  # fmt: skip
