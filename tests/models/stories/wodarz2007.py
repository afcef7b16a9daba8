"""The story of wodarz2007, as numbers."""

from __future__ import annotations

from stories import Arms, at, when


def holds(arms: Arms) -> bool:
    normal, weak = arms["normal NK cells"], arms["weak NK cells"]
    return (
        normal.final("za") < 0.01 * at(normal, "za", 20)
        and at(weak, "za", 50) < 0.1 * at(weak, "za", 20)
        and weak.final("za") > 20 * at(weak, "za", 50)
        and when(weak, "za") > 300
    )
