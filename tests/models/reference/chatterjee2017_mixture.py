"""The mixture of Chatterjee et al. 2017 written by hand: SLD = b1 exp((KL - KD) t) + b2, with four classes of KD."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes

STATES = ("tumor",)
ARMS: dict[str, Change] = {
    "q3w_2": becomes(dose_kg=2),
    "q3w_10": becomes(dose_kg=10),
    "escape_class": becomes(rank=0.1),
    "slow_class": becomes(rank=0.5),
    "fast_class": becomes(rank=0.99),
}


def chances(p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the chances of escape, slow, biphasic and fast, shape (4,)."""
    exposure = 2 * p["dose_kg"] * p["weight"] / p["clearance"]
    shift = p["by_AUC"] * (exposure - p["AUC_ref"]) + p["by_nodes"] * p["nodes"]
    shift -= p["by_size"] * (p["size"] - p["size_ref"])
    odds = np.exp([0.0, p["logit_slow"] + shift, p["logit_biphasic"] + shift, p["logit_fast"] + shift])
    return np.asarray(odds / odds.sum())


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivative per day."""
    killing = np.array([0.0, p["KD"], p["faster"] * p["KD"], p["faster"] * p["KD"]])
    one = int(np.searchsorted(np.cumsum(chances(p))[:3], p["rank"] * p["scanned"]))
    return (p["KL"] - killing[one]) * np.asarray(y, float)
