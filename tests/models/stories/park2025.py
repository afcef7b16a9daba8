"""The sentence of park2025's story, as numbers."""

from __future__ import annotations

from stories import Arms, at, high


def holds(arms: Arms) -> bool:
    """Both doses: B cells gone from day 28 on, more than 250 new ones and little protein after a year."""
    return all(
        at(run, "B_auto", 28) == 0
        and run.final("B_auto") == 0
        and run.final("B_new") > 250
        and run.final("ptu") < 0.05 * high(run, "ptu")
        for run in (arms["CAR-T cells"], arms["1 % of the dose"])
    )
