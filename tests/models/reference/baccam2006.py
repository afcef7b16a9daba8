"""The equations of Baccam et al. 2006 written by hand: with eclipse (1), without (0), or a mixture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import becomes

STATES = ("T", "E", "I", "V")
ARMS = {
    "neuraminidase_inhibitor": becomes(1, eps_p=0.97),
    "neuraminidase_inhibitor_prophylaxis": becomes(0, eps_p=0.97),
    "neuraminidase_inhibitor_weaker": becomes(1, eps_p=0.9),
    "neuraminidase_inhibitor_weakest": becomes(1, eps_p=0.5),
    "neuraminidase_inhibitor_day_2": becomes(2, eps_p=0.97),
    "neuraminidase_inhibitor_day_3": becomes(3, eps_p=0.97),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per day of target cells, cells in eclipse, cells that make virus, and virus."""
    target, hidden, producing, virus = np.asarray(y, float)
    infected = p["beta"] * target * virus
    d_hidden = p["eclipse"] * infected - p["k"] * hidden
    d_producing = (1 - p["eclipse"]) * infected + p["k"] * hidden - p["delta"] * producing
    return np.array([-infected, d_hidden, d_producing, (1 - p["eps_p"]) * p["p"] * producing - p["c"] * virus])
