"""The pair of order 8 on a block of lanes, see `eighth_order.tableau`; the contract is that of `methods`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve.eighth_order.tableau import DOP853, POWERS
from immunode.solve.numpy.methods import Explicit
from immunode.solve.step_size import EIGHTH

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

_TINY = 1e-300


class Eighth(Explicit):
    """Dormand's and Prince's pair of order 8; the states inside a step take three more stages."""

    name, code = DOP853.name, 2
    error_order = DOP853.error_order
    controller = EIGHTH
    tableau = DOP853

    def __init__(self, functions: Functions) -> None:
        super().__init__(functions)
        self.other_weights = np.array(DOP853.other_error)
        self.more = [np.array([1.0, *row]) for row in DOP853.more]
        self.weights_inside = [np.array(row) for row in DOP853.dense]

    def attempt(self, h: Array) -> Array:
        """See `Method`."""
        self.h = h
        return super().attempt(h)

    def judged(self, square: Array) -> Array:
        """See `Method`."""
        block = self.block
        other = np.einsum("i,ir->r", self.other_weights, self.flat[1:]).reshape(block.scale.shape) / block.scale
        third = np.add.reduce(other * other, axis=0)
        return np.asarray(square * square / np.maximum(square + 0.01 * third, _TINY))

    def dense(self, where: Lanes) -> list[Array]:
        """See `Method`."""
        block, n = self.block, self.n_states
        rows = self.rows_inside.take(where, axis=1)
        y0, y1, k = rows[:n], rows[-n:], rows[n:-n]
        h, c = self.h.take(where), block.c.take(where, axis=1)
        t = block.t.take(where)
        table = np.empty((1 + len(DOP853.dense[0]), n * len(where)))
        table[0] = y0.reshape(-1)
        table[1 : 1 + len(k) // n] = k.reshape(len(k) // n, -1)
        for i, (weights, node) in enumerate(zip(self.more, DOP853.more_nodes, strict=True), start=1 + len(k) // n):
            u = np.einsum("i,ir->r", weights, table[: len(weights)]).reshape(n, -1)
            slope = self.functions.rhs(t + node * h if self.timed else t, u, c)
            np.multiply(slope, h, table[i].reshape(n, -1))
        first, rise = k[:n], y1 - y0
        parts = [rise, first - rise, 2.0 * rise - (first + k[-n:])]
        parts += [np.einsum("i,ir->r", weights, table[1:]).reshape(n, -1) for weights in self.weights_inside]
        return [y0, *(_sum(row, parts) for row in POWERS)]


def _sum(weights: tuple[int, ...], parts: list[Array]) -> Array:
    total = np.zeros_like(parts[0])
    for weight, part in zip(weights, parts, strict=True):
        if weight:
            total += weight * part
    return total
