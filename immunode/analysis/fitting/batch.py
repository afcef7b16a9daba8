"""Many searches side by side, the runs that they ask for made in one batch a round."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
T = TypeVar("T")
AT_ONCE = 256
"""Most searches whose runs share a batch."""


def side_by_side(searches: Sequence[Generator[Array, Array, T]], evaluate: Callable[[Array], Array]) -> list[T]:
    """Return what each search returns, in order; the points they yield are answered together.

    searches : each yields points, (n_rows, n_columns), and is sent their answers, (n_rows, n_values).
    evaluate : answers the points of all searches in one call. A row's answer must not depend on its neighbors, so that
        a search does not depend on the others: the engines promise that.
    """
    results: dict[int, T] = {}
    for first in range(0, len(searches), AT_ONCE):
        asked: dict[int, Array] = {}
        for i in range(first, min(first + AT_ONCE, len(searches))):
            _advance(searches[i], None, i, asked, results)
        while asked:
            places = list(asked)
            ends = np.cumsum([len(points) for points in asked.values()])
            answers = np.split(evaluate(np.concatenate(list(asked.values()))), ends[:-1])
            for i, answer in zip(places, answers, strict=True):
                _advance(searches[i], answer, i, asked, results)
    return [results[i] for i in range(len(searches))]


def _advance(
    search: Generator[Array, Array, T], answer: Array | None, i: int, asked: dict[int, Array], results: dict[int, T]
) -> None:
    """Answer the search number `i`; note the points that it asks for next, or what it returned."""
    try:
        asked[i] = next(search) if answer is None else search.send(answer)
    except StopIteration as end:
        asked.pop(i, None)
        results[i] = end.value
