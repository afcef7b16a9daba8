"""One step of one method for a block of lanes; the loop around it is in `lockstep`.

Contract of a method
--------------------
1. `rows` names the arrays it keeps in the block between steps (`kept`) and the ones it only needs within a step.
2. `attempt(h)` tries a step of size h (n_lanes,) in every lane: it leaves the new state in `block.y_new` and returns
   the error estimate, (n_states, n_lanes). It changes neither `t` nor `y`.
3. `reject(where)` and then `accept()` finish the step: rejected lanes keep what they had, the others move on.
4. `dense(where)` is called before `accept` and returns the coefficients of the polynomials, in the fraction x of the
   step just tried, that are the states inside it.
5. `start(where)` is called for lanes whose state, parameters or time were set from outside.
6. Everything is elementwise over lanes: the same operations in the same order for every lane, no reduction across
   lanes and no matrix product, so that a run has the same bits wherever it sits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.program.numpy.linear import compile_linear
from immunode.solve.numpy.lane_table import LaneTable
from immunode.solve.step_size import EXPLICIT, STIFF, Controller
from immunode.solve.tableaus import RODAS5P, TSIT5, ExplicitPair, Rosenbrock

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]

PIVOT_LIMIT = 1e12
"""A pivot smaller than this fraction of 1/(h gamma) rejects the step."""
BACK_LEAST, BACK_MOST, FAST = 0.1, 3.0, 10.0
CORRECTION_LIMIT = 1e4
"""States inside a step are corrected by at most about a fiftieth of this many times the tolerated error."""
_TINY_STEP = 1e-200


class Method(ABC):
    """A one-step method on a block of lanes; see the contract above."""

    name: ClassVar[str]
    code: ClassVar[int]
    error_order: ClassVar[int]
    controller: ClassVar[Controller]
    explicit: ClassVar[bool] = False
    block: LaneTable

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        self.n_states = len(functions.program.states)
        self.timed = functions.time_derivative is not None

    @abstractmethod
    def rows(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the names and numbers of rows kept between steps and of those needed within a step."""

    @abstractmethod
    def attach(self, block: LaneTable) -> None:
        """Work on `block` from now on; called again whenever its width changed."""

    @abstractmethod
    def start(self, where: Lanes, slope: Array) -> None:
        """Take up lanes whose state was set; `slope` (n_states, len(where)) is the right-hand side there."""

    @abstractmethod
    def attempt(self, h: Array) -> Array:
        """Try a step of size h in every lane and return the error estimate."""

    @abstractmethod
    def dense(self, where: Lanes) -> list[Array]:
        """Return the coefficients of 1, x, x^2, ... in the lanes `where`, each (n_states, len(where))."""

    def judged(self, square: Array) -> Array:
        """Return the sum over states of the squares of error over tolerance, from that of the one estimate."""
        return square

    def reject(self, where: Lanes) -> None:
        """Let the lanes `where` stay where they are."""
        block = self.block
        block.y_new[:, where] = block.y[:, where]

    def accept(self) -> None:
        """Move all lanes to the state of `block.y_new`."""
        np.copyto(self.block.y, self.block.y_new)

    def speed(self, where: Lanes) -> Array:
        """Return |h lambda| of the step tried as a fraction of what the method can take, (len(where),); 0 if any."""
        return np.zeros(len(where))


class Explicit(Method):
    """An explicit pair: stage arguments are one sum over the rows y, h k1, h k2, ... each."""

    name, code = TSIT5.name, 0
    error_order = TSIT5.error_order
    controller = EXPLICIT
    explicit = True

    tableau: ClassVar[ExplicitPair] = TSIT5

    def __init__(self, functions: Functions) -> None:
        super().__init__(functions)
        self.weights = [np.array([1.0, *row]) for row in self.tableau.a]
        self.error_weights = np.array(self.tableau.error)
        self.quartic = np.array(TSIT5.quartic)

    def rows(self) -> tuple[dict[str, int], dict[str, int]]:
        n = self.n_states
        return {"slope": n, "y": n}, {"k": n * len(self.tableau.error), "y_new": n, "u": n, "last": n}

    def attach(self, block: LaneTable) -> None:
        n, stages = self.n_states, len(self.tableau.error)
        self.block = block
        # y and the slopes lie one after the other: a stage is one sum over leading rows of this table
        self.flat = block.span("y", "k").reshape(stages + 1, n * block.width)
        self.rows_inside = block.span("y", "y_new")
        self.slopes = [block.k[i * n : (i + 1) * n] for i in range(stages)]
        self.arguments = [block.u] * (stages - 3) + [block.last, block.y_new]
        self.end_slope = block.slope

    def start(self, where: Lanes, slope: Array) -> None:
        self.block.slope[:, where] = slope

    def attempt(self, h: Array) -> Array:
        block, rhs, flat, slopes = self.block, self.functions.rhs, self.flat, self.slopes
        t, slope = block.t, block.slope
        np.multiply(slope, h, slopes[0])
        for i, (weights, argument) in enumerate(zip(self.weights, self.arguments, strict=True), start=1):
            np.einsum("i,ir->r", weights, flat[: i + 1], out=argument.reshape(-1))
            slope = rhs(t + self.tableau.nodes[i - 1] * h if self.timed else t, argument, block.c)
            np.multiply(slope, h, slopes[i])
        self.end_slope = slope
        np.einsum("i,ir->r", self.error_weights, flat[1:], out=block.scaled.reshape(-1))
        return block.scaled

    def reject(self, where: Lanes) -> None:
        super().reject(where)
        self.end_slope[:, where] = self.block.slope[:, where]

    def accept(self) -> None:
        super().accept()
        np.copyto(self.block.slope, self.end_slope)

    def dense(self, where: Lanes) -> list[Array]:
        n = self.n_states
        rows = self.rows_inside.take(where, axis=1)
        y0, k, y1 = rows[:n], rows[n:-n], rows[-n:]
        quartic = np.einsum("i,ir->r", self.quartic, k.reshape(len(self.quartic), -1)).reshape(n, -1)
        first = k[:n]
        rise = y1 - y0
        bend = first + k[-n:] - 2.0 * rise
        return [y0, first, rise - first - bend + quartic, bend - 2.0 * quartic, quartic]

    def speed(self, where: Lanes) -> Array:
        """Compare the slopes of the last two stages, which lie at the same time (Hairer & Wanner 1996, IV.2)."""
        block, n = self.block, self.n_states
        change = block.k[-n:].take(where, axis=1) - block.k[-2 * n : -n].take(where, axis=1)
        apart = block.y_new.take(where, axis=1) - block.last.take(where, axis=1)
        scale = block.scale.take(where, axis=1)
        change /= scale
        apart /= scale
        ratio = np.add.reduce(change * change, axis=0) / np.add.reduce(apart * apart, axis=0)
        return np.asarray(np.sqrt(ratio) / self.tableau.real_limit, dtype=float)


class Stiff(Method):
    """A Rosenbrock method with the exact Jacobian and a sparse LU over the lanes."""

    name, code = "rodas5p", 1
    error_order = RODAS5P.error_order
    controller = STIFF

    def __init__(self, functions: Functions, tableau: Rosenbrock = RODAS5P) -> None:
        super().__init__(functions)
        self.tableau = tableau
        self.linear = compile_linear(self.n_states, tuple((i, j) for i, j, _ in functions.program.jacobian))
        self.a = [np.array([1.0, *row]) for row in tableau.a]
        self.c = [np.array(row) for row in tableau.c]
        self.weights_inside = [np.array(row) for row in tableau.dense]
        one, two = tableau.shape
        # coefficients of x, x^2, x^3, x^4 in x (1 - x) (x - one) (x - two)
        self.shape = (one * two, -(one + two) - one * two, 1.0 + one + two, -1.0)
        rows = [(k, i) for k, (i, j, _) in enumerate(functions.program.jacobian) if i == j]
        self.diagonal = np.array([[k] for k, _ in rows], dtype=np.intp).reshape(-1, 1)
        self.diagonal_states = [i for _, i in rows]
        self.stayed: Lanes = np.empty(0, dtype=np.intp)
        # a stage that only adds the last increment to the argument before it needs no sum over all of them
        self.adds_last = [i > 0 and row == (*tableau.a[i - 1], 1.0) for i, row in enumerate(tableau.a)]

    def rows(self) -> tuple[dict[str, int], dict[str, int]]:
        n = self.n_states
        return {"h_before": 1, "y_before": n, "y": n}, {"k": n * len(self.tableau.nodes), "y_new": n, "u": n, "b": n}

    def attach(self, block: LaneTable) -> None:
        n, stages = self.n_states, len(self.tableau.nodes)
        self.block = block
        self.flat = block.span("y", "k").reshape(stages + 1, n * block.width)
        self.rows_inside = block.span("y", "y_new")
        self.k = [block.k[i * n : (i + 1) * n] for i in range(stages)]

    def start(self, where: Lanes, slope: Array) -> None:
        self.block.h_before[0, where] = 0.0

    def attempt(self, h: Array) -> Array:
        block, tableau, functions, k, flat = self.block, self.tableau, self.functions, self.k, self.flat
        t, c, u, b = block.t, block.c, block.u, block.b
        # idle lanes have h = 0
        safe = np.maximum(h, _TINY_STEP)
        over_h = 1.0 / safe
        w = over_h / tableau.gamma
        self.h = h
        self.jacobian = functions.jacobian(t, block.y, c)
        lu = self.linear.factorize(w, self.jacobian)
        substitute = self.linear.substitute
        by_time = h * functions.time_derivative(t, block.y, c) if functions.time_derivative is not None else None
        right = functions.rhs(t, block.y, c)
        if by_time is not None:
            right += tableau.times[0] * by_time
        substitute(lu, right, k[0])
        for i in range(1, len(tableau.nodes)):
            if self.adds_last[i - 1]:
                np.add(u, k[i - 1], u)
            else:
                np.einsum("i,ir->r", self.a[i - 1], flat[: i + 1], out=u.reshape(-1))
            np.einsum("i,ir->r", self.c[i - 1], flat[1 : i + 1], out=b.reshape(-1))
            np.multiply(b, over_h, b)
            np.add(b, functions.rhs(t + tableau.nodes[i] * h if self.timed else t, u, c), b)
            if by_time is not None and tableau.times[i]:
                b += tableau.times[i] * by_time
            substitute(lu, b, k[i])
        np.add(u, k[-1], block.y_new)
        failed = np.flatnonzero(~(lu[-1] * w < PIVOT_LIMIT))
        if failed.size:
            k[-1][:, failed] = np.nan
        return k[-1]

    def dense(self, where: Lanes) -> list[Array]:
        n = self.n_states
        rows = self.rows_inside.take(where, axis=1)
        y0, y1 = rows[:n], rows[-n:]
        k = rows[n:-n].reshape(len(self.k), -1)
        d1, d2, d3 = (np.einsum("i,ir->r", row, k).reshape(n, -1) for row in self.weights_inside)
        inside = [y0, y1 - y0 + d1, d2 - d1, d3 - d2, -d3]
        short = self._shortfall(where, inside)
        return [inside[0], *(c + weight * short for c, weight in zip(inside[1:], self.shape, strict=True))]

    def _shortfall(self, where: Lanes, inside: list[Array]) -> Array:
        """Return what the polynomials lack of the known shape, judged by where they would have the step before begin.

        That is a long way back: the shape is two hundred times larger there than inside the step.
        """
        block = self.block
        x = -block.h_before[0].take(where) / self.h.take(where)
        value, shape = inside[4] * x, self.shape[3] * x
        for coefficient, weight in zip(inside[3:0:-1], self.shape[2::-1], strict=True):
            value = (value + coefficient) * x
            shape = (shape + weight) * x
        short = (block.y_before.take(where, axis=1) - value - inside[0]) / shape
        usable = (x < -BACK_LEAST) & (x > -BACK_MOST)
        small = np.abs(short) < CORRECTION_LIMIT * block.scale.take(where, axis=1)
        short = np.where(usable & small, short, 0.0)
        # the shape is that of states with a fast decay of their own; others are left alone
        fast = self.h.take(where) * self.jacobian[self.diagonal, where]
        fast *= fast
        short[self.diagonal_states] *= fast / (FAST**2 + fast)
        return short

    def reject(self, where: Lanes) -> None:
        super().reject(where)
        self.stayed = where

    def accept(self) -> None:
        block, stayed = self.block, self.stayed
        kept = block.span("h_before", "y_before")[:, stayed] if stayed.size else None
        np.copyto(block.y_before, block.y)
        np.copyto(block.h_before[0], self.h)
        if kept is not None:
            block.span("h_before", "y_before")[:, stayed] = kept
            self.stayed = stayed[:0]
        super().accept()
