"""The story of zinc_minimal, as numbers."""

from __future__ import annotations

from stories import Arms, at, high, low


def holds(arms: Arms) -> bool:
    """The pool falls from 157 to 87 mg on a third of the zinc; naive T cells down, TNF up; repletion turns both."""
    usual, depleted, replete = (arms[n] for n in ("usual intake", "24 weeks of deficiency", "then repletion"))
    return (
        0.5 < low(depleted, "pool_mg") / usual.final("pool_mg") < 0.6
        and low(depleted, "N") < low(usual, "N")
        and high(depleted, "TNF") > high(usual, "TNF")
        and at(replete, "pool_mg", 252) > at(usual, "pool_mg", 252)
        and at(replete, "N", 252) > at(depleted, "N", 252)
        and at(replete, "TNF", 252) < at(depleted, "TNF", 252)
    )
