"""What a figure of many runs looks at, as the typical runs of its arms suggest: events, arms and quantities."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from immunode.cli.figures.subject import Subject
from immunode.errors import ImmunodeError
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.model.patients import Threshold
from immunode.study.arms import Arms
from immunode.study.published.results import reported_most
from immunode.study.result.simulation import Comparison, Simulation
from immunode.study.simulations import simulate

Array = NDArray[np.float64]
SMALL = 0.05
"""A quantity that changes by less than this part of its start has no event to wait for."""
MOST_TRIED = 8
"""Interventions that are tried to find the one with a dose response to show."""


def typical_runs(subject: Subject, arms: Sequence[str] | Arms) -> Comparison | None:
    """Return the runs of arms at the model's own values; None where they fail: the figure itself tells why."""
    try:
        return simulate(subject.model, subject.until, arms=arms if isinstance(arms, Arms) else list(arms))
    except ImmunodeError:
        return None


def telling(subject: Subject, control: Simulation) -> list[str]:
    """Return the quantities that say something: those asked for, else those that are not 0 throughout in control."""
    there = [name for name in subject.quantities if name in control and np.any(control[name] != 0)]
    return list(subject.quantities) if subject.named or not there else there


def first_telling(subject: Subject) -> str:
    """Return the first quantity that says something, so that figures of one quantity do not show a drug's level."""
    if subject.named or len(subject.quantities) == 1 or "control" not in subject.arms:
        return subject.first
    runs = typical_runs(subject, ["control"])
    return subject.first if runs is None else telling(subject, runs["control"])[0]


def changed(subject: Subject) -> tuple[list[str], str]:
    """Return the arms and the quantity of a waterfall.

    Control and the treated arms that differ from it; all of them, where it was said what to show. The first quantity
    that is nowhere below 0 in control, and not 0 throughout, since a % of anything else says nothing; one that was
    asked for is kept.
    """
    arms, asked = list(subject.treated), subject.quantities
    runs = typical_runs(subject, ["control", *arms])
    if runs is None:
        return ["control", *arms], asked[0]
    control = {name: runs["control"][name] for name in asked}
    fit = [name for name in telling(subject, runs["control"]) if control[name].min() >= 0]
    quantity = asked[0] if subject.named or not fit else fit[0]
    apart = [arm for arm in arms if not np.array_equal(runs[arm][quantity], control[quantity])]
    return ["control", *(arms if subject.named else apart or arms)], quantity


def ends_apart(subject: Subject, quantity: str, arms: Sequence[str]) -> bool:
    """Return whether the % from the start to the end tells arms apart: typical control starts above 0, does not double.

    A tumor that grows a hundredfold without treatment says more against control than against its start, and so does
    what is over long before the end.
    """
    runs = typical_runs(subject, arms)
    if runs is None:
        return False
    path = runs["control"][quantity]
    apart = max(abs(float(run[quantity][-1] - path[-1])) for run in runs.values())
    return bool(path[0] > 0 and path[-1] <= 2 * path[0] and apart > 0.01 * path[0])


def event_ahead(subject: Subject) -> str:
    """Return the condition to wait for: a threshold that the model declares, else a level that arms reach or pass.

    A condition that holds at the start is no event, and one that no typical run of any arm meets is a poor one.
    """
    runs = typical_runs(subject, subject.arms)
    line = _declared(subject, runs)
    return line.condition if line is not None else _level(subject, runs)


def threshold_of_response(subject: Subject) -> tuple[Threshold, float | None] | None:
    """Return the declared threshold that says who responds, and when in model time; None is the end.

    The threshold and the time for which trials reported shares of most arms; else one that no typical start meets,
    where there is such, at the end.
    """
    lines = _thresholds(subject)
    if not lines:
        return None
    model, asked = subject.model, Arms.of(subject.model, *subject.arms)
    if subject.until is None:
        treatments = {frozenset(getattr(entry, "name", str(entry)) for entry in entries) for entries in asked.values()}
        known = {one.name: one for one in lines}
        for name, time in reported_most(model, treatments, model.horizon).items():
            if name in known:
                return known[name], None if math.isclose(time, model.horizon) else time
    return _declared(subject, typical_runs(subject, subject.arms)) or lines[0], None


def _thresholds(subject: Subject) -> list[Threshold]:
    """Return the declared thresholds: of the first quantity, then of others shown, then any if none was asked for."""
    places = {name: i for i, name in enumerate(subject.quantities)}
    lines = [one for one in subject.model.thresholds if one.quantity in places or not subject.named]
    return sorted(lines, key=lambda one: places.get(one.quantity, len(places)))


def _declared(subject: Subject, runs: Comparison | None) -> Threshold | None:
    """Return the declared threshold to wait for: quantities that were asked for are never left for another one."""
    lines = _thresholds(subject)
    if runs is None or not lines:
        return None
    first = next(iter(runs.values()))
    ahead = [one for one in lines if one.quantity in first and not _met(one, first[one.quantity][:1]).any()]
    seen = (one for one in ahead if any(_met(one, run[one.quantity]).any() for run in runs.values()))
    return next(seen, ahead[0] if ahead else None)


def _met(line: Threshold, values: Array) -> NDArray[np.bool_]:
    """Return whether values meet a threshold, which may name its quantity on either side."""
    condition = parse(line.condition)
    return np.array([bool(evaluate(condition, {line.quantity: float(v)})) for v in values])


def _level(subject: Subject, runs: Comparison | None) -> str:
    """Return a level between the start and what the arms come to, at which their typical runs part most."""
    if runs is None:
        return f"{subject.first} > 0"
    best, most = "", 0
    for name in telling(subject, next(iter(runs.values()))):
        paths = [run[name] for run in runs.values() if name in run]
        start = float(paths[0][0])
        for sign, reached in ((">", max(float(p.max()) for p in paths)), ("<", min(float(p.min()) for p in paths))):
            if abs(reached - start) <= SMALL * max(abs(start), abs(reached)):
                continue
            level = float(f"{_between(start, reached):.2g}")
            passed = [p > level if sign == ">" else p < level for p in paths]
            if passed[0][0]:
                continue
            # a run in a hundred apart, as on the time axis
            when = {int(100 * p.argmax() / len(p)) if p.any() else -1 for p in passed}
            if len(when) > most:
                best, most = f"{name} {sign} {level:g}", len(when)
        if most >= min(3, len(runs)):
            break  # the first quantity that tells arms apart
    return best or f"{subject.first} > {float(runs[subject.arms[0]][subject.first].max()):.2g}"


def _between(start: float, reached: float) -> float:
    """Return the middle of two levels: on a log scale where both are positive and apart by more than ten times.

    What falls below a thousandth counts as a thousandth: a level of next to nothing is no event.
    """
    if 0 <= reached < start:
        reached = max(reached, start / 1000)
    if min(start, reached) > 0 and max(start, reached) > 10 * min(start, reached):
        return math.sqrt(start * reached)
    return (start + reached) / 2


def lowered_by_both(subject: Subject, names: Sequence[str]) -> str:
    """Return the first quantity whose area two interventions both lower, "" where there is none."""
    runs = typical_runs(subject, ["control", *names])
    if runs is None:
        return subject.first
    for quantity in subject.quantities:
        areas = [float(np.trapezoid(run[quantity], run.times)) for run in runs.values() if quantity in run]
        if len(areas) == 3 and areas[0] > 0 and all(area < (1 - SMALL) * areas[0] for area in areas[1:]):
            return quantity
    return ""


def strongest(subject: Subject) -> tuple[str, str]:
    """Return the strength and the quantity of a dose response: large, and graded between no and full strength.

    The first quantity that an intervention changes; of interventions the one whose effect is largest, times how near
    half the strength comes to half the effect.
    """
    names = [knob.removesuffix(".strength") for knob in subject.strengths[:MOST_TRIED]]
    given = {name: [subject.model.intervention(name)] for name in names}
    halves = {f"{name}, half": [one.at(0.5 * one.strength) for one in entry] for name, entry in given.items()}
    runs = typical_runs(subject, Arms({"control": [], **given, **halves}))
    if runs is None:
        return subject.strengths[0], subject.first
    for quantity in telling(subject, runs["control"]):
        areas = {arm: float(np.trapezoid(run[quantity], run.times)) for arm, run in runs.items() if quantity in run}
        base = areas["control"]
        worth = {}
        for name in names:
            full, half = areas.get(name, base) - base, areas.get(f"{name}, half", base) - base
            if abs(full) > SMALL * max(abs(base), abs(base + full)):
                graded = max(1 - 2 * abs(half / full - 0.5), 0.02)
                worth[name] = graded * abs(full) / max(abs(base), abs(base + full))
        if worth:
            return f"{max(worth, key=lambda name: worth[name])}.strength", quantity
    return subject.strengths[0], subject.first


def moved(subject: Subject) -> tuple[str, str]:
    """Return a treated arm and a state that it moves away from control, those asked for first."""
    known = {s.name for s in subject.model.states}
    states = [name for name in (*subject.quantities, *(s.name for s in subject.model.states)) if name in known]
    runs = typical_runs(subject, ["control", *subject.treated])
    if runs is None:
        return subject.treated[0], states[0]
    for state in states:
        for arm in subject.treated:
            if state in runs[arm] and not np.allclose(runs[arm][state], runs["control"][state], rtol=1e-3, atol=0):
                return arm, state
    return subject.treated[0], states[0]
