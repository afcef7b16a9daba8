"""The clock of chen2025 written by hand. Its curves are algebra, see its own tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes

STATES = ("tau",)
ARMS: dict[str, Change] = {"methotrexate": becomes(MTX=1.0)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return weeks on methotrexate per week."""
    return np.array([p["MTX"]])
