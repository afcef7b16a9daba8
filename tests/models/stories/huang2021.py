"""The story of huang2021, as numbers."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    """Gains of 1,000, 2,000 and 4,000 IU after 26 weeks, and ten weeks after stopping."""
    doses = [arms[f"{iu:,} IU a day"] for iu in (1000, 2000, 4000)]
    gains = [at(run, "C25", 4368) - 50 for run in doses]
    left = [at(run, "C25", 4368 + 70 * 24) - 50 for run in doses]
    return (
        gains[0] < gains[1] < 2 * gains[0]
        and gains[1] < gains[2] < 2 * gains[1]
        and all(0.2 * gain < rest < 0.5 * gain for gain, rest in zip(gains, left, strict=True))
    )
