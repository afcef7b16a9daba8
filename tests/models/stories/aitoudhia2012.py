"""The story of aitoudhia2012, as numbers."""

from __future__ import annotations

from stories import Arms, high


def holds(arms: Arms) -> bool:
    """150 mg leave less than half of IL-1beta; four times the drug halves CRP once more and adds 3 points of ACR50."""
    placebo, usual, much = (arms[name] for name in ("placebo", "150 mg q4w", "300 mg q2w"))
    after = usual.times > 1
    return (
        float(usual["il1_free"][after].max()) < placebo["il1_free"][0] / 2
        and much.final("crp") < 0.6 * usual.final("crp") < 0.6 * placebo.final("crp")
        and high(much, "C") > 3 * high(usual, "C")
        and 2 < much.final("ACR50") - usual.final("ACR50") < 4
        and usual.final("ACR50") > 2 * placebo.final("ACR50")
    )
