"""Whether the published trials of a model ask for what it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from immunode.errors import ModelError, did_you_mean, quoted
from immunode.language.expression import names, parse
from immunode.model.checks.references import check_arms, check_known, check_once, check_variant, quantity_names
from immunode.model.declaration import Declaration
from immunode.model.patients import Threshold, named_threshold
from immunode.model.published_trials import ENDPOINTS, Trial, TrialResult

_CALL = re.compile(r"\b(\w+)\s*\(")
_AT = re.compile(r"\s*(\w+)\s+at\s+(\S.*)")


def check_trials(model: Declaration) -> None:
    """Check the trials of a model.

    Raises
    ------
    ModelError : one is declared twice, or names an intervention, a variant, a parameter, a quantity, a threshold or a
        kind of endpoint that does not exist.
    """
    values = {p.name: p.value for p in model.parameters}
    quantities = quantity_names(model)
    check_once(model.name, "trial", (t.name for t in model.trials))
    for trial in model.trials:
        _check_trial(model, trial, values, quantities)


def _check_trial(model: Declaration, trial: Trial, values: Mapping[str, float], quantities: list[str]) -> None:
    who = f"{model.name}: trial '{trial.name}'"
    check_arms(model, f"trial '{trial.name}'", dict(trial.arms))
    check_variant(model, f"trial '{trial.name}'", trial.variant)
    for name in sorted(names(parse(trial.only))) if trial.only else ():
        check_known(f"{who}: only={quoted(trial.only)} names '{name}'", name, values)
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
            check_known(f"{who}: threshold '{likely[1]}'", likely[1], thresholds)
    calls = list(_calls(result.endpoint))
    if not calls:
        hint = f"; or a threshold with a time, one of {', '.join(thresholds)}" if thresholds else ""
        raise ModelError(f"{who}: write an endpoint such as 'at({quantities[0]}, 24 weeks)'{hint}")
    for kind, inside in calls:
        if kind not in ENDPOINTS:
            raise ModelError(f"{who}: unknown kind '{kind}'{did_you_mean(kind, ENDPOINTS)}")
        subject = inside.rpartition(",")[0] if kind in ("at", "change", "percent_change") else inside
        for name in sorted(names(parse(subject))) if subject.strip() else ():
            check_known(f"{who}: quantity '{name}'", name, quantities)


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
