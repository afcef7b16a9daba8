"""The story of zhang2025_dupilumab, as numbers."""

from __future__ import annotations

from stories import Arms


def holds(arms: Arms) -> bool:
    gain = {name: run.final("FEV1_drug") for name, run in arms.items()}
    return (
        gain["placebo"] == 0
        and 4.8 < gain["type 2 high, 200 mg"] / gain["type 2 low, 200 mg"] < 5.4
        and 1 < gain["300 mg q2w"] / gain["200 mg q2w"] < 1.02
    )
