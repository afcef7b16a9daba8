"""Whether what a model says of its patients, read-outs, story and trials fits the rest of it."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from immunode.errors import ModelError, did_you_mean, quoted
from immunode.language.expression import names, parse
from immunode.model.declaration import Declaration
from immunode.model.patients import LEVELS, Threshold, as_pairs, named_threshold, one_of
from immunode.model.published_trials import ENDPOINTS, Trial, TrialResult

_CALL = re.compile(r"\b(\w+)\s*\(")
_AT = re.compile(r"\s*(\w+)\s+at\s+(\S.*)")


def check_patients(model: Declaration) -> None:
    """Check the records of `immunode.model.patients` in a model.

    Raises
    ------
    ModelError : a level that does not exist; one names a parameter, quantity, arm, threshold or endpoint that does not
        exist, or something twice; correlations that no joint distribution has; shares of classes that do not add up to
        1.
    """
    who = model.name
    one_of(f"{who}: level", model.level, LEVELS)
    values = {p.name: p.value for p in model.parameters}
    quantities = [*(s.name for s in model.states), *(d.name for d in model.derived), *(p.name for p in model.processes)]
    quantities += [s.name for s in model.switches]
    _check_variability(model, values)
    _check_correlations(model)
    _check_classes(model, values)
    _once(who, "covariate", (c.parameter for c in model.covariates))
    random = {v.parameter for v in model.variability}
    for covariate in model.covariates:
        _known(f"{who}: covariate '{covariate.parameter}'", covariate.parameter, values)
        if covariate.parameter in random:
            raise ModelError(f"{who}: '{covariate.parameter}' is a covariate and has a variability; only one is meant")
    _once(who, "error of measurement", (o.quantity for o in model.observed))
    for observed in model.observed:
        _known(f"{who}: error of '{observed.quantity}'", observed.quantity, quantities)
    _once(who, "threshold", (t.name for t in model.thresholds))
    for threshold in model.thresholds:
        _known(f"{who}: threshold '{threshold.name}' on '{threshold.quantity}'", threshold.quantity, quantities)
    if model.story is not None:
        _check_arms(model, "story", model.story.arms)
        _check_names(model, dict(model.story.arms))
        _check_variant(model, "story", model.story.variant)
        for panel in model.story.panels:
            _known(f"{who}: story, panel '{panel}'", panel, quantities)
        for panel in model.story.logarithmic:
            _known(f"{who}: story, logarithmic panel '{panel}'", panel, model.story.panels)
    _once(who, "trial", (t.name for t in model.trials))
    for trial in model.trials:
        _check_trial(model, trial, values, quantities)


def _check_variability(model: Declaration, values: Mapping[str, float]) -> None:
    _once(model.name, "variability", (v.parameter for v in model.variability))
    for one in model.variability:
        who = f"{model.name}: variability of '{one.parameter}'"
        _known(who, one.parameter, values)
        value = values[one.parameter]
        if one.scale == "logit" and not 0 <= value <= 1:
            raise ModelError(f"{who}: the logit scale needs a typical value from 0 to 1, but it is {value:g}")
    own = {v.parameter for v in model.variability if not v.shares and not v.occasion}
    for one in model.variability:
        if one.shares:
            who = f"{model.name}: variability of '{one.parameter}' shares '{one.shares}', whose own one"
            _known(who, one.shares, own)


def _check_correlations(model: Declaration) -> None:
    occasion = {v.parameter: v.occasion for v in model.variability if not v.shares}
    involved = {name for one in model.correlations for name in (one.first, one.second)}
    order = {name: i for i, name in enumerate(name for name in occasion if name in involved)}
    matrix = [[float(i == j) for j in range(len(order))] for i in range(len(order))]
    seen: set[frozenset[str]] = set()
    for one in model.correlations:
        who = f"{model.name}: correlation of '{one.first}' and '{one.second}'"
        for name in (one.first, one.second):
            _known(f"{who}: variability of '{name}'", name, occasion)
        if occasion[one.first] != occasion[one.second]:
            raise ModelError(f"{who}: only random effects of the same occasion of a patient can be correlated")
        if frozenset((one.first, one.second)) in seen:
            raise ModelError(f"{who}: it is declared twice")
        seen.add(frozenset((one.first, one.second)))
        i, j = order[one.first], order[one.second]
        matrix[i][j] = matrix[j][i] = one.value
    stuck = _cholesky_stops(matrix)
    if stuck is not None:
        name = list(order)[stuck]
        raise ModelError(
            f"{model.name}: no joint distribution has these correlations (those of '{name}' contradict the others); "
            "bring them nearer to 0"
        )


def _cholesky_stops(matrix: list[list[float]]) -> int | None:
    """Return the row at which a symmetric matrix turns out not to be positive definite, None where it is."""
    lower = [[0.0] * len(matrix) for _ in matrix]
    for i, row in enumerate(matrix):
        for j in range(i + 1):
            rest = row[j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            if i == j:
                if rest <= 1e-12:
                    return i
                lower[i][i] = math.sqrt(rest)
            else:
                lower[i][j] = rest / lower[j][j]
    return None


def _check_classes(model: Declaration, values: Mapping[str, float]) -> None:
    _once(model.name, "class of patients", (c.name for c in model.classes))
    logit = {v.parameter for v in model.variability if v.scale == "logit"}
    values = {**values, **{f"{state.name}(0)": 0.0 for state in model.states}}
    for one in model.classes:
        for name, value in as_pairs(one.values):
            if name not in values:  # the message is made for few of what may be thousands of values
                _known(f"{model.name}: class '{one.name}' of patients, '{name}'", name, values)
            if name in logit and not 0 <= value <= 1:
                raise ModelError(
                    f"{model.name}: class '{one.name}' of patients, '{name}': the logit scale needs a typical value "
                    f"from 0 to 1, but it is {value:g}"
                )
    total = sum(c.share for c in model.classes)
    if model.classes and abs(total - 1) > 1e-6:
        shares = ", ".join(f"{c.name} {c.share:g}" for c in model.classes)
        raise ModelError(f"{model.name}: shares of classes of patients add up to {total:g}, not to 1 ({shares})")


def _check_trial(model: Declaration, trial: Trial, values: Mapping[str, float], quantities: list[str]) -> None:
    who = f"{model.name}: trial '{trial.name}'"
    _check_arms(model, f"trial '{trial.name}'", dict(trial.arms))
    _check_variant(model, f"trial '{trial.name}'", trial.variant)
    for name in sorted(names(parse(trial.only))) if trial.only else ():
        _known(f"{who}: only={quoted(trial.only)} names '{name}'", name, values)
    for result in trial.results:
        _check_endpoint(f"{who}: endpoint {quoted(result.endpoint)}", result, quantities, model.thresholds)


def _check_endpoint(who: str, result: TrialResult, quantities: list[str], declared: Iterable[Threshold]) -> None:
    thresholds = [t.name for t in declared]
    if result.statistic == "share":
        found = named_threshold(result.endpoint, declared)
        if found and found[1]:
            return
        likely = _AT.fullmatch(result.endpoint)
        if likely:
            _known(f"{who}: threshold '{likely[1]}'", likely[1], thresholds)
    calls = list(_calls(result.endpoint))
    if not calls:
        hint = f"; or a threshold with a time, one of {', '.join(thresholds)}" if thresholds else ""
        raise ModelError(f"{who}: write an endpoint such as 'at({quantities[0]}, 24 weeks)'{hint}")
    for kind, inside in calls:
        if kind not in ENDPOINTS:
            raise ModelError(f"{who}: unknown kind '{kind}'{did_you_mean(kind, ENDPOINTS)}")
        subject = inside.rpartition(",")[0] if kind in ("at", "change", "percent_change") else inside
        for name in sorted(names(parse(subject))) if subject.strip() else ():
            _known(f"{who}: quantity '{name}'", name, quantities)


def _calls(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the inside of each endpoint in a text."""
    start = 0
    while found := _CALL.search(text, start):
        depth, end = 1, found.end()
        while end < len(text) and depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield found[1], text[found.end() : end - 1]
        start = end


def _check_arms(model: Declaration, what: str, arms: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
    declared = [i.name for i in model.interventions]
    for arm, text in dict(arms).items():
        for name in filter(None, (part.strip() for part in text.split("+"))):
            _known(f"{model.name}: {what}, arm '{arm}': intervention '{name}'", name, declared)


def _check_names(model: Declaration, arms: Mapping[str, str]) -> None:
    """Refuse an arm of a story whose name stands for something else where arms are named."""
    meant = {"control": "", "all": None, **{i.name: i.name for i in model.interventions}}
    for arm, text in arms.items():
        if arm in meant and meant[arm] != text.strip():
            raise ModelError(f"{model.name}: story, arm '{arm}': an arm of this name is something else; rename it")


def _check_variant(model: Declaration, what: str, name: str) -> None:
    if name:
        _known(f"{model.name}: {what}: variant '{name}'", name, [v.name for v in model.variants])


def _known(who: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        listed = list(known)
        raise ModelError(f"{who} does not exist{did_you_mean(name, listed)}")


def _once(who: str, what: str, listed: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in listed:
        if name in seen:
            raise ModelError(f"{who}: the {what} '{name}' is declared twice")
        seen.add(name)
