"""The steps that runs took, written down as polynomials, for listeners that look at whole runs.

A step of a state is kept as the Bernstein coefficients of its quartic: the first and the last are the values at both
ends, and no value inside the step lies above the largest or below the smallest of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

DEGREE = 4
HEAD, PER_STATE = 3, DEGREE + 3
"""Rows of an entry: run, time, length; then for each state its five coefficients, the largest and the smallest."""
BYTES = 3_000_000
"""Size of a tape, which is to stay in the cache until it is looked at."""
TO_BERNSTEIN = np.array(
    [
        [1.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 1 / 4, 0.0, 0.0, 0.0],
        [1.0, 1 / 2, 1 / 6, 0.0, 0.0],
        [1.0, 3 / 4, 1 / 2, 1 / 4, 0.0],
        [1.0, 1.0, 1.0, 1.0, 1.0],
    ]
)
"""From coefficients of 1, x, ..., x^4 to Bernstein coefficients on [0, 1]."""
THROUGH_FIVE = np.array(
    [
        [1.0, 0.0, 0.0, 0.0, 0.0],
        [-13 / 12, 4.0, -3.0, 4 / 3, -1 / 4],
        [13 / 18, -32 / 9, 20 / 3, -32 / 9, 13 / 18],
        [-1 / 4, 4 / 3, -3.0, 4.0, -13 / 12],
        [0.0, 0.0, 0.0, 0.0, 1.0],
    ]
)
"""From values at x = 0, 1/4, 1/2, 3/4, 1 to the Bernstein coefficients of the quartic through them."""


class StepListener(Protocol):
    """Hears of every accepted step. Parts of a batch may call it from several threads, each with its own runs."""

    states: tuple[int, ...]
    """Rows of the states that are to be written down."""

    def hear(self, steps: Steps) -> None:
        """Look at steps; those of a run come in order of time."""

    def forget(self, runs: Lanes) -> None:
        """Forget all that was heard of some runs: they are made anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Accepted steps: those of one run stand together, in order of time.

    run : (n_steps,), the number of the run.   column : (n_steps,), its column in `p`.
    t, h : (n_steps,), where a step begins and how long it is.
    p : (n_parameters, n_columns), parameters and switches during these steps.
    """

    run: Lanes
    column: Lanes
    t: Array
    h: Array
    p: Array
    _flat: Array
    _base: Lanes
    _stride: int
    _rows: dict[int, int]

    def coefficient(self, state: int, k: int) -> Array:
        """Return the Bernstein coefficient k (0 to 4) of a state, (n_steps,)."""
        return self._row(self._rows[state] + k)

    def highest(self, state: int) -> Array:
        """Return what a state does not exceed within each step, (n_steps,)."""
        return self._row(self._rows[state] + DEGREE + 1)

    def lowest(self, state: int) -> Array:
        """Return what a state does not fall below within each step, (n_steps,)."""
        return self._row(self._rows[state] + DEGREE + 2)

    def coefficients(self, state: int, which: Lanes) -> list[Array]:
        """Return the five Bernstein coefficients of a state in the steps `which`, each (len(which),)."""
        base = self._base[which] + self._rows[state] * self._stride
        return [self._flat.take(base + k * self._stride) for k in range(DEGREE + 1)]

    def _row(self, row: int) -> Array:
        return self._flat.take(self._base + row * self._stride)

    def renumbered(self, numbers: Lanes | int) -> Steps:
        """Return the same steps of runs called `numbers[run]`, or with `numbers` added to their own."""
        return replace(self, run=self.run + numbers if isinstance(numbers, int) else numbers[self.run])


@dataclass(slots=True)
class Renumbered:
    """A listener for a part of a batch, which hears of runs by their numbers in the whole."""

    listener: StepListener
    numbers: Lanes | int

    @property
    def states(self) -> tuple[int, ...]:
        """See `StepListener`."""
        return self.listener.states

    def hear(self, steps: Steps) -> None:
        """See `StepListener`."""
        self.listener.hear(steps.renumbered(self.numbers))

    def forget(self, runs: Lanes) -> None:
        """See `StepListener`."""
        self.listener.forget(runs + self.numbers if isinstance(self.numbers, int) else self.numbers[runs])


class Tape:
    """Room for the steps of `width` lanes, one entry a pass: a step of every lane, or none (run -1).

    table : (capacity, n_rows, width).   count : entries written.
    states, rows : of the states written down, as a tuple and as an array.
    """

    def __init__(self, listener: StepListener, width: int, states: tuple[int, ...] | None = None) -> None:
        self.listener, self.width = listener, width
        self.states = listener.states if states is None else states
        self.rows = np.array(self.states, dtype=np.int64)
        n_rows = HEAD + PER_STATE * len(self.states)
        self.capacity = max(16, BYTES // (8 * n_rows * width))
        self.table = np.empty((self.capacity, n_rows, width))
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether there is no room for another entry."""
        return self.count >= self.capacity

    def note(self, run: Lanes, t: Array, h: Array, coefficients: Array) -> None:
        """Write an entry. run, t, h : (width,); coefficients : (5, n_states, width), Bernstein, of `states`."""
        entry = self.table[self.count]
        entry[0].view(np.int64)[:] = run
        entry[1], entry[2] = t, h
        states = entry[HEAD:].reshape(len(self.states), PER_STATE, self.width)
        states[:, : DEGREE + 1] = coefficients.transpose(1, 0, 2)
        np.max(coefficients, axis=0, out=states[:, DEGREE + 1])
        np.min(coefficients, axis=0, out=states[:, DEGREE + 2])
        self.count += 1

    def play(self, p: Array) -> None:
        """Tell the listener all that was written, and begin anew. p : (n_parameters, n_runs), as it was meanwhile."""
        count, self.count = self.count, 0
        if not count:
            return
        table, width = self.table, self.width
        n_rows = table.shape[1]
        lanes = np.ascontiguousarray(table[:count, 0].view(np.int64).T)
        taken = np.flatnonzero(lanes.reshape(-1) >= 0)
        if not taken.size:
            return
        lane, entry = np.divmod(taken, count)
        base = entry * (n_rows * width) + lane
        flat = table.reshape(-1)
        run = lanes.reshape(-1).take(taken)
        t, h = flat.take(base + width), flat.take(base + 2 * width)
        rows = {state: HEAD + PER_STATE * i for i, state in enumerate(self.states)}
        self.listener.hear(Steps(run, run, t, h, p, flat, base, width, rows))
