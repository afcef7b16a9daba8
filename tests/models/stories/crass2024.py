"""Eculizumab lowers LDH but leaves anemia; pegcetacoplan, which blocks C3, mends both."""

from __future__ import annotations

from stories import Arms


def holds(arms: Arms) -> bool:
    """At week 12; anemia ends at 12 g/dL, normal LDH at 226 U/L."""
    none, ecu, peg = arms.values()
    return (
        ecu.final("LDH") < 0.2 * none.final("LDH")
        and ecu.final("Hb") == none.final("Hb")
        and none.final("Hb") < 9
        and peg.final("Hb") > 12
        and peg.final("LDH") < 226
    )
