"""Differences between occasions that were asked for, as parts of the fitted model: effects that change in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from immunode.analysis.mixed_effects.records.course_slots import occasion_steps
from immunode.analysis.mixed_effects.records.individual_records import IndividualData
from immunode.analysis.mixed_effects.structure import Point, Structure
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability
from immunode.model import Correlation, Effect, Model, Parameter, Variability

SOURCE = "assumed: a difference between occasions, estimated from records of individuals"
Beginnings = tuple[tuple[float, int], ...]


def with_fitted_occasions(fitted: Model, s: Structure, point: Point, data: IndividualData) -> Model:
    """Return the fitted model with the random effects of occasions, each of which holds from its beginning on.

    Where the individuals' occasions begin at different times, they begin at the medians of these.
    """
    parameters, variability, effects = [], [], []
    places = {name: k for k, name in enumerate(s.effects)}
    etas: list[str] = []
    for one in s.occasions:
        begins, _ = beginnings(s.model, data, one)
        names = [name for name in s.effects if name.rpartition("_")[0] == f"{one.number}_eta"]
        for name in names:
            k = places[name]
            parameters.append(Parameter(name, 0.0, "", source=one.source or SOURCE))
            number = int(name.rpartition("_")[2])
            sd = float(np.sqrt(point.omega[k, k]))
            variability.append(Variability(name, sd, "linear", source=one.source, occasion=number))
        etas += names
        starts = {f"{one.number}_occasion_{place}": time for place, (time, _) in enumerate(begins) if place}
        parameters += [Parameter(name, time, fitted.time_unit, source=SOURCE) for name, time in starts.items()]
        effects.append(Effect(one.number, "scale", f"exp({_course(one.number, begins)})", by="occasions"))
    return fitted.replace(
        parameters=(*fitted.parameters, *parameters),
        variability=(*fitted.variability, *variability),
        correlations=(*fitted.correlations, *_correlations(fitted, point, etas, places)),
        effects=(*fitted.effects, *effects),
    )


def beginnings(model: Model, data: IndividualData, one: OccasionVariability) -> tuple[Beginnings, bool]:
    """Return time and number of each occasion's beginning, and whether it is the same for all individuals."""
    every = occasion_steps(model, data, one)
    longest = max(every, key=len)
    begins, alike = [], True
    for place, step in enumerate(longest):
        times = [steps[place].time for steps in every if len(steps) > place]
        alike &= place == 0 or max(times) - min(times) <= 1e-9 * max(abs(step.time), 1.0)
        begins.append((float(np.median(times)), int(step.value)))
    return tuple(begins), alike


def _course(number: str, begins: Beginnings) -> str:
    """Return an expression that takes the random effect of each occasion in turn."""
    names = [f"{number}_eta_{k}" for _, k in begins]
    if len(names) == 1:
        return names[0]
    cases = [f"{name}, t < {number}_occasion_{place}" for place, name in enumerate(names[:-1], 1)]
    return f"piecewise({', '.join([*cases, names[-1]])})"


def _correlations(fitted: Model, point: Point, etas: Sequence[str], places: dict[str, int]) -> list[Correlation]:
    known = {(c.first, c.second) for c in fitted.correlations}
    found = []
    for a, first in enumerate(etas):
        for second in etas[:a]:
            i, j = places[first], places[second]
            value = point.omega[i, j] / np.sqrt(point.omega[i, i] * point.omega[j, j])
            if value != 0 and not {(first, second), (second, first)} & known:
                found.append(Correlation(second, first, float(value)))
    return found
