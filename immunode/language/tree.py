"""What can be done with an expression once it is read: search, replace, write as text or in SymPy.

An expression is one of

    ("number", value)  ("name", "k")  ("time",)  ("neg", a)
    ("add" | "sub" | "mul" | "div" | "pow", a, b)
    ("call", function, a, ...)      ("piecewise", value, condition, ..., otherwise)
    ("compare", "<" | "<=" | ">" | ">=" | "==", a, b)  ("and" | "or", a, b)  ("not", a)

Tuples and not SymPy: what the author wrote is computed as written, and reading needs no SymPy. Nothing here
recurses, so that a deep expression, such as one put together by `substitute`, is no danger.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from immunode.errors import EngineError, ModelError

Expression = tuple[Any, ...]

FUNCTIONS: dict[str, tuple[int, int | None]] = {
    **dict.fromkeys(("exp", "log", "sqrt", "abs", "tanh", "sin", "cos", "tan"), (1, 1)),
    **dict.fromkeys(("asin", "acos", "atan", "sinh", "cosh", "floor", "ceil"), (1, 1)),
    **dict.fromkeys(("min", "max"), (2, None)),
    "hill": (3, 3),
    "michaelis": (2, 2),
    "delay": (2, 2),
}
"""Least and largest number of arguments of each function but `piecewise`."""
ALSO_NAMES = ("delay",)
"""Functions whose names a quantity may have too: without a bracket behind it, such a word is the quantity."""


def delays(expression: Expression) -> Iterator[Expression]:
    """Yield the parts `("call", "delay", x, lag)` of an expression."""
    return (node for node in walk(expression) if node[0] == "call" and node[1] == "delay")


def is_condition(expression: Expression) -> bool:
    """Return whether the expression is true or false rather than a number."""
    return expression[0] in ("compare", "and", "or", "not")


def operands(expression: Expression) -> tuple[Expression, ...]:
    """Return the expressions that `expression` is made of."""
    kind = expression[0]
    if kind in ("number", "name", "time"):
        return ()
    return expression[2:] if kind in ("call", "compare") else expression[1:]


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield the expression and everything inside it, in the order of writing."""
    stack = [expression]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(operands(node)))


def names(expression: Expression) -> frozenset[str]:
    """Return the names that occur; time is none of them."""
    return frozenset(node[1] for node in walk(expression) if node[0] == "name")


def replace_part(expression: Expression, old: Expression, new: Expression) -> Expression:
    """Return an expression with `new` wherever `old` is a part of it."""

    def leaf(node: Expression) -> Expression:
        return new if node == old else node

    def join(node: Expression, parts: list[Expression]) -> Expression:
        rebuilt: Expression = (*node[: len(node) - len(parts)], *parts)
        return new if rebuilt == old else rebuilt

    result: Expression = fold(expression, leaf, join)
    return result


def uses_time(expression: Expression) -> bool:
    """Return whether `t` occurs."""
    return any(node[0] == "time" for node in walk(expression))


def fold(expression: Expression, leaf: Callable[[Expression], Any], join: Callable[..., Any]) -> Any:
    """Return what `leaf(node)` and, from the leaves up, `join(node, results of the operands)` make of an expression."""
    todo: list[tuple[Expression, bool]] = [(expression, False)]
    done: list[Any] = []
    while todo:
        node, ready = todo.pop()
        parts = operands(node)
        if not parts:
            done.append(leaf(node))
        elif ready:
            results = done[len(done) - len(parts) :]
            del done[len(done) - len(parts) :]
            done.append(join(node, results))
        else:
            todo.append((node, True))
            todo.extend((part, False) for part in reversed(parts))
    return done[0]


def substitute(expression: Expression, replacements: Mapping[str, Expression]) -> Expression:
    """Return the expression with every name in `replacements` replaced; what is put in is not searched again."""

    def leaf(node: Expression) -> Expression:
        return replacements.get(node[1], node) if node[0] == "name" else node

    def join(node: Expression, parts: list[Expression]) -> Expression:
        return (*node[: len(node) - len(parts)], *parts)

    result: Expression = fold(expression, leaf, join)
    return result


_LEVELS = {"or": 1, "and": 2, "not": 3, "compare": 4, "add": 5, "sub": 5, "mul": 6, "div": 6, "neg": 7, "pow": 8}
_SIGNS = {"add": " + ", "sub": " - ", "mul": "*", "div": "/", "pow": "**", "and": " and ", "or": " or "}


def number_text(value: float) -> str:
    """Return the shortest text that reads back as `value`: `3`, `0.25`, `1e-09`."""
    if not math.isfinite(value):
        raise ModelError(f"{value} can't stand in an expression; it has finite numbers only")
    text = repr(float(value))
    return text[:-2] if text.endswith(".0") else text


def to_text(expression: Expression) -> str:
    """Return text that `parse` reads as the same expression (a negative number comes back as a `neg` of one)."""

    def leaf(node: Expression) -> tuple[str, int]:
        if node[0] == "number":
            negative = node[1] < 0 or (node[1] == 0 and math.copysign(1, node[1]) < 0)
            return number_text(node[1]), 7 if negative else 9
        return ("t" if node[0] == "time" else node[1]), 9

    def join(node: Expression, parts: list[tuple[str, int]]) -> tuple[str, int]:
        kind = node[0]
        if kind in ("call", "piecewise"):
            return f"{node[1] if kind == 'call' else kind}({', '.join(text for text, _ in parts)})", 9
        level = _LEVELS[kind]

        def at(part: tuple[str, int], least: int) -> str:
            return part[0] if part[1] >= least else f"({part[0]})"

        if kind == "neg":
            return "-" + at(parts[0], 8), level
        if kind == "not":
            return "not " + at(parts[0], 3), level
        if kind == "compare":
            return f"{at(parts[0], 5)} {node[1]} {at(parts[1], 5)}", level
        left, right = (level + 1, 7) if kind == "pow" else (level, level + 1)
        return at(parts[0], left) + _SIGNS[kind] + at(parts[1], right), level

    text: str = fold(expression, leaf, join)[0]
    return text


def to_sympy(expression: Expression) -> Any:
    """Return the expression in SymPy; names and `t` are real symbols, `E I S N Q beta gamma` too.

    `hill(x, K, n)` comes out as x**n/(K**n + x**n), without the rule that x below 0 counts as 0; `delay(x, tau)` as an
    undefined function of that name.

    Raises
    ------
    EngineError : SymPy is not installed.
    """
    try:
        import sympy as sp
    except ImportError:
        raise EngineError("to_sympy needs SymPy; pip install 'immunode[symbolic]'") from None

    functions = {"abs": sp.Abs, "min": sp.Min, "max": sp.Max, "ceil": sp.ceiling}
    compare = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq}

    def leaf(node: Expression) -> Any:
        if node[0] == "number":
            return sp.Integer(int(node[1])) if node[1] == int(node[1]) and abs(node[1]) < 1e6 else sp.Float(node[1])
        return sp.Symbol("t" if node[0] == "time" else node[1], real=True)

    def join(node: Expression, p: list[Any]) -> Any:
        kind = node[0]
        if kind == "pow":
            # exact powers of integers may have millions of digits
            return p[0] ** (sp.Float(p[1]) if p[0].is_number and p[1].is_number and abs(p[1]) > 30 else p[1])
        if kind == "call" and node[1] == "hill":
            return p[0] ** p[2] / (p[1] ** p[2] + p[0] ** p[2])
        if kind == "call" and node[1] == "michaelis":
            return p[0] / (p[1] + p[0])
        if kind == "call" and node[1] == "delay":
            return sp.Function("delay")(*p)
        if kind == "call":
            return (functions.get(node[1]) or getattr(sp, node[1]))(*p)
        if kind == "piecewise":
            return sp.Piecewise(*zip(p[0:-1:2], p[1::2], strict=True), (p[-1], True))
        if kind == "compare":
            return compare[node[1]](*p)
        if kind in ("neg", "not"):
            return -p[0] if kind == "neg" else sp.Not(p[0])
        if kind in ("and", "or"):
            return (sp.And if kind == "and" else sp.Or)(*p)
        return {"add": p[0] + p[1], "sub": p[0] - p[1], "mul": p[0] * p[1]}[kind] if kind != "div" else p[0] / p[1]

    return fold(expression, leaf, join)
