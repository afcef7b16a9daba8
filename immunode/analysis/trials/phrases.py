"""Endpoints, rules and published results as phrases, with the labels that a model gives its quantities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from immunode.study.endpoints.endpoint import Endpoint
from immunode.study.endpoints.reading import endpoint
from immunode.study.result.row_condition import endpoints_in

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.model.published_trials import TrialResult

_FORMS = {
    "final": "{subject} {when}",
    "at": "{subject} {when}",
    "change": "change of {subject} {when}",
    "percent_change": "percent change of {subject} {when}",
    "peak": "highest {subject}",
    "trough": "lowest {subject}",
    "auc": "area under {subject}",
    "time_to": "time until {subject}",
    "time_of_peak": "time of the highest {subject}",
    "fraction_of_time": "part of the time with {subject}",
}
_IN = re.compile(r"(remission|activity)$")
"""What patients are in; other thresholds are what they have."""
_UNITS = ("minute", "hour", "day", "week", "month", "year")
_CALLED = {"min": "minute", "h": "hour", "d": "day"}


def labels(model: Model) -> dict[str, str]:
    """Return the short label of each quantity, its name where it has none."""
    listed: tuple[Any, ...] = (*model.states, *model.derived, *model.processes, *model.switches)
    return {one.name: str(getattr(one, "label", "")) or one.name for one in listed}


def endpoint_words(model: Model, text: str) -> str:
    """Return an endpoint as a phrase: "change of DAS28-CRP at 24 weeks", "lowest change of IgG"."""
    one = endpoint(text)
    words = _FORMS[one.kind].format(subject=_labelled(model, one.subject), when=_when(model, one))
    return words.replace("change of change of", "change of")


def rule_words(model: Model, rule: str) -> str:
    """Return who meets a condition on endpoints, to stand after "patients" or "share": "in remission at 24 weeks".

    A condition that is a threshold of the model goes by that one's meaning, others by their endpoints.
    """
    asked = endpoints_in(rule)
    for threshold in model.thresholds:
        for name in asked:
            same = endpoint(name).subject == threshold.quantity
            if same and "".join(threshold.on(name).split()) == "".join(rule.split()):
                meaning = threshold.meaning or threshold.name
                return f"{'in' if _IN.search(meaning) else 'with'} {meaning} {_when(model, endpoint(name))}".rstrip()
    for name in sorted(asked, key=len, reverse=True):
        rule = rule.replace(name, endpoint_words(model, name))
    return f"with {rule}"


def result_words(model: Model, result: TrialResult, rule: str) -> str:
    """Return what a trial reported as a phrase: "mean change of DAS28-CRP at 24 weeks", "share in remission at ...".

    rule : the endpoint of the result, or the condition behind its share, with thresholds written out.
    """
    if result.statistic == "share":
        words = f"share {rule_words(model, rule)}"
    else:
        head = "SD of" if result.statistic == "sd" else result.statistic
        words = f"{head} {endpoint_words(model, rule)}"
    if result.compared:
        words += f", {result.compared} of arms"
    return words


def _labelled(model: Model, subject: str) -> str:
    known = labels(model)
    return re.sub(r"[A-Za-z_]\w*", lambda found: known.get(found[0], found[0]), subject)


def _when(model: Model, one: Endpoint) -> str:
    """Return when an endpoint looks: "at 24 weeks", "at the start", "at the end"; "" where at no single time."""
    moment = one.moment
    if moment is None:
        return "at the end" if one.kind == "final" else ""
    if isinstance(moment, str):
        return f"at {moment}"
    if moment == 0:
        return "at the start"
    unit = _CALLED.get(model.time_unit, model.time_unit)
    if not unit:
        return f"at {model.axis.partition(' (')[0] or 'time'} {moment:g}"
    return f"at {moment:g} {unit}" + ("s" if unit in _UNITS and moment != 1 else "")
