"""Conditions on the rows of a result: `"final(T) < 0.7*at(T, 0) and k > 2"`."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from immunode.errors import ModelError, StudyError, did_you_mean, quoted
from immunode.language.evaluation import evaluate
from immunode.language.expression import names, parse
from immunode.study.endpoints import KINDS, check_condition

Array = NDArray[np.float64]
_CALL = re.compile(rf"\b({'|'.join(KINDS)})\s*\(")


def rows_that(condition: str, columns: Mapping[str, Array], *, what: str = "condition") -> NDArray[np.bool_]:
    """Return for every row whether a condition holds, shape (n_rows,); False where a value in it is NaN.

    condition : comparisons of columns and numbers, joined by and, or, not; columns are written as they are named in
        a table: `"peak(damage) > 0.5"`, `"anti_tnf.strength >= 0.8"`, `"final(T)/at(T, 0) < 0.7"`.
    columns : name -> shape (n_rows,).
    what : who asks, for messages.

    Raises
    ------
    StudyError : it can't be read, names no column, or is not a comparison.
    """
    text, stands_for = _with_placeholders(condition, columns)
    try:
        expression = parse(text)
    except ModelError as error:
        raise StudyError(f"{what} {quoted(condition)}: {_in_words(str(error), stands_for)}") from None
    for name in sorted(names(expression) - stands_for.keys()):
        if name not in columns:
            known = [c for c in columns if c.partition("(")[0] == name or f"({name}" in c] or list(columns)
            raise StudyError(f"{what} {quoted(condition)}: there is no column '{name}'{did_you_mean(name, known)}")
    check_condition(expression, f"{what}({condition})")
    used = names(expression)
    values: dict[str, Array | float] = {name: columns[stands_for.get(name, name)] for name in used}
    holds = np.broadcast_to(np.asarray(evaluate(expression, values), bool), _rows(columns))
    unknown = np.zeros(_rows(columns), bool)
    for value in values.values():
        unknown |= np.isnan(value)
    return np.asarray(holds & ~unknown)


def endpoints_in(condition: str) -> tuple[str, ...]:
    """Return the endpoints that a condition names, as they are written: `("final(T)", "at(T, 0)")`."""
    found: dict[str, None] = {}
    for start, end in _calls(condition):
        found[condition[start:end]] = None
    return tuple(found)


def _rows(columns: Mapping[str, Array]) -> tuple[int, ...]:
    return np.shape(next(iter(columns.values()))) if columns else (0,)


def _calls(text: str) -> list[tuple[int, int]]:
    """Return where each endpoint starts and ends in a text."""
    places, start = [], 0
    while found := _CALL.search(text, start):
        depth, end = 1, found.end()
        while end < len(text) and depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        places.append((found.start(), end))
        start = end
    return places


def _with_placeholders(condition: str, columns: Mapping[str, Array]) -> tuple[str, dict[str, str]]:
    """Return the condition with a plain name for each endpoint in it, and which column each name stands for."""
    if not condition.strip():
        raise StudyError(f"a condition such as 'final(T) < 1e6' is needed, got {quoted(condition)}")
    spelled = {re.sub(r"\s", "", name): name for name in columns}
    stands_for: dict[str, str] = {}
    text, last = "", 0
    for start, end in _calls(condition):
        written = condition[start:end]
        column = spelled.get(re.sub(r"\s", "", written))
        if column is None:
            raise StudyError(
                f"condition {quoted(condition)}: there is no column '{written}'{did_you_mean(written, columns)}; "
                f"the sweep must ask for it: endpoints=['{written}']"
            )
        name = f"column_{len(stands_for)}"
        stands_for[name] = column
        text, last = text + condition[last:start] + name, end
    return text + condition[last:], stands_for


def _in_words(message: str, stands_for: Mapping[str, str]) -> str:
    for name, column in stands_for.items():
        message = message.replace(name, column)
    return message
