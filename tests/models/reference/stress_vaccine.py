"""The equations of stress_vaccine written by hand: those of its two parts, and what joins them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference import karin2020, vaccine_minimal
from reference.changes import Change, becomes, plus, same

STATES = (
    *(f"stress.{name}" for name in karin2020.STATES),
    *(f"vaccine.{name}" for name in vaccine_minimal.STATES),
)
ARMS: dict[str, Change] = {
    "chronic_stress": becomes(0, 60, **{"stress.u": 3}),
    "stress_later": becomes(90, 150, **{"stress.u": 3}),
    "prednisolone_20mg": plus("stress.c_ex", 4, 0, 60),
    "prednisolone_5mg": plus("stress.c_ex", 1, 0, 60),
    "prednisolone_5_days": plus("stress.c_ex", 4, 0, 5),
    "adjuvanted": same,
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives of the 16 states per day.

    Activation is a factor of recruitment, recall and both parts of help, so these four take what the receptor lets
    through: (1 + (c0/KGR)^n)/(1 + (total/KGR)^n), 1 at rest.
    """
    y = np.asarray(y, float)
    stress, vaccine = (
        {name.removeprefix(f"{part}."): value for name, value in p.items() if name.startswith(f"{part}.")}
        for part in ("stress", "vaccine")
    )
    total, half, n = y[2] + stress["f_ex"] * stress["c_ex"], stress["KGR"], stress["nGR"]
    through = (1 + (stress["c0"] / half) ** n) / (1 + (stress["C3"] * total / half) ** n)
    vaccine |= {name: vaccine[name] * through for name in ("kact", "krec", "kH", "kHm")}
    return np.concatenate([karin2020.rhs(t, y[:5], stress), vaccine_minimal.rhs(t, y[5:], vaccine)])
