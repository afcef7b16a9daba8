"""Without drugs dialysis in a month; at a trough of 6 nothing happens; at 30 BK virus is found on day 124."""

from __future__ import annotations

import numpy as np

from stories import Arms, high, low


def holds(arms: Arms) -> bool:
    none, usual, strong = (arms[name] for name in ("no drug", "trough 6 ng/mL", "trough 30 ng/mL"))
    lost = none.times[np.argmax(none["GFR"] < 10)]
    found = strong.times[np.argmax(strong["V"] > 1e3)]
    return (
        30 < lost < 36
        and low(usual, "GFR") > 60
        and high(usual, "V") < 1e3
        and 122 < found < 126
        and high(none, "V") < high(usual, "V")
    )
