"""The story of stress_vaccine, as numbers."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    """Two years on: an eighth less under stress, 40 to 50 % less on prednisolone, whose cortisol adds to the own."""
    rest, stressed, treated = (arms[name] for name in ("two doses", "under stress", "on prednisolone"))
    left = [at(run, "vaccine.A", 730) / at(rest, "vaccine.A", 730) for run in (stressed, treated)]
    return 0.86 < left[0] < 0.89 and 0.5 < left[1] < 0.6 and at(treated, "stress.total", 1) > 4
