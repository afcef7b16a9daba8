"""The equations of Melhem et al. 2018 written by hand (specification melhem2018.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from reference.changes import Change, becomes, same

STATES = ("A", "D", "SM", "MT", "P1", "P2", "RB", "CRT", "CHM", "slow")
ARMS: dict[str, Change] = {
    **dict.fromkeys(
        (
            "filgrastim",
            "filgrastim_75_daily",
            "filgrastim_300_daily",
            "filgrastim_300",
            "filgrastim_450",
            "pegfilgrastim",
            "pegfilgrastim_same_day",
            "pegfilgrastim_at_start",
        ),
        same,
    ),
    "steroid_1": becomes(steroid=1.0),
    "chemotherapy": becomes(chemo=60.0),
}
# by hour 50, in nmol of 18.8 or 39 ug; chemotherapy acts from 90.2 on
PUTS: dict[str, tuple[str, float]] = {
    "steroid_1": ("CRT", 1),
    "filgrastim": ("A", 350 / 18.8),
    "filgrastim_75_daily": ("A", 3 * 75 / 18.8),
    "filgrastim_300_daily": ("A", 3 * 300 / 18.8),
    "filgrastim_300": ("A", 300 / 18.8),
    "filgrastim_450": ("A", 450 / 18.8),
}


def rhs(t: float, y: ArrayLike, p: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the derivatives per hour of drug (nmol), receptors of five kinds of cells (nmol/L), proxies (mg).

    The specification multiplies the dose by FSC when it is given; here FSC acts where the drug reaches blood.
    """
    site, drug, stem, dividing, first, second, blood, steroid, chemo, slow = np.asarray(y, float)
    w = p["weight"] / p["weight_ref"]
    drugs = {name: p[name] * (p[f"slow_{name}"] if slow > 0 else 1) for name in ("FSC", "KSC", "VD", "CLD", "KD")}
    volume, clearance = drugs["VD"] * w**0.943, drugs["CLD"] * w**0.641
    total = drug / volume
    d = total - blood - drugs["KD"]
    root = np.sqrt(d * d + 4 * drugs["KD"] * total)
    free = (d + root) / 2 if d >= 0 else 2 * drugs["KD"] * total / (root - d)
    bound = total - free
    c = p["KCRT"] * steroid / (p["CRT50"] + p["KCRT"] * steroid)
    # the specification has bound over all receptors of blood, which is this in binding balance
    x = (1 - c) * free / (drugs["KD"] + free) + c
    k = p["KTR"] * (1 + p["STM2"] * x)
    return np.array(
        [
            -drugs["KSC"] * site,
            drugs["FSC"] * drugs["KSC"] * site - clearance * free - p["KINT"] * bound * volume,
            p["KP"] * (1 + p["STM1"] * x) - k * stem,
            k * (stem - dividing) - p["CHMSL"] * p["KCHM"] * chemo * dividing,
            k * (dividing - first),
            k * (first - second),
            k * second - p["KC"] * blood,
            -p["KCRT"] * steroid,
            -p["KCHM"] * chemo,
            0.0,
        ]
    )
