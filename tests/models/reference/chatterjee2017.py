"""The equations of Chatterjee et al. 2017, consolidated, written by hand, with the kinetics of Ahamadi et al. 2017.

Sizes are over those at baseline: `growing` of (1 - f) base, `shrinking` of f base.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes

STATES = ("growing", "shrinking", "central", "periph")
ARMS: dict[str, Change] = {
    "q3w_2": becomes(dose_kg=2),
    "q3w_10": becomes(dose_kg=10),
    "q2w_10": becomes(dose_kg=10, q3w=0, q2w=1),
    "flat_200": becomes(dose_kg=0, dose_flat=200),
    "flat_400": becomes(dose_kg=0, dose_flat=400, q3w=0, q6w=1),
    "ipi_experienced": becomes(prior_ipi=1),
    "pdl1_neg": becomes(pdl1_neg=1),
    "braf_mut": becomes(braf=1),
}
# doses on days 0, 21, 42; 0, 14, 28, 42; 0, 42 of a patient of 79.3 kg
PUTS = {
    "q3w_2": ("central", 3 * 158.6),
    "q3w_10": ("central", 3 * 793.0),
    "q2w_10": ("central", 4 * 793.0),
    "flat_200": ("central", 600.0),
    "flat_400": ("central", 800.0),
    "braf_mut": ("central", 3 * 158.6),
}


def rates(p: Mapping[str, float]) -> tuple[float, float]:
    """Return growth and killing per day, the latter after the delay."""
    dose = p["dose_kg"] * p["weight"] + p["dose_flat"]
    per_six_weeks = p["q3w"] * 2 + p["q2w"] * 3 + p["q6w"]
    power = p["exponent_naive"] * (1 - p["prior_ipi"]) + p["exponent_ipi"] * p["prior_ipi"]
    exposure = (dose * per_six_weeks / p["clearance"] / p["AUC_ref"]) ** power
    markers = (1 - 0.614 * p["pdl1_neg"]) * (1 - 0.21 * p["pdl1_unknown"])
    killing = p["kd"] * markers * (p["base_ref"] / p["base"]) ** 0.186 * exposure
    return p["kg"] * (1 + 0.702 * p["braf"]), killing


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day between doses."""
    growing, shrinking, central, periph = np.asarray(y, float)
    growth, killing = rates(p)
    heavy = p["weight"] / p["weight_ref"]
    own = heavy**0.595 * p["clearance"] / p["clearance_ref"]
    clearance = p["CL"] * own * (p["albumin_ref"] / p["albumin"]) ** 0.907
    clearance *= 0.848 ** p["female"] * 1.14 ** p["prior_ipi"] * 0.926 ** p["ecog"]
    volume, tissue = (p[v] * heavy**0.489 * p["size_V"] for v in ("Vc", "Vp"))
    level = central / (volume * 0.866 ** p["female"])
    exchange = p["Q"] * own * (level - periph / tissue)
    return np.array(
        [
            growth * growing,
            -killing * shrinking if t >= p["delay"] else 0.0,
            -clearance * level - exchange,
            exchange,
        ]
    )
