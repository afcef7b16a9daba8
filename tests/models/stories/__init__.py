"""What a story's sentence claims, as numbers: one file a model, with `holds(arms)`; `arms` are the runs by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from immunode.catalogue import load_model
from immunode.study.result.simulation import Simulation
from immunode.study.stories import SEED, story_arms
from immunode.study.sweeps import sweep

Arms = Mapping[str, Simulation]


def high(run: Simulation, quantity: str) -> float:
    return float(np.max(run[quantity]))


def low(run: Simulation, quantity: str) -> float:
    return float(np.min(run[quantity]))


def when(run: Simulation, quantity: str) -> float:
    return float(run.times[np.argmax(run[quantity])])


def at(run: Simulation, quantity: str, time: float) -> float:
    return float(np.interp(time, run.times, run[quantity]))


def in_patients(name: str, endpoint: str, patients: int) -> dict[str, np.ndarray]:
    """Return an endpoint of each declared patient by arm of a model's story: the same patients in every arm."""
    model = load_model(name, "")
    story = model.story
    assert story is not None
    result = sweep(
        model, arms=story_arms(model, story), patients=patients, seed=SEED, until=story.until or None,
        endpoints=[endpoint],
    )  # fmt: skip
    assert result.ok.all()
    values = result.endpoint(result.endpoints[0])
    return {arm: values[result.arm_of == i] for i, arm in enumerate(result.arms)}
