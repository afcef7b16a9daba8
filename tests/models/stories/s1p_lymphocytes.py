"""Lymphocytes are not lost, they hide in nodes: back in a week after ponesimod, in weeks after fingolimod."""

from __future__ import annotations

import numpy as np

from stories import Arms, at, high


def holds(arms: Arms) -> bool:
    """The last interval ends at 2016 h; normal is 1.9 cells/nL; blood and tissue add up to 5000 % at all times."""
    slow, quick = arms["fingolimod"], arms["ponesimod"]
    return (
        at(slow, "L", 2015) < 30
        and at(quick, "L", 2015) < 45
        and at(quick, "L", 2016 + 168) > 90
        and at(slow, "L", 2016 + 168) < 50
        and at(slow, "L", 2016 + 42 * 24) > 90
        and all(high(run, "tissue_change") < 2 for run in (slow, quick))
        and all(np.ptp(run["L"] + run["S"]) < 1e-2 for run in arms.values())
    )
