"""Sparse LU factorization of 1/(h gamma) - J written as NumPy source over the run axis."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pattern = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Linear:
    """A solver of (w - J) x = b for many runs at once, for one sparsity pattern of J.

    factorize(w, j) -> lu : w (n_runs,), j (n_nonzero, n_runs) in the order of the pattern; `lu` is a tuple of
        (n_runs,) arrays, the last of them the largest |1/pivot| of each run (NaN or infinite where a pivot failed).
    substitute(lu, b, x) -> None : b (n, n_runs) is left as it is, x (n, n_runs) is filled.
    order : the pivots in turn.   nonzeros : entries of the factors, with the fill.

    There is no pivoting by size: the caller looks at the last entry of `lu` and takes a smaller step.
    """

    source: str
    order: tuple[int, ...]
    nonzeros: int
    factorize: Callable[[Array, Array], tuple[Array, ...]]
    substitute: Callable[[Sequence[Array], Array, Array], None]


@lru_cache(maxsize=128)
def compile_linear(n: int, pattern: Pattern) -> Linear:
    """Return the solver for matrices of size `n` with the given (row, column) entries; compiled once a process."""
    order = markowitz_order(n, pattern)
    source, nonzeros = _source(n, pattern, order)
    scope: dict[str, Any] = {}
    # integers alone go into the text
    exec(compile(source, "<immunode linear>", "exec"), scope)
    return Linear(source, order, nonzeros, scope["factorize"], scope["substitute"])


def markowitz_order(n: int, pattern: Pattern) -> tuple[int, ...]:
    """Return the pivots on the diagonal, each the one that can cause the least fill at its turn.

    Source: Markowitz 1957, doi:10.1287/mnsc.3.3.255; ties go to the lower index.
    """
    rows: list[set[int]] = [{i} for i in range(n)]
    columns: list[set[int]] = [{i} for i in range(n)]
    for i, j in pattern:
        rows[i].add(j)
        columns[j].add(i)
    left, order = set(range(n)), list[int]()

    def cost(i: int) -> tuple[int, int]:
        return (len(rows[i]) - 1) * (len(columns[i]) - 1), i

    heap = [cost(i) for i in range(n)]
    heapq.heapify(heap)
    while left:
        pivot = heap[0][1]
        if heapq.heappop(heap) != cost(pivot) or pivot not in left:
            # its cost has changed since, and stands in the heap as well
            continue
        left.remove(pivot)
        order.append(pivot)
        below, right = columns[pivot] & left, rows[pivot] & left
        for i in below:
            rows[i] = (rows[i] | right) - {pivot}
        for j in right:
            columns[j] = (columns[j] | below) - {pivot}
        for i in below | right:
            heapq.heappush(heap, cost(i))
    return tuple(order)


def filled(n: int, pattern: Pattern, order: Sequence[int]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return for each pivot the rows below it, sorted, and the columns to its right, by their turn, fill included."""
    place = {pivot: k for k, pivot in enumerate(order)}
    rows: list[set[int]] = [{i} for i in range(n)]
    columns: list[set[int]] = [{i} for i in range(n)]
    for i, j in pattern:
        rows[i].add(j)
        columns[j].add(i)
    lower: dict[int, list[int]] = {}
    upper: dict[int, list[int]] = {}
    for k, pivot in enumerate(order):
        lower[pivot] = sorted(i for i in columns[pivot] if place[i] > k)
        upper[pivot] = sorted((j for j in rows[pivot] if place[j] > k), key=place.__getitem__)
        for i in lower[pivot]:
            rows[i].update(upper[pivot])
        for j in upper[pivot]:
            columns[j].update(lower[pivot])
    return lower, upper


def _source(n: int, pattern: Pattern, order: tuple[int, ...]) -> tuple[str, int]:
    """Return the source and the number of entries of the factors.

    The matrix is stored as J - w and its sign is put into the inverse pivots (p = -1/pivot): every update is then one
    product and one sum, and no entry is negated.
    """
    lines: list[str] = []
    name = {entry: f"j[{k}]" for k, entry in enumerate(pattern)}
    for i in range(n):
        lines.append(f"a{i}_{i} = {name[i, i]} - w" if (i, i) in name else f"a{i}_{i} = -w")
        name[i, i] = f"a{i}_{i}"
    lower: dict[int, list[int]] = {}
    beneath, upper = filled(n, pattern, order)
    for k, pivot in enumerate(order):
        lines.append(f"p{pivot} = -1.0 / {name[pivot, pivot]}")
        lines.append(f"worst = absolute(p{pivot})" if k == 0 else f"worst = maximum(worst, absolute(p{pivot}))")
        for i in beneath[pivot]:
            lower.setdefault(i, []).append(pivot)
            lines.append(f"l{i}_{pivot} = {name[i, pivot]} * p{pivot}")
            for j in upper[pivot]:
                product = f"l{i}_{pivot} * {name[pivot, j]}"
                lines.append(f"a{i}_{j} = {name[i, j]} + {product}" if (i, j) in name else f"a{i}_{j} = {product}")
                name[i, j] = f"a{i}_{j}"
    factors = [f"l{i}_{k}" for i in order for k in lower.get(i, ())]
    factors += [f"p{i}" for i in order]
    rows = {f"u{i}_{j}": name[i, j] for i in order for j in upper[i]}
    factorize = ["def factorize(w, j):", *(f"    {line}" for line in lines)]
    factorize.append(f"    return ({', '.join([*factors, *rows.values()])}, worst)")
    text = "\n".join(["from numpy import absolute, maximum, multiply", "", "", *factorize, "", ""])
    text += "\n" + "\n".join(_substitute(order, [*factors, *rows], lower, upper)) + "\n"
    return text, len(factors) + len(rows)


def _substitute(
    order: tuple[int, ...], names: list[str], lower: dict[int, list[int]], upper: dict[int, list[int]]
) -> list[str]:
    lines = ["def substitute(lu, b, x):", f"    ({', '.join(names)}, _) = lu"]
    lines += [f"    b{i} = b[{i}]" for i in range(len(order))]
    for i in order:
        lines += [f"    b{i} = b{i} + l{i}_{k} * b{k}" for k in lower.get(i, ())]
    for i in reversed(order):
        lines += [f"    b{i} = b{i} + u{i}_{j} * x{j}" for j in upper[i]]
        lines += [f"    x{i} = x[{i}]", f"    multiply(b{i}, p{i}, x{i})"]
    return lines
