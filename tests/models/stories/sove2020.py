"""Treated: hardly a brake, a peak of 3.2 cm, and the last cancer cell dies. Untreated: it only grows."""

from __future__ import annotations

import numpy as np

from stories import Arms, high, when


def holds(arms: Arms) -> bool:
    untreated, treated = arms["untreated"], arms["nivolumab"]
    return (
        3.1 < high(treated, "diameter") < 3.3
        and 25 < when(treated, "diameter") < 40
        and treated.final("C1") == 0
        and treated.final("diameter") < 1.5
        and high(treated, "H") < 0.1
        and untreated.final("H") > 0.99
        and bool(np.all(np.diff(untreated["diameter"]) > 0))
    )
