"""Endpoints read from text, and checked against what a model has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from immunode.errors import StudyError, did_you_mean
from immunode.study.endpoints.area import auc
from immunode.study.endpoints.endpoint import Endpoint
from immunode.study.endpoints.final_value import final
from immunode.study.endpoints.first_time import time_to
from immunode.study.endpoints.held_share import fraction_of_time
from immunode.study.endpoints.peak_time import time_of_peak
from immunode.study.endpoints.peak_value import peak
from immunode.study.endpoints.start_change import change, percent_change
from immunode.study.endpoints.trough_value import trough
from immunode.study.endpoints.value_at import at

_MADE_BY: dict[str, Callable[[str], Endpoint]] = {
    "final": final,
    "at": lambda inside: at(*_subject_and_time("at", inside)),
    "change": lambda inside: change(*_subject_and_time("change", inside)),
    "percent_change": lambda inside: percent_change(*_subject_and_time("percent_change", inside)),
    "peak": peak,
    "trough": trough,
    "auc": auc,
    "time_to": time_to,
    "time_of_peak": time_of_peak,
    "fraction_of_time": fraction_of_time,
}
KINDS = tuple(_MADE_BY)
"""Names of the kinds of endpoints."""


def endpoint(text: str) -> Endpoint:
    """Return the endpoint that is written like its name: `"peak(T)"`, `"at(T, 24 weeks)"`.

    Raises
    ------
    StudyError
        it can't be read; the message names the kinds there are.
    """
    found = re.fullmatch(r"\s*(\w+)\s*\((.*)\)\s*", text, re.DOTALL)
    if not found:
        raise StudyError(f"endpoint '{text}': write it as peak(T), one of {', '.join(KINDS)}")
    kind, inside = found[1], found[2].strip()
    if kind not in KINDS:
        raise StudyError(f"endpoint '{text}': unknown kind '{kind}'{did_you_mean(kind, KINDS)}")
    return _MADE_BY[kind](inside)


def _subject_and_time(kind: str, inside: str) -> tuple[str, float | str]:
    subject, comma, time = (part.strip() for part in inside.partition(","))
    if not comma or not time:
        raise StudyError(
            f"endpoint '{kind}({inside})': {kind} needs a time, such as {kind}({subject or 'T'}, 24 weeks)"
        )
    try:
        return subject, float(time)
    except ValueError:
        return subject, time


def as_endpoints(given: Iterable[Endpoint | str] | Endpoint | str | None, usual: Sequence[str]) -> tuple[Endpoint, ...]:
    """Return endpoints, also from text; None means final and peak of the `usual` quantities.

    Raises
    ------
    StudyError : one can't be read, or is given twice.
    """
    if given is None:
        return tuple(make(name) for name in usual for make in (final, peak))
    listed = (given,) if isinstance(given, Endpoint | str) else tuple(given)
    chosen = tuple(endpoint(e) if isinstance(e, str) else e for e in listed)
    for position, one in enumerate(chosen):
        if not isinstance(one, Endpoint):
            raise StudyError(f"endpoints: {one!r} is not an endpoint; write peak('T') or 'peak(T)'")
        if one.name in {other.name for other in chosen[:position]}:
            raise StudyError(f"endpoints: {one.name} is given twice")
    return chosen


def check_endpoints(endpoints: Sequence[Endpoint], quantities: Iterable[str], parameters: Iterable[str]) -> None:
    """Refuse endpoints on quantities that no arm has, before anything runs.

    Raises
    ------
    StudyError : with the nearest names.
    """
    known, constants = list(dict.fromkeys(quantities)), set(parameters)
    for one in endpoints:
        for name in sorted(one.names()):
            if name in known or (one.conditional and name in constants):
                continue
            extra = " (it is a parameter, which does not change)" if name in constants else did_you_mean(name, known)
            raise StudyError(f"endpoint {one.name}: unknown quantity '{name}'{extra}")
