"""What a story's sentence claims, as numbers: one file a model, with `holds(arms)`; `arms` are the runs by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from immunode.study.result.simulation import Simulation

Arms = Mapping[str, Simulation]


def high(run: Simulation, quantity: str) -> float:
    return float(np.max(run[quantity]))


def low(run: Simulation, quantity: str) -> float:
    return float(np.min(run[quantity]))


def when(run: Simulation, quantity: str) -> float:
    return float(run.times[np.argmax(run[quantity])])


def at(run: Simulation, quantity: str, time: float) -> float:
    return float(np.interp(time, run.times, run[quantity]))
