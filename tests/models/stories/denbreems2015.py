"""The story of denbreems2015, as numbers."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    control, turned = arms["untreated"], arms["M2 into M1 x3"]
    return (
        at(control, "M1", 5) > 100 * at(control, "M2", 5)
        and at(control, "M2", 25) > 100 * at(control, "M1", 25)
        and turned.final("M1") > 9e4 > 1 > turned.final("M2")
        and 0.63 < turned.final("tumor") / control.final("tumor") < 0.68
    )
