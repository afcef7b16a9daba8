"""The knobs that doses turn: the arm in which they exist, their units, and how far each goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.study.arms import Arms

Array = NDArray[np.float64]
TOGETHER = "together"


def with_knobs(model: Model, names: Sequence[str], interventions: Any) -> Arms | None:
    """Return the one arm in which knobs exist: interventions given, else those declared under the knobs' names."""
    if interventions is None:
        declared = [i.name for i in model.interventions]
        owners = list(dict.fromkeys(name.partition(".")[0] for name in names if "." in name))
        for owner in owners:
            if owner not in declared and owner not in model.applied:
                raise StudyError(
                    f"{model.name}: '{owner}' is no intervention that it declares; give it with interventions=[...]"
                    f"{did_you_mean(owner, declared)}"
                )
        chosen = [owner for owner in owners if owner in declared and owner not in model.applied]
        return Arms({TOGETHER: chosen}) if chosen else None
    return Arms({TOGETHER: interventions})


def knob_facts(model: Model, arm: Arms | None, name: str) -> tuple[str, float]:
    """Return the unit and the upper bound (infinite where nothing bounds it) of a knob or a parameter."""
    composed = model if arm is None else arm.compose(model)[TOGETHER]
    known = {p.name: p for p in composed.parameters}
    if name not in known:
        raise StudyError(f"{model.name}: unknown knob '{name}'{did_you_mean(name, known)}")
    bounds = known[name].bounds
    return known[name].unit, np.inf if bounds is None or "." not in name else float(bounds[1])


def check_top(who: str, name: str, doses: Array, top: float) -> None:
    """Refuse doses above what a knob can be."""
    if doses.max() > top:
        raise StudyError(f"{who}: {name} can't be {doses.max():g}; its largest value is {top:g}")
