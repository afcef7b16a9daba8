"""Values that change within an individual: what a column of the records says from which time on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
AFTER = 1e-9
"""By this part of the time a dose comes later than an observation that stands before it at the same time."""


@dataclass(frozen=True, slots=True)
class Step:
    """A value from a time on. place : position in the table from which it holds.

    late : 0 from `time` on, 1 just after it, 2 after doses that come just after it.
    """

    time: float
    value: float
    place: int
    late: int = 0


def steps_of_rows(values: Array, times: Array, observed: Sequence[bool], carried: str) -> tuple[Step, ...]:
    """Return the steps of one individual; empty where no row has a value. All arguments are by row.

    observed : whether the row is an observation, which still sees what held before a later row at its time.
    carried : "last" (a value holds from its row on) or "next" (it held since the row before).
    """
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return ()
    steps = [Step(float(times[known[0]]), float(values[known[0]]), -1)]
    for before, row in pairwise(known):
        if values[row] == values[before]:
            continue
        if carried == "next":
            steps.append(Step(float(times[before]), float(values[row]), int(before), late=2))
            continue
        late = any(observed[i] and times[i] == times[row] for i in range(row))
        steps.append(Step(float(times[row]), float(values[row]), int(row), int(late)))
    return tuple(steps)


def numbered(values: Sequence[str]) -> Array:
    """Return codes of occasions as numbers 1, 2, ... in the order in which they come; NaN where a code is missing."""
    order: dict[str, int] = {}
    return np.array([order.setdefault(v, len(order) + 1) if v else np.nan for v in values], float)


def in_episode(steps: Sequence[Step], place: int, end: int, shift: float) -> tuple[float, list[tuple[float, float]]]:
    """Return the value at the start of a run, and time and value of each change. place, end : rows of the run.

    shift : model time minus the records' time.
    """
    first, changes = steps[0].value, []
    for step in steps[1:]:
        if step.place <= place:
            first = step.value
        elif step.place < end:
            time = step.time + shift
            changes.append((time + step.late * AFTER * max(abs(time), 1e-3), step.value))
    return first, changes
