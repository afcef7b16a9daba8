"""The jumps that a kernel applied, handed to those who listen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from immunode.solve.compiled.actions import Actions
from immunode.solve.compiled.workspace import MOST_AT_ONCE
from immunode.solve.runs import Runs
from immunode.solve.tape import Tape

Array = NDArray[np.float64]

BYTES, MOST, FEWEST = 1_000_000, 8192, 4
"""Size of a log, most entries, and fewest for each lane."""
FEWEST_MOMENTS = 2
"""Fewest for each lane where events fire on states, in moments of as many events as a kernel executes at once."""


class JumpLog:
    """Room for the jumps of `lanes` lanes; the kernel writes an entry for each, in order of time for each run.

    switches : rows of `p` that events set.   fewest : entries that there is room for at least.
    table : (n_rows, capacity); rows are run, time, states before, states after, switches after; run -1 in entries that
        do not count.
    """

    def __init__(self, runs: Runs, switches: Sequence[int], fewest: int) -> None:
        self.runs, self.n = runs, len(runs.functions.program.states)
        self.switches = list(switches)
        n_rows = 2 + 2 * self.n + len(self.switches)
        self.capacity = max(min(BYTES // (8 * n_rows), MOST), fewest)
        self.table = np.empty((n_rows, self.capacity))
        # a kernel writes switches back when a run ends: steps that are listened to later had earlier ones
        self.p = runs.p.copy() if self.switches else runs.p

    def play(self, count: int, tape: Tape | None) -> None:
        """Let the listeners hear of `count` entries, and of the steps on a tape, with the switches of their time."""
        entries = self.table[:, :count]
        run = entries[0].view(np.int64)
        p = self.p[:, run]
        p[self.switches] = entries[2 + 2 * self.n :]
        if tape is not None:
            tape.play(np.concatenate([self.p, p], axis=1) if self.switches and count else self.p)
        valid = run >= 0
        if not valid.all():
            entries, p, run = entries[:, valid], p[:, valid], run[valid]
        count, t = len(run), entries[1]
        before, after = entries[2 : 2 + self.n], entries[2 + self.n : 2 + 2 * self.n]
        if count and self.runs.on_jump is not None:
            self.runs.on_jump(run.astype(np.intp), t.copy(), before.copy(), after.copy(), p)
        if self.switches and count:
            # of several jumps of a run the last one counts
            last = count - 1 - np.unique(run[::-1], return_index=True)[1]
            self.p[:, run[last]] = p[:, last]


def log_for(runs: Runs, actions: Actions | None, lanes: int) -> JumpLog | None:
    """Return the log that a kernel needs, None where nobody asks for jumps or for switches that they turn."""
    if actions is None or (runs.on_jump is None and (runs.listener is None or not actions.switches)):
        return None
    settles = bool(runs.functions.program.triggers)
    return JumpLog(runs, actions.switches, (FEWEST_MOMENTS * MOST_AT_ONCE if settles else FEWEST) * lanes)
