"""The story of asthma_eos_min, as numbers."""

from __future__ import annotations

import numpy as np

from stories import Arms, at, low


def holds(arms: Arms) -> bool:
    start = arms["placebo"].final("eos")
    large = [arms["100 mg sc q4w"], arms["750 mg iv once"]]
    under = {name: float(np.mean(run["eos"] < start / 2)) for name, run in arms.items()}
    return (
        all(at(run, "eos", 7) < 0.2 * start and low(run, "eos") > 0.075 * start for run in large)
        and under["750 mg iv once"] > 0.3 > under["12.5 mg sc x 3"]
        and all(run.final("eos") > 0.95 * start for run in large)
    )
