"""The steps that runs took, written down as polynomials, for listeners that look at whole runs.

A step of a state is kept as the Bernstein coefficients of its quartic: the first and the last are the values at both
ends, and no value inside the step lies above the largest or below the smallest of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import comb
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

DEGREE = 4
HEAD, PER_STATE = 4, DEGREE + 3
"""Rows of an entry: run, time, length, column of its parameters; then for each state its five coefficients, the largest
and the smallest."""
MISFIT, MOST_PIECES = 2.0, 64
"""Steps of a higher degree are written as quartics that differ from them by at most so many tolerances of theirs, which
are a tenth of those asked for (`eighth_order.choice.exact_inside`); but as no more of them."""
NODE_PRODUCT = 0.003546
"""Largest |x (x - 1/4) (x - 1/2) (x - 3/4) (x - 1)| in 0 .. 1: what a quartic through five points of 1, x, ..., x^5
misses."""
BYTES, FEWEST, MOST = 4_000_000, 2048, 16384
"""Size of a tape, which is to stay in the cache until it is looked at; fewest steps, and most entries."""


@lru_cache
def to_bernstein(degree: int) -> Array:
    """Return what turns coefficients of 1, x, x^2, ... into Bernstein coefficients on [0, 1], a square matrix."""
    places = range(degree + 1)
    return np.array([[comb(k, j) / comb(degree, j) for j in places] for k in places])


@lru_cache
def from_bernstein(degree: int) -> Array:
    """Return what turns Bernstein coefficients on [0, 1] into those of 1, x, x^2, ..., a square matrix."""
    places = range(degree + 1)
    signed = [[comb(degree, j) * comb(j, i) * (-1.0) ** (j - i) for i in places] for j in places]
    return np.array(signed)


TO_BERNSTEIN, FROM_BERNSTEIN = to_bernstein(DEGREE), from_bernstein(DEGREE)
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
    """Is given every accepted step. Parts of a batch may call it from several threads, each with its own runs."""

    @property
    def states(self) -> tuple[int, ...]:
        """Rows of the states that are to be written down."""

    @property
    def whole_steps(self) -> bool:
        """Whether it asks how long steps are, so that none may be cut into several quartics."""

    def hear(self, steps: Steps) -> None:
        """Look at steps; those of a run come in order of time."""

    def forget(self, runs: Lanes) -> None:
        """Forget the steps of some runs: they are computed again."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Accepted steps of many runs, those of one run in order of time, with gaps between them.

    run : (n_steps,), the number of the run; -1 in a gap, where the other arrays hold anything.
    column : (n_steps,), its column in `p`, -1 in a gap.
    t, h : (n_steps,), where a step begins and how long it is.
    p : (n_parameters, n_columns), parameters and switches during these steps.
    """

    run: Lanes
    column: Lanes
    t: Array
    h: Array
    p: Array
    _table: Array
    _rows: dict[int, int]

    def row(self, state: int, k: int) -> Array:
        """Return a state's Bernstein coefficient k (0 to 4), or the largest (5) or smallest (6) of them, (n_steps,).

        It is a view, not to be written to, and holds only until the next steps come.
        """
        return np.asarray(self._table[self._rows[state] + k].reshape(-1))

    def gather(self, state: int, which: Lanes) -> Array:
        """Return the Bernstein coefficients of a state in the steps `which`, (5, len(which))."""
        return np.stack([self.row(state, k).take(which) for k in range(DEGREE + 1)])

    def split(self, most: float) -> Steps:
        """Return the same steps with those longer than `most` cut into equal parts, or these if none is."""
        parts = np.where(self.run >= 0, np.ceil(self.h / most), 1.0).astype(np.intp)
        if not (parts > 1).any():
            return self
        of = np.repeat(np.arange(len(parts)), parts)
        part = np.arange(len(of)) - np.repeat(np.cumsum(parts) - parts, parts)
        n, h = parts[of], self.h[of] / parts[of]
        rows: dict[int, int] = {}
        tables: list[Array] = []
        for state in self._rows:
            b = self.gather(state, of)
            inside = np.stack([bernstein(b, (part + k / DEGREE) / n) for k in range(DEGREE + 1)])
            piece = np.where(n > 1, combined(THROUGH_FIVE, inside), b)
            rows[state] = len(rows) * PER_STATE
            tables += [piece, piece.max(axis=0)[None], piece.min(axis=0)[None]]
        table = np.concatenate(tables) if tables else np.empty((0, len(of)))
        return Steps(
            run=self.run[of], column=self.column[of], t=self.t[of] + part * h, h=h, p=self.p, _table=table, _rows=rows
        )

    def renumbered(self, numbers: Lanes | int) -> Steps:
        """Return the same steps of runs called `numbers[run]`, or with `numbers` added to their own."""
        named = self.run + numbers if isinstance(numbers, int) else numbers[self.run]
        return replace(self, run=np.where(self.run < 0, -1, named))


def combined(weights: Array, parts: Array) -> Array:
    """Return the sums of parts (m, ...) by rows of weights (k, m), (k, ...), in one order for every element."""
    sums = []
    for row in weights:
        total = row[0] * parts[0]
        for weight, part in zip(row[1:], parts[1:], strict=True):
            if weight:
                total = total + weight * part
        sums.append(total)
    return np.stack(sums)


def bernstein(b: Array, x: Array | float) -> Array:
    """Return the quartics with Bernstein coefficients b (5, n) at x, (n,)."""
    z = 1.0 - x
    inner = z * z * b[1] * 4.0 + z * x * b[2] * 6.0 + x * x * b[3] * 4.0
    return np.asarray(z * z * (z * z * b[0]) + x * z * inner + x * x * (x * x * b[4]))


def first_part(b: Array, x: Array) -> Array:
    """Return the Bernstein coefficients (5, n_states, n) of the first parts x, (n,), of steps (de Casteljau)."""
    parts, b = [b[0]], b.copy()
    for _ in range(DEGREE):
        b = b[:-1] + x * (b[1:] - b[:-1])
        parts.append(b[0])
    return np.stack(parts)


@dataclass(slots=True)
class Renumbered:
    """A listener for a part of a batch, which is given runs by their numbers in the whole."""

    listener: StepListener
    numbers: Lanes | int

    @property
    def states(self) -> tuple[int, ...]:
        """See `StepListener`."""
        return self.listener.states

    @property
    def whole_steps(self) -> bool:
        """See `StepListener`."""
        return self.listener.whole_steps

    def hear(self, steps: Steps) -> None:
        """See `StepListener`."""
        self.listener.hear(steps.renumbered(self.numbers))

    def forget(self, runs: Lanes) -> None:
        """See `StepListener`."""
        self.listener.forget(runs + self.numbers if isinstance(self.numbers, int) else self.numbers[runs])


class Tape:
    """Room for the steps of `width` lanes, one entry a pass: a step of every lane, or none (run -1).

    table : (n_rows, capacity, width), so that each row is one piece of memory.   count : entries written.
    states, rows : of the states written down, as a tuple and as an array.
    """

    def __init__(self, listener: StepListener, width: int, states: tuple[int, ...] | None = None) -> None:
        self.listener, self.width = listener, width
        self.states = listener.states if states is None else states
        self.rows = np.array(self.states, dtype=np.int64)
        n_rows = HEAD + PER_STATE * len(self.states)
        self.capacity = min(max(1, FEWEST // width, BYTES // (8 * n_rows * width)), MOST)
        self.table = np.empty((n_rows, self.capacity, width))
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether there is no room for another entry."""
        return self.count >= self.capacity

    def note(self, run: Lanes, t: Array, h: Array, coefficients: Array) -> None:
        """Write an entry. run, t, h : (width,); coefficients : (5, n_states, width), Bernstein, of `states`."""
        entry = self.table[:, self.count]
        entry[0].view(np.int64)[:] = run
        entry[1], entry[2] = t, h
        entry[3].view(np.int64)[:] = run
        states = entry[HEAD:].reshape(len(self.states), PER_STATE, self.width)
        states[:, : DEGREE + 1] = coefficients.transpose(1, 0, 2)
        np.max(coefficients, axis=0, out=states[:, DEGREE + 1])
        np.min(coefficients, axis=0, out=states[:, DEGREE + 2])
        self.count += 1

    def play(self, p: Array) -> None:
        """Pass all that was written to the listener, and empty the tape.

        p : (n_parameters, n_columns), as it was then; the first columns are those of the runs.
        """
        count, self.count = self.count, 0
        if not count:
            return
        written = self.table[:, :count]
        run, column = (written[k].view(np.int64).reshape(-1) for k in (0, 3))
        t, h = written[1].reshape(-1), written[2].reshape(-1)
        rows = {state: HEAD + PER_STATE * i for i, state in enumerate(self.states)}
        self.listener.hear(Steps(run=run, column=column, t=t, h=h, p=p, _table=written, _rows=rows))


def standing(runs: Lanes, t: Array, y: Array, p: Array, states: tuple[int, ...]) -> Steps:
    """Return steps of no length: where runs stand. runs, t : (n,); y : (n_states, n); p : (n_parameters, n)."""
    n = len(runs)
    table = np.repeat(y[np.array(states, dtype=np.intp)], PER_STATE, axis=0)
    rows = {state: PER_STATE * i for i, state in enumerate(states)}
    return Steps(run=runs, column=np.arange(n), t=t, h=np.zeros(n), p=p, _table=table, _rows=rows)
