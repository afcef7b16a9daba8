"""The steps of a block written on a tape, for a listener."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.solve.numpy.event_search import EventSearch
from immunode.solve.numpy.lane_table import LaneTable
from immunode.solve.numpy.methods import Method
from immunode.solve.runs import Runs
from immunode.solve.tape import TO_BERNSTEIN, StepListener, Tape, combined, first_part

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
        bernstein = combined(TO_BERNSTEIN, inside)
        bernstein[-1] = block.y_new[tape.rows]
        if cut is not None and cut.lanes.size:
            bernstein[:, :, cut.lanes] = first_part(bernstein[:, :, cut.lanes], cut.parts)
            bernstein[-1][:, cut.lanes] = cut.states[tape.rows]
        went = t_new > block.t
        tape.note(np.where(went, block.run, -1), block.t, t_new - block.t, bernstein)
        if tape.full:
            self.play()

    def play(self) -> None:
        """Let the listener hear of the steps so far, with the switches that held during them."""
        self.tape.play(self.runs.p)
