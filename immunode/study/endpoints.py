"""Endpoints: one number a run, named as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from immunode.errors import ModelError, StudyError, did_you_mean

if TYPE_CHECKING:
    from immunode.model.declaration import Model

KINDS = ("final", "at", "peak", "trough", "auc", "time_to", "time_of_peak", "fraction_of_time")
CONDITIONAL = ("time_to", "fraction_of_time")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One number to take from a run. Made by `final`, `at`, `peak`, `trough`, `auc`, `time_to`, ...

    kind : one of `KINDS`.
    subject : a state, flux or derived quantity; for `time_to` and `fraction_of_time` a condition.
    time : for `at`: model time, or text such as "24 weeks".
    """

    kind: str
    subject: str
    time: float | str | None = None

    @property
    def name(self) -> str:
        """The endpoint as written: `auc(tnf)`, `at(DAS28, 24 weeks)`, `time_to(T > 1e8)`."""
        if self.time is None:
            return f"{self.kind}({self.subject})"
        time = self.time if isinstance(self.time, str) else f"{self.time:.12g}"
        return f"{self.kind}({self.subject}, {time})"

    def __str__(self) -> str:
        return self.name


def final(quantity: str) -> Endpoint:
    """Return the value of a quantity at the end of a run, in its unit."""
    return Endpoint("final", _text("final", quantity))


def at(quantity: str, time: float | str) -> Endpoint:
    """Return the value of a quantity at a time (just after, where something jumps then).

    time : model time, or text such as "24 weeks"; it is computed, not interpolated between outputs.
    """
    if not isinstance(time, str):
        time = float(time)
    return Endpoint("at", _text("at", quantity), time.strip() if isinstance(time, str) else time)


def peak(quantity: str) -> Endpoint:
    """Return the largest value of a quantity: over the outputs and both sides of every jump.

    Where the largest of them has a neighbor on either side and nothing jumps between, the top of the parabola
    through the three is returned: its error falls with the third power of the spacing (that of its time with the
    second).
    """
    return Endpoint("peak", _text("peak", quantity))


def trough(quantity: str) -> Endpoint:
    """Return the smallest value of a quantity: over the outputs and both sides of every jump (not refined)."""
    return Endpoint("trough", _text("trough", quantity))


def auc(quantity: str) -> Endpoint:
    """Return the integral of a quantity over a run, in its unit times the time unit.

    It is integrated along with the model as one more state, so it is as exact as the tolerance asks for.
    """
    return Endpoint("auc", _text("auc", quantity))


def time_to(condition: str) -> Endpoint:
    """Return the first time at which a condition holds, in model time; infinity where it never does.

    condition : such as `"T > 1e8"` or `"tnf < 0.5*k and damage > 1"`. Between outputs both sides are taken
        as straight lines.
    """
    return Endpoint("time_to", _text("time_to", condition))


def time_of_peak(quantity: str) -> Endpoint:
    """Return when a quantity is largest, in model time; found as in `peak`, the first of equals."""
    return Endpoint("time_of_peak", _text("time_of_peak", quantity))


def fraction_of_time(condition: str) -> Endpoint:
    """Return the share of the time for which a condition holds, 0 to 1; interpolated as in `time_to`."""
    return Endpoint("fraction_of_time", _text("fraction_of_time", condition))


def endpoint(text: str) -> Endpoint:
    """Return the endpoint that is written like its name: `"peak(T)"`, `"at(T, 24 weeks)"`.

    Raises
    ------
    StudyError : it can't be read; the message names the kinds there are.
    """
    found = re.fullmatch(r"\s*(\w+)\s*\((.*)\)\s*", text, re.DOTALL)
    if not found:
        raise StudyError(f"endpoint '{text}': write it as {KINDS[2]}(T), one of {', '.join(KINDS)}")
    kind, inside = found[1], found[2].strip()
    if kind not in KINDS:
        raise StudyError(f"endpoint '{text}': unknown kind '{kind}'{did_you_mean(kind, KINDS)}")
    if kind != "at":
        return Endpoint(kind, _text(kind, inside))
    subject, comma, time = (part.strip() for part in inside.partition(","))
    if not comma or not time:
        raise StudyError(f"endpoint '{text}': at needs a time, such as at({subject or 'T'}, 24 weeks)")
    try:
        return at(subject, float(time))
    except ValueError:
        return at(subject, time)


def as_endpoints(given: Iterable[Endpoint | str] | Endpoint | str | None, model: Model) -> tuple[Endpoint, ...]:
    """Return endpoints, also from text; None means final and peak of `looked_at_first`.

    Raises
    ------
    StudyError : one can't be read, or is given twice.
    """
    if given is None:
        from immunode.study.runs import looked_at_first

        return tuple(make(name) for name in looked_at_first(model) for make in (final, peak))
    listed = (given,) if isinstance(given, Endpoint | str) else tuple(given)
    made = tuple(endpoint(e) if isinstance(e, str) else e for e in listed)
    for position, one in enumerate(made):
        if not isinstance(one, Endpoint):
            raise StudyError(f"endpoints: {one!r} is not an endpoint; write peak('T') or 'peak(T)'")
        if one.name in {other.name for other in made[:position]}:
            raise StudyError(f"endpoints: {one.name} is given twice")
    return made


def needed(one: Endpoint) -> frozenset[str]:
    """Return the names that an endpoint looks at: quantities, and in conditions also parameters.

    Raises
    ------
    StudyError : a condition can't be read or is not a comparison.
    """
    if one.kind not in CONDITIONAL:
        return frozenset({one.subject})
    from immunode.model.expression import names, parse

    try:
        expression = parse(one.subject)
    except ModelError as error:
        raise StudyError(f"endpoint {one.name}: {error}") from None
    check_condition(expression, one.name)
    return names(expression)


def check_condition(expression: tuple[object, ...], name: str) -> None:
    """Refuse what is not a comparison of values, or `and`, `or`, `not` of such."""
    kind = expression[0]
    if kind in ("and", "or", "not"):
        for part in expression[1:]:
            assert isinstance(part, tuple)
            check_condition(part, name)
    elif kind != "compare":
        raise StudyError(f"endpoint {name}: it needs a condition, such as {name.partition('(')[0]}(T > 1e8)")
    elif expression[1] == "==":
        raise StudyError(f"endpoint {name}: two numbers are never equal on a grid; use < or >")


def check_endpoints(endpoints: Sequence[Endpoint], quantities: Iterable[str], parameters: Iterable[str]) -> None:
    """Refuse endpoints on quantities that no arm has, before anything runs.

    Raises
    ------
    StudyError : with the nearest names.
    """
    known, constants = list(dict.fromkeys(quantities)), set(parameters)
    for one in endpoints:
        for name in sorted(needed(one)):
            if name in known or (one.kind in CONDITIONAL and name in constants):
                continue
            extra = " (it is a parameter, which does not change)" if name in constants else did_you_mean(name, known)
            raise StudyError(f"endpoint {one.name}: unknown quantity '{name}'{extra}")


def _text(kind: str, subject: object) -> str:
    if not isinstance(subject, str) or not subject.strip():
        what = "a condition" if kind in CONDITIONAL else "the name of a quantity"
        raise StudyError(f"endpoint {kind}: it needs {what}, got {subject!r}")
    return subject.strip()
