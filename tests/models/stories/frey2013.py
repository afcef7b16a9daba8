"""The story of frey2013, as numbers."""

from __future__ import annotations

import numpy as np

from stories import Arms, at

EC50 = 3.7


def holds(arms: Arms) -> bool:
    """Every trough of 4 mg/kg is below EC50, none of 8 mg/kg from the second on; a point of DAS28 between them."""
    low, high = arms["4 mg/kg q4w"], arms["8 mg/kg q4w"]
    troughs = np.arange(28, 169, 28) - 0.5
    return (
        all(at(low, "C", day) < EC50 for day in troughs)
        and all(at(high, "C", day) > EC50 for day in troughs)
        and 0.9 < low.final("das28") - high.final("das28") < 1.1
    )
