"""What a person's weight, height, albumin and age can be: a slip of units or of a comma lies far outside."""

from __future__ import annotations

import math
from dataclasses import dataclass

from immunode.errors import UnitError
from immunode.language.dimension import parse_unit


@dataclass(frozen=True, slots=True)
class PlausibleRange:
    """The values that a property of a person can have.

    names : of parameters that hold it, in lower case.   low, high : in `unit`, both possible.
    mistaken : (unit, factor to `unit`) of units that a value is often given in by mistake.
    """

    what: str
    names: tuple[str, ...]
    low: float
    high: float
    unit: str
    source: str
    mistaken: tuple[tuple[str, float], ...] = ()


RANGES = (
    PlausibleRange("body weight", ("weight", "wt", "bw", "body_weight"), 0.5, 400.0, "kg",
                   "plausibility: the smallest preterm infants that live, the heaviest patients in trials",
                   (("g", 1e-3), ("lb", 0.45359237))),
    PlausibleRange("height", ("height", "ht"), 0.2, 2.6, "m", "plausibility", (("cm", 0.01), ("mm", 1e-3))),
    PlausibleRange("body surface", ("bsa", "body_surface"), 0.1, 3.5, "m2", "plausibility", (("cm2", 1e-4),)),
    PlausibleRange("body mass index", ("bmi",), 5.0, 120.0, "kg/m2", "plausibility"),
    PlausibleRange("albumin in serum", ("albumin", "alb"), 10.0, 70.0, "g/L",
                   "plausibility: the nephrotic syndrome at the lower end", (("g/dL", 10.0), ("mg/L", 1e-3))),
    PlausibleRange("age", ("age",), 0.0, 120.0, "year", "plausibility", (("month", 1 / 12), ("day", 1 / 365.25))),
)  # fmt: skip
"""The one table of what a person can be; models, drugs and designs are held against it."""

_BY_NAME = {name: one for one in RANGES for name in one.names}


def plausible_range(name: str, unit: str) -> PlausibleRange | None:
    """Return the range of what a parameter, or a knob such as `infliximab.weight`, holds of a person, in `unit`.

    None where its name or its unit says something else.
    """
    known = _BY_NAME.get(name.rpartition(".")[2].casefold())
    if known is None or not unit:
        return None
    try:
        there, own = (parse_unit(text.replace("m2", "m**2")) for text in (unit, known.unit))
    except UnitError:
        return None
    if there.powers != own.powers:
        return None
    factor = own.factor / there.factor
    mistaken = tuple((word, size * factor) for word, size in known.mistaken)
    return PlausibleRange(
        known.what, known.names, known.low * factor, known.high * factor, unit, known.source, mistaken
    )


def implausible(name: str, value: float, unit: str) -> str:
    """Return why a value can't be that of a person, or "" where it can, or where the name is of something else."""
    known = plausible_range(name, unit)
    # a reference that was rounded lies on an end
    if known is None or not math.isfinite(value) or known.low * (1 - 1e-9) <= value <= known.high * (1 + 1e-9):
        return ""
    text = f"{value:g} {unit} is no {known.what} of a person, which lies in {known.low:g} to {known.high:g} {unit}"
    for word, factor in known.mistaken:
        if known.low <= value * factor <= known.high:
            return f"{text}; {value:g} {word} would be {value * factor:g} {unit}"
    return text
