"""Composition: a model and perturbations become a model."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from immunode.errors import DoseError, ImmunodeError, ModelError, did_you_mean
from immunode.intervention.expand.overlap import set_requirements
from immunode.intervention.expected_changes import expected
from immunode.intervention.multiplied_logs import factor_remarks
from immunode.intervention.out_of_reach import check_reach
from immunode.language.evaluation import evaluate
from immunode.language.expression import names, parse
from immunode.model.copies import find
from immunode.model.declaration import Act, Contribution, Perturbation, check_model, is_perturbation
from immunode.model.model import Model
from immunode.model.plausible import implausible
from immunode.model.records import Effect, Parameter, Requirement, State, pairs
from immunode.model.units import parse_time
from immunode.model.views.cards import Card

__all__ = ["Contribution", "Perturbation", "card", "knobs", "perturb", "unfit"]

Given = Perturbation | str
R = TypeVar("R")
_GROUPS = ("parameters", "states", "switches", "processes", "derived", "events")
_PATIENTS = ("variability", "correlations", "covariates")
_KNOWN = ("states", "derived", "parameters", "switches")
"""What a rule can look at."""


def perturb(model: Model, *interventions: Given | Iterable[Given]) -> Model:
    """Return `model` with interventions applied: an ordinary model whose knobs are parameters `name.knob`.

    A parameter k that is acted on has the effective value
    (k + sum of weight*(value - k)) * product of factors + sum of terms (`k.effective` in results).
    The order of interventions never matters, nor whether they come in one call or in several. A factor on a value below
    0, which `inhibit` raises, or on a logarithm comes with a warning.

    Parameters
    ----------
    interventions : Given | Iterable[Given]
        `Intervention`s, `Drug`s and others of their kind, names of ones that the model declares, or lists of these.
        Doses without a count go on to the model's `horizon`; `simulate` and `sweep` compose arms up to their end.

    Raises
    ------
    ModelError
        a target or name is unknown, a name is used twice, two `set_to` on one parameter overlap in time.
    DoseError
        a regimen or a schedule does not suit the model, or its knobs are out of range.
    UnitError
        units do not fit.
    """
    check_model("perturb", model)
    chosen = _chosen(model, interventions)
    if not chosen:
        return model
    _check_names(model, chosen)
    parts = _written(model, chosen)
    for it, added in zip(chosen, parts, strict=True):
        _check_targets(model, it, added, parts)
        _check_observed(model, it, added, parts)
        _check_expectations(model, it, parts)
        for line in factor_remarks(model, it):
            warnings.warn(f"{model.name}, intervention '{it.name}': {line}", stacklevel=2)
    check_reach(model, parts, chosen)
    values = {p.name: p.value for p in model.parameters} | {p.name: p.value for a in parts for p in a.parameters}
    for added in parts:
        for requirement in added.requirements:
            if not evaluate(parse(requirement.condition), values):
                given = ", ".join(f"{n} = {values[n]:g}" for n in sorted(names(parse(requirement.condition))))
                raise DoseError(f"{model.name}: {requirement.message}; {given}")
    effects = sorted((*model.effects, *(e for a in parts for e in a.effects)), key=_effect_order)
    apart = set_requirements(model.name, effects, values, [it.name for it in chosen])
    requirements = {*model.requirements, *apart, *(r for a in parts for r in a.requirements)}
    applied = tuple(sorted((*model.applied, *(it.name for it in chosen))))
    groups = {g: _joined(getattr(model, g), (r for a in parts for r in getattr(a, g)), applied) for g in _GROUPS}
    for group in _PATIENTS:
        groups[group] = (*getattr(model, group), *(r for a in parts for r in getattr(a, group)))
    groups["observed"] = (*model.observed, *(r for a in parts for r in a.errors))
    groups["remarks"] = _told(model.remarks, (line for a in parts for line in a.remarks), applied)
    return model.replace(
        **groups,
        effects=tuple(effects),
        requirements=tuple(sorted(requirements, key=_requirement_order)),
        applied=applied,
    )


def knobs(model: Model, intervention: Given) -> tuple[Parameter, ...]:
    """Return the parameters that `perturb(model, intervention)` adds, in the model's units.

    Raises
    ------
    ModelError, DoseError, UnitError
        as in `perturb`.
    """
    chosen = _chosen(model, (intervention,))
    return tuple(p for added in _written(model, chosen) for p in added.parameters)


def unfit(model: Model) -> list[tuple[str, str]]:
    """Return name and reason of each intervention that the model declares and that can't be applied to it.

    One that acts beside another one, or on a knob of it, is applied together with that one.
    """
    known = {it.name: it for it in model.interventions}
    variants = {variant.name for variant in model.variants}
    misfits = []
    for name, it in known.items():
        owners = {it.beside, *(act.target.partition(".")[0] for act in it.acts)}
        try:
            base = model.variant(it.beside) if it.beside in variants else model
            beside = [known[owner] for owner in sorted(owners & known.keys() - {name, *model.applied})]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                perturb(base, it, *beside)
        except ImmunodeError as error:
            misfits.append((name, str(error).removeprefix(f"{model.name}, intervention '{name}': ")))
    return misfits


def card(intervention: Perturbation, model: Model | None = None) -> Card:
    """Return the card of an intervention or a drug.

    Parameters
    ----------
    model : Model | None
        with it, the card also tells what each target is without it and at full strength, and the knobs.

    Raises
    ------
    ModelError, DoseError, UnitError
        it does not fit the model, as in `perturb`.
    """
    alone = Card.of(intervention)
    if model is None:
        return alone
    composed = perturb(model, intervention)
    parameters = {p.name: p for p in composed.parameters}
    states = {s.name: s for s in composed.states}
    changes = tuple(_change(act, intervention.strength, parameters, states) for act in intervention.acts)
    fleeting = {v.parameter for v in composed.variability if v.occasion}
    shown = tuple(_knob_row(p) for p in knobs(model, intervention) if p.name not in fleeting)
    return replace(alone, changes=changes, knobs=shown)


def _change(
    act: Act, strength: float, parameters: Mapping[str, Parameter], states: Mapping[str, State]
) -> tuple[str, ...]:
    """Return a row of a card: target, meaning, value without the intervention and at full strength, unit."""
    if act.on_state:
        state = states[act.target]
        return (act.target, state.meaning, _number(state.initial), act.full(0.0, strength), state.unit)
    parameter = parameters[act.target]
    after = act.full(parameter.value, strength)
    return (act.target, parameter.meaning, _number(parameter.value), after, parameter.unit)


def _knob_row(knob: Parameter) -> tuple[str, ...]:
    evidence = f" ({knob.evidence})" if knob.evidence else ""
    return (knob.name, _number(knob.value), knob.unit, knob.meaning, f"{knob.source}{evidence}")


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _chosen(model: Model, given: Iterable[Any]) -> list[Perturbation]:
    chosen: list[Perturbation] = []
    for item in given:
        if isinstance(item, str):
            chosen.append(find(model, "intervention", model.interventions, item))
        elif is_perturbation(item):
            chosen.append(item)
        elif isinstance(item, list | tuple):
            chosen += _chosen(model, item)
        else:
            raise ModelError(f"{model.name}: {item!r} is not an intervention, a drug or the name of one")
    return chosen


def _check_names(model: Model, chosen: list[Perturbation]) -> None:
    seen = set(model.applied)
    owners = {r.name.split(".")[0] for g in _GROUPS for r in getattr(model, g) if "." in r.name}
    for it in chosen:
        if it.name in seen:
            where = "is applied already" if it.name in model.applied else "is given twice"
            raise ModelError(f"{model.name}: intervention '{it.name}' {where}; use .renamed('{it.name}_2')")
        if it.name in owners:
            raise ModelError(
                f"{model.name} has names that start with '{it.name}.'; use .renamed(...) for the intervention"
            )
        seen.add(it.name)


def _written(model: Model, chosen: list[Perturbation]) -> list[Contribution]:
    units = {r.name: r.unit for group in _KNOWN for r in getattr(model, group)}
    parts = [it.contribution(model, units) for it in chosen]
    # an intervention may act on a knob of another one, or look at its quantities, whose units are known now
    fresh = {r.name: r.unit for a in parts for group in _KNOWN for r in getattr(a, group)}
    looked = {name for a in parts for _, observed in a.observed for name in observed}
    if looked & fresh.keys() or any(act.target in fresh for it in chosen for act in it.acts):
        parts = [it.contribution(model, {**units, **fresh}) for it in chosen]
    return parts


def _check_targets(model: Model, it: Perturbation, added: Contribution, parts: list[Contribution]) -> None:
    who = f"{model.name}, intervention '{it.name}'"
    parameters = [p.name for p in model.parameters] + [p.name for a in parts if a is not added for p in a.parameters]
    states = [s.name for s in model.states] + [s.name for a in parts if a is not added for s in a.states]
    own = {p.name: p.unit for p in model.parameters}
    for act in it.acts:
        target, moved = act.target, act.on_state
        if target in (states if moved else parameters):
            if getattr(act, "operator", "") == "set_to" and model.species == "human":
                odd = implausible(target, float(getattr(act, "value", 0.0)), own.get(target, ""))
                if odd:
                    raise ModelError(f"{who} sets '{target}': {odd}")
            continue
        if any(p.name == target for p in added.parameters):
            raise ModelError(f"{who} acts on its own knob '{target}'; give the knob another value instead")
        if moved:
            hint = f"; '{target}' is a parameter, use add" if target in parameters else did_you_mean(target, states)
            raise ModelError(f"{who}: unknown state '{target}'{hint}")
        hint = f"; '{target}' is a state, use transfer" if target in states else did_you_mean(target, parameters)
        raise ModelError(f"{who}: unknown parameter '{target}'{hint}")


def _check_observed(model: Model, it: Perturbation, added: Contribution, parts: list[Contribution]) -> None:
    """Refuse a rule that looks at what no run has."""
    records = [model, *parts]
    known = {r.name: r.meaning for group in _KNOWN for record in records for r in getattr(record, group)}
    fluxes = {process.name for process in model.processes}
    for condition, observed in added.observed:
        for name in observed:
            if name in known:
                continue
            others = {n: meaning for n, meaning in known.items() if not n.startswith(f"{it.name}.")}
            hint = "; it is a flux: declare it as a derived quantity" if name in fluxes else did_you_mean(name, others)
            raise ModelError(
                f"{model.name}, intervention '{it.name}': its rule looks at '{name}' in '{condition}', "
                f"which is no state, derived quantity or parameter{hint}"
            )


def _check_expectations(model: Model, it: Perturbation, parts: list[Contribution]) -> None:
    groups = ("states", "processes", "derived")
    known = [r.name for g in groups for r in (*getattr(model, g), *(r for a in parts for r in getattr(a, g)))]
    for quantity, text in pairs(it.expects):
        moment = expected(text, f"{model.name}, intervention '{it.name}' expects '{quantity}'")
        if isinstance(moment.time, str):
            parse_time(moment.time, model)
        if quantity not in known:
            raise ModelError(
                f"{model.name}, intervention '{it.name}' expects something of '{quantity}', which is no state, "
                f"process or derived quantity{did_you_mean(quantity, known)}"
            )


def _joined(old: tuple[R, ...], new: Iterable[R], applied: tuple[str, ...]) -> tuple[R, ...]:
    """Return the model's own records in their order, then those of interventions by name."""

    def owner(record: Any) -> str:
        first, dot, _ = str(record.name).partition(".")
        return first if dot and first in applied else ""

    return tuple(sorted((*old, *new), key=owner))


def _told(old: Iterable[str], new: Iterable[str], applied: tuple[str, ...]) -> tuple[str, ...]:
    """Return the model's own remarks, then those of interventions, each of which begins with a name, by name."""

    def owner(line: str) -> str:
        first, colon, _ = line.partition(":")
        return first if colon and first in applied else ""

    return tuple(sorted((*old, *new), key=owner))


def _effect_order(effect: Effect) -> tuple[str, ...]:
    return (effect.target, effect.by, effect.how, effect.value, effect.weight)


def _requirement_order(requirement: Requirement) -> tuple[str, str]:
    return (requirement.condition, requirement.message)
