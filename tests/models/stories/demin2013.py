"""The story of demin2013, as numbers."""

from __future__ import annotations

from stories import Arms, at, high

DAY = 1440


def holds(arms: Arms) -> bool:
    less, more = arms["zileuton 400 mg"], arms["zileuton 600 mg"]
    early = all(at(run, "FEV1_change", 300) > 6 for name, run in arms.items() if name != "untreated")
    slow = all(
        at(run, "FEV1_change", 20 * DAY) > at(run, "FEV1_change", 1 * DAY) + 1
        and at(run, "eos_airway", 20 * DAY) < 0.7 * run["eos_airway"][0]
        for run in (less, more)
    )
    jump = high(more, "FEV1_change") > 20 > 18 > at(more, "FEV1_change", 24 * DAY)
    return early and slow and jump
