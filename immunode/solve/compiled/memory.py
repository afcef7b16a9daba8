"""Memory for results that is used again once nobody looks at them: the first touch of fresh memory costs much."""

from __future__ import annotations

import threading
import weakref

import numpy as np
from numpy.typing import NDArray

MOST = 256 * 2**20
"""Bytes that wait for their next use, at most."""
LEAST = 2**20
"""Below so many bytes the system's own allocator does the same."""

_waiting: list[NDArray[np.float64]] = []
_lock = threading.RLock()


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
