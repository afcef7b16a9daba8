"""The story of huang2021, as numbers."""

from __future__ import annotations

import numpy as np

from immunode.study.result.simulation import Simulation
from stories import Arms, at, in_patients

STOP, WEEK = 4368.0, 168.0


def holds(arms: Arms) -> bool:
    """Gains of 1,000, 2,000 and 4,000 IU, when half of each is lost, and the last in the median of 60 people."""
    doses = [arms[f"{iu:,} IU a day"] for iu in (1000, 2000, 4000)]
    gains = [at(run, "C25", STOP) - 50 for run in doses]
    weeks = [weeks_to_half(run, gain) for run, gain in zip(doses, gains, strict=True)]
    people = [in_patients("huang2021", f"at(C25, {STOP + week * WEEK:g} hours)", 60) for week in (0, 4, 8)]
    kept = [[float(np.median(gained(one, run) / gained(people[0], run))) for one in people[1:]] for run in arms]
    return (
        gains[0] < gains[1] < 2 * gains[0]
        and gains[1] < gains[2] < 2 * gains[1]
        and 8 > weeks[0] > weeks[1] > weeks[2] > 4
        and all(after_4 > 0.5 > after_8 for after_4, after_8 in kept[1:])
    )


def gained(people: dict[str, np.ndarray], arm: str) -> np.ndarray:
    """Return 25OHD of each person above that of the same person without a dose, for "no dose" above nothing."""
    return people[arm] - (0 if arm == "no dose" else people["no dose"])


def weeks_to_half(run: Simulation, gain: float) -> float:
    """Return how many weeks after stopping half of the gain is lost."""
    after = run.times >= STOP
    below = run["C25"][after] - 50 < gain / 2
    return float(run.times[after][below.argmax()] - STOP) / WEEK
