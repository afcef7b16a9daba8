"""What one run of a delay equation has been so far, for the solvers of SciPy."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve.delays.breaking_points import BreakingPoints

Array = NDArray[np.float64]

DEGREE = 8
"""Of the polynomials that steps are kept as; what SciPy's have beyond that is far below the tolerance."""
_NODES = -np.cos(np.pi * np.arange(DEGREE + 1) / DEGREE)
_TO_POWERS = np.linalg.inv(np.vander(_NODES, increasing=True))
BESIDE = 2e-14
"""Looking back at a jump, the side is told by so small a part of time."""
_ONE = np.zeros(1, dtype=np.intp)


class Past:
    """The steps of a run, and its right-hand side with delayed states filled in from them.

    p : (n_parameters, 1).   begun : (n_states,), the values at the start before any event.   t0 : the start.
    """

    def __init__(self, functions: Functions, p: Array, begun: Array, t0: float) -> None:
        delays = functions.program.delays
        assert functions.lags is not None
        self.base, self.p, self.t0 = functions, p, t0
        self.rows = np.array([d.row for d in delays], dtype=np.intp)
        self.of = np.array([d.of for d in delays], dtype=np.intp)
        self.begun = begun[self.of]
        self.lags = functions.lags(p)[:, 0]
        self.declared = np.array([k for k, d in enumerate(delays) if d.past], dtype=np.intp)
        self.points = BreakingPoints(self.lags[:, None].copy())
        self.longest_step = float(np.min(self.lags[self.lags > 0], initial=np.inf))
        self.ends: list[float] = []
        self.starts: list[float] = []
        self.pieces: list[Array] = []
        self.first, self.last = self.t0, np.inf
        columns = [k for k, (_, j, _) in enumerate(functions.program.jacobian) if j in self.rows]
        self.columns = np.array(columns, dtype=np.intp)
        self.functions = replace(functions, rhs=self._rhs, jacobian=self._jacobian)

    def arrive(self, t: float, y: Array, jumped: bool) -> Array:
        """Return the states where a solver starts anew at `t`, with delayed ones as they are just after it."""
        self.first, self.last = t, np.inf
        self.points.arrive(_ONE, np.array([t]), np.array([jumped]))
        return self.filled(t, y)

    def begin(self, stop: float) -> None:
        """Look at nothing beyond what is to be seen until `stop`."""
        self.last = stop

    @property
    def next_point(self) -> float:
        """The next breaking point."""
        return float(self.points.next(_ONE)[0])

    def note(self, t: float, t_new: float, inside: Callable[[Any], Array]) -> None:
        """Keep a step. inside(times) -> (n_states, n_times)."""
        times = t + (t_new - t) * (_NODES + 1.0) / 2.0
        times[-1] = t_new
        self.pieces.append(np.asarray(inside(times)[self.of]) @ _TO_POWERS.T)
        self.starts.append(t)
        self.ends.append(t_new)

    def look(self, t: float) -> tuple[Array, Array]:
        """Return the delayed values at `t` and how fast they change, each (n_delays,)."""
        values, slopes = self.begun.copy(), np.zeros(len(self.begun))
        for k, lag in enumerate(self.lags):
            s, seen = t - lag, self._seen(t, float(lag))
            if seen < self.t0 or not self.ends:
                continue
            i = min(bisect.bisect_right(self.ends, seen), len(self.ends) - 1)
            half = (self.ends[i] - self.starts[i]) / 2.0
            powers = ((s - self.starts[i]) / half - 1.0) ** np.arange(DEGREE + 1)
            piece = self.pieces[i][k]
            values[k] = piece @ powers
            slopes[k] = (piece[1:] * np.arange(1, DEGREE + 1)) @ powers[:-1] / half
        before = [i for i, k in enumerate(self.declared) if self._is_before(t, int(k))]
        if before and self.base.past is not None:
            for i in before:
                k = self.declared[i]
                values[k], slopes[k] = self.base.past(t - self.lags[k], self.p)[3 * i : 3 * i + 2, 0]
        return values, slopes

    def _is_before(self, t: float, k: int) -> bool:
        return self._seen(t, float(self.lags[k])) < self.t0

    def _seen(self, t: float, lag: float) -> float:
        """Return where a delay looks at `t`, on the side of jumps that belongs to the stretch between two stops."""
        side = BESIDE * (abs(t) + lag)
        return min(max(t - lag, self.first - lag + side), max(self.last - lag - side, self.first - lag + side))

    def filled(self, t: float, y: Array) -> Array:
        """Return states y (n_states,) at `t` with the delayed ones as they are."""
        full = y.copy()
        full[self.rows] = np.where(self.lags == 0, full[self.of], self.look(t)[0])
        return full

    def inside(self, dense: Callable[[Any], Array]) -> Callable[[Any], Array]:
        """Return the states inside a step, with the delayed ones as they are. dense : the solver's own polynomial."""

        def states(t: Any) -> Array:
            y = np.array(dense(t))
            if y.ndim == 1:
                return self.filled(float(t), y)
            return np.stack([self.filled(float(s), column) for s, column in zip(t, y.T, strict=True)], axis=1)

        return states

    def _rhs(self, t: Any, y: Array, c: Array) -> Array:
        values, slopes = self.look(float(t))
        now = self.lags == 0
        full = y.copy()
        full[self.rows, 0] = np.where(now, y[self.of, 0], values)
        rates = self.base.rhs(t, full, c)
        rates[self.rows, 0] = np.where(now, rates[self.of, 0], slopes)
        return rates

    def _jacobian(self, t: Any, y: Array, c: Array) -> Array:
        """Return the Jacobian; to delayed states, which follow from the past, nothing is owed."""
        entries = self.base.jacobian(t, self.filled(float(t), y[:, 0])[:, None], c)
        entries[self.columns] = 0.0
        return entries
