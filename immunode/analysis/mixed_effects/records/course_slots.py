"""Covariates and occasions that change within an individual: perturbations of parameters over time, with slots.

A covariate sets its parameter to the value of the records; an occasion scales it by exp(eta of that occasion). Each run
of a batch puts its own values and times into the slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.records.individual_records import Individual, IndividualData
from immunode.analysis.mixed_effects.records.value_steps import Step, in_episode
from immunode.errors import StudyError, did_you_mean
from immunode.intervention.pharmacokinetics.occasions import OccasionVariability, correlated_occasions
from immunode.model import Correlation, Effect, Model, Parameter, Variability
from immunode.model.units import parse_time

Array = NDArray[np.float64]
Steps = tuple[tuple[Step, ...], ...]
NEVER = 1e300
"""When a slot that a run does not need would change."""
SOURCE = "assumed: given by the records of individuals"
MOST_OCCASIONS = 12
"""Occasions of one individual; each adds a random effect for each parameter that differs."""


@dataclass(frozen=True, slots=True)
class Span:
    """What part of an individual's records a run computes: rows from `place` on before `end`; `shift` as in Episode."""

    individual: int
    place: int
    end: int
    shift: float


@dataclass(frozen=True, slots=True)
class CourseSlots:
    """Room for values that change in time. values : of the parameters in each run, (n_runs,)."""

    parameters: tuple[Parameter, ...]
    effects: tuple[Effect, ...]
    values: Mapping[str, Array]


def varying_covariates(model: Model, data: IndividualData) -> dict[str, Steps]:
    """Return the parameters that the data give over time: columns with the name of a parameter, in any case.

    Raises
    ------
    StudyError : an individual has no value.
    """
    by_name = {p.name.upper(): p.name for p in model.parameters if "." not in p.name}
    moving = {v.parameter for v in model.variability}
    found = {by_name[c.upper()]: steps for c, steps in data.varying.items() if c.upper() in by_name}
    for name, steps in found.items():
        if name not in moving and not all(steps):
            label = data.individuals[[bool(mine) for mine in steps].index(False)].label
            raise StudyError(f"individual_data: ID {label}, column {name}: the covariate has no value")
    return {name: steps for name, steps in found.items() if name not in moving}


def occasion_steps(model: Model, data: IndividualData, one: OccasionVariability) -> Steps:
    """Return the number of the occasion of each individual over time, from 1.

    Periods of a given length count from the first dose. Else the column OCC tells; without one, each dose begins an
    occasion.

    Raises
    ------
    StudyError : no dose begins one, or more occasions than can be estimated.
    """
    if not one.every and data.occasions:
        every = data.occasions
    else:
        length = float(parse_time(one.every, model)) if one.every else 0.0
        every = tuple(_begun(individual, length) for individual in data.individuals)
    numbers = [max(step.value for step in steps) for steps in every]
    most = int(max(numbers))
    if most > MOST_OCCASIONS:
        label = data.individuals[numbers.index(most)].label
        raise StudyError(
            f"{model.name}: variability of '{one.number}' between occasions: ID {label} has {most} of them; say which "
            f"doses belong together in a column OCC, or give their length with every= ({MOST_OCCASIONS} at most)"
        )
    return every


def with_occasions(model: Model, data: IndividualData, occasions: Sequence[OccasionVariability]) -> Model:
    """Return the model with a random effect for each occasion of each number.

    Raises
    ------
    StudyError : a number that is no parameter, or is given twice.
    """
    known = [p.name for p in model.parameters]
    parameters, variability = [], []
    for k, one in enumerate(occasions):
        if one.number not in known:
            raise StudyError(f"{model.name}: occasions: no parameter '{one.number}'{did_you_mean(one.number, known)}")
        if any(other.number == one.number for other in occasions[:k]):
            raise StudyError(f"{model.name}: occasions: '{one.number}' is given twice")
        for name in _etas(model, data, one):
            parameters.append(Parameter(name, 0.0, "", source=one.source or SOURCE))
            number = int(name.rpartition("_")[2])
            variability.append(Variability(name, one.spread, "linear", source=one.source, occasion=number))
    etas = {v.parameter for v in variability}
    correlations = [
        Correlation(f"{first}_eta_{v.occasion}", v.parameter, value, source)
        for first, second, value, source in correlated_occasions(occasions)
        for v in variability
        if v.parameter == f"{second}_eta_{v.occasion}" and f"{first}_eta_{v.occasion}" in etas
    ]
    return model.replace(
        parameters=(*model.parameters, *parameters),
        variability=(*model.variability, *variability),
        correlations=(*model.correlations, *correlations),
    )


def slots_of_courses(
    model: Model, data: IndividualData, occasions: Sequence[OccasionVariability], spans: Sequence[Span]
) -> CourseSlots:
    """Return the slots that a model needs for what the data change in time."""
    parameters: list[Parameter] = []
    effects: list[Effect] = []
    values: dict[str, Array] = {}
    units = {p.name: p.unit for p in model.parameters}
    for name, steps in varying_covariates(model, data).items():
        slots = _table(f"course_{name}", steps, spans)
        parameters += [
            Parameter(k, 0.0, units[name] if ".value" in k else model.time_unit, source=SOURCE) for k in slots
        ]
        effects.append(Effect(name, "set", _course([k for k in slots if ".value" in k], slots), by="records"))
        values |= {**slots, name: slots[f"course_{name}.value_1"]}
    done: dict[str, dict[str, Array]] = {}
    rules = [str(one.every) for one in occasions]
    for one, rule in zip(occasions, rules, strict=True):
        if rule not in done:
            slots = _table(f"occasion_{len(done) + 1}", occasion_steps(model, data, one), spans)
            parameters += [Parameter(k, 0.0, "" if ".value" in k else model.time_unit, source=SOURCE) for k in slots]
            values |= slots
            done[rule] = slots
        slots, etas = done[rule], _etas(model, data, one)
        chosen = _chosen(etas, slots)
        effects.append(Effect(one.number, "scale", f"exp({_course(chosen, slots)})", by="records"))
    return CourseSlots(tuple(parameters), tuple(effects), values)


def _begun(individual: Individual, length: float) -> tuple[Step, ...]:
    """Return the occasions that doses begin (length 0), or that follow each other from the first dose on."""
    if not individual.doses:
        return (Step(0.0, 1.0, -1),)
    last = max([o.time for o in individual.observations])
    if length:
        first = individual.doses[0].time
        begins = [(first + k * length, -1) for k in range(max(1, int(np.ceil((last - first) / length))))]
    else:
        begins = [(d.time + k * d.ii, d.place) for d in individual.doses for k in range(d.addl + 1)]
        begins = [b for b in begins if b[0] <= last] or begins[:1]
    steps = [Step(begins[0][0], 1.0, -1)]
    for number, (time, place) in enumerate(begins[1:], 2):
        before = [o.place for o in individual.observations if o.time < time or (o.time == time and o.place < place)]
        at = max([place, *before])
        late = any(o.time == time and o.place < place for o in individual.observations)
        steps.append(Step(time, float(number), at, int(late)))
    return tuple(steps)


def _etas(model: Model, data: IndividualData, one: OccasionVariability) -> list[str]:
    """Return the names of the random effects of a number's occasions."""
    most = int(max(step.value for steps in occasion_steps(model, data, one) for step in steps))
    return [f"{one.number}_eta_{k}" for k in range(1, most + 1)]


def _table(name: str, steps: Steps, spans: Sequence[Span]) -> dict[str, Array]:
    """Return slots "name.value_1", "name.until_1", "name.value_2", ... and what each run puts there."""
    rows = [in_episode(steps[s.individual], s.place, s.end, s.shift) for s in spans]
    most = max(len(changes) for _, changes in rows)
    table: dict[str, Array] = {f"{name}.value_1": np.array([first for first, _ in rows])}
    for k in range(most):
        ends = [changes[k] if k < len(changes) else (NEVER, 1.0) for _, changes in rows]
        table[f"{name}.until_{k + 1}"] = np.array([time for time, _ in ends])
        table[f"{name}.value_{k + 2}"] = np.array([value for _, value in ends])
    return table


def _course(chosen: Sequence[str], slots: Mapping[str, Array]) -> str:
    """Return an expression that takes each of `chosen` until the time in its slot."""
    if len(chosen) == 1:
        return chosen[0]
    ends = [k for k in slots if ".until" in k]
    cases = [f"{value}, t < {end}" for value, end in zip(chosen[:-1], ends, strict=True)]
    return f"piecewise({', '.join([*cases, chosen[-1]])})"


def _chosen(etas: Sequence[str], slots: Mapping[str, Array]) -> list[str]:
    """Return, for each slot of the number of an occasion, its random effect."""
    chosen = []
    for place, name in enumerate((k for k in slots if ".value" in k), 1):
        needed = slots[f"{name.partition('.')[0]}.until_{place - 1}"] < NEVER if place > 1 else True
        numbers = np.unique(slots[name][needed])
        cases = [f"{etas[int(k) - 1]}, {name} < {k + 0.5}" for k in numbers[:-1]]
        last = etas[int(numbers[-1]) - 1]
        chosen.append(f"piecewise({', '.join([*cases, last])})" if cases else last)
    return chosen
