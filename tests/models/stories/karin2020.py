"""The story of karin2020, as numbers."""

from __future__ import annotations

from stories import Arms, at


def holds(arms: Arms) -> bool:
    """Low together on day 60; a month later ACTH is high and cortisol low; on day 460 both are normal."""
    drug = arms["20 mg, 60 days"]
    return (
        max(at(drug, "cortisol", 59), at(drug, "ACTH", 59)) < 0.05
        and at(drug, "cortisol", 88) < 0.7 < 1.5 < at(drug, "ACTH", 88)
        and all(abs(at(drug, quantity, 460) - 1) < 0.02 for quantity in ("cortisol", "ACTH"))
    )
