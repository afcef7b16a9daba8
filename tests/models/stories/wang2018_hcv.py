"""The story of wang2018_hcv, as numbers."""

from __future__ import annotations

from stories import Arms, low


def holds(arms: Arms) -> bool:
    alone, both = arms["daclatasvir"], arms["with asunaprevir"]
    return (
        low(alone, "log10V") < low(arms["interferon"], "log10V") - 1
        and alone.final("log10V") > low(alone, "log10V") + 2
        and alone.final("log10V") - both.final("log10V") > 1
        and both.final("log10V") > low(both, "log10V") + 0.5
    )
