"""The steps of a block written on a tape, for a listener."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.solve.numpy.event_search import EventSearch
from immunode.solve.numpy.lane_table import LaneTable
from immunode.solve.numpy.methods import Method
from immunode.solve.runs import Runs
from immunode.solve.tape import (
    DEGREE,
    MISFIT,
    MOST_PIECES,
    NODE_PRODUCT,
    THROUGH_FIVE,
    TO_BERNSTEIN,
    StepListener,
    Tape,
    combined,
    first_part,
)

Array = NDArray[np.float64]


class StepNotes:
    """Writes accepted steps of a block on a tape, and plays it to the listener."""

    def __init__(self, listener: StepListener, runs: Runs, method: Method) -> None:
        self.listener, self.runs, self.method = listener, runs, method

    def attach(self, block: LaneTable) -> None:
        """Note the steps of `block` from now on; what was noted before must have been played."""
        self.block, self.tape = block, Tape(self.listener, block.width)
        self.everyone = np.arange(block.width)

    def note(self, t_new: Array, cut: EventSearch | None = None) -> None:
        """Write the steps just tried, which end at `t_new`; those that were rejected lead nowhere.

        cut : knows which were cut short.
        """
        block, tape = self.block, self.tape
        inside = np.stack([c[tape.rows] for c in self.method.dense(self.everyone)])
        if len(inside) > DEGREE + 1:
            self._note_pieces(inside, t_new, cut)
            return
        bernstein = combined(TO_BERNSTEIN, inside)
        bernstein[-1] = block.y_new[tape.rows]
        if cut is not None and cut.lanes.size:
            bernstein[:, :, cut.lanes] = first_part(bernstein[:, :, cut.lanes], cut.parts)
            bernstein[-1][:, cut.lanes] = cut.states[tape.rows]
        went = t_new > block.t
        tape.note(np.where(went, block.run, -1), block.t, t_new - block.t, bernstein)
        if tape.full:
            self.play()

    def _note_pieces(self, inside: Array, t_new: Array, cut: EventSearch | None) -> None:
        """Write steps of degree 7, (8, n_states, width), as quartics through five points of each piece."""
        block, rows = self.block, self.tape.rows
        end, part = block.y_new[rows], np.ones(block.width)
        if cut is not None and cut.lanes.size:
            end[:, cut.lanes], part[cut.lanes] = cut.states[rows], cut.parts
        went, length = t_new > block.t, t_new - block.t
        # the fifth derivative over 5! is a parabola: here are its Bernstein coefficients
        bend = np.stack([inside[5], inside[5] + 3 * inside[6], inside[5] + 6 * inside[6] + 21 * inside[7]])
        miss = np.max(np.abs(bend) / block.scale[rows], axis=(0, 1), initial=0.0) * part**5 * (NODE_PRODUCT / MISFIT)
        pieces = np.where(went & (miss > 1.0), np.ceil(np.minimum(miss, 1e100) ** (1 / (DEGREE + 1))), 1.0)
        np.minimum(pieces, MOST_PIECES, out=pieces)
        for k in range(int(pieces.max())):
            last = k + 1 >= pieces
            begin = block.t + length * (k / pieces)
            until = np.where(last, t_new, block.t + length * ((k + 1) / pieces))
            points = np.stack([polynomial(inside, (k + j / DEGREE) / pieces * part) for j in range(DEGREE + 1)])
            points[-1] = np.where(last, end, points[-1])
            there = np.where(went & (k < pieces), block.run, -1)
            self.tape.note(there, begin, until - begin, combined(THROUGH_FIVE, points))
            if self.tape.full:
                self.play()

    def play(self) -> None:
        """Let the listener hear of the steps so far, with the switches that held during them."""
        self.tape.play(self.runs.p)


def polynomial(coefficients: Array, x: Array) -> Array:
    """Return polynomials at x, (n_states, n). coefficients : of 1, x, x^2, ..., (degree + 1, n_states, n)."""
    y = coefficients[-1]
    for row in coefficients[-2::-1]:
        y = y * x + row
    return np.asarray(y)
