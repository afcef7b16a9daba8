"""Who gains is set before the first dose: at CRP 50 CDAI falls by 40 %, at CRP 3 little more than on placebo."""

from __future__ import annotations

from stories import Arms


def holds(arms: Arms) -> bool:
    """At week 12, beside 318 points before treatment."""
    left = [arms[name].final("CDAI") / 318 for name in ("placebo", "drug, CRP 3 mg/L", "drug, CRP 50 mg/L")]
    return 0.8 < left[0] < 0.85 and 0 < left[0] - left[1] < 0.04 and 0.56 < left[2] < 0.62
