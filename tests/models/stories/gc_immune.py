"""The story of gc_immune, as numbers."""

from __future__ import annotations

import numpy as np

from stories import Arms, at, high


def holds(arms: Arms) -> bool:
    """A sixth of rest eight hours after 40 mg, above 0.9 a day after; neutrophils up, cortisol down at noon."""
    rest, drug = arms["rest"], arms["40 mg at 8 h"]
    first = drug.times < 24
    return (
        0.14 < float(np.min(drug["L"][first] / rest["L"][first])) < 0.18
        and at(drug, "L", 32) > 0.9 * at(rest, "L", 32)
        and high(drug, "Neu") > 1.6 * high(rest, "Neu")
        and at(drug, "total", 12) < 0.4 * at(rest, "total", 12)
    )
