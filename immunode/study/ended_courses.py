"""Courses of treatment that filled a model's horizon and end before a longer run does."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.program import Functions

Array = NDArray[np.float64]

_AFTERMATH = ("infusion_ends", "pulse_ends", "release_ends", "risen")
"""Events that follow from a dose or a pulse before them."""
_NEAR = 1e-9
"""Part of the horizon by which a time may miss it."""


def course_remarks(
    model: Model, functions: Functions, end: float, arm: str = "", moved: Collection[str] = ()
) -> list[str]:
    """Return a line for each intervention whose course goes to the model's horizon, and not to the end of a run.

    A course that is over before the horizon, such as one injection, is meant to end and is not told.

    Parameters
    ----------
    end : float
        of the run, in model time.
    arm : str
        to be named, "" for none.
    moved : Collection[str]
        parameters that a design sets; a course whose times are among them is left out.
    """
    if end <= model.horizon * (1 + _NEAR) or not model.applied:
        return []
    values = np.asarray(functions.program.values, float)[:, None]
    with np.errstate(all="ignore"):
        first, every, count = (a[:, 0] for a in functions.break_times(functions.parameters(values)))
    lines = []
    for owner in model.applied:
        known = [(i, b.name[len(owner) + 1 :]) for i, b in enumerate(functions.program.breaks) if _of(b.name, owner)]
        known = [(i, what) for i, what in known if not what.startswith(_AFTERMATH)]
        course = _course([(what, first[i], every[i], count[i]) for i, what in known])
        if course is None or any(name.startswith(f"{owner}.") and name in moved for name in _timed(model, owner)):
            continue
        last, interval = course
        if last + interval < model.horizon * (1 - _NEAR) or end <= (last + interval) * (1 + _NEAR):
            continue
        lines.append(_line(model, owner, last, interval, end, arm))
    return lines


def _of(name: str, owner: str) -> bool:
    return name.rpartition(".")[0] == owner


def _timed(model: Model, owner: str) -> list[str]:
    return [f"{owner}.{knob}" for knob in ("start", "stop", "every", "interval", "n", "visits", "visit_every")]


def _course(events: list[tuple[str, float, float, float]]) -> tuple[float, float] | None:
    """Return the last time of a course and its last interval, 0 for the end of a window; None where it has no end.

    events : what each is, its first time, interval and count.
    """
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
    who = f"arm '{arm}'" if arm else f"'{owner}'"
    who += f", '{owner}'" if arm not in ("", owner) else ""
    unit = f"{model.time_unit} " if model.time_unit else ""
    what = "the last dose or pulse comes at" if interval else "it acts until"
    if any(it.name == owner for it in model.interventions):
        how = f"model.intervention('{owner}').continued({end:g}) goes on to the end"
    else:
        how = "doses without a number, given as interventions or arms, go on to the end"
    parameters = {p.name for p in model.parameters}
    counts = [f"{owner}.{knob}" for knob in ("n", "visits") if f"{owner}.{knob}" in parameters]
    how += f", and so does a larger '{counts[0]}'" if counts else ""
    return f"{model.name}, {who}: {what} {unit}{last:g}, and the run goes on to {end:g} without it; {how}"
