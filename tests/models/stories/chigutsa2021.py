"""The story of chigutsa2021, as numbers."""

from __future__ import annotations

from immunode.study.stories import largest_difference
from stories import Arms, at


def holds(arms: Arms) -> bool:
    gain = {
        arm: max(at(arms["placebo"], "log10VL", day / 10) - at(arms[arm], "log10VL", day / 10) for day in range(210))
        for arm in arms
    }
    gone = arms["placebo"]["log10VL"][0] - at(arms["placebo"], "log10VL", 10)
    return (
        1.7 < gain["both on day 1"] < 2
        and gain["both on day 1"] > gain["both on day 4"] > 1
        and gain["both on day 10"] < 0.3
        and gone > 5
        and largest_difference(arms["placebo"], arms["both on day 10"], "neutralization") > 0.5
    )
