"""A program as equations whose zeros are steady states, for many runs at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.program.program import Program
from immunode.solve.steady.reduction import Reduction
from immunode.solve.step_size import SMALLEST_SCALE

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SteadySystem:
    """The equations of a program, with its states reduced by what never changes.

    reduction : free states x (n_free, n) and conserved sums (n_totals, n) give the moving states y (n_moving, n).
    """

    functions: Functions
    reduction: Reduction

    @property
    def program(self) -> Program:
        """The program of the functions."""
        return self.functions.program

    @cached_property
    def values(self) -> Array:
        """Declared values, shape (n_values, 1)."""
        return np.array(self.program.values, dtype=float)[:, None]

    @property
    def n_free(self) -> int:
        """How many states are free."""
        return len(self.reduction.free)

    def prepare(self, values: Array) -> Array:
        """Return what the equations need of parameter values (n_values, n)."""
        with np.errstate(all="ignore"):
            return self.functions.prepare(self.functions.parameters(values))

    def start(self, values: Array) -> Array:
        """Return the initial values of the moving states, (n_moving, n)."""
        with np.errstate(all="ignore"):
            return self.functions.initial(self.functions.parameters(values))[self.reduction.moving]

    def size(self, values: Array) -> Array:
        """Return a size of each moving state, (n_moving, n): the larger of its typical size and its start, above 0."""
        typical = np.array(self.program.typical, dtype=float)[self.reduction.moving, None]
        # a typical size of 1e-200 only asks solvers for relative precision
        largest = np.maximum(np.where(typical > 1e-100, typical, 0.0), np.abs(self.start(values)))
        return np.where(largest > 0, largest, SMALLEST_SCALE)

    def sums(self, y: Array) -> Array:
        """Return the conserved totals of moving states (n_moving, n)."""
        return np.asarray(self.reduction.totals @ y)

    def whole(self, y: Array) -> Array:
        """Return all states (n_states, n) from the moving ones; running totals stand at 0."""
        states = np.zeros((len(self.program.states), y.shape[1]))
        states[self.reduction.moving] = y
        return states

    def rates(self, t: float, states: Array, c: Array) -> Array:
        """Return the rate of change of the moving states, (n_moving, n), from all states (n_states, n)."""
        with np.errstate(all="ignore"):
            return self.functions.rhs(t, states, c)[self.reduction.moving]

    def jacobian(self, t: float, states: Array, c: Array) -> Array:
        """Return the Jacobian of the moving states, (n, n_moving, n_moving), from all states (n_states, n)."""
        n_states, n = states.shape
        full = np.zeros((n, n_states, n_states))
        with np.errstate(all="ignore"):
            entries = self.functions.jacobian(t, states, c)
        full[:, self._rows, self._columns] = entries.T
        moving = self.reduction.moving
        return full[:, moving][:, :, moving]

    @cached_property
    def _rows(self) -> NDArray[np.intp]:
        return np.array([i for i, _, _ in self.program.jacobian], dtype=np.intp)

    @cached_property
    def _columns(self) -> NDArray[np.intp]:
        return np.array([j for _, j, _ in self.program.jacobian], dtype=np.intp)

    def field(self, y: Array, c: Array) -> Array:
        """Return the rate of change of the moving states y (n_moving, n) at time 0, (n_moving, n)."""
        return self.rates(0.0, self.whole(y), c)

    def slopes(self, y: Array, c: Array) -> Array:
        """Return the Jacobian of the moving states y (n_moving, n) at time 0, (n, n_moving, n_moving)."""
        return self.jacobian(0.0, self.whole(y), c)

    def reduced_field(self, x: Array, sums: Array, c: Array) -> Array:
        """Return the rate of change of the free states, (n_free, n)."""
        return self.field(self.reduction.spread(x, sums), c)[self.reduction.free]

    def reduced_slopes(self, x: Array, sums: Array, c: Array) -> Array:
        """Return the Jacobian of the free states, (n, n_free, n_free)."""
        return self.reduction.reduced(self.slopes(self.reduction.spread(x, sums), c))
