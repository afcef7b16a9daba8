"""The sentence of bedathuru2024's story, as numbers."""

from __future__ import annotations

from stories import Arms, high, low


def holds(arms: Arms) -> bool:
    """Remission under adalimumab; under tocilizumab a quarter of the IL-6, and less than half a point gained.

    That it is not so in all patients takes long, and is checked in test_bedathuru2024.
    """
    untreated, blocked, other = arms["untreated"], arms["adalimumab"], arms["tocilizumab"]
    return (
        blocked.final("DAS28") < 2.6 < 5.5 < low(other, "DAS28")
        and untreated.final("DAS28") - low(other, "DAS28") < 0.5
        and blocked.final("TNFa") < 0.05 * untreated.final("TNFa")
        and other.final("IL6") < 0.4 * untreated.final("IL6")
        and blocked.final("Macrophages") < 0.3 * high(untreated, "Macrophages")
    )
