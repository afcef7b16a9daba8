"""The equations of Smith et al. 2011 written by hand, with the delay as a chain of twelve stages."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import all_of, plus, times_

STATES = ("P", "EU", "EA", "C", "N", "D", "M", *(f"N{k}" for k in range(1, 13)))
ARMS = {
    "am_depletion": times_("MA", 0.5),
    "am_boost": times_("gMA", 2),
    "neutropenia": times_("Nmax", 0.5),
    "anti_cytokine": all_of(times_("al", 0.5), times_("nu", 0.5)),
    "adherence_block": times_("om", 0.3),
    "efferocytosis_boost": times_("dD", 3),
    "neutrophil_killing_boost": times_("gN", 2),
    "g_csf": times_("eta", 2),
    "bacteriostatic": times_("r", 0.7),
    "pneumolysin_neutralized": times_("dNP", 0.3),
    "bactericidal": plus("k_abx", 1, 6, 78),
    "viral_coinfection": times_("gMA", 0.5),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per hour of bacteria, epithelium, cytokine, neutrophils, debris, macrophages, chain."""
    y = np.asarray(y, float)
    bacteria, fresh, attached, cytokine, neutrophils, debris, macrophages = y[:7]
    capacity = p["n"] ** p["x"] * p["MA"] / p["MA_one"]
    uptake = capacity / (bacteria ** p["x"] + capacity)
    stimulus = p["thM"] * bacteria
    active = p["MA"] * stimulus / (p["d"] + p["kap"] + stimulus)
    swallowed = p["gMA"] * uptake * p["MA"] * bacteria / (1 + p["kd"] * debris * p["MA"])
    killed = p["gN"] * neutrophils * bacteria + p["gm"] * macrophages * bacteria + p["k_abx"] * bacteria
    lysed = p["dNP"] * neutrophils * bacteria
    ended = p["dN"] * neutrophils
    shed = p["dE"] * attached
    stuck = p["om"] * bacteria * fresh
    step = 12 / p["tau"]
    return np.array(
        [
            p["r"] * bacteria * (1 - bacteria / p["KP"]) - swallowed - killed,
            -stuck,
            stuck - shed,
            (p["al"] * attached + p["nu"] * active) / (1 + p["kn"] * neutrophils) - p["dC"] * cytokine,
            p["eta"] * cytokine * (1 - neutrophils / p["Nmax"]) - lysed - ended,
            p["r1"] * lysed + p["r2"] * ended + p["r3"] * shed - p["dD"] * debris * p["MA"],
            p["zeta"] * y[18] * (1 - macrophages / p["Mmax"]) - p["dm"] * macrophages,
            *(step * (before - stage) for before, stage in zip([neutrophils, *y[7:18]], y[7:19], strict=True)),
        ]
    )
