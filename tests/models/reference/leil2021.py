"""The clocks of leil2021 written by hand: one for the trial, one for each drug."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, all_of, becomes

DRUGS = ("abatacept", "adalimumab", "certolizumab", "etanercept", "rituximab", "tocilizumab", "tofacitinib")
STATES = ("tau_p", *(f"tau_{drug}" for drug in DRUGS))
ARMS: dict[str, Change] = {f"with_{drug}": becomes(**{drug: 1.0}) for drug in DRUGS}
ARMS |= {
    "adalimumab_24_weeks": becomes(0, 24, adalimumab=1.0),
    "tocilizumab_from_24": becomes(24, np.inf, tocilizumab=1.0),
    "adalimumab_20_mg": becomes(adalimumab=1.0, r_adalimumab=0.7645),
    "adalimumab_80_mg": becomes(adalimumab=1.0, r_adalimumab=1.1821),
    "tocilizumab_4_mg": all_of(becomes(tocilizumab=1.0), becomes(r_tocilizumab=0.6189)),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the speed of the clocks, weeks per week: 1 while a drug is given, else back at k_off."""
    clocks = np.asarray(y, float)[1:]
    on = np.array([p[drug] for drug in DRUGS])
    back = np.array([p[f"k_off_{drug}"] for drug in DRUGS])
    return np.concatenate([[1.0], on - (1 - on) * back * clocks])
