"""The equations of the monkey layer of s1p_lymphocytes.md (Li et al. 2002) written by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, same

STATES = ("D", "C", "lymphocytes", "pool_L", "B", "pool_B", "T", "pool_T")
ARMS: dict[str, Change] = {"mg_01": same, "mg_1": same}
PUTS: dict[str, tuple[str, float]] = {"mg_01": ("D", 100), "mg_1": ("D", 1000)}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per hour of drug (ug/kg; gut, body) and of cells in blood and in the pool, by kind.

    The specification multiplies the dose by F when it is given; here F acts where the drug is absorbed.
    """
    gut, body, *cells = np.asarray(y, float)
    c = body / p["V"]
    out = [-p["ka"] * gut, p["F"] * p["ka"] * gut - p["CL"] * c]
    for kind, blood, pool in zip("LBT", cells[::2], cells[1::2], strict=True):
        fed = p[f"kout_{kind}"] * p[f"R_{kind}"] * (1 - p[f"Imax_{kind}"] * c / (p["IC50"] + c))
        back = p[f"kpc_{kind}"] * pool
        out += [fed - (p[f"kout_{kind}"] + p[f"kcp_{kind}"]) * blood + back, p[f"kcp_{kind}"] * blood - back]
    return np.array(out)
