"""210 mg takes away three quarters of PASI by week 8; six weeks after the last dose a third of that is lost."""

from __future__ import annotations

from stories import Arms, at, low


def holds(arms: Arms) -> bool:
    """The last dose is on day 70; blood is empty again while the place of effect is not."""
    placebo, less, more = (arms[name] for name in ("placebo", "140 mg", "210 mg"))
    best, left = at(more, "improvement", 56), at(more, "improvement", 112)
    return (
        0.7 < best / 100 < 0.8
        and 0.25 < (best - left) / best < 0.4
        and at(placebo, "improvement", 84) < at(less, "improvement", 84) < at(more, "improvement", 84)
        and at(more, "ce", 100) > 10 * at(more, "c", 100)
        and low(more, "S") > 0
    )
