"""Five times the dose: 4 points more at week 48. After ipilimumab: 22 points less. The level is five times as high."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    usual, strong, after = (arms[name] for name in ("2 mg/kg q3w", "10 mg/kg q3w", "2 mg/kg q3w, after ipilimumab"))
    return (
        3 < usual.final("SLD_change") - strong.final("SLD_change") < 5
        and 20 < after.final("SLD_change") - usual.final("SLD_change") < 24
        and 4.99 < at(strong, "C", 330) / at(usual, "C", 330) < 5.01
    )
