"""Which states a steady state is a matter of, and which of them follow from totals that never change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.model.check import conserved_totals
from immunode.model.declaration import Model
from immunode.program.program import Program

Array = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Reduction:
    """How all states follow from the free ones.

    moving : rows of the states that something depends on; the others are running totals and have no rest.
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


def reduce(model: Model, program: Program) -> Reduction:
    """Return the reduction of a model by its conserved totals.

    Concentrations count with the volume that their compartment has at the declared values.
    """
    moving = _moving(program)
    names = [program.states[i] for i in moving]
    weights = dict(zip(program.states, _volumes(model, program), strict=True))
    rows = []
    for total in conserved_totals(model, among=names):
        row = np.zeros(len(names))
        for name, count in total:
            row[names.index(name)] = float(count) * weights[name]
        rows.append(row)
    still = {i for i, node in enumerate(program.derivatives) if program.nodes[node] == ("number", 0.0)}
    for position, i in enumerate(moving):
        if i in still and not any(row[position] for row in rows):
            rows.append(np.eye(len(names))[position])
    totals = np.array(rows).reshape(len(rows), len(names))
    bound = _pivots(totals)
    free = np.setdiff1d(np.arange(len(names)), bound)
    slope = np.zeros((0, len(free)))
    if bound.size:
        slope = np.asarray(-np.linalg.solve(totals[:, bound], totals[:, free]), dtype=float)
    return Reduction(moving, free, bound, totals, slope)


def _moving(program: Program) -> Rows:
    """Return the states on which a state that itself counts depends."""
    moving = set(range(len(program.states)))
    while True:
        kept = {column for row, column, _ in program.jacobian if row in moving and column in moving}
        if kept == moving:
            return np.array(sorted(moving), dtype=np.intp)
        moving = kept


def _volumes(model: Model, program: Program) -> Array:
    from immunode.language.evaluation import evaluate
    from immunode.language.expression import parse

    values = dict(zip(program.parameters, program.values, strict=False))
    volumes = {c.name: evaluate(parse(str(c.volume)), values) for c in model.compartments}
    known = {s.name: 1.0 if s.amount or not s.compartment else float(volumes[s.compartment]) for s in model.states}
    return np.array([known.get(name, 1.0) for name in program.states])


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
