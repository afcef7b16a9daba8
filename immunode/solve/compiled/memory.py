"""Memory for results that is used again once nobody looks at them, and the runs whose results lie there.

The first touch of fresh memory costs much.
"""

from __future__ import annotations

import threading
import weakref

import numpy as np
from numpy.typing import NDArray

from immunode.solve.engine import Request
from immunode.solve.outcome import Outcome
from immunode.solve.runs import Runs
from immunode.solve.triggers.settling import watched

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

MOST = 256 * 2**20
"""Bytes that wait for their next use, at most."""
LEAST = 2**20
"""Below so many bytes the system's own allocator does the same."""

_waiting: list[NDArray[np.float64]] = []
_lock = threading.RLock()


class CompiledRuns(Runs):
    """Runs whose outputs lie one run after the other, as kernels write them."""

    def __init__(self, request: Request, outcome: Outcome | None = None) -> None:
        super().__init__(request, outcome or empty_outcome(request))
        self.table = self.out.transpose(2, 0, 1)
        self.y, self.p = np.ascontiguousarray(self.y), np.ascontiguousarray(self.p)
        self.begun = np.ascontiguousarray(self.begun)
        self.atol = np.ascontiguousarray(self.atol)
        self.next_out = np.ascontiguousarray(self.next_out, dtype=np.int64)
        self.t_stop = np.minimum(self.next_break, self.t_end)
        wide = len(self.t)
        self.final, self.ended, self.worst, self.tried, self.thrown = np.zeros((5, wide), dtype=np.int64)
        self.grid = np.append(self.times, np.inf)
        self.events = watched(self)

    def write(self, index: Lanes, runs: Lanes, y: Array) -> None:
        """See `Runs`."""
        self.table[runs, index] = y.T


def empty_outcome(request: Request) -> Outcome:
    """Return the outcome of a request whose runs stand at their start."""
    n_times, n_states, n = len(request.times), len(request.functions.program.states), request.values.shape[1]
    return Outcome.begun(request.times, result_array((n, n_times, n_states)).transpose(1, 2, 0), request.t0)


def result_array(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return an array of floats with arbitrary content.

    Its memory is taken back when it and all views of it are gone, and given to a later call that it fits.
    """
    count = int(np.prod(shape))
    if count * 8 < LEAST:
        return np.empty(shape)
    memory = _take(count)
    # a view through a memoryview: NumPy then hangs further views on this one, whose end is seen
    root = np.frombuffer(memory.data, dtype=np.float64)
    weakref.finalize(root, _give_back, memory).atexit = False
    return root[:count].reshape(shape)


def waiting_bytes() -> int:
    """Return how many bytes wait."""
    return sum(memory.nbytes for memory in _waiting)


def _take(count: int) -> NDArray[np.float64]:
    with _lock:
        # not one that is much too large: a small result that is kept must not hold a large piece
        fits = [i for i, memory in enumerate(_waiting) if count <= memory.size <= 2 * count]
        if fits:
            return _waiting.pop(min(fits, key=lambda i: _waiting[i].size))
    return np.empty(count)


def _give_back(memory: NDArray[np.float64]) -> None:
    with _lock:
        _waiting.append(memory)
        while waiting_bytes() > MOST:
            _waiting.pop(0)
