"""20 mg clears B cells in two weeks, 5 mg takes a year; four months after the last dose they are back."""

from __future__ import annotations

import numpy as np

from stories import Arms, at


def holds(arms: Arms) -> bool:
    """Cleared is 8 cells/uL, back is 40; the last dose is on day 756."""
    small, usual = arms["5 mg monthly"], arms["20 mg monthly"]
    back = [float(run.times[np.flatnonzero((run.times > 760) & (run["B"] > 40))[0]]) - 756 for run in (small, usual)]
    return (
        at(usual, "B", 14) < 8
        and at(small, "B", 182) > 40
        and at(small, "B", 365) < 8
        and all(80 < days < 130 for days in back)
    )
