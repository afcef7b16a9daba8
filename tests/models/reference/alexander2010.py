"""The equations of Alexander and Wahl 2011 (Systems 1 and 2) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same, times_

STATES = ("A", "R", "E", "G")
ARMS: dict[str, Change] = {
    "nonspecific_treg": times_("b1", 1.3),
    "specific_treg_help": times_("pi1", 2),
    "specific_treg_potency": times_("sigma1", 2),
    "loss_of_suppression": times_("sigma1", 0.001),
    "treg_infusion": same,
    "costimulation_block": times_("lambdaE", 0.9),
    "effector_depletion": times_("muE", 1.3),
    "apc_depletion": times_("muA", 1.5),
    "tissue_protection": times_("gamma", 0.8),
    "antigen_injury": same,
}
PUTS = {"treg_infusion": ("R", 1e5), "antigen_injury": ("G", 1e9 - 1e8)}


def r0(p: Mapping[str, float]) -> float:
    """Return the number of presenting cells that one presenting cell makes in the end."""
    v = p["v"] + p["v_max"] / p["k"]
    return float(p["f"] * v / (p["muG"] + v) * p["gamma"] / p["muE"] * p["lambdaE"] / (p["muA"] + p["b1"]))


def lasting(p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return A, R, E, G of the lasting disease of System 1 (R0 above 1), in closed form."""
    tregs = (p["muA"] + p["b1"]) * (r0(p) - 1) / p["sigma1"]
    square = p["pi1"] * p["lambdaE"] / p["muE"]
    presenting = 2 * p["muR"] * tregs / (p["beta"] + np.sqrt(p["beta"] ** 2 + 4 * square * p["muR"] * tregs))
    effectors = p["lambdaE"] * presenting / p["muE"]
    return np.array([presenting, tregs, effectors, p["gamma"] * effectors / (p["muG"] + p["v"])])


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day; v_max = 0 is System 1, v = 0 is System 2."""
    presenting, tregs, effectors, antigen = np.asarray(y, float)
    uptake = p["v"] * antigen + p["v_max"] * antigen / (p["k"] + antigen)
    loss = p["muA"] + p["b1"] + p["sigma1"] * tregs
    return np.array(
        [
            p["f"] * uptake - loss * presenting,
            (p["beta"] + p["pi1"] * effectors) * presenting - p["muR"] * tregs,
            p["lambdaE"] * presenting - p["muE"] * effectors,
            p["gamma"] * effectors - uptake - p["muG"] * antigen,
        ]
    )
