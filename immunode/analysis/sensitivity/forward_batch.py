"""Derivatives of trajectories by parameters, for many parameter sets at once: integrated along, not by differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.model.copies import initial_parameters
from immunode.program.delayed_slopes import tells_lags
from immunode.program.model_functions import functions
from immunode.program.sensitivity import slope_name
from immunode.solve import solve
from immunode.solve.step_size import RELATIVE_FLOOR
from immunode.study.run.ready import own_rows, set_own
from immunode.study.run.recorder import Recorder

if TYPE_CHECKING:
    from immunode.model import Model
    from immunode.program import Functions

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SensitivityBatch:
    """Quantities and their derivatives by parameters, for many parameter sets. Made by `sensitivity_batch`.

    Attributes
    ----------
    quantities, parameters : tuple[str, ...]
        what is differentiated, and by what.
    times : ndarray
        shape (n_times,), in the model's time unit.
    values : ndarray
        shape (n_rows, n_times, n_quantities), each in its unit; NaN from where a run failed.
    slopes : ndarray
        shape (n_rows, n_times, n_quantities, n_parameters), unit of the quantity over unit of the parameter.
    status : ndarray
        shape (n_rows,), 0 where a run succeeded.
    reasons : Mapping[int, str]
        row -> why it failed.
    engine : str
        what computed it, and why that.
    """

    quantities: tuple[str, ...]
    parameters: tuple[str, ...]
    times: Array
    values: Array
    slopes: Array
    status: NDArray[np.int8]
    reasons: Mapping[int, str]
    engine: str


def sensitivity_batch(
    model: Model,
    parameters: Sequence[str],
    values: Mapping[str, ArrayLike],
    *,
    times: ArrayLike,
    quantities: Sequence[str] | None = None,
    integrals: Sequence[str] = (),
    engine: str = "auto",
    method: str = "auto",
    rtol: float = 1e-6,
    atol: ArrayLike | None = None,
) -> SensitivityBatch:
    """Return trajectories and their derivatives by parameters for many parameter sets, all in one batch.

    What is derived before is remembered: a second call with the same model, parameters and quantities only integrates.
    The numbers of a row do not depend on the other rows, bit for bit.

    Parameters
    ----------
    model : Model
        with its interventions in it (`im.perturb`); a dose, a start and a body weight are parameters like any other.
    parameters : Sequence[str]
        names to differentiate by: parameters, knobs, random effects, or initial values `"x(0)"`.
    values : Mapping[str, ArrayLike]
        name -> one number for all rows, or shape (n_rows,), in the parameter's unit; those not named keep the model's
        values. May name more, or other, parameters than `parameters`, and initial values. At least one row.
    times : array_like
        output times, shape (n_times,), increasing, in the model's time unit.
    quantities : Sequence[str] | None
        states, derived quantities, fluxes or switches, by default all states.
    integrals : Sequence[str]
        quantities that are integrated as well: each adds a state `integral(x)`, which starts at 0.
    engine, method, rtol : str, str, float
        as in `simulate`.
    atol : array_like | None
        absolute tolerance of the states, a number or shape (n_states,); that of a derivative is 1000 times as much over
        the size of the parameter, as by default.

    Raises
    ------
    ModelError
        an unknown name, or a model whose derivatives are not known: events that fire on states, populations that die
        out at a limit, a start at the steady state.
    StudyError
        shapes that do not fit.
    """
    named = None if quantities is None else tuple(quantities)
    ready = differentiated(model, tuple(parameters), named, tuple(integrals))
    p, initial = _inputs(ready, values)
    grid = np.asarray(times, float).reshape(-1)
    recorder = Recorder(ready.functions, p, grid, ready.recorded, both_sides=False)
    switches = bool(ready.functions.program.switches)
    batch = solve(
        ready.functions,
        p,
        times=grid,
        initial=initial,
        engine=engine,
        method=method,
        rtol=rtol,
        atol=ready.tolerance(atol),
        on_jump=recorder.on_jump if switches else None,
        on_restart=recorder.on_restart,
    )
    table, slopes = ready.read(recorder.grid(batch.y))
    return SensitivityBatch(
        quantities=ready.quantities,
        parameters=ready.parameters,
        times=grid,
        values=table,
        slopes=slopes,
        status=batch.status,
        reasons=batch.reasons,
        engine=batch.reason,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Differentiated:
    """A model made ready to run with derivatives. Made by `differentiated`.

    by : names of the parameters as the program has them.
    recorded : quantities, then those of their derivatives that are not 0 by structure.
    places : of each of those derivatives, its quantity and its parameter.
    """

    model: Model
    functions: Functions
    parameters: tuple[str, ...]
    by: tuple[str, ...]
    quantities: tuple[str, ...]
    recorded: tuple[str, ...]
    places: tuple[tuple[int, int], ...]

    @property
    def n_states(self) -> int:
        """How many states the model has itself."""
        program = self.functions.program
        return len(program.states) - program.slopes

    def read(self, grid: Array) -> tuple[Array, Array]:
        """Return values (n_runs, n_times, n_quantities) and slopes (..., n_parameters).

        grid : (n_recorded, n_times, n_runs), as `Recorder.grid` returns it.
        """
        n = len(self.quantities)
        values = np.ascontiguousarray(grid[:n].transpose(2, 1, 0))
        slopes = np.zeros((*values.shape, len(self.parameters)))
        for row, (i, k) in zip(grid[n:], self.places, strict=True):
            slopes[:, :, i, k] = row.T
        failed = np.isnan(values).any(axis=2)
        slopes[failed] = np.nan
        return values, slopes

    def begun(self, initial: Array) -> Array:
        """Return initial values of the states and their derivatives; those of a state that is given one are 0.

        initial : (n_states, n_runs), NaN where the model's own value holds.
        """
        program, own = self.functions.program, initial_parameters(self.model)
        given = set(np.flatnonzero(~np.isnan(initial).all(axis=1)).tolist())
        for delay in program.delays if tells_lags(program) else ():
            if delay.past and delay.of in given:
                raise StudyError(
                    f"{self.model.name}: sensitivities by a lag: state '{program.states[delay.of]}' has a history, so "
                    "it can't be given another initial value"
                )
        whole = np.full((len(program.states), initial.shape[1]), np.nan)
        whole[: self.n_states] = initial
        rows = {name: i for i, name in enumerate(program.states)}
        for i, state in enumerate(program.states[: self.n_states]):
            for name in self.by:
                row = rows.get(slope_name(state, name))
                if row is not None and name not in (f"{state}(0)", own.get(state)):
                    whole[row] = np.where(np.isnan(initial[i]), np.nan, 0.0)
        return whole

    def tolerance(self, atol: ArrayLike | None) -> Array | None:
        """Return absolute tolerances of states and derivatives, (n_states + n_slopes,), of those of the states."""
        if atol is None:
            return None
        program = self.functions.program
        whole = np.zeros(len(program.states))
        whole[: self.n_states] = np.broadcast_to(np.asarray(atol, float), (self.n_states,))
        for delay in program.delays:
            if delay.row >= self.n_states:
                whole[delay.row] = whole[delay.of]
        rows = {name: i for i, name in enumerate(program.states)}
        declared = dict(zip(program.parameters, program.values, strict=False))
        for name in self.by:
            for i, state in enumerate(program.states[: self.n_states]):
                row = rows.get(slope_name(state, name))
                if row is not None:
                    whole[row] = whole[i] / (RELATIVE_FLOOR * (abs(declared.get(name, 1.0)) or 1.0))
        return whole


@lru_cache(maxsize=64)
def differentiated(
    model: Model,
    parameters: tuple[str, ...],
    quantities: tuple[str, ...] | None,
    integrals: tuple[str, ...] = (),
    own: bool = True,
) -> Differentiated:
    """Return a model made ready to run with derivatives of quantities by parameters. quantities : None is all states.

    integrals : quantities whose integrals are states, `integral(x)`, as well.
    own : whether what rests on the parameter `x.initial` of a state moves with `"x(0)"`.

    Raises
    ------
    ModelError : an unknown parameter, or a model whose derivatives are not known.
    StudyError : no or repeated parameters, or an unknown quantity.
    """
    if not parameters or len(set(parameters)) < len(parameters):
        raise StudyError(
            f"{model.name}: sensitivities need parameters, each once, got {', '.join(parameters) or 'none'}"
        )
    resting = {f"{state}(0)": name for state, name in initial_parameters(model).items()} if own else {}
    by = tuple(resting.get(name, name) for name in parameters)
    base = functions(model, integrals).program
    known = (*base.quantities, *base.switches)
    chosen = base.states if quantities is None else quantities
    for name in chosen:
        if name not in known:
            raise StudyError(f"{model.name}: sensitivities: unknown quantity '{name}'{did_you_mean(name, known)}")
    made = functions(model, integrals, by, tuple(name for name in chosen if name not in base.states))
    program = made.program
    present = {*program.quantities, *program.switches}
    places, names = [], []
    for i, quantity in enumerate(chosen):
        for k, name in enumerate(by):
            slope = slope_name(quantity, name)
            if slope in present:
                places.append((i, k))
                names.append(slope)
    return Differentiated(
        model=model,
        functions=made,
        parameters=parameters,
        by=by,
        quantities=tuple(chosen),
        recorded=(*chosen, *names),
        places=tuple(places),
    )


def _inputs(ready: Differentiated, values: Mapping[str, ArrayLike]) -> tuple[Array, Array | None]:
    """Return parameters (n_values, n_rows) and initial values (n_states + n_slopes, n_rows) or None."""
    program = ready.functions.program
    columns = {name: np.asarray(column, float) for name, column in values.items()}
    sizes = {column.size for column in columns.values() if column.ndim}
    if any(column.ndim > 1 for column in columns.values()) or len(sizes) > 1:
        shapes = ", ".join(f"{name} {column.shape}" for name, column in columns.items() if column.ndim)
        raise StudyError(f"{ready.model.name}: values must be numbers or of one shape (n_rows,), got {shapes}")
    n = sizes.pop() if sizes else 1
    declared, states = program.parameters[: len(program.values)], program.states[: ready.n_states]
    p = np.repeat(np.asarray(program.values, float)[:, None], n, axis=1)
    initial = np.full((len(states), n), np.nan)
    for name, column in columns.items():
        state = name[:-3] if name.endswith("(0)") else ""
        if name in declared:
            p[declared.index(name)] = column
        elif state in states:
            initial[states.index(state)] = column
        else:
            known = [*declared, *(f"{s}(0)" for s in states)]
            raise StudyError(f"{ready.model.name}: values: unknown parameter '{name}'{did_you_mean(name, known)}")
    if np.isnan(initial).all():
        return p, None
    whole = ready.begun(initial)
    set_own(ready.functions, p, whole, own_rows(ready.model, ready.functions))
    return p, whole
