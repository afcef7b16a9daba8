"""Nine days up, weeks down, and PCR sees them after half a year, in most patients too; not where they found no room."""

from __future__ import annotations

import numpy as np

from immunode.catalogue import load_model
from stories import Arms, at, high, in_patients, when

SEEN = 50.0
"""Copies per ug from which PCR sees the cells."""


def holds(arms: Arms) -> bool:
    usual, poor = arms["infusion"], arms["no room: poor lymphodepletion"]
    last = in_patients("stein2019", "final(total)", 200)
    return (
        load_model("stein2019").story.logarithmic == ("total",)  # type: ignore[union-attr]
        and 0.9 < high(usual, "total") / usual["total"][0] / 3900 < 1.01
        and 8.5 < when(usual, "total") < 10
        and at(usual, "total", 30) < 0.06 * high(usual, "total")
        and 0.9 < at(usual, "total", 60) / at(usual, "total", 90) < 1.2
        and usual.final("total") > SEEN
        and usual.times[-1] == 180
        and high(poor, "total") > SEEN > at(poor, "total", 24)
        and float(np.mean(last["infusion"] > SEEN)) > 0.65
        and float(np.mean(last["no room: poor lymphodepletion"] > SEEN)) < 0.01
    )
