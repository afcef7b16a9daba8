"""Nine days up, weeks down, months there; tocilizumab does not stop it."""

from __future__ import annotations

from stories import Arms, at, high, when


def holds(arms: Arms) -> bool:
    usual, helped, poor = arms["infusion"], arms["with tocilizumab"], arms["poor lymphodepletion"]
    return (
        0.9 < high(usual, "total") / usual["total"][0] / 3900 < 1.01
        and 8.5 < when(usual, "total") < 10
        and at(usual, "total", 30) < 0.06 * high(usual, "total")
        and usual.final("total") > 50
        and helped.final("total") > usual.final("total")
        and high(helped, "total") > high(usual, "total")
        and high(poor, "total") < 0.02 * high(usual, "total")
    )
