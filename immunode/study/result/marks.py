"""What a figure marks above its axes: doses, and the windows in which interventions act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.program import Functions

Array = NDArray[np.float64]
Doses = dict[str, tuple[float, ...]]
Windows = dict[str, tuple[tuple[float, float], ...]]


def dose_times(functions: Functions, values: Array, end: float) -> Doses:
    """Return intervention -> times up to `end` at which it gives something: a jump of a state, or an infusion's start.

    values : shape (n_values, 1). An event that the model itself declares counts under its own name.
    """
    with np.errstate(all="ignore"):
        first, every, count = functions.break_times(functions.parameters(values))
    found: dict[str, set[float]] = {}
    for i, known in enumerate(functions.program.breaks):
        owner, dot, what = known.name.rpartition(".")
        moves = any(change.kind == "state" for change in known.changes)
        gives = moves and not (dot and what.startswith(_SILENT))
        if not gives and not what.startswith("infusion_begins"):
            continue
        times = times_until(first[i, 0], every[i, 0], count[i, 0], end)
        found.setdefault(owner or known.name, set()).update(t for t in times.tolist() if t >= 0)
    return {owner: tuple(sorted(times)) for owner, times in found.items() if times}


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
