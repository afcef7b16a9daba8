"""The story of lowe2009, as numbers."""

from __future__ import annotations

from stories import Arms, at, high


def holds(arms: Arms) -> bool:
    treated = [run for name, run in arms.items() if name != "untreated"]
    return all(
        at(run, "ige_free", 3) < 0.07 * run["ige_free"][0] and 3.7 < high(run, "ige_total") / run["ige_total"][0] < 4
        for run in treated
    )
