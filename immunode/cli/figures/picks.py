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
from immunode.study.log_axes import axis_kinds
from immunode.study.published.results import reported_most
from immunode.study.result.simulation import Comparison, Simulation
from immunode.study.simulations import simulate

Array = NDArray[np.float64]
SMALL = 0.05
"""A quantity that changes by less than this part of its start has no event to wait for."""
UNSEEN = 1e-3
"""Part of the largest value below which a difference can't be seen."""
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
    seen = UNSEEN * float(np.abs(control[quantity]).max())
    apart = [arm for arm in arms if np.abs(runs[arm][quantity] - control[quantity]).max() > seen]
    return ["control", *(arms if subject.named else apart or arms)], quantity


def ends_apart(subject: Subject, quantity: str, arms: Sequence[str]) -> str:
    """Return the endpoint at which the % from the start tells arms apart, "" where none does.

    It is the value where treatment ends. Typical control starts above 0 and does not double: a tumor that grows a
    hundredfold without treatment says more against control than against its start, and so does what is over long
    before.
    """
    runs = typical_runs(subject, arms)
    if runs is None:
        return ""
    control, moment = runs["control"], treatment_end(runs)
    path, times = control[quantity], control.times
    place = len(times) - 1 if moment is None else int(np.searchsorted(times, moment * (1 - 1e-12)))
    apart = max(abs(float(run[quantity][place] - path[place])) for run in runs.values())
    told = bool(path[0] > 0 and path[place] <= 2 * path[0] and apart > 0.01 * path[0])
    return "" if not told else f"final({quantity})" if moment is None else f"at({quantity}, {moment:g})"


def event_ahead(subject: Subject) -> str:
    """Return the condition to wait for: a threshold that the model declares, else a level that arms reach or pass.

    A condition that holds at the start is no event, and one that no typical run of any arm meets is a poor one.
    """
    runs = typical_runs(subject, subject.arms)
    line = _declared(subject, runs)
    return line.condition if line is not None else _level(subject, runs)


def response(subject: Subject) -> tuple[str, str] | None:
    """Return the rule that says who responds, and the endpoint that it looks at; None where no threshold is declared.

    The threshold and the time for which trials reported shares of most arms, where there are such. Otherwise a response
    is looked at where treatment ends, one interval after the last dose, or at the end of runs that are treated
    throughout. Of the thresholds that no typical start meets the first is taken that arms meet then and others do not,
    else one that some arm meets. One that arms meet only before, such as neutropenia, counts whenever it comes; one
    that holds from the start, such as a high viral load, where some arms have left it and others have not.
    """
    lines = _thresholds(subject)
    if not lines:
        return None
    reported = _reported(subject, lines)
    if reported is not None:
        return reported
    runs = typical_runs(subject, subject.arms)
    if runs is None:
        return lines[0].name, f"final({lines[0].quantity})"
    moment = treatment_end(runs)
    first = next(iter(runs.values()))
    place = len(first.times) - 1 if moment is None else int(np.searchsorted(first.times, moment * (1 - 1e-12)))
    ahead = [one for one in lines if one.quantity in first and not _met(one, first[one.quantity][:1]).any()]
    then = {one.name: [bool(_met(one, run[one.quantity])[place]) for run in runs.values()] for one in ahead}
    line = next((one for one in ahead if len(set(then[one.name])) > 1), None)
    line = line or next((one for one in ahead if any(then[one.name])), None)
    if line is None:
        before = (one for one in ahead if any(_met(one, run[one.quantity]).any() for run in runs.values()))
        passing = next(before, None)
        if passing is not None:
            low = _met(passing, np.array([-math.inf])).any()
            endpoint = f"{'trough' if low else 'peak'}({passing.quantity})"
            return passing.on(endpoint), endpoint
        line = next(iter(ahead), lines[0])
        if not ahead and line.quantity in first:
            moment = _parted(line, runs) or moment
    return line.name, f"final({line.quantity})" if moment is None else f"at({line.quantity}, {moment:g})"


def _reported(subject: Subject, lines: list[Threshold]) -> tuple[str, str] | None:
    """Return the rule and the endpoint for which trials reported shares of most arms, None where none did."""
    model, known = subject.model, {one.name: one for one in lines}
    if subject.until is not None:
        return None
    arms = Arms.of(model, *subject.arms).values()
    treatments = {frozenset(getattr(entry, "name", str(entry)) for entry in entries) for entries in arms}
    for name, time in reported_most(model, treatments, model.horizon).items():
        if name in known:
            quantity = known[name].quantity
            late = math.isclose(time, model.horizon)
            return name, f"final({quantity})" if late else f"at({quantity}, {time:g})"
    return None


def _parted(line: Threshold, runs: Comparison) -> float | None:
    """Return the middle of the times at which some arms meet a threshold and others do not; None where there are none.

    The arms have their output times in common.
    """
    times = next(iter(runs.values())).times
    met = np.array([_met(line, run[line.quantity]) for run in runs.values() if len(run.times) == len(times)])
    apart = times[met.any(axis=0) & ~met.all(axis=0)]
    return float(f"{apart[len(apart) // 2]:.2g}") if len(apart) else None


def treatment_end(runs: Comparison) -> float | None:
    """Return when the last treatment ends that any arm gets, in model time; None where one lasts as long as the runs.

    Doses, and infusions, last until the next one would come.
    """
    stops = []
    for run in runs.values():
        ends = [max(stop for _, stop in spans) for spans in run.windows.values() if spans]
        courses = [*run.doses.values(), *([start for start, _ in spans] for spans in run.windows.values())]
        ends += [times[-1] + float(np.median(np.diff(times))) for times in courses if len(times) > 1]
        if run.model.applied and not ends and not any(run.doses.values()):
            return None
        stops += ends
    last, over = max(stops, default=math.inf), float(next(iter(runs.values())).times[-1])
    return float(f"{last:.6g}") if last < over * (1 - 1e-9) else None


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
    decades = axis_kinds(subject.model, subject.quantities)
    for name in telling(subject, next(iter(runs.values()))):
        paths = [run[name] for run in runs.values() if name in run]
        start = float(paths[0][0])
        for sign, reached in ((">", max(float(p.max()) for p in paths)), ("<", min(float(p.min()) for p in paths))):
            if abs(reached - start) <= SMALL * max(abs(start), abs(reached)):
                continue
            level = float(f"{_between(start, reached, decades=bool(decades.get(name))):.2g}")
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


def _between(start: float, reached: float, *, decades: bool) -> float:
    """Return the middle of two levels: on a log scale where both are positive and apart by more than ten times.

    decades : whether the quantity may span some; shares, scores and logarithms don't.

    What falls below a thousandth counts as a thousandth: a level of next to nothing is no event.
    """
    if not decades:
        return (start + reached) / 2
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
