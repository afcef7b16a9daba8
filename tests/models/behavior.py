"""What the tests of the published models share: steady states, stability, borders and runs of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, root

from immunode.intervention import perturb
from immunode.model import Model
from immunode.program.llvm.compile import available
from immunode.program.model_functions import functions
from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.study import simulate

Array = NDArray[np.float64]
Outcome = NDArray[np.bool_]
QUICKEST = "compiled" if available() else "numpy"


@dataclass(frozen=True)
class System:
    """A model with its generated functions.

    free : names of the states that a steady state is sought for; the others stay at 0 (a read-out that only grows,
        a drug that is not given).
    engine : what runs it; "" is SciPy for one run, and NumPy for several at once.
    """

    model: Model
    free: tuple[str, ...] = ()
    engine: str = QUICKEST

    @cached_property
    def functions(self) -> Functions:
        return functions(self.model)

    @property
    def rows(self) -> list[int]:
        states = self.functions.program.states
        return [states.index(name) for name in self.free or states]

    def given(self, names: Iterable[str]) -> System:
        """Return the system with interventions of the model, each given by its name."""
        return System(perturb(self.model, *(self.model.intervention(name) for name in names)), self.free, self.engine)

    def values(self, changes: Mapping[str, ArrayLike] | None = None) -> Array:
        """Return parameter values, shape (n_values, n_runs), with some of them changed."""
        program = self.functions.program
        given = {name: np.atleast_1d(np.asarray(v, float)) for name, v in (changes or {}).items()}
        n = max((v.size for v in given.values()), default=1)
        values = np.repeat(np.array(program.values)[:, None], n, axis=1)
        for name, v in given.items():
            values[program.parameters.index(name)] = v
        return values

    def initial(self, changes: Mapping[str, ArrayLike], n_runs: int) -> Array:
        """Return initial values, shape (n_states, n_runs), NaN where the model's own hold."""
        initial = np.full((len(self.functions.program.states), n_runs), np.nan)
        for name, v in changes.items():
            initial[self.functions.program.states.index(name)] = v
        return initial

    def rhs(self, y: ArrayLike, changes: Mapping[str, ArrayLike] | None = None) -> Array:
        """Return the derivatives at time 0. y : free states, shape (n_free,) or (n_free, n_runs)."""
        y = np.asarray(y, float)
        p = self.functions.parameters(self.values(changes))
        full = np.zeros((len(self.functions.program.states), max(p.shape[1], y[0].size)))
        p = np.broadcast_to(p, (p.shape[0], full.shape[1])).copy()
        full[self.rows] = y.reshape(len(self.rows), -1)
        with np.errstate(all="ignore"):
            out = self.functions.rhs(0.0, full, self.functions.prepare(p))[self.rows]
        return out[:, 0] if y.ndim == 1 else out

    def jacobian(self, y: ArrayLike, changes: Mapping[str, ArrayLike] | None = None) -> Array:
        """Return the Jacobian of the free states, shape (n_free, n_free)."""
        program = self.functions.program
        full = np.zeros((len(program.states), 1))
        full[self.rows, 0] = y
        p = self.functions.parameters(self.values(changes))
        with np.errstate(all="ignore"):
            entries = self.functions.jacobian(0.0, full, self.functions.prepare(p))[:, 0]
        dense = np.zeros((len(program.states),) * 2)
        for (row, column, _), entry in zip(program.jacobian, entries, strict=True):
            dense[row, column] = entry
        return dense[np.ix_(self.rows, self.rows)]

    def steady(self, guess: ArrayLike, changes: Mapping[str, ArrayLike] | None = None) -> Array:
        """Return the steady state near `guess`, of the free states."""
        guess = np.asarray(guess, float)
        scale = np.where(guess == 0, 1.0, np.abs(guess))
        rate = np.maximum(np.abs(np.diag(self.jacobian(guess, changes))), 1e-3) * scale

        def equations(u: Array) -> Array:
            return np.asarray(self.rhs(u * scale, changes) / rate)

        found = root(equations, guess / scale, tol=1e-13)
        assert np.max(np.abs(found.fun)) < 1e-10, found.message
        return np.asarray(found.x * scale)

    def eigenvalues(self, y: ArrayLike, changes: Mapping[str, ArrayLike] | None = None) -> NDArray[np.complex128]:
        """Return the eigenvalues at `y`, largest real part first."""
        found = np.linalg.eigvals(self.jacobian(y, changes)).astype(complex)
        return found[np.argsort(-found.real)]

    def growth(self, guess: ArrayLike, changes: Mapping[str, ArrayLike] | None = None) -> float:
        """Return the largest real part at the steady state near `guess`; above 0 it is unstable."""
        return float(self.eigenvalues(self.steady(guess, changes), changes)[0].real)

    def fold(self, parameter: str, value: float, guess: ArrayLike) -> tuple[float, Array]:
        """Return the parameter and the state of the saddle-node near a guess (rhs = 0 and det J = 0)."""
        scale = np.array([value, *np.asarray(guess, float)])
        rate = np.abs(np.diag(self.jacobian(scale[1:], {parameter: value}))) * scale[1:]

        def equations(u: Array) -> Array:
            x = u * scale
            jacobian = self.jacobian(x[1:], {parameter: x[0]}) * scale[1:] / rate[:, None]
            return np.array([*(self.rhs(x[1:], {parameter: x[0]}) / rate), np.linalg.det(jacobian)])

        found = root(equations, np.ones(scale.size), tol=1e-13)
        assert np.max(np.abs(found.fun)) < 1e-9, found.message
        return float(found.x[0] * scale[0]), np.asarray(found.x[1:] * scale[1:])

    def turns(self, parameter: str, low: float, high: float, guess: ArrayLike | Callable[[float], ArrayLike]) -> float:
        """Return the value between `low` and `high` where the steady state near `guess` loses or gains stability."""

        def growth(value: float) -> float:
            return self.growth(guess(value) if callable(guess) else guess, {parameter: value})

        return float(brentq(growth, low, high, xtol=1e-13, rtol=1e-13))

    def run(
        self,
        times: ArrayLike,
        changes: Mapping[str, ArrayLike] | None = None,
        initial: Mapping[str, ArrayLike] | None = None,
        *,
        rtol: float = 1e-9,
        engine: str = "",
        method: str = "auto",
        max_steps: int = 100_000,
    ) -> Array:
        """Return trajectories, shape (n_times, n_states, n_runs); every run must come to its end."""
        values = self.values(changes)
        sizes = [np.size(v) for v in (initial or {}).values()]
        values = np.repeat(values, max(sizes, default=1), axis=1) if values.shape[1] == 1 else values
        start = self.initial(initial, values.shape[1]) if initial else None
        times = np.atleast_1d(np.asarray(times, float))
        batch = solve(
            self.functions,
            values,
            times=times,
            initial=start,
            engine=engine or self.engine or ("scipy" if values.shape[1] == 1 else "numpy"),
            method=method,
            rtol=rtol,
            max_steps=max_steps,
        )
        assert np.all(batch.status == 0), batch.status
        return np.asarray(batch.y)


def course(model: Model, arm: str, times: list[float]) -> dict[str, Array]:
    """Return each quantity over time, (n_times,), with an intervention of the model, or with none for ""."""
    chosen = [model.intervention(arm)] if arm else []
    frame = simulate(model, until=times[-1], interventions=chosen, times=times, rtol=1e-10).to_frame()
    return {name: frame[name].to_numpy() for name in frame}


def thresholds(
    outcome: Callable[[Array], Outcome], low: ArrayLike, high: ArrayLike, tolerance: float, points: int = 30
) -> Array:
    """Return where `outcome` turns from False to True, for several questions at once.

    outcome : takes values of shape (n_questions, points) and returns booleans of that shape; False at `low`, True at
        `high`, with one change between (the first is taken).
    tolerance : relative.
    """
    low, high = np.atleast_1d(np.asarray(low, float)).copy(), np.atleast_1d(np.asarray(high, float)).copy()
    while np.any(high - low > tolerance * np.abs(high)):
        grid = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, points + 2)
        true = outcome(grid[:, 1:-1])
        for i, row in enumerate(true):
            first = int(np.argmax(row)) + 1 if row.any() else points + 1
            low[i], high[i] = grid[i, first - 1], grid[i, first]
    return np.asarray((low + high) / 2)
