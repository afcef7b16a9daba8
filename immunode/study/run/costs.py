"""What a sweep would take, before it is started: runs, memory, disk, and time measured on a few of its runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from immunode.study.run.cuts import Cut
from immunode.study.run.execution import run_portion
from immunode.study.run.executors import threads_for
from immunode.study.run.plan import Plan, rows_of
from immunode.study.run.progress import duration

ENOUGH = 0.5
"""Seconds of computing after which a measurement is believed."""
MOST_MEASURED = 8192


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a sweep would take.

    Attributes
    ----------
    memory, disk : int
        bytes that its results take in memory, and in a store before compression.
    seconds : float
        time on this machine, without an executor.
    measured : int
        runs that were timed.
    """

    runs: int
    arms: int
    blocks: int
    memory: int
    disk: int
    seconds: float
    measured: int

    @property
    def rate(self) -> float:
        """Runs per second."""
        return self.runs / self.seconds if self.seconds > 0 else float("inf")

    def __str__(self) -> str:
        arms = f"{self.arms} arm{'s' * (self.arms != 1)}"
        return (
            f"{self.runs:,} runs in {arms} and {self.blocks:,} block{'s' * (self.blocks != 1)}: "
            f"{duration(self.seconds)} here ({self.rate:,.0f} runs/s, measured on {self.measured:,} runs), "
            f"{_bytes(self.memory)} of memory, at most {_bytes(self.disk)} of disk in a store"
        )


def estimate(plan: Plan, cut: Cut, part: tuple[int, int] | None = None) -> Estimate:
    """Return what a plan, or a part of it, would take."""
    blocks = cut.blocks(part)
    runs = sum(cut.slice(block).stop - cut.slice(block).start for block in blocks)
    seconds, measured = _measured(plan, cut)
    together = threads_for(plan, len(blocks))
    seconds *= runs / len(plan.design) / together
    row = 8 * (len(plan.design.names) + len(plan.endpoints)) + 31
    kept = 8 * len(plan.keep) * len(plan.times)
    width = max(arm.width for arm in plan.arms)
    block = together * 8 * min(cut.size, runs) * len(plan.solved) * width + 2 * min(cut.span, runs) * (row + kept)
    inputs = runs * (9 * len(plan.design.names) + 24)
    # in memory every row has a text beside it, the reason of a failure
    memory, disk = runs * (row + 8 + kept) + inputs + block, runs * (row + kept)
    return Estimate(
        runs=runs,
        arms=len(plan.arms),
        blocks=len(blocks),
        memory=memory,
        disk=disk,
        seconds=seconds,
        measured=measured,
    )


def _measured(plan: Plan, cut: Cut) -> tuple[float, int]:
    """Return the seconds that all runs would take and how many were timed."""
    runs = len(plan.design)
    n = min(runs, 8 * len(plan.arms))
    alone = 1 if threads_for(plan, 2) > 1 else None
    run_portion(rows_of(plan, _spread(runs, n)), cut.size, alone)  # compiles, and fills caches
    while True:
        rows = _spread(runs, n)
        started = time.perf_counter()
        run_portion(rows_of(plan, rows), cut.size, alone)
        spent = time.perf_counter() - started
        if spent >= ENOUGH or n >= min(runs, MOST_MEASURED * len(plan.arms), cut.span):
            return spent * runs / len(rows), len(rows)
        n = min(runs, cut.span, n * max(2, min(8, int(ENOUGH / max(spent, 1e-3)))))


def _spread(runs: int, n: int) -> Any:
    # evenly spaced rows would meet the same arm again and again
    return np.arange(runs) if n >= runs else np.unique(np.random.default_rng(0).integers(0, runs, n))


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.3g} TB"
