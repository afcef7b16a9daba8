"""Which parameters stand in exponents, so that either sign makes sense: powers and slopes of covariates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from immunode.language.expression import parse
from immunode.model import Model


def in_exponents(model: Model) -> set[str]:
    """Return the names that stand in an exponent or an argument of exp, as in CL*(WT/70)**b and CL*exp(b*SEX)."""
    found: set[str] = set()
    for text in _texts(model):
        _collect(parse(text), False, found)
    return found


def _texts(model: Model) -> Iterator[str]:
    for derived in model.derived:
        yield derived.expression
    for process in model.processes:
        yield process.rate
    for state in model.states:
        if isinstance(state.initial, str):
            yield state.initial


def _collect(tree: Any, inside: bool, found: set[str]) -> None:
    if not isinstance(tree, tuple):
        return
    kind, *rest = tree
    if kind == "name":
        found |= {str(rest[0])} if inside else set()
    elif kind == "pow":
        _collect(rest[0], inside, found)
        _collect(rest[1], True, found)
    elif kind == "call":
        for argument in rest[1:]:
            _collect(argument, inside or rest[0] == "exp", found)
    else:
        for part in rest:
            _collect(part, inside, found)
