"""Processor time: what else the machine does takes none of it, so that a slow moment fails no test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 600.0
"""Seconds after which a process that was started, or a condition that was waited for, is taken to hang."""


def least_cpu(work: Callable[[], object], n: int = 5) -> float:
    """Return the least processor time of some calls, in seconds."""
    times = []
    for _ in range(n):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def least_cpu_of_process(code: str, n: int = 3) -> float:
    """Return the least processor time of a fresh Python that runs `code`, in seconds."""
    times = []
    for _ in range(n):
        before = os.times()
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(times)


@contextmanager
def cpu_below(seconds: float, what: object = "") -> Iterator[None]:
    """Fail where the block takes more processor time: that of something that hangs, or grows with a power."""
    start = time.process_time()
    yield
    spent = time.process_time() - start
    assert spent < seconds, f"{spent:.1f} s, {what!r:.300}"


def crowding(seconds: float = 0.2) -> float:
    """Return how many times longer than its processor time a loop takes: 1 on a machine that does nothing else."""
    begun, start = time.perf_counter(), time.process_time()
    while time.process_time() - start < seconds:
        pass
    return (time.perf_counter() - begun) / (time.process_time() - start)


def wait_until(condition: Callable[[], object]) -> None:
    """Return as soon as a condition holds; fail where it never does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
