"""The risk after the first dose is 50 instead of 95 %; on day 14 there is a fifth less free drug."""

from __future__ import annotations

from stories import Arms


def holds(arms: Arms) -> bool:
    low, full = arms["12, 32, then 76 mg"], arms["76 mg at once"]
    return (
        49 < low.final("p_crs") < 51
        and 94 < full.final("p_crs") < 96
        and 0.78 < low.final("free") / full.final("free") < 0.86
    )
