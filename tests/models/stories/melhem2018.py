"""One injection of pegfilgrastim does what ten of filgrastim do: neutrophils clear it only once they are back."""

from __future__ import annotations

from immunode.study.result.simulation import Simulation
from stories import Arms, at


def holds(arms: Arms) -> bool:
    """Back at 2 cells/nL within half a day of each other; most of the slow drug goes only from then on."""
    daily, once = arms["filgrastim x 10"], arms["pegfilgrastim once"]
    day = back(once)
    return (
        abs(day - back(daily)) < 0.5
        and at(once, "gcsf", 24 * (day - 1.5)) > 0.3 * at(once, "gcsf", 24 * 5)
        and at(once, "gcsf", 24 * (day + 3)) < 0.1 * at(once, "gcsf", 24 * (day - 1.5))
    )


def back(run: Simulation) -> float:
    """Return the day on which neutrophils are above 2 again after their lowest count."""
    counts = run["ANC"]
    lowest = int(counts.argmin())
    return float(run.times[lowest + int((counts[lowest:] >= 2).argmax())]) / 24
