"""Times as people write them: a number in the model's time, or text such as "2 weeks"."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from immunode.errors import DoseError, did_you_mean, quoted
from immunode.intervention.numbers import finite

Time = float | str

DAYS = {"second": 1 / 86400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "year": 365.25}
"""Days in one unit of a written time."""
SPELLINGS = {
    "second": ("s", "sec", "secs", "second", "seconds"),
    "minute": ("min", "mins", "minute", "minutes"),
    "hour": ("h", "hr", "hrs", "hour", "hours"),
    "day": ("d", "day", "days"),
    "week": ("w", "wk", "wks", "week", "weeks"),
    "year": ("y", "yr", "yrs", "year", "years"),
}
UNITS = {spelling: unit for unit, spellings in SPELLINGS.items() for spelling in spellings}
SHORT = {"second": "s", "minute": "min", "hour": "h", "day": "d", "week": "w", "year": "y"}
_WRITTEN = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z]*)\s*")


def time_unit(word: str) -> str:
    """Return the unit that a word means, such as "week" for "wks".

    Raises
    ------
    DoseError : no unit of time is spelled so.
    """
    unit = UNITS.get(word.casefold())
    if unit is None:
        if word.casefold().startswith(("mo", "mth")):
            raise DoseError(f"'{word}': months differ in length; use weeks or days (4 weeks, 30 days)")
        raise DoseError(f"unknown unit of time {quoted(word)}{did_you_mean(word, UNITS)}")
    return unit


def number_text(value: float) -> str:
    """Return a number as short text that reads back as the same number."""
    text = repr(float(value))
    return text.removesuffix(".0")


def tidy_time(value: Time, what: str) -> Time:
    """Return a time in its canonical form: a float, or text such as "2 week".

    what : who asks, for the message.

    Raises
    ------
    DoseError : it is not a finite number, nor a number with a unit of time.
    """
    if isinstance(value, str):
        match = _WRITTEN.fullmatch(value)
        if match is None:
            raise DoseError(f"{what}: can't read the time {quoted(value)}; write a number or e.g. '2 weeks'")
        size = float(match[1])
        if not match[2]:
            return tidy_time(size, what)
        if not math.isfinite(size):
            raise DoseError(f"{what}: the time {quoted(value)} is not finite")
        try:
            return f"{number_text(size)} {time_unit(match[2])}"
        except DoseError as error:
            raise DoseError(f"{what}: {error}") from None
    number = finite(value)
    if number is None:
        raise DoseError(f"{what}: {value!r} is not a time; write a number or e.g. '2 weeks'")
    return number


def size(value: Time) -> tuple[float, str]:
    """Return a canonical time as (number, unit); the unit of a plain number is ""."""
    if isinstance(value, str):
        number, unit = value.split()
        return float(number), unit
    return value, ""


def in_days(value: Time) -> float | None:
    """Return a canonical time in days, or None for a plain number (whose unit only a model knows)."""
    number, unit = size(value)
    return number * DAYS[unit] if unit else None


def comparable(first: Time, second: Time) -> tuple[float, float] | None:
    """Return two times in one unit, or None where only a model can tell."""
    if isinstance(first, str) and isinstance(second, str):
        a, b = size(first), size(second)
        return (a[0], b[0]) if a[1] == b[1] else (a[0] * DAYS[a[1]], b[0] * DAYS[b[1]])
    if isinstance(first, str) or isinstance(second, str):
        # nothing is nothing in every unit
        return (size(first)[0], size(second)[0]) if 0 in (first, second) else None
    return first, second


def plus(first: Time, second: Time, sign: float = 1.0) -> Time:
    """Return first + sign*second, both in canonical form.

    Raises
    ------
    DoseError : one is a plain number and the other has a unit, so that only a model could tell.
    """
    (a, unit), (b, other) = size(first), size(second)
    if b == 0:
        return first
    if a == 0:
        return f"{number_text(sign * b)} {other}" if other else sign * b
    if unit == other:
        return f"{number_text(a + sign * b)} {unit}" if unit else a + sign * b
    if not unit or not other:
        raise DoseError(
            f"{words(first)} and {words(second)} can't be added: one is in the model's time, the other has a unit; "
            "write both with a unit, or both as numbers"
        )
    return f"{number_text(a * DAYS[unit] + sign * b * DAYS[other])} day"


def multiple(value: Time, factor: float) -> Time:
    """Return a canonical time multiplied by a number."""
    number, unit = size(value)
    return f"{number_text(number * factor)} {unit}" if unit else number * factor


def latest(given: Sequence[Time]) -> Time:
    """Return the last of canonical times.

    Raises
    ------
    DoseError : plain numbers and times with a unit meet, so that only a model could tell.
    """
    last = given[0]
    for time in given[1:]:
        pair = comparable(last, time)
        if pair is None:
            raise DoseError("times with and without a unit meet; write both with a unit, or both as numbers")
        last = time if pair[1] > pair[0] else last
    return last


def words(value: Time) -> str:
    """Return a canonical time as one would say it: "2 weeks"."""
    number, unit = size(value)
    return f"{number:g} {unit}{'' if number == 1 else 's'}" if unit else f"{number:g}"
