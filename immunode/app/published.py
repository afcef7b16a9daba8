"""What is known from outside the model: thresholds of its read-outs, and numbers of trials as points on curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from immunode.model.patients import named_threshold
from immunode.model.records import pairs
from immunode.study.published.results import MIDDLES, moment_of

if TYPE_CHECKING:
    from immunode.app.bench import Bench
    from immunode.model import Model
    from immunode.model.published_trials import Trial, TrialResult

Data = dict[str, Any]


def thresholds(model: Model) -> list[Data]:
    """Return the thresholds of a model: name, meaning, quantity, level in its unit, and whether a patient is below."""
    return [
        {
            "name": one.name,
            "meaning": one.meaning,
            "condition": one.condition,
            "quantity": one.quantity,
            "level": one.level,
            "below": _is_below(one.condition, one.quantity),
        }
        for one in model.thresholds
    ]


def _is_below(condition: str, quantity: str) -> bool:
    """Return whether the comparison asks for less than its number."""
    return ("<" in condition) == condition.strip().startswith(quantity)


def trial_points(bench: Bench) -> list[Data]:
    """Return the results of trials that are a mean or a median of one quantity at one time.

    arm : interventions of the arm, sorted and joined by "+"; "" is the arm without any.
    from : "" where the value is the quantity itself; "start" and "percent" where it is a change from its beginning.
    """
    model, known = bench.model, {placed.declared.name for placed in bench.placed}
    points: list[Data] = []
    for trial in model.trials:
        if trial.variant not in ("", model.variant_name):
            continue
        arms = {name: [part.strip() for part in text.split("+") if part.strip()] for name, text in pairs(trial.arms)}
        for result in trial.results:
            if set(arms[result.arm]) <= known:
                point = _point(bench, trial, result)
                points += [{**point, "arm": "+".join(sorted(arms[result.arm]))}] if point else []
    return points


def trial_shares(bench: Bench) -> list[Data]:
    """Return the shares of patients past a threshold that trials reported, with the words of the endpoint."""
    model, known = bench.model, {placed.declared.name for placed in bench.placed}
    shares: list[Data] = []
    for trial in model.trials:
        if trial.variant not in ("", model.variant_name):
            continue
        arms = {name: [part.strip() for part in text.split("+") if part.strip()] for name, text in pairs(trial.arms)}
        for result in trial.results:
            named = named_threshold(result.endpoint, model.thresholds)
            if result.statistic != "share" or result.compared or named is None or not set(arms[result.arm]) <= known:
                continue
            shares.append(
                {
                    "trial": trial.name,
                    "threshold": named[0].name,
                    "words": result.endpoint,
                    "arm": "+".join(sorted(arms[result.arm])),
                    "value": result.value,
                }
            )
    return shares


def _point(bench: Bench, trial: Trial, result: TrialResult) -> Data | None:
    """Return a result as a point, None where it is no value of a quantity of the page at one time."""
    place = moment_of(bench.model, result) if result.statistic in MIDDLES else None
    if place is None or place[0] not in bench.program.quantities:
        return None
    quantity, time, change = place
    low, high = result.interval or (None, None)
    return {
        "trial": trial.name,
        "quantity": quantity,
        "time": time,
        "from": change,
        "value": result.value,
        "low": low,
        "high": high,
        "used": result.used,
    }
