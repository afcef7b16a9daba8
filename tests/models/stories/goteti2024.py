"""Half of the patients respond on standard care alone; a good drug adds ten in a hundred."""

from __future__ import annotations

from stories import Arms


def holds(arms: Arms) -> bool:
    """SRI-4 at one year: 0.49 on placebo, 0.10 to 0.11 more under either drug; less than that in BICLA."""
    placebo = arms["placebo"].final("SRI4")
    more = [arms[name].final("SRI4") - placebo for name in ("belimumab", "anifrolumab")]
    return 0.45 < placebo < 0.55 and all(0.09 < one < 0.115 for one in more)
