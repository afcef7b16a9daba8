"""Rules that name a threshold of a model, written out as conditions on endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from immunode.errors import StudyError, did_you_mean, quoted
from immunode.model.patients import Threshold, named_threshold
from immunode.study.endpoints.endpoint import Endpoint
from immunode.study.endpoints.final_value import Final
from immunode.study.endpoints.reading import endpoint
from immunode.study.endpoints.start_change import Change
from immunode.study.endpoints.value_at import At
from immunode.study.run.ready import model_time

if TYPE_CHECKING:
    from immunode.model import Model

_NAME = re.compile(r"\s*(\w[\w -]*?)(?:\s+at\s+\S.*)?\s*")


def written_out(model: Model, rule: str, asked: Iterable[str] | None = None, end: float = 0.0) -> str:
    """Return a rule as a condition on endpoints; one that names no threshold is returned as it is.

    "remission at 24 weeks" becomes "at(das28, 24 weeks) < 2.6".

    asked : endpoints that a sweep has, one of which is taken; a rule without a time then means the only one that tells
        the threshold's quantity at a time. None: the endpoint of that time is written.
    end : of the runs, in model time.

    Raises
    ------
    StudyError : a threshold that the model does not have; no endpoint fits, or several do where no time is said.
    """
    found = named_threshold(rule, model.thresholds)
    if found is None:
        likely = _NAME.fullmatch(rule)
        known = {one.name: one.meaning for one in model.thresholds}
        if likely and (known or " at " in rule):
            listed = f"; there are {', '.join(known)}" if known else "; the model declares none"
            raise StudyError(
                f"{model.name}: {quoted(rule)} is no condition and names no threshold"
                f"{did_you_mean(likely[1], known) or listed}"
            )
        return rule
    threshold, when = found
    if asked is None:
        if not when:
            raise StudyError(f"{model.name}: say when: {quoted(threshold.name + ' at 24 weeks')}")
        return threshold.on(f"at({threshold.quantity}, {when})")
    return threshold.on(_told_by(model, threshold, when, list(asked), end))


def _told_by(model: Model, threshold: Threshold, when: str, asked: list[str], end: float) -> str:
    """Return the endpoint of a sweep that tells the quantity of a threshold at the time that is meant."""
    quantity = threshold.quantity
    told = {name: _moment(model, endpoint(name), end) for name in asked if _tells(endpoint(name), quantity)}
    if when:
        time = model_time(model, when, f"threshold '{threshold.name}'")
        fitting = [name for name, moment in told.items() if abs(moment - time) <= 1e-9 * max(abs(time), 1.0)]
    else:
        fitting = list(told)
    if when and fitting:
        return fitting[0]
    if len(fitting) == 1:
        return fitting[0]
    who = f"responders: {quoted(threshold.name + (f' at {when}' if when else ''))} is {threshold.condition}, and"
    if fitting:
        raise StudyError(f"{who} the sweep tells {quantity} several times: {', '.join(fitting)}; say which, "
                         f"as in {quoted(threshold.on(fitting[0]))}")  # fmt: skip
    has = f"has {', '.join(asked)} only" if asked else "has no endpoints"
    raise StudyError(f"{who} the sweep {has}; ask for endpoints=['at({quantity}, {when or '24 weeks'})']")


def _tells(one: Endpoint, quantity: str) -> bool:
    return one.subject == quantity and isinstance(one, At | Final) and not isinstance(one, Change)


def _moment(model: Model, one: Endpoint, end: float) -> float:
    return end if one.moment is None else model_time(model, one.moment, one.name)
