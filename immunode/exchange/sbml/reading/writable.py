"""Expressions made fit to be written: constants that are no finite numbers, and what is too long or too deep."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from immunode.language.evaluation import evaluate
from immunode.language.tree import Expression, fold, is_condition

DEEPEST = 40
LARGEST = 900
"""Levels and nodes of one text; more is moved into derived quantities. The parser's own limits are a little higher."""
WIDEST = 50
"""Operands of one operation; one of more becomes several, each with a part of them."""


def finite(expression: Expression, special: Callable[[float], Expression]) -> Expression:
    """Return an expression in which every constant part that is infinite or not a number is written by `special`."""

    def leaf(node: Expression) -> tuple[Expression, float | None]:
        return node, node[1] if node[0] == "number" else None

    def join(node: Expression, parts: list[tuple[Expression, float | None]]) -> tuple[Expression, float | None]:
        made: Expression = (*node[: len(node) - len(parts)], *(part for part, _ in parts))
        if any(value is None for _, value in parts):
            return made, None
        value = float(evaluate(made, {}))
        if is_condition(made):
            return made, value
        return (made, value) if math.isfinite(value) else (special(value), None)

    return fold(expression, leaf, join)[0]  # type: ignore[no-any-return]


def split(expression: Expression, hoist: Callable[[Expression], str]) -> Expression:
    """Return an expression of bounded length and depth; `hoist` takes a part of it and returns the part's name."""

    def leaf(node: Expression) -> tuple[Expression, int, int]:
        return node, 1, 1

    def join(node: Expression, parts: list[tuple[Expression, int, int]]) -> tuple[Expression, int, int]:
        return narrow(node[: len(node) - len(parts)], parts)

    def narrow(head: Expression, parts: list[tuple[Expression, int, int]]) -> tuple[Expression, int, int]:
        while len(parts) > WIDEST:
            # min and max of all are those of the parts; what follows in a piecewise is the "otherwise" of the front
            if head[0] == "call":
                groups = [parts[i : i + WIDEST] for i in range(0, len(parts), WIDEST)]
                parts = [narrow(head, group) if len(group) > 1 else group[0] for group in groups]
            else:
                parts = [*parts[: -WIDEST + 1], narrow(head, parts[-WIDEST + 1 :])]
        while True:
            depth = 1 + max(part[2] for part in parts)
            size = 1 + sum(part[1] for part in parts)
            if depth <= DEEPEST and size <= LARGEST:
                break
            worst = max(range(len(parts)), key=lambda i: parts[i][2] if depth > DEEPEST else parts[i][1])
            parts[worst] = _moved(parts[worst][0], hoist)
        return (*head, *(part for part, _, _ in parts)), size, depth

    return fold(expression, leaf, join)[0]  # type: ignore[no-any-return]


def _moved(part: Expression, hoist: Callable[[Expression], str]) -> tuple[Expression, int, int]:
    if not is_condition(part):
        return ("name", hoist(part)), 1, 1
    number: Any = ("piecewise", ("number", 1.0), part, ("number", 0.0))
    return ("compare", "==", ("name", hoist(number)), ("number", 1.0)), 3, 2


def constant(expression: Expression) -> float | None:
    """Return the value of an expression without names and time, None where it has some."""

    def join(node: Expression, parts: list[bool]) -> bool:
        return all(parts)

    if not fold(expression, lambda node: node[0] == "number", join):
        return None
    return float(evaluate(expression, {}))
