"""The story of lewkiewicz2019, as numbers."""

from __future__ import annotations

from stories import Arms, at, high


def holds(arms: Arms) -> bool:
    usual, depleted = arms["usual life"], arms["depletion at 30"]
    return (
        high(arms["no thymus"], "N") < 0.2 * high(usual, "N")
        and at(depleted, "N", 45) < 0.5 * at(usual, "N", 45)
        and at(depleted, "N", 52) > 0.5 * at(usual, "N", 52)
        and at(arms["IL-7 for a year at 60"], "N", 62) > 1.2 * at(usual, "N", 62)
    )
