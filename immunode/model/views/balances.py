"""What processes take and make, and the sums of states that stay constant."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from immunode.language.expression import parse_arrow
from immunode.model.declaration import Declaration


def net_counts(model: Declaration) -> list[dict[str, float]]:
    """Return for each process how many of each state it makes (above 0) or takes (below 0)."""
    result = []
    for process in model.processes:
        net: dict[str, float] = {}
        for sign, side in zip((-1, 1), parse_arrow(process.arrow), strict=True):
            for name, count in side:
                net[name] = net.get(name, 0.0) + sign * count
        result.append({name: count for name, count in net.items() if count})
    return result


def conserved_totals(
    model: Declaration, among: Collection[str] | None = None
) -> list[tuple[tuple[str, Fraction], ...]]:
    """Return a basis of the sums of states that no process changes, each as pairs of state and whole coefficient.

    For concentrations in compartments the sums are of amounts. Events may change the sums. States that no process
    moves are left out.
    among : names of the states that the sums may hold; default all.
    """
    counts = net_counts(model)
    allowed = [s.name for s in model.states if among is None or s.name in among]
    states = [name for name in allowed if any(name in net for net in counts)]
    rows = [[Fraction(net.get(name, 0.0)).limit_denominator(10**6) for name in states] for net in counts]
    return [
        tuple((name, value) for name, value in zip(states, vector, strict=True) if value)
        for vector in _null_space(rows, len(states))
    ]


def _null_space(rows: list[list[Fraction]], width: int) -> list[list[Fraction]]:
    """Return a basis of the vectors that are orthogonal to all rows, exactly, in whole numbers."""
    rows = [row[:] for row in rows]
    pivots: list[int] = []
    for column in range(width):
        pivot_row = next((r for r in range(len(pivots), len(rows)) if rows[r][column]), None)
        if pivot_row is None:
            continue
        target = len(pivots)
        rows[target], rows[pivot_row] = rows[pivot_row], rows[target]
        head = rows[target][column]
        rows[target] = [value / head for value in rows[target]]
        for r, row in enumerate(rows):
            if r != target and row[column]:
                factor = row[column]
                rows[r] = [a - factor * b for a, b in zip(row, rows[target], strict=True)]
        pivots.append(column)
    basis = []
    for free in (column for column in range(width) if column not in pivots):
        vector = [Fraction(0)] * width
        vector[free] = Fraction(1)
        for r, pivot in enumerate(pivots):
            vector[pivot] = -rows[r][free]
        scale = Fraction(1)
        for value in vector:
            scale = scale * (value * scale).denominator
        sign = 1 if next(value for value in vector if value) > 0 else -1
        basis.append([value * scale * sign for value in vector])
    return basis
