"""What interventions did in a run: doses, the windows in which they acted, and what rules decided at visits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.model.records import pairs

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.program import Functions

Array = NDArray[np.float64]
Doses = dict[str, tuple[float, ...]]
Switches = dict[str, tuple[tuple[float, str], ...]]
Windows = dict[str, tuple[tuple[float, float], ...]]


def dose_times(functions: Functions, values: Array, end: float) -> Doses:
    """Return intervention -> times up to `end` at which it gives something: a jump of a state, or an infusion's start.

    values : shape (n_values, 1). An event that the model itself declares counts under its own name, at the times at
        which it changes something: a dose of 0 is none.
    """
    with np.errstate(all="ignore"):
        first, every, count = functions.break_times(functions.parameters(values))
    idle = _idle(functions, values, end) if any("." not in known.name for known in functions.program.breaks) else set()
    found: dict[str, set[float]] = {}
    for i, known in enumerate(functions.program.breaks):
        owner, dot, what = known.name.rpartition(".")
        moves = any(change.kind == "state" for change in known.changes)
        gives = moves and not (dot and what.startswith(_SILENT))
        if not gives and not what.startswith("infusion_begins"):
            continue
        times = times_until(first[i, 0], every[i, 0], count[i, 0], end)
        found.setdefault(owner or known.name, set()).update(t for t in times.tolist() if t >= 0 and (i, t) not in idle)
    return {owner: tuple(sorted(times)) for owner, times in found.items() if times}


def _idle(functions: Functions, values: Array, end: float) -> set[tuple[int, float]]:
    """Return (number of the event, time) of what the model's own events leave as it is, tried on states above 0."""
    with np.errstate(all="ignore"):
        p = functions.parameters(values)
        first, every, count = functions.break_times(p)
        probe = np.maximum(np.abs(functions.initial(p)), np.array(functions.program.typical)[:, None])
        due = sorted(
            (t, i) for i in range(len(first)) for t in times_until(first[i, 0], every[i, 0], count[i, 0], end).tolist()
        )
        idle = set()
        for t, i in due:
            states = probe.copy()
            functions.apply(i, t, states, p)  # p holds the switches, which go on as they do in a run
            if "." not in functions.program.breaks[i].name and np.array_equal(states, probe):
                idle.add((i, t))
    return idle


def times_until(first: float, every: float, count: float, end: float) -> Array:
    """Return the times `first`, `first + every`, ... up to `end`, at most `count` of them, shape (n,).

    No more is made than there is room for before the end, however large the count is.
    """
    if not (count >= 0.5 and first <= end):
        return np.empty(0)
    room = np.floor((end - first) / every) + 1 if every > 0 else 1.0
    times = first + np.arange(int(min(np.rint(count), room))) * (every if count > 1 else 0.0)
    return np.asarray(times[times <= end])


_SILENT = ("open", "close", "pulse_", "risen")
"""Events of a gate: what a decaying signal leaves behind is no dose."""


def active_windows(model: Model, times: Array, path: Mapping[str, Array]) -> Windows:
    """Return intervention -> (start, stop) of the spans in which its signal is above 0; none where that is always.

    times, path : shape (n_samples,), with both sides of every jump.
    """
    found: Windows = {}
    for name in model.applied:
        signal = path.get(f"{name}.signal")
        if signal is None or (signal > 0).all():
            continue
        on = np.concatenate([[False], signal > 0, [False]])
        starts, stops = np.flatnonzero(on[1:] & ~on[:-1]), np.flatnonzero(on[:-1] & ~on[1:]) - 1
        spans = [(float(times[a]), float(times[b])) for a, b in zip(starts, stops, strict=True) if times[b] > times[a]]
        if spans:
            found[name] = tuple(spans)
    return found


def ruled(names: Mapping[str, Any] | tuple[str, ...]) -> list[str]:
    """Return the interventions that follow a rule, by the quantities that they add."""
    return [n.removesuffix(".changes") for n in names if n.endswith(".changes") and n[:-8] + ".since" in names]


def switch_times(times: Array, path: Mapping[str, Array]) -> Switches:
    """Return intervention -> (time, what) of each change at a visit: "on", "off" or "level 0.5".

    times, path : shape (n_samples,), with both sides of every jump.
    """
    found: Switches = {}
    for name in ruled(tuple(path)):
        changes = path[f"{name}.changes"]
        where = np.flatnonzero(np.diff(changes) > 0) + 1
        if changes[0] > 0:
            where = np.concatenate([[0], where])
        found[name] = tuple((float(times[i]), change_at(name, path, int(i))) for i in where)
    return found


def change_at(name: str, path: Mapping[str, Array], i: int) -> str:
    """Return what a change at sample `i` was."""
    on, before = path[f"{name}.on"], max(i - 1, 0)
    level = path.get(f"{name}.level")
    if level is not None and (on[i] == on[before] and on[i] > 0):
        return f"level {level[i]:.4g}"
    return "on" if on[i] > 0 else "off"


def given_only(
    model: Model, doses: Doses, times: Array, path: Mapping[str, Array], before: Mapping[str, float]
) -> Doses:
    """Return the doses that were given.

    Those of an intervention that follows a rule count while the rule was on. An event that the model itself declares,
    such as a dose of a size that an intervention sets, counts where one of its states jumped.

    doses : intervention or event -> times.   times, path : shape (n_samples,), with both sides of every jump but those
        at the first time, before which a state is what `before` says.
    """
    own = {e.name: [name for name, _ in pairs(e.changes) if name in before] for e in model.events if "." not in e.name}
    kept = {}
    for name, planned in doses.items():
        last = np.searchsorted(times, np.asarray(planned), side="right") - 1
        on = path.get(f"{name}.on") if f"{name}.changes" in path else None
        if on is not None:
            planned = tuple(t for t, i in zip(planned, last, strict=True) if on[i] > 0)
        elif name in own:
            first = np.searchsorted(times, np.asarray(planned), side="left")
            sides = [(np.where(first > 0, path[s][first], before[s]), path[s][last]) for s in own[name]]
            # what came before the first sample is not known, and counts
            jumped = np.any([last < 0, *(left != right for left, right in sides)], axis=0)
            planned = tuple(t for t, there in zip(planned, jumped, strict=True) if there)
        if planned:
            kept[name] = planned
    return kept
