"""Five times the dose: hardly more responses. All after ipilimumab: 7 % fewer. The level is five times as high."""

from __future__ import annotations

import numpy as np

from immunode.catalogue import load_model
from stories import Arms, at, in_patients

USUAL, STRONG, AFTER = "2 mg/kg q3w", "10 mg/kg q3w", "all after ipilimumab"


def holds(arms: Arms) -> bool:
    """In the typical patient 4 and 22 points of tumor size; in the patients that are drawn their rates of response."""
    usual, strong, after = arms[USUAL], arms[STRONG], arms[AFTER]
    last = in_patients("chatterjee2017", "final(SLD_change)", 300)
    rate = {arm: float(np.mean(values <= -30)) for arm, values in last.items()}
    shares = {one.parameter: one.share or 0.0 for one in load_model("chatterjee2017").covariates}
    return (
        3 < usual.final("SLD_change") - strong.final("SLD_change") < 5
        and 20 < after.final("SLD_change") - usual.final("SLD_change") < 24
        and 4.99 < at(strong, "C", 330) / at(usual, "C", 330) < 5.01
        and 0 <= rate[STRONG] - rate[USUAL] < 0.03
        and 0.05 < rate[USUAL] - rate[AFTER] < 0.1
        and round(100 * shares["prior_ipi"]) == 45
    )
