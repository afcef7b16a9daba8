"""The lanes of one block: one table of rows, so that lanes are taken in, moved and dropped in one operation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

FREE, BUSY, LANDED = 0, 1, 2

_SCALARS = ("t", "h", "t_stop", "t_near", "t_out", "memory", "growth", "h_most", "rtol")
_INTEGERS = ("run", "next_out", "born", "rejected", "stiff", "phase")


class LaneTable:
    """State of all lanes, shape (n_rows, width), and named views of its rows.

    t, h : time and the size of the next step; h is 0 in lanes that wait or are free.
    t_stop, t_near : next break or end, and the time from which a step counts as having reached it.
    t_out : next time at which output is due (infinite if none before t_stop).
    memory : the controller's, see `Controller`.   growth : largest factor by which the next step may grow.
    h_most : longest step that is stable, as far as known.
    rtol : relative tolerance.
    atol, c, y, y_new, ... : (n_states or n_prepared, width); scale is the tolerated error, scaled the error over it.
    run : number of the run in each lane, -1 where free.   next_out : index into the output times.
    born : count of passes when the lane was last taken up.   rejected : steps rejected since.
    stiff : how often it was found stiff of late.
    phase : FREE, BUSY or LANDED (waits at a break or at the end).
    kind : of the break that a lane has just left, until it has made a step; else -1.
    """

    run: Lanes
    next_out: Lanes
    born: Lanes
    rejected: Lanes
    stiff: Lanes
    phase: Lanes
    kind: Lanes

    y: Array
    y_new: Array
    y_before: Array
    h_before: Array
    k: Array
    u: Array
    b: Array
    last: Array
    slope: Array
    atol: Array
    scale: Array
    scaled: Array
    c: Array
    t: Array
    h: Array
    t_stop: Array
    t_near: Array
    t_out: Array
    memory: Array
    growth: Array
    h_most: Array
    rtol: Array

    def __init__(
        self, width: int, n_states: int, n_prepared: int, kept: dict[str, int], within: dict[str, int]
    ) -> None:
        kept_rows = {**dict.fromkeys(_SCALARS, 1), "atol": n_states, "c": n_prepared, **kept}
        within = {**within, "scale": n_states, "scaled": n_states}
        self._first: dict[str, tuple[int, int]] = {}
        position = 0
        for name, count in [*kept_rows.items(), *within.items()]:
            self._first[name] = (position, position + count)
            position += count
        self.n_kept = sum(kept_rows.values())
        self.n_rows = position
        for name in _INTEGERS:
            setattr(self, name, np.zeros(width, dtype=np.intp))
        self._name(np.zeros((self.n_rows, width)))

    def _name(self, table: Array) -> None:
        self.table = table
        self.width = table.shape[1]
        for name, (first, last) in self._first.items():
            setattr(self, name, table[first] if name in _SCALARS else table[first:last])

    def span(self, first: str, last: str) -> Array:
        """Return the rows from `first` to `last` as one view."""
        return self.table[self._first[first][0] : self._first[last][1]]

    def keep(self, where: Lanes) -> None:
        """Go on with the lanes `where` only (a multiple of `padding.MULTIPLE`)."""
        table = np.empty((self.n_rows, len(where)))
        table[: self.n_kept] = self.table[: self.n_kept].take(where, axis=1)
        for name in _INTEGERS:
            setattr(self, name, getattr(self, name)[where])
        self._name(table)

    def idle(self, where: Lanes, phase: int) -> None:
        """Let lanes stand still: steps of size 0, nothing due."""
        self.phase[where] = phase
        self.h[where] = 0.0
        self.t_stop[where] = self.t_near[where] = self.t_out[where] = np.inf

    def worst(self, where: Lanes) -> NDArray[np.int32]:
        """Return the state with the largest error, or the first whose error is not finite, of the step just tried."""
        error = np.abs(self.scaled[:, where])
        return np.asarray(np.argmax(np.where(np.isfinite(error), error, np.inf), axis=0), dtype=np.int32)
