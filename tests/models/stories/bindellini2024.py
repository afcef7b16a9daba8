"""The story of bindellini2024, as numbers."""

from __future__ import annotations

import numpy as np

from stories import Arms


def holds(arms: Arms) -> bool:
    """On the third day: tablets at 7 h leave the surge within 2 %, from 4 h on they take nine tenths of it."""

    def surge(arm: str) -> float:
        run = arms[arm]
        return float(np.max(run["ACTH"][run.times >= 48]))

    untreated = surge("no enzyme")
    return (
        untreated > 100 * surge("healthy")
        and surge("tablets at 7, 13, 19 h") > 0.98 * untreated
        and surge("tablets at 4, 12, 20 h") < 0.1 * untreated
    )
