"""Which states a steady state is a matter of, and which of them follow from totals that never change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.program.program import Program

Array = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Reduction:
    """How all states follow from the free ones.

    moving : rows of the states that something depends on; the others are running totals and have no steady state.
    free, bound : positions in `moving`; a bound state follows from a conserved total.
    totals : shape (n_bound, n_moving), the sums that stay constant.
    slope : shape (n_bound, n_free), the derivative of bound by free states.
    """

    moving: Rows
    free: Rows
    bound: Rows
    totals: Array
    slope: Array

    def spread(self, x: Array, sums: Array) -> Array:
        """Return all moving states (n_moving, n) from the free ones x (n_free, n) and the sums (n_bound, n)."""
        y = np.empty((len(self.moving), x.shape[1]))
        y[self.free] = x
        if self.bound.size:
            y[self.bound] = np.linalg.solve(self.totals[:, self.bound], sums) + self.slope @ x
        return y

    def reduced(self, jacobian: Array) -> Array:
        """Return the Jacobian (n, n_free, n_free) of the free states from that of the moving (n, n_moving, n_moving).

        Its eigenvalues are those of the whole without the zeros that the totals give.
        """
        rows = jacobian[:, self.free]
        return np.asarray(rows[:, :, self.free] + rows[:, :, self.bound] @ self.slope)


def influential_states(program: Program) -> Rows:
    """Return the states on which a derivative depends."""
    return np.unique(np.array([column for _, column, _ in program.jacobian], dtype=np.intp))


def moving_states(program: Program) -> Rows:
    """Return the states on which a state that itself counts depends: of the influential ones, no chain of totals."""
    moving = set(range(len(program.states)))
    while True:
        kept = {column for row, column, _ in program.jacobian if row in moving and column in moving}
        if kept == moving:
            return np.array(sorted(moving), dtype=np.intp)
        moving = kept


def unreduced(moving: Rows) -> Reduction:
    """Return the reduction in which all moving states are free."""
    n = len(moving)
    return Reduction(
        moving=moving,
        free=np.arange(n),
        bound=np.empty(0, dtype=np.intp),
        totals=np.zeros((0, n)),
        slope=np.zeros((0, n)),
    )


def reduced_by_totals(program: Program, moving: Rows, totals: list[Array]) -> Reduction:
    """Return the reduction by totals that never change, each the weights of the moving states, (n_moving,).

    A moving state whose derivative is 0, and that is in none of them, is a total of its own.
    """
    n = len(moving)
    rows = list(totals)
    still = {i for i, node in enumerate(program.derivatives) if program.nodes[node] == ("number", 0.0)}
    for position, i in enumerate(moving):
        if i in still and not any(row[position] for row in rows):
            rows.append(np.eye(n)[position])
    table = np.array(rows).reshape(len(rows), n)
    bound = _pivots(table)
    free = np.setdiff1d(np.arange(n), bound)
    slope = np.zeros((0, len(free)))
    if bound.size:
        slope = np.asarray(-np.linalg.solve(table[:, bound], table[:, free]), dtype=float)
    return Reduction(moving=moving, free=free, bound=bound, totals=table, slope=slope)


def _pivots(totals: Array) -> Rows:
    """Return one column for each row of `totals` such that these columns have full rank, the largest first."""
    left = totals.copy()
    chosen: list[int] = []
    for row in range(len(left)):
        column = int(np.argmax(np.abs(left[row])))
        chosen.append(column)
        for other in range(len(left)):
            if other != row:
                left[other] -= left[row] * left[other, column] / left[row, column]
    return np.array(chosen, dtype=np.intp)
