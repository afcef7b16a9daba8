"""The story of fallon2000, as numbers."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    usual, few, many, analog = (arms[name] for name in ("100 pM", "10 pM", "1000 pM", "100 pM, analog"))
    return (
        few.final("L") < 0.1 * few["L"][0]
        and few.final("Y") < 1.01 * at(few, "Y", 2000)
        and 1.05 < many.final("Y") / usual.final("Y") < 1.12
        and analog.final("L") > 1.05 * usual.final("L")
        and analog.final("Y") > usual.final("Y")
    )
