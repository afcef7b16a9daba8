"""The story of exercise_minimal, as numbers."""

from __future__ import annotations

from stories import Arms, high, low


def holds(arms: Arms) -> bool:
    """Peaks rise with intensity; IL-6 and the trough are smaller after the short maximal bout than after the long."""
    easy, hard, brief = (arms[name] for name in ("45 min at 50 %", "45 min at 80 %", "15 min at 100 %"))
    return (
        all(1.2 < high(easy, cells) < high(hard, cells) - 0.1 < high(brief, cells) for cells in ("K_b", "lymphocytes"))
        and low(hard, "lymphocytes") < 0.65 < low(brief, "lymphocytes") < 0.8
        and low(easy, "lymphocytes") > 0.999
        and high(brief, "I") < high(easy, "I") < high(hard, "I")
    )
