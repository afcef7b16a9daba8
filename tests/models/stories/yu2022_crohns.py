"""Crohn's disease: one in five is in remission on placebo, two in five after 12 weeks of filgotinib."""

from __future__ import annotations

from stories import Arms


def holds(arms: Arms) -> bool:
    """The other two JAK inhibitors lie between."""
    ends = [arms[name].final("remission") for name in arms]
    return 0.18 < ends[0] < 0.22 and 0.38 < ends[-1] < 0.45 and ends == sorted(ends)
