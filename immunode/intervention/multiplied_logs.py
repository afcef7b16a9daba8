"""Factors on parameters for which a factor does not do what its operator's name says: values below 0, logarithms."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from immunode.language.expression import Expression, parse
from immunode.language.tree import walk
from immunode.model.declaration import Declaration, Perturbation
from immunode.model.records import Parameter

_FACTORS = ("scale", "inhibit", "stimulate")
_LOGARITHM = re.compile(r"(log|ln)(arithm|it)?\b", re.IGNORECASE)
_EXPRESSIONS = (("processes", "rate"), ("derived", "expression"))


def factor_remarks(model: Declaration, it: Perturbation) -> Iterator[str]:
    """Yield a line for each act of an intervention that multiplies a value below 0, or a logarithm."""
    known = {p.name: p for p in model.parameters}
    for act in it.acts:
        operator, parameter = getattr(act, "operator", ""), known.get(act.target)
        size = getattr(act, "value", getattr(act, "size", None))
        if act.on_state or operator not in _FACTORS or parameter is None or size is None:
            continue
        log = _is_logarithm(model, parameter)
        if parameter.value < 0 or log:
            yield _line(parameter, operator, _factor(operator, float(size)), log)


def _factor(operator: str, size: float) -> float:
    """Return what an act multiplies by at full effect."""
    return {"scale": size, "inhibit": 1 - size, "stimulate": 1 + size}[operator]


def _line(parameter: Parameter, operator: str, factor: float, log: bool) -> str:
    name, value = parameter.name, parameter.value
    after = factor * value
    way = "up" if after > value else "down" if after < value else "nowhere"
    text = f"{operator} on '{name}' multiplies {value:g} by {factor:g}, so it goes {way}, to {after:.4g}"
    text += ", since it is below 0" if value < 0 and way != "nowhere" else ""
    if not log:
        return f"{text}; if it is meant to go the other way, use add or set_to"
    if factor <= 0:
        return f"{text}; it is a logarithm: use add or set_to"
    return (
        f"{text}; it is a logarithm: add('{name}', {math.log(factor):.3g}) multiplies what it stands for by {factor:g}"
    )


def _is_logarithm(model: Declaration, parameter: Parameter) -> bool:
    """Return whether a parameter is called a logarithm and is a term of an exponent: exp(log_rate + ...)."""
    words = (parameter.name.replace("_", " "), parameter.meaning)
    if parameter.unit or not any(_LOGARITHM.match(text) for text in words):
        return False
    texts = [getattr(record, field) for group, field in _EXPRESSIONS for record in getattr(model, group)]
    calls = [
        node for text in texts if isinstance(text, str) for node in walk(parse(text)) if node[:2] == ("call", "exp")
    ]
    return any(("name", parameter.name) in _terms(call[2]) for call in calls)


def _terms(expression: Expression) -> list[Expression]:
    """Return the terms of a sum."""
    stack, terms = [expression], []
    while stack:
        node = stack.pop()
        if node[0] in ("add", "sub", "neg"):
            stack.extend(node[1:])
        else:
            terms.append(node)
    return terms
