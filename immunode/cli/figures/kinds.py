"""Which kinds of figures there are, which fit a model, and with which values each is drawn."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from immunode.cli.figures import drawings
from immunode.cli.figures.picks import (
    changed,
    ends_apart,
    event_ahead,
    first_telling,
    lowered_by_both,
    moved,
    response,
    strongest,
)
from immunode.cli.figures.script import Drawing, Values
from immunode.cli.figures.subject import Subject
from immunode.errors import ImmunodeError, StudyError, did_you_mean
from immunode.intervention import perturb
from immunode.model import Model
from immunode.model.records import pairs

SETS = 256
"""Patients or parameter sets of a figure where no number is asked for."""
MOST_EQUATIONS, MOST_INPUTS = 9, 60
"""Equations that fit on one page; parameters up to which a tornado is worth its runs."""

Chosen = tuple[Callable[..., Any], Values]
"""A function of `drawings`, and values of its own; those that every subject has are added where it takes them."""


class _UnfitError(StudyError):
    """A kind of figure that says nothing about this model."""


def _need(holds: object, why: str) -> None:
    if not holds:
        raise _UnfitError(why)


def _always(draw: Callable[..., Any]) -> Callable[[Subject], Chosen]:
    return lambda subject: (draw, {})


def _courses(subject: Subject) -> Chosen:
    return (drawings.story, {}) if subject.told else (drawings.courses, {})


def _timeline(subject: Subject) -> Chosen:
    _need(subject.treated, "no arm has an intervention")
    return drawings.timeline, {}


def _diagram(subject: Subject) -> Chosen:
    _need(len(subject.model.states) <= 20, "more than 20 states make no diagram that can be read")
    return drawings.diagram, {}


def _equations(subject: Subject) -> Chosen:
    _need(
        len(subject.model.equations("latex").splitlines()) <= MOST_EQUATIONS,
        f"more than {MOST_EQUATIONS} equations do not fit on one page",
    )
    return drawings.equations, {}


def _atlas(subject: Subject) -> Chosen:
    _need(subject.model.interventions and subject.model.readouts, "the model declares no interventions or no readouts")
    return drawings.atlas, {}


def _drawn(subject: Subject, arms: Sequence[str]) -> Values:
    """Return what a sweep of some arms draws: the patients that are declared for them, else parameter sets."""
    if subject.runs is not None or not subject.declares(arms):
        _need(subject.patients is None, "--patients: neither the model nor its arms declare a population")
        return {"drawn": {"n": SETS if subject.runs is None else subject.runs}}
    own = {name for one in subject.model.classes for name, _ in pairs(one.values)}
    own |= {one.parameter for one in subject.model.covariates}
    fixed = next((name for name in subject.values if name in own), "")
    _need(
        not fixed,
        f"--set {fixed}: it is drawn for each patient; `immunode sweep` holds it in all, --runs samples parameter sets",
    )
    return {"drawn": {"patients": SETS if subject.patients is None else subject.patients}}


def _of_many(draw: Callable[..., Any]) -> Callable[[Subject], Chosen]:
    return lambda subject: (draw, {"quantity": first_telling(subject), **_drawn(subject, subject.arms)})


def _bands(subject: Subject) -> Chosen:
    quantities = list(subject.quantities) if subject.named else [first_telling(subject)]
    return drawings.bands, {"quantities": quantities, **_drawn(subject, subject.arms)}


def _waterfall(subject: Subject) -> Chosen:
    _need("control" in subject.arms and subject.treated, "it compares with the arm control")
    arms, quantity = changed(subject)
    drawn = _drawn(subject, arms)
    endpoint = ends_apart(subject, quantity, arms) if "patients" in drawn["drawn"] else ""
    if endpoint:
        return drawings.waterfall_from_start, {"arms": arms, "quantity": quantity, "endpoint": endpoint, **drawn}
    return drawings.waterfall, {"arms": arms, "quantity": quantity, **drawn}


def _time_to_event(subject: Subject) -> Chosen:
    return drawings.time_to_event, {"condition": event_ahead(subject), **_drawn(subject, subject.arms)}


def _responders(subject: Subject) -> Chosen:
    found = response(subject)
    if found is None:
        raise _UnfitError("the model declares no threshold that says who responds")
    rule, endpoint = found
    return drawings.responders, {"rule": rule, "endpoint": endpoint, **_drawn(subject, subject.arms)}


def _heat(subject: Subject) -> Chosen:
    _need(len(subject.model.parameters) <= MOST_INPUTS, f"more than {MOST_INPUTS} parameters to choose two from")
    _need(sum(bool(p.value or p.bounds) for p in subject.model.parameters) > 1, "it varies two parameters")
    return drawings.heat, {}


def _tornado(subject: Subject) -> Chosen:
    _need(len(subject.model.parameters) <= MOST_INPUTS, f"more than {MOST_INPUTS} inputs")
    return drawings.tornado, {}


def _dose_response(subject: Subject) -> Chosen:
    _need(subject.strengths, "the model declares no intervention with a strength to vary")
    knob, quantity = strongest(subject)
    return drawings.dose_response, {"knob": knob, "quantity": quantity}


def _together(model: Model, knobs: tuple[str, str]) -> bool:
    """Return whether the interventions of two knobs can be given at the same time, and are not one agent twice."""
    try:
        both = [model.intervention(knob.removesuffix(".strength")) for knob in knobs]
        perturb(model, *both)
    except ImmunodeError:
        return False
    one, other = ({act.target for act in entry.acts} for entry in both)
    return one != other


def _isobole(subject: Subject) -> Chosen:
    pairs = [pair for pair in combinations(subject.strengths[:6], 2) if _together(subject.model, pair)]
    _need(pairs, "the model declares no two interventions with a strength that can be given together")
    for pair in pairs:
        quantity = lowered_by_both(subject, [knob.removesuffix(".strength") for knob in pair])
        if quantity:
            return drawings.isobole, {"knobs": list(pair), "quantity": quantity}
    raise _UnfitError("no two interventions lower the same quantity by more than 5 %")


def _why(subject: Subject) -> Chosen:
    _need("control" in subject.arms and subject.treated, "it explains an arm against the arm control")
    _need(subject.model.states, "the model has no states")
    arm, state = moved(subject)
    return drawings.why, {"arm": arm, "state": state}


def _plane(draw: Callable[..., Any]) -> Callable[[Subject], Chosen]:
    def choose(subject: Subject) -> Chosen:
        names = [s.name for s in subject.model.states]
        _need(len(names) == 2, "it shows models of two states")
        return draw, {"states": names}

    return choose


def _bifurcation(subject: Subject) -> Chosen:
    model = subject.model
    _need(len(model.states) <= 8, "more than 8 states")
    _need(any(p.value for p in model.parameters), "every parameter is 0")
    state = subject.first if subject.first in {s.name for s in model.states} else ""
    named = _named(model)
    if named:
        return drawings.bifurcation, {"parameter": named[0], "between": list(named[1]), "state": state}
    return drawings.bifurcation_of_most, {"state": state}


def _named(model: Model) -> tuple[str, tuple[float, float]] | None:
    """Return the parameter that a model's file calls its bifurcation parameter, and the range it was studied in."""
    for p in model.parameters:
        said = f"{p.meaning}; {p.source}"
        if "bifurcation parameter" in said:
            low, high = _studied(said) or p.bounds or (0.3 * p.value, 3 * p.value)
            return p.name, (float(low), float(high))
    return None


def _studied(said: str) -> tuple[float, float] | None:
    """Return the range in "from 0 to 50", where two finite numbers stand there."""
    found = re.search(r"from ([\d.e+-]+) to ([\d.e+-]+)", said)
    try:
        low, high = (float(found[1]), float(found[2])) if found else (math.nan, math.nan)
    except ValueError:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


CHOICES: Mapping[str, Callable[[Subject], Chosen]] = {
    "courses": _courses,
    "timeline": _timeline,
    "diagram": _diagram,
    "equations": _equations,
    "atlas": _atlas,
    "bands": _bands,
    "endpoints": _of_many(drawings.endpoints),
    "waterfall": _waterfall,
    "time_to_event": _time_to_event,
    "responders": _responders,
    "tornado": _tornado,
    "heat": _heat,
    "dose_response": _dose_response,
    "isobole": _isobole,
    "why": _why,
    "phase": _plane(drawings.phase),
    "basins": _plane(drawings.basins),
    "bifurcation": _bifurcation,
    "work_precision": _always(drawings.work_precision),
}
"""Kind of figure -> the function that chooses how to draw it."""


_OWN_LOG = (drawings.story, drawings.courses, drawings.timeline, drawings.bands, drawings.endpoints)
"""Figures that find out by themselves which axes are logarithmic, where it is not said."""


def make_drawing(kind: str, subject: Subject) -> Drawing:
    """Return a figure ready to be drawn.

    Raises
    ------
    StudyError : an unknown kind, or one that says nothing about the model.
    """
    if kind not in CHOICES:
        hint = did_you_mean(kind, CHOICES) or "; known: " + ", ".join(CHOICES)
        raise StudyError(f"unknown kind of figure '{kind}'{hint}")
    try:
        draw, own = CHOICES[kind](subject)
    except _UnfitError as error:
        raise StudyError(f"{subject.model.name}: no figure '{kind}': {error}") from None
    every = {
        "arms": list(subject.arms),
        "quantities": list(subject.quantities),
        "quantity": subject.first,
        "until": subject.until,
        "seed": subject.seed,
        "log": subject.log if draw in _OWN_LOG else bool(subject.log),
        "data": subject.data,
        "style": subject.style,
    }
    taken = [name for name in inspect.signature(draw).parameters if name not in ("im", "model")]
    return Drawing(subject, draw, {name: own[name] if name in own else every[name] for name in taken})


def fits(kind: str, subject: Subject) -> str:
    """Return why a kind says nothing about the model; "" where it fits."""
    try:
        CHOICES[kind](subject)
    except _UnfitError as error:
        return str(error)
    return ""
