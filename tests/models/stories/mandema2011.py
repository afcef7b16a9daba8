"""The story of mandema2011, as numbers."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    """What the last half of the usual dose adds to ACR50 beyond placebo: little on a plateau, much on a slope."""
    placebo = arms["placebo"].final("ACR50")
    late = {
        name: (run.final("ACR50") - at(run, "ACR50", 0.5)) / (run.final("ACR50") - placebo)
        for name, run in arms.items()
        if name != "placebo"
    }
    slope = ("golimumab", "tocilizumab")
    return (
        late["certolizumab"] < 0.1
        and all(late[name] > 0.4 for name in slope)
        and all(late[name] < 0.25 for name in late if name not in slope)
    )
