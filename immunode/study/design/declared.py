"""The population that a model declares, as distributions of its parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError
from immunode.intervention.expand.models_patient import OF_THE_DRUG
from immunode.model.records import pairs
from immunode.study.design.distributions import DECLARED, Distribution
from immunode.study.design.joint import DrawnClass, Joint, Pair

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.model.patients import PatientCovariate, Variability
    from immunode.study.design.design import Design

Array = NDArray[np.float64]
Marginals = tuple[tuple[str, Distribution], ...]


def declares_patients(model: Model) -> bool:
    """Return whether a model says how its patients differ."""
    return bool(model.variability or model.covariates or model.classes)


def with_own_values(design: Design, base: Model, models: Sequence[Model]) -> Design:
    """Return the design in which a declared column holds only in arms whose drug draws it.

    In the others, where the property of the patient was stated or does not differ, the arm's own value holds.

    base : the model without arms.   models : of the arms, in the order of the design's labels.
    """
    unset = design.unset.copy()
    for i, model in enumerate(models):
        fresh = set(model.applied) - set(base.applied)
        drawn = {name for name, _ in declared_marginals(model)}
        for j, name in enumerate(design.names):
            if name in design.declared and name.partition(".")[0] in fresh and name not in drawn:
                unset[design.arm == i, j] = True
    return replace(design, unset=unset)


def drawn_number(recipe: str) -> int:
    """Return how many patients, or studies, a design drew; 0 where it drew none. recipe : how it was made, in words."""
    found = re.search(r"(\d+) virtual (?:patients|studies), seed", recipe)
    return int(found[1]) if found else 0


def listed_number(recipe: str) -> int:
    """Return how many different patients stand behind a design that drew more than the model lists; else 0."""
    found = re.search(r"the (\d+) listed patients", recipe)
    return int(found[1]) if found and int(found[1]) < drawn_number(recipe) else 0


def listed_remarks(model: Model, recipe: str) -> list[str]:
    """Return a line where patients whom the model lists were drawn more than once."""
    listed, drawn = listed_number(recipe), drawn_number(recipe)
    if not listed:
        return []
    often = f"{drawn / listed:.3g} of each; intervals of shares count {listed}"
    return [f"{model.name}: {drawn:,} draws of the {listed} patients that it lists, {often}"]


def same_patients(inputs: Array) -> NDArray[np.intp]:
    """Return equal numbers for draws of one listed patient, shape (n_draws,); empty where no two are the same.

    inputs : shape (n_draws, n_parameters).
    """
    groups = np.unique(inputs, axis=0, return_inverse=True)[1].ravel()
    return np.asarray(groups if len(set(groups.tolist())) < len(inputs) else np.empty(0), np.intp)


def effective_number(weights: Array) -> float:
    """Return how many patients of one weight tell as much, (sum w)^2/sum w^2 (Kish 1965, Survey Sampling)."""
    return round(float(weights.sum() ** 2 / (weights**2).sum()), 9) if weights.size else 0.0


def drawn_range(models: Iterable[Model]) -> Mapping[str, tuple[float, float]]:
    """Return the lowest and the highest value that patients can have, of each parameter that differs between them."""
    ranges: dict[str, tuple[float, float]] = {}
    for model in models:
        every = [*declared_marginals(model), *(pair for one in declared_classes(model) for pair in one[2])]
        for name, marginal in every:
            low, high = marginal.ends
            known = ranges.get(name, (low, high))
            ranges[name] = min(known[0], low), max(known[1], high)
    return ranges


def drawn_words(model: Model) -> str:
    """Return what a population of a model consists of: "patients" or "studies"."""
    return "studies" if model.level == "study" else "patients"


def declared_joint(model: Model, composed: Iterable[Model] = (), *, tail: float | None = None) -> Joint:
    """Return the joint distribution of the patients that a model declares, with what the treatments of its arms add.

    composed : the model with interventions applied, one for each arm: numbers of drugs that differ between patients are
        drawn too, and a patient has the same ones in every arm. Covariates of one name, such as `weight` and
        `drug.weight`, are one property of a patient; antibodies against two drugs are two.

    Raises
    ------
    StudyError : none is declared.
    """
    models = [model, *composed]
    if not any(declares_patients(one) for one in models):
        raise StudyError(
            f"{model.name}: it declares no variability and no covariates of patients; "
            "im.population(model).draw(n) makes a design of patients around its values"
        )
    marginals: dict[str, Distribution] = {}
    pairs: dict[Pair, float] = {}
    followers: dict[str, str] = {}
    covariates: dict[str, None] = {}
    for one in models:
        for name, marginal in declared_marginals(one):
            marginals.setdefault(name, marginal)
        for pair in one.correlations:
            pairs.setdefault((pair.first, pair.second), float(pair.value))
        covariates |= dict.fromkeys(c.parameter for c in one.covariates)
        followers |= {v.parameter: v.shares for v in one.variability if v.shares}
    fleeting = dict.fromkeys(v.parameter for one in models for v in one.variability if v.occasion)
    owners: dict[str, str] = {}
    shared = []
    for name in covariates:
        word = name.rpartition(".")[2]
        first = owners.setdefault(word, name)
        if first != name and word not in OF_THE_DRUG:
            shared.append((name, first))
    classes = tuple(DrawnClass(*one) for one in declared_classes(model))
    joint = Joint(
        marginals=tuple(marginals.items()),
        correlations=tuple(pairs.items()),
        tail=tail,
        classes=classes,
        shared=tuple(shared),
        followers=tuple(followers.items()),
        occasions=tuple(fleeting),
        whom=drawn_words(model),
    )
    joint.check()
    return joint


def declared_marginals(model: Model) -> Marginals:
    """Return the distribution of each parameter that differs between patients, in the order declared.

    First random effects, then covariates, then what differs between classes only.
    """
    typical = own_values(model)
    marginals = {v.parameter: spread(v, typical[v.parameter]) for v in model.variability}
    marginals |= {c.parameter: covariate(c) for c in model.covariates}
    for one in model.classes:
        for name, _ in pairs(one.values):
            marginals.setdefault(name, Distribution("point", typical[name], origin=DECLARED))
    return tuple(marginals.items())


def own_values(model: Model) -> dict[str, float]:
    """Return the values of parameters, and of starts, `E(0)`, by name; a start that is a formula counts as 0."""
    starts = {f"{s.name}(0)": 0.0 if isinstance(s.initial, str) else float(s.initial) for s in model.states}
    return {**starts, **{p.name: float(p.value) for p in model.parameters}}


def declared_classes(model: Model) -> list[tuple[str, float, Marginals]]:
    """Return name, share and distributions of each class of patients, where they differ from those of the model."""
    random = {v.parameter: v for v in model.variability}
    classes = []
    for one in model.classes:
        marginals = tuple(
            (name, spread(random[name], value) if name in random else Distribution("point", value, origin=DECLARED))
            for name, value in pairs(one.values)
        )
        classes.append((one.name, one.share, marginals))
    return classes


def spread(one: Variability, typical: float) -> Distribution:
    """Return the distribution of a parameter with a random effect around its typical value.

    A value of 0 stays 0 on a log scale, as do 0 and 1 on a logit scale.
    """
    if (one.scale == "log" and typical == 0) or (one.scale == "logit" and typical in (0, 1)):
        return Distribution("point", typical, origin=DECLARED)
    low = -math.inf if one.low is None else one.low
    high = math.inf if one.high is None else one.high
    kind, center, sign = "normal", typical, 1.0
    if one.scale == "log":
        kind, center, sign = "lognormal", math.log(abs(typical)), math.copysign(1.0, typical)
    elif one.scale == "logit":
        kind, center = "logitnormal", math.log(typical / (1 - typical))
    return Distribution(kind, center, one.spread, low, high, DECLARED, clipped=True, sign=sign)


def covariate(one: PatientCovariate) -> Distribution:
    """Return the distribution of a covariate of patients."""
    low = -math.inf if one.low is None else one.low
    high = math.inf if one.high is None else one.high
    step = one.step or 0.0
    if one.shape == "lognormal":
        assert one.median is not None
        assert one.sd is not None
        return Distribution("lognormal", math.log(one.median), one.sd, low, high, DECLARED, clipped=True, step=step)
    if one.shape == "normal":
        assert one.mean is not None
        assert one.sd is not None
        return Distribution("normal", one.mean, one.sd, low, high, DECLARED, clipped=True, step=step)
    if one.shape == "uniform":
        return Distribution("uniform", low=low, high=high, origin=DECLARED, step=step)
    if one.shape == "share":
        assert one.share is not None
        return Distribution("share", one.share, origin=DECLARED)
    assert one.mean is not None
    return Distribution("poisson", one.mean, low=low, high=high, origin=DECLARED, clipped=True, shift=one.shift or 0.0)
