"""Twice the dose of cells changes IL-6 by 1 or 2 %, half the leukemia by a factor of 14; tocilizumab raises it."""

from __future__ import annotations

from stories import Arms, at, high


def holds(arms: Arms) -> bool:
    usual, helped = arms["infusion"], arms["tocilizumab"]
    return (
        2700 < high(usual, "il6") < 2800
        and 1 < high(arms["twice the dose"], "il6") / high(usual, "il6") < 1.03
        and high(arms["half the leukemia"], "il6") < 0.1 * high(usual, "il6")
        and high(helped, "il6") > 2 * high(usual, "il6")
        and high(helped, "crs_signal") < 0.5 * high(usual, "crs_signal")
        and at(helped, "crs_signal", 7) < 0.5 * at(usual, "crs_signal", 7)
    )
