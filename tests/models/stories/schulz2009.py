"""The story of schulz2009, as numbers."""

from __future__ import annotations

import numpy as np

from stories import Arms, at


def holds(arms: Arms) -> bool:
    both, no_ifn, no_il12 = (arms[name] for name in ("both signals", "without interferon", "without IL-12"))
    between = (both.times > 24) & (both.times < 90)
    return (
        at(no_ifn, "T", 24) < 0.2 * at(both, "T", 24)
        and at(no_il12, "T", 24) > 0.98 * at(both, "T", 24)
        and no_il12.final("T") < 0.2 * both.final("T")
        and no_ifn.final("T") > 3 * at(no_ifn, "T", 24)
        and float(np.min(both["T"][between])) < 0.8 * min(at(both, "T", 24), both.final("T"))
        and at(both, "Ag", 60) < 0.01
    )
