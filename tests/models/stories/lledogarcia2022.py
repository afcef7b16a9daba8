"""FcRn swallows a small dose; once it is full, IgG falls by half in a week and needs two months to return."""

from __future__ import annotations

from stories import Arms, at, low


def holds(arms: Arms) -> bool:
    """Of the small dose less than a quarter is free at its peak, of the large one more than four fifths."""
    small, large = arms["1 mg/kg"], arms["7 mg/kg"]
    lowest = low(large, "IgG_change")
    return (
        small["cfree"][0] < 0.25 * small["ctot"][0]
        and large["cfree"][0] > 0.8 * large["ctot"][0]
        and -52 < lowest < -46
        and 5 < when_lowest(arms) < 8
        and -10 < at(large, "IgG_change", 60) < -5
    )


def when_lowest(arms: Arms) -> float:
    """Return the day on which IgG is lowest after 7 mg/kg."""
    run = arms["7 mg/kg"]
    return float(run.times[run["IgG_change"].argmin()])
