"""Values and conditions of expressions over many runs, elementwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Lookup = Callable[[str], Any]


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
}
_CALLS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "min": lambda *a: np.minimum.reduce(np.broadcast_arrays(*a)),
    "max": lambda *a: np.maximum.reduce(np.broadcast_arrays(*a)),
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "floor": np.floor,
    "ceil": np.ceil,
    "hill": lambda x, k, n: np.maximum(x, 0.0) ** n / (k**n + np.maximum(x, 0.0) ** n),
    "michaelis": lambda x, k: x / (k + x),
}


def evaluate(expression: tuple[Any, ...], lookup: Lookup, t: Any) -> Any:
    """Return the value of an expression. lookup : name -> array or number.   t : time."""
    kind, rest = expression[0], expression[1:]
    if kind == "number":
        return float(rest[0])
    if kind == "name":
        return lookup(rest[0])
    if kind == "time":
        return t
    if kind == "neg":
        return np.negative(evaluate(rest[0], lookup, t))
    if kind in _BINARY:
        return _BINARY[kind](evaluate(rest[0], lookup, t), evaluate(rest[1], lookup, t))
    if kind == "call":
        return _CALLS[rest[0]](*(evaluate(part, lookup, t) for part in rest[1:]))
    if kind == "piecewise":
        value = evaluate(rest[-1], lookup, t)
        for i in range(len(rest) - 3, -1, -2):
            value = np.where(truth(rest[i + 1], lookup, t), evaluate(rest[i], lookup, t), value)
        return value
    return truth(expression, lookup, t)


def truth(condition: tuple[Any, ...], lookup: Lookup, t: Any) -> Any:
    """Return where a condition holds."""
    kind, rest = condition[0], condition[1:]
    if kind == "and":
        return np.logical_and(truth(rest[0], lookup, t), truth(rest[1], lookup, t))
    if kind == "or":
        return np.logical_or(truth(rest[0], lookup, t), truth(rest[1], lookup, t))
    if kind == "not":
        return np.logical_not(truth(rest[0], lookup, t))
    a, b = evaluate(rest[1], lookup, t), evaluate(rest[2], lookup, t)
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal}
    return compare[rest[0]](a, b)


def distance(condition: tuple[Any, ...], lookup: Lookup, t: Any) -> Any:
    """Return by how much a condition holds: above 0 where it does, in the unit of what is compared."""
    kind, rest = condition[0], condition[1:]
    if kind == "and":
        return np.minimum(distance(rest[0], lookup, t), distance(rest[1], lookup, t))
    if kind == "or":
        return np.maximum(distance(rest[0], lookup, t), distance(rest[1], lookup, t))
    if kind == "not":
        return np.negative(distance(rest[0], lookup, t))
    a, b = evaluate(rest[1], lookup, t), evaluate(rest[2], lookup, t)
    return np.subtract(b, a) if rest[0] in ("<", "<=") else np.subtract(a, b)
