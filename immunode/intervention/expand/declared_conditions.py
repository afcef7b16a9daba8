"""Whether a condition on parameters holds at their declared values."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from immunode.language.expression import Expression, parse

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
}


def holds(condition: str, values: Mapping[str, float]) -> bool:
    """Return whether a condition as this folder writes them (sums, products, abs, comparisons) is true."""
    return bool(_value(parse(condition), values))


def _value(expression: Expression, values: Mapping[str, float]) -> Any:
    kind, *rest = expression
    if kind == "number":
        return rest[0]
    if kind == "name":
        return values[rest[0]]
    if kind == "neg":
        return -_value(rest[0], values)
    if kind == "compare":
        kind, *rest = rest
    elif kind == "call":
        return abs(_value(rest[1], values))
    return _BINARY[kind](*(_value(part, values) for part in rest))
