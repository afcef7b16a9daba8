"""Rituximab reaches too few B cells and is forgotten in two years; after CAR-T cells the blood stays normal."""

from __future__ import annotations

from stories import Arms, at, low


def holds(arms: Arms) -> bool:
    """Antibody is down by a third at one year and back at two; normal from half a year on after CAR-T cells."""
    none, few, all_gone = (arms[name] for name in ("untreated", "rituximab-like", "CAR-T cells"))
    return (
        low(few, "B") > 1
        and at(few, "aab", 364) < 0.7 * at(none, "aab", 364)
        and few.final("aab") > 0.99 * none.final("aab")
        and few.final("SLEDAI") > 0.99 * none.final("SLEDAI")
        and all(at(all_gone, "aab", day) < 30 for day in (180, 365, 730))
        and all(at(all_gone, "c3", day) > 900 for day in (365, 730))
        and all_gone.final("SLEDAI") < 0.5 * none.final("SLEDAI")
    )
