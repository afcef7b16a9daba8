"""The value of an expression for given names, on arrays; for checks, where lowering would be too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from immunode.language.tree import Expression, fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def evaluate(expression: Expression, values: Mapping[str, Array | float], t: Array | float = 0.0) -> Any:
    """Return the value of an expression, elementwise over the arrays in `values`; NaN where it has none.

    `delay(x, tau)` is x: nothing is known here of the past.

    values : every name that occurs.   t : time, in the model's unit.   A condition gives an array of booleans.
    """
    import numpy as np

    def leaf(node: Expression) -> Any:
        return np.float64(node[1]) if node[0] == "number" else np.asarray(t if node[0] == "time" else values[node[1]])

    def join(node: Expression, p: list[Any]) -> Any:
        return _join(np, node, p)

    with np.errstate(all="ignore"):
        return fold(expression, leaf, join)


def _join(np: Any, node: Expression, p: list[Any]) -> Any:
    kind = node[1] if node[0] == "call" else node[0]
    if kind == "compare":
        names = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal"}
        return getattr(np, names[node[1]])(*p)
    if kind == "piecewise":
        return np.select(np.broadcast_arrays(*p[1::2]), np.broadcast_arrays(*p[0:-1:2]), p[-1])
    if kind == "hill":
        x = np.maximum(p[0], 0.0) ** p[2]
        return x / (p[1] ** p[2] + x)
    if kind == "delay":
        return p[0]
    if kind == "michaelis":
        return p[0] / (p[1] + p[0])
    if kind in ("min", "max"):
        result = p[0]
        for other in p[1:]:
            result = np.minimum(result, other) if kind == "min" else np.maximum(result, other)
        return result
    long = {
        "add": "add",
        "sub": "subtract",
        "mul": "multiply",
        "div": "divide",
        "pow": "power",
        "neg": "negative",
        "and": "logical_and",
        "or": "logical_or",
        "not": "logical_not",
        "asin": "arcsin",
        "acos": "arccos",
        "atan": "arctan",
    }
    return getattr(np, long.get(str(kind), str(kind)))(*p)


def margin(condition: Expression, values: Mapping[str, Array | float], t: Array | float = 0.0) -> Any:
    """Return by how much a condition holds: above 0 where it does, in the unit of what is compared.

    values, t : as in `evaluate`.
    """
    import numpy as np

    kind, *rest = condition
    if kind == "and":
        return np.minimum(margin(rest[0], values, t), margin(rest[1], values, t))
    if kind == "or":
        return np.maximum(margin(rest[0], values, t), margin(rest[1], values, t))
    if kind == "not":
        return np.negative(margin(rest[0], values, t))
    a, b = evaluate(rest[1], values, t), evaluate(rest[2], values, t)
    return np.subtract(b, a) if rest[0] in ("<", "<=") else np.subtract(a, b)
