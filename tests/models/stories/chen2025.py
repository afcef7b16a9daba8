"""The story of chen2025, as numbers."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    """Half of what would come without end: 70.3 and 49.4 %."""
    treated = arms["methotrexate"]
    return (
        abs(at(treated, "ACR20", 6.7) - 70.3 / 2) < 0.2
        and abs(at(treated, "ACR50", 27.3) - 49.4 / 2) < 0.2
        and treated.final("das28") < arms["baseline"].final("das28") - 2
    )
