"""Doses as the text that `grammar` reads."""

from __future__ import annotations

from immunode.intervention.regimens.dose import Dose
from immunode.intervention.times import SHORT, Time, number_text, size, words


def head_text(dose: Dose) -> str:
    """Return amount, unit, route and infusion of a dose, its lag and F."""
    if dose.steady_infusion:
        return f"{dose.rate} {dose.route}".rstrip()
    parts = [f"{number_text(dose.amt)} {dose.unit}", dose.route]
    if dose.duration is not None:
        number, unit = size(dose.duration)
        parts.append(f"over {number_text(number)} {SHORT[unit] if unit else ''}".rstrip())
    if dose.rate:
        parts.append(f"at {dose.rate}")
    if dose.lag is not None:
        number, unit = size(dose.lag)
        parts.append(f"lag {number_text(number)} {SHORT[unit] if unit else ''}".rstrip())
    if dose.F is not None:
        parts.append(f"F {number_text(dose.F)}")
    return " ".join(filter(None, parts))


def when_text(dose: Dose) -> str:
    """Return when doses are given: "at week 0, 2", "q2w x 6 from week 4", "once"."""
    if dose.steady_infusion:
        return "at steady state" + (f" until {_times_text(tuple(dose.at))}" if dose.at else "")
    if dose.at:
        return "at " + _times_text(tuple(dose.at))
    if dose.ii is None:
        return "once"
    number, unit = size(dose.ii)
    short = number_text(number)
    every = f"q{short}{SHORT[unit]}" if unit and "e" not in short else f"every {short} {unit}".rstrip()
    count = "" if dose.count is None else f"x {dose.count}"
    start = "" if dose.start is None else f"from {_times_text((dose.start,))}"
    return " ".join(filter(None, (every, count, start, "at steady state" if dose.ss else "")))


def given_text(dose: Dose, route: str) -> str:
    """Return what is given at an event: "40 mg sc", "100 mg iv over 2 h"."""
    length = ""
    if dose.duration is not None:
        number, unit = size(dose.duration)
        length = f" over {number:g} {SHORT[unit]}" if unit else f" over {words(dose.duration)}"
    return f"{dose.amt:g} {dose.unit} {route}{length}"


def _times_text(times: tuple[Time, ...]) -> str:
    """Return `week 0, 2, 6`; the unit is said where it changes."""
    texts, last = [], None
    for time in times:
        number, unit = size(time)
        texts.append(number_text(number) if unit == last else f"{unit or 'time'} {number_text(number)}")
        last = unit
    return ", ".join(texts)
