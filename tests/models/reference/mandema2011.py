"""The axis of mandema2011 written by hand: the dose in usual doses. Its equations are algebra, see its own tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes

STATES = ("dose",)
DRUGS = (
    "adalimumab", "certolizumab", "etanercept", "golimumab", "infliximab", "anakinra", "abatacept", "rituximab",
    "tocilizumab",
)  # fmt: skip
ARMS: dict[str, Change] = {f"with_{drug}": becomes(**{drug: 1.0}) for drug in DRUGS}
ARMS["with_methotrexate"] = becomes(MTX=1.0)


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the usual doses per unit of the axis."""
    return np.array([p["step"]])
