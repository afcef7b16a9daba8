"""The story of sleep_minimal, as numbers."""

from __future__ import annotations

from stories import Arms, at, high, low


def holds(arms: Arms) -> bool:
    """NK halves in one night and is back; IL-6 stays there and rises by half in five; antibody waits, then returns."""
    habit, night, week = (arms[name] for name in ("eight hours", "one night awake", "4.3 hours, 5 nights"))
    return (
        0.45 < low(night, "NK") < 0.55
        and at(night, "NK", 32 + 24) > 0.9
        and high(night, "IL6") < 1.11
        and 1.4 < high(week, "IL6") < 1.55
        and at(week, "Ab", 105 + 5 * 24) < 0.5 * at(habit, "Ab", 105 + 5 * 24)
        and at(week, "Ab", 384) > 0.6 * at(habit, "Ab", 384)
        and at(night, "Ab", 384) > 0.95 * at(habit, "Ab", 384)
    )
