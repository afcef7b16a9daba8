"""The equations of the human layers of s1p_lymphocytes.md written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same

STATES = ("D_fingolimod", "C_fingolimod", "D_ponesimod", "C_ponesimod", "L", "S")
# by hour 50, in ug: three daily doses
PUTS: dict[str, tuple[str, float]] = {
    "fingolimod_05": ("D_fingolimod", 1500),
    "fingolimod_125_week": ("D_fingolimod", 3750),
    "fingolimod_5_week": ("D_fingolimod", 15000),
    "fingolimod_once": ("D_fingolimod", 1250),
    "ponesimod_20": ("D_ponesimod", 60000),
    "ponesimod_75_once": ("D_ponesimod", 75000),
    "ponesimod_step_10": ("D_ponesimod", 30000),
    "ponesimod_100": ("D_ponesimod", 300000),
}
ARMS: dict[str, Change] = dict.fromkeys([*PUTS, "ponesimod_step_20", "ponesimod_step_40"], same)


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per hour of both drugs (ug; gut, body) and of lymphocytes in blood, tissue (percent).

    The specification multiplies the dose by F when it is given; here F acts where the drug is absorbed.
    """
    gut_f, body_f, gut_p, body_p, blood, tissue = np.asarray(y, float)
    passes = 1.0
    for body, drug in ((body_f, "f"), (body_p, "p")):
        c = body / p[f"V_{drug}"]
        passes *= 1 - p[f"Imax_{drug}"] * c / (p[f"IC50_{drug}"] + c)
    rhythm = 1 + p["a"] * np.cos(2 * np.pi * (t - p["phase"]) / p["day"])
    egress = p["kout"] * passes * rhythm
    closed, fed = 1 - p["open"], p["open"]
    moved = closed * (egress / p["S0"] * tissue - p["kout"] * blood)
    return np.array(
        [
            -p["ka_f"] * gut_f,
            p["F_f"] * p["ka_f"] * gut_f - p["CL_f"] / p["V_f"] * body_f,
            -p["ka_p"] * gut_p,
            p["ka_p"] * gut_p - p["CL_p"] / p["V_p"] * body_p,
            moved + fed * (egress * p["whole"] - p["kout"] * blood),
            -moved,
        ]
    )
