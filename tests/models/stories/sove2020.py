"""Treated: hardly a brake, and the last cancer cell dies in week 25. Untreated: full brake, and they only grow."""

from __future__ import annotations

import numpy as np

from immunode.catalogue import load_model
from stories import Arms, high, in_patients


def holds(arms: Arms) -> bool:
    """True of the tumor that is drawn, on an axis that shows a last cell; of the declared ones half are cured so."""
    untreated, treated = arms["untreated"], arms["nivolumab"]
    gone = float(treated.times[np.argmax(treated["C1"] == 0)])
    last = in_patients("sove2020", "final(C1)", 58)
    return (
        "C1" in load_model("sove2020").story.logarithmic  # type: ignore[union-attr]
        and treated.final("C1") == 0
        and 160 < gone < 182
        and high(treated, "H") < 0.1
        and untreated.final("H") > 0.99
        and bool(np.all(np.diff(untreated["C1"]) > 0))
        and 0.3 < float(np.mean(last["nivolumab"] == 0)) < 0.7
        and float(np.min(last["untreated"])) > 1
    )
