"""Initial values of runs that start at the steady state: integrate until little moves, then solve for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve.engine import Request
from immunode.solve.outcome import Outcome
from immunode.solve.runs import padded
from immunode.solve.status import Status
from immunode.solve.steady.linear import solve_each
from immunode.solve.steady.reduction import influential_states, unreduced
from immunode.solve.steady.system import SteadySystem
from immunode.solve.step_size import absolute_tolerance

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Solve = Callable[[Request], Outcome]

SPANS = (1.0, 10.0, 100.0, 1000.0)
"""How long a run may take to its steady state, in horizons of the model: first the shortest."""
NEAR = 1e-3
"""A run is near its steady state where what it moved in half of the time, and what is left, is below this part."""
EXACT = 1e-12
"""It is there when what is left is below this part."""
GOOD = 1e-9
"""What rounding may leave of it where terms cancel."""
POLISH = 12
LEAP = 1e4
"""The implicit steps to the steady state are this many times as long as the integration before."""
MOST_STEPS = 20_000
RTOL = 1e-6


def start_at_steady_state(request: Request, solve: Solve) -> tuple[Request, Lanes, NDArray[np.int32]]:
    """Return a request that starts at the steady state of each run, the runs that have none, and what moves there.

    States that the request gives, those of interventions and running totals keep their initial values. A run without a
    steady state is refused by the engine, as its values are NaN now; the third array is its state farthest from one.
    """
    start = request.functions.steady_start
    assert start is not None
    rows = np.array(start.states, dtype=np.int32)
    if request.initial is not None and not np.isnan(request.initial[rows]).any():
        return request, np.empty(0, np.intp), np.empty(0, np.int32)
    values = request.values[list(start.values)]
    y, status, trouble = find_steady_state(start.functions, values, start.span, solve)
    n_states, n = len(request.functions.program.states), values.shape[1]
    given = np.full((n_states, n), np.nan) if request.initial is None else request.initial
    initial = np.full((n_states, n), np.nan)
    initial[rows] = y
    initial = np.where(np.isnan(given), initial, given)
    # what the model refuses without interventions it refuses with them, and says why
    lost = (status != Status.OK) & (status != Status.REFUSED)
    runs = np.flatnonzero(lost & np.isnan(given[rows]).any(axis=0))
    whole = request.values.copy()
    whole[:, runs] = np.nan
    return replace(request, values=whole, initial=initial), runs, rows[trouble[runs]]


def find_steady_state(
    functions: Functions, values: Array, span: float, solve: Solve
) -> tuple[Array, NDArray[np.int8], NDArray[np.int32]]:
    """Return the steady states that runs lead to from their initial values, how that ended, and what is farthest.

    Each run is integrated for 1, 10, 100 and 1000 `span`s until little moves; implicit steps, which keep conserved
    totals, then go to the steady state itself. A cycle or slow growth is `Status.NO_STEADY_STATE`, what fails has its
    own status.

    values : (n_values, n_runs).   span : time, in the model's unit.   solve : computes runs.
    -> y (n_states, n_runs), NaN for running totals and where there is no steady state; status, state index (n_runs,).
    """
    program = functions.program
    n_states, n = len(program.states), values.shape[1]
    moving = influential_states(program)
    system = SteadySystem(functions, unreduced(moving))
    result = np.full((n_states, n), np.nan)
    status = np.full(n, Status.OK, dtype=np.int8)
    trouble = np.zeros(n, dtype=np.int32)
    if not moving.size:
        return result, status, trouble
    left, begin = np.arange(n), 0.0
    y = np.full((n_states, n), np.nan)
    for longer in SPANS:
        end = begin + span * longer
        request = Request(
            functions=functions,
            values=values[:, left],
            times=np.array([(begin + end) / 2, end]),
            t0=begin,
            initial=y[:, left],
            rtol=RTOL,
            max_steps=MOST_STEPS,
            # where a run stands later may lie below 0 by what the solver tolerates
            any_start=begin > 0,
        )
        batch = solve(request)
        done = np.asarray(batch.status) == Status.OK
        status[left[~done]] = batch.status[~done]
        if not begin:
            trouble[left[~done]] = np.where(np.isin(batch.trouble, moving), batch.trouble, moving[0])[~done]
        runs = left[done]
        if not runs.size:
            return result, status, trouble
        y[:, runs] = batch.y[1][:, done]
        states, good, worst = _polished(system, values[:, runs], end, y[:, runs], batch.y[0][:, done])
        result[np.ix_(moving, runs[good])] = states[np.ix_(moving, np.flatnonzero(good))]
        trouble[runs] = worst
        left, begin = runs[~good], end
        if not left.size:
            return result, status, trouble
    status[left] = Status.NO_STEADY_STATE
    return result, status, trouble


def _polished(
    system: SteadySystem, values: Array, t: float, y: Array, before: Array
) -> tuple[Array, NDArray[np.bool_], NDArray[np.int32]]:
    """Return the steady state near y, whether it is one, and the state farthest from it.

    y, before : (n_states, n_runs), at `t` and when half of the time was over.
    """
    functions, moving = system.functions, system.reduction.moving
    n = y.shape[1]
    lanes = padded(np.arange(n))
    p = functions.parameters(values[:, lanes])
    c = functions.prepare(p)
    y, before = y[:, lanes], before[:, lanes]
    size = np.abs(y) + absolute_tolerance(functions.program, functions.initial(p), 1.0, None)
    with np.errstate(all="ignore"):
        change = _implicit_step(system, t, y, c, LEAP * t)
        far = np.maximum(np.abs(change), np.abs(y - before)) / size
        steady = y + change
        for _ in range(POLISH):
            # a run that is there stays there, whatever the runs beside it still need
            on = ~(np.abs(change) <= EXACT * size).all(axis=0)
            if not on.any():
                break
            change = np.where(on, _implicit_step(system, t, steady, c, LEAP * t), change)
            steady = np.where(on, steady + change, steady)
        # a population that dies out ends at 0, not a rounding error below
        steady = np.where((steady < 0) & ((y >= 0) | (steady >= -GOOD * size)), 0.0, steady)
        near = np.nanmax(far[moving], axis=0) <= NEAR
        exact = (np.abs(change) <= GOOD * size)[moving].all(axis=0)
        stayed = (np.abs(steady - y) <= 10 * NEAR * size)[moving].all(axis=0)
    good = near & exact & stayed & np.isfinite(steady[moving]).all(axis=0)
    worst = moving[np.argmax(np.nan_to_num(far[moving], nan=np.inf), axis=0)]
    return steady[:, :n], good[:n], worst[:n].astype(np.int32)


def _implicit_step(system: SteadySystem, t: float, y: Array, c: Array, tau: float) -> Array:
    """Return the change of y (n_states, n_runs) in one linearized implicit Euler step of length `tau`.

    A conserved total L of the states (L f = 0, so L J = 0) is kept: L (1/tau - J) change = L change/tau = L f = 0.
    Running totals don't change.
    """
    moving = system.reduction.moving
    matrices = np.eye(len(moving)) / tau - system.jacobian(t, y, c)
    change = np.zeros_like(y)
    change[moving] = solve_each(matrices, system.rates(t, y, c))
    return change
