"""Courses of treatment that end before a run does, though they filled the model's horizon, or begin after it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.program import Functions

Array = NDArray[np.float64]
Event = tuple[str, float, float, float]
"""What happens, its first time, interval and count."""

_AFTERMATH = ("infusion_ends", "pulse_ends", "release_ends", "risen")
"""Events that follow from a dose or a pulse before them."""
_NEAR = 1e-9
"""Part of the horizon by which a time may miss it."""


def course_remarks(
    model: Model, functions: Functions, end: float, arm: str = "", moved: Iterable[str] = ()
) -> list[str]:
    """Return a line for each intervention whose course goes to the model's horizon, and not to the end of a run, and
    for each whose course begins after that end, so that it changes nothing.

    A course that is over before the horizon, such as one injection, is meant to end and is not told.

    Parameters
    ----------
    end : float
        of the run, in model time.
    arm : str
        to be named, "" for none.
    moved : Iterable[str]
        parameters that a design sets; a course whose times are among them is left out.
    """
    if not model.applied:
        return []
    values = np.asarray(functions.program.values, float)[:, None]
    with np.errstate(all="ignore"):
        first, every, count = (a[:, 0] for a in functions.break_times(functions.parameters(values)))
    lines = []
    for owner in model.applied:
        if not set(moved).isdisjoint(_timed(model, owner)):
            continue
        known = [(i, b.name[len(owner) + 1 :]) for i, b in enumerate(functions.program.breaks) if _of(b.name, owner)]
        events = [(what, first[i], every[i], count[i]) for i, what in known if not what.startswith(_AFTERMATH)]
        begins = _begin(events)
        if begins > end * (1 + _NEAR):
            lines.append(
                f"{_who(model, owner, arm)}: it begins at {_day(model, begins)}, after the run's end at {end:g}; "
                "until then it changes nothing"
            )
        elif end > model.horizon * (1 + _NEAR):
            lines += _ended(model, owner, events, end, arm)
    return lines


def _ended(model: Model, owner: str, events: list[Event], end: float, arm: str) -> list[str]:
    """Return a line if the course of an intervention filled the horizon, and ends before the run does."""
    course = _course(events)
    if course is None:
        return []
    last, interval = course
    if last + interval < model.horizon * (1 - _NEAR) or end <= (last + interval) * (1 + _NEAR):
        return []
    return [_line(model, owner, last, interval, end, arm)]


def _begin(events: list[Event]) -> float:
    """Return when a course begins; 0 where nothing tells."""
    begins = [first for what, first, _, count in events if count >= 1 and not what.startswith("close")]
    return float(min((first for first in begins if np.isfinite(first)), default=0.0))


def _of(name: str, owner: str) -> bool:
    return name.rpartition(".")[0] == owner


def _timed(model: Model, owner: str) -> list[str]:
    return [f"{owner}.{knob}" for knob in ("start", "stop", "every", "interval", "n", "visits", "visit_every")]


def _course(events: list[Event]) -> tuple[float, float] | None:
    """Return the last time of a course and its last interval, 0 for the end of a window; None where it has no end."""
    times: list[float] = []
    windows: list[float] = []
    for what, first, every, count in events:
        n = np.rint(count)
        if not np.isfinite(n) or not np.isfinite(first):
            return None
        if n < 1:
            continue
        listed = windows if what.startswith("close") else times
        listed.extend(first + (every * k if n > 1 else 0.0) for k in range(max(int(n) - 2, 0), int(n)))
    if windows:
        return float(max(windows)), 0.0
    distinct = sorted(set(times))
    return (distinct[-1], distinct[-1] - distinct[-2]) if len(distinct) > 1 else None


def _line(model: Model, owner: str, last: float, interval: float, end: float, arm: str) -> str:
    what = "the last dose or pulse comes at" if interval else "it acts until"
    if any(it.name == owner for it in model.interventions):
        how = f"model.intervention('{owner}').continued({end:g}) goes on to the end"
    else:
        how = "doses without a number, given as interventions or arms, go on to the end"
    parameters = {p.name for p in model.parameters}
    counts = [f"{owner}.{knob}" for knob in ("n", "visits") if f"{owner}.{knob}" in parameters]
    how += f", and so does a larger '{counts[0]}'" if counts else ""
    return f"{_who(model, owner, arm)}: {what} {_day(model, last)}, and the run goes on to {end:g} without it; {how}"


def _who(model: Model, owner: str, arm: str) -> str:
    who = f"arm '{arm}'" if arm else f"'{owner}'"
    return f"{model.name}, {who}" + (f", '{owner}'" if arm not in ("", owner) else "")


def _day(model: Model, time: float) -> str:
    return f"{model.time_unit} {time:g}".strip()
