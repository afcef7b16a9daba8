"""The functions of a Program, ready to call on many runs at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.program.nonsmooth import CEIL, FLOOR, ON_IT, edges
from immunode.program.numpy.source import numpy_source
from immunode.program.program import Program, once_a_structure

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Functions:
    """The functions of a Program, elementwise over runs: a run's value never depends on its neighbors.

    parameters(values) -> p : declared values (n_values, n_runs) -> all rows (n_parameters, n_runs), switches set.
    initial(p) -> y (n_states, n_runs).
    prepare(p) -> c (n_prepared, n_runs) : what `rhs` and `jacobian` need of p; call again after a switch changed.
    rhs(t, y, c) -> (n_states, n_runs); t is a number or (n_runs,).
    jacobian(t, y, c) -> (n_nonzero, n_runs), in the order of `program.jacobian`.
    time_derivative(t, y, c) -> (n_states, n_runs), or None where time does not occur.
    observe(t, y, p) -> (n_fluxes + n_derived, n_runs), in the order of `program.quantities` after the states.
    break_times(p) -> first, every, count, each (n_breaks, n_runs).
    apply(i, t, y, p), fire(i, t, y, p) : event i at a known time, or of trigger i, in place on y and p.
    sizes(i, t, y, p) -> (n_changes, n_runs), by what the new values of trigger i are multiplied; only where it says so.
    triggers(t, y, p) -> (n_triggers, n_runs), 1 where the condition holds, else 0.
    timing(t, y, p) -> (2 n_triggers, n_runs), delay and priority of each trigger in turn; 0 where it has none.
    moments(p) -> (n_moments, n_runs), the times at which conditions on time and switches turn, as the switches are now.
    requirements(p) -> bool (n_requirements, n_runs).
    lags(p) -> (n_delays, n_runs); past(t, p) -> (3 n_pasts, n_runs), value, slope and second derivative at t before the
        start, of each delay that has a history; or None where there is none.
    gaps(t, y, c) -> (n_edges, n_runs), which change sign where dy/dt bends or jumps; or None where it does neither.
    sides(t, y, p) -> (2 n_comparisons, n_runs), the two sides of each of `conditions.comparisons` in turn.
    clocks(t, p) -> (n_comparisons, n_runs), 1 where one of `conditions.timed_comparisons` holds, or None without such.
    steady_start : what initial values are computed from where runs start at the steady state.
    """

    program: Program
    source: str
    parameters: Callable[[Array], Array]
    initial: Callable[[Array], Array]
    prepare: Callable[[Array], Array]
    rhs: Callable[[Any, Array, Array], Array]
    jacobian: Callable[[Any, Array, Array], Array]
    time_derivative: Callable[[Any, Array, Array], Array] | None
    observe: Callable[[Any, Array, Array], Array]
    break_times: Callable[[Array], tuple[Array, Array, Array]]
    apply: Callable[[int, Any, Array, Array], None]
    triggers: Callable[[Any, Array, Array], Array]
    timing: Callable[[Any, Array, Array], Array]
    fire: Callable[[int, Any, Array, Array], None]
    sizes: Callable[[int, Any, Array, Array], Array]
    moments: Callable[[Array], Array]
    requirements: Callable[[Array], NDArray[np.bool_]]
    lags: Callable[[Array], Array] | None = None
    past: Callable[[Any, Array], Array] | None = None
    gaps: Callable[[Any, Array, Array], Array] | None = None
    sides: Callable[[Any, Array, Array], Array] | None = None
    clocks: Callable[[Any, Array], Array] | None = None
    steady_start: SteadyStart | None = None

    def __reduce__(
        self,
    ) -> tuple[Callable[[Program, SteadyStart | None], Functions], tuple[Program, SteadyStart | None]]:
        # what travels to another process is the program; its functions are made again there
        return _restored, (self.program, self.steady_start)


@dataclass(frozen=True)
class SteadyStart:
    """What the initial values of runs that start at the steady state are computed from.

    functions : of the model without interventions and events.   span : the model's horizon, in its time unit.
    values, states : rows of its parameters and states among those of the whole model.
    """

    functions: Functions
    values: tuple[int, ...]
    states: tuple[int, ...]
    span: float


def _restored(program: Program, steady_start: SteadyStart | None) -> Functions:
    functions = compile_numpy(program)
    return functions if steady_start is None else replace(functions, steady_start=steady_start)


@lru_cache(maxsize=256)
def compile_numpy(program: Program) -> Functions:
    """Return the functions of a Program; compiled once a process for all of its structure."""
    return replace(_compiled(program), program=program)


@once_a_structure
def _compiled(program: Program) -> Functions:
    source = numpy_source(program)
    scope: dict[str, Any] = {}
    # the text is generated from whitelisted operations and sanitized names only, never from a user's words
    exec(compile(source, "<immunode program>", "exec"), scope)

    def break_times(p: Array) -> tuple[Array, Array, Array]:
        rows: Array = scope["schedule"](p) if program.breaks else np.empty((0, p.shape[1]))
        return rows[0::3], rows[1::3], rows[2::3]

    def requirements(p: Array) -> NDArray[np.bool_]:
        rows: NDArray[np.bool_] = scope["requirements"](p) if program.requirements else np.ones((0, p.shape[1]), bool)
        return rows

    def moments(p: Array) -> Array:
        rows: Array = scope["moments"](p) if program.moments else np.empty((0, p.shape[1]))
        return rows

    def apply(i: int, t: Any, y: Array, p: Array) -> None:
        scope[f"break_{i}"](t, y, p)

    def fire(i: int, t: Any, y: Array, p: Array) -> None:
        scope[f"trigger_{i}"](t, y, p)

    def sizes(i: int, t: Any, y: Array, p: Array) -> Array:
        rows: Array = scope[f"sizes_{i}"](t, y, p)
        return rows

    return Functions(
        program=program,
        source=source,
        parameters=_parameters(program, scope),
        initial=scope["initial"],
        prepare=scope["prepare"],
        rhs=scope["rhs"],
        jacobian=scope["jacobian"],
        time_derivative=scope.get("time_derivative"),
        observe=scope["observe"],
        break_times=break_times,
        apply=apply,
        triggers=_of_triggers(program, scope, "triggers"),
        timing=_of_triggers(program, scope, "timing"),
        fire=fire,
        sizes=sizes,
        moments=moments,
        requirements=requirements,
        lags=scope.get("lags"),
        past=scope.get("past"),
        gaps=_gaps(program, scope),
        sides=scope.get("sides"),
        clocks=scope.get("clocks"),
    )


def _parameters(program: Program, scope: dict[str, Any]) -> Callable[[Array], Array]:
    n_values, n_rows = len(program.values), len(program.parameters)

    def parameters(values: Array) -> Array:
        values = np.asarray(values, dtype=float)
        p = np.zeros((n_rows, values.shape[1]))
        p[:n_values] = values
        if program.switches:
            p[n_values:] = scope["switches"](p)
        return p

    return parameters


def _of_triggers(program: Program, scope: dict[str, Any], name: str) -> Callable[[Any, Array, Array], Array]:
    """Return the function of that name, which gives no rows where there are no triggers."""

    def rows_of_triggers(t: Any, y: Array, p: Array) -> Array:
        rows: Array = scope[name](t, y, p) if program.triggers else np.empty((0, y.shape[1]))
        return rows

    return rows_of_triggers


def _gaps(program: Program, scope: dict[str, Any]) -> Callable[[Any, Array, Array], Array] | None:
    pairs = edges(program)
    if not pairs:
        return None
    both = [other >= 0 for _, other in pairs]
    first = np.cumsum([0, *(1 + two for two in both)])[:-1]
    second = first[both] + 1
    floors, ceils = ([k for k, (_, other) in enumerate(pairs) if other == kind] for kind in (FLOOR, CEIL))

    def gaps(t: Any, y: Array, c: Array) -> Array:
        rows: Array = scope["edges"](t, y, c)
        differences: Array = rows[first]
        differences[both] -= rows[second]
        differences[floors] = _side_of_rounding(differences[floors])
        differences[ceils] = _side_of_rounding(-differences[ceils])
        return differences

    return gaps


def _side_of_rounding(x: Array) -> Array:
    """Return how far x is from the next whole number, below 0 in every other interval; one begins at a whole number."""
    whole = np.floor(x)
    part = x - whole
    odd = whole - 2.0 * np.floor(whole / 2.0)
    return np.asarray((1.0 - 2.0 * odd) * np.maximum(np.minimum(part, 1.0 - part), ON_IT))
