"""Numbers as they are given: accepted wide, kept as float or int."""

from __future__ import annotations

import math
from numbers import Integral, Real

from immunode.model.records import MOST_TIMES


def finite(value: object) -> float | None:
    """Return a finite real number as float, None for anything else (also for True and False)."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer of more than 308 digits
        return None
    return number if math.isfinite(number) else None


def whole(value: object) -> int | None:
    """Return a whole number as int, None for anything else (also for True, False, and one too large for a float)."""
    if isinstance(value, bool) or not isinstance(value, Integral) or abs(int(value)) > MOST_TIMES:
        return None
    return int(value)
