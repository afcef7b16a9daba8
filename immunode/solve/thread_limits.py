"""How many threads an engine may use: all processors of the process, or the share of a worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_most: ContextVar[int | None] = ContextVar("threads", default=None)


@contextmanager
def threads_at_most(number: int | None) -> Iterator[None]:
    """Let the engines that this thread starts in the block use so many threads; None is all processors.

    Where several workers share a machine, each with all its processors, they would slow each other down.
    """
    before = _most.set(number)
    try:
        yield
    finally:
        _most.reset(before)


def threads() -> int:
    """Return how many threads an engine may use now."""
    return _most.get() or processors()


def processors() -> int:
    """Return how many processors this process may use: a share of a machine is not all of it."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
