"""Where runs begin that begin at rest: integrate until little moves, then solve for the rest itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from immunode.program.numpy.source import Functions
from immunode.solve.batch import Batch
from immunode.solve.block import padded
from immunode.solve.control import absolute_tolerance
from immunode.solve.engine import Request
from immunode.solve.status import Status

Array = NDArray[np.float64]
Lanes = NDArray[np.intp]
Solve = Callable[[Request], Batch]

SPANS = (1.0, 10.0, 100.0, 1000.0)
"""How long a run may take to come to rest, in horizons of the model: first the shortest."""
NEAR = 1e-3
"""A run is near rest where what it moved in half of the time, and what is left to go, is below this part of a state."""
EXACT = 1e-12
"""It is at rest when what is left is below this part."""
GOOD = 1e-9
"""What rounding may leave of it where terms cancel."""
POLISH = 12
LEAP = 1e4
"""The implicit steps that end at rest are this many times as long as the integration before."""
MOST_STEPS = 20_000
RTOL = 1e-6


def start_at_rest(request: Request, solve: Solve) -> tuple[Request, Lanes, NDArray[np.int32]]:
    """Return a request whose initial values are the rest of each run, the runs that have none, and what moves there.

    States that the request gives, those of interventions and running totals keep their initial values. A run without a
    rest is refused by the engine, as its values are NaN now; the third array is its state that is farthest from rest.
    """
    rest = request.functions.rest
    assert rest is not None
    rows = np.array(rest.states, dtype=np.int32)
    if request.initial is not None and not np.isnan(request.initial[rows]).any():
        return request, np.empty(0, np.intp), np.empty(0, np.int32)
    values = request.values[list(rest.values)]
    y, status, trouble = find_rest(rest.functions, values, rest.span, solve)
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


def find_rest(
    functions: Functions, values: Array, span: float, solve: Solve
) -> tuple[Array, NDArray[np.int8], NDArray[np.int32]]:
    """Return where runs come to rest from their initial values, how that ended, and the state farthest from rest.

    Each run is integrated for 1, 10, 100 and 1000 `span`s until little moves; implicit steps, which keep conserved
    totals, then go to the rest itself. A cycle or slow growth is `Status.NOT_AT_REST`, what fails has its own status.

    values : (n_values, n_runs).   span : time, in the model's unit.   solve : computes runs.
    -> y (n_states, n_runs), NaN for running totals and where there is no rest; status, state index (n_runs,).
    """
    program = functions.program
    n_states, n = len(program.states), values.shape[1]
    moving = np.unique(np.array([j for _, j, _ in program.jacobian], dtype=np.intp))
    result = np.full((n_states, n), np.nan)
    status = np.full(n, Status.OK, dtype=np.int8)
    trouble = np.zeros(n, dtype=np.int32)
    if not moving.size:
        return result, status, trouble
    left, begin = np.arange(n), 0.0
    y = np.full((n_states, n), np.nan)
    for longer in SPANS:
        end = begin + span * longer
        grid = np.array([(begin + end) / 2, end])
        request = Request(functions, values[:, left], grid, begin, y[:, left], RTOL, None, MOST_STEPS, None, "auto")
        # where a run stands later may lie below 0 by what the solver tolerates
        request = replace(request, any_start=begin > 0)
        batch = solve(request)
        done = np.asarray(batch.status) == Status.OK
        status[left[~done]] = batch.status[~done]
        if not begin:
            trouble[left[~done]] = np.where(np.isin(batch.trouble, moving), batch.trouble, moving[0])[~done]
        runs = left[done]
        if not runs.size:
            return result, status, trouble
        y[:, runs] = batch.y[1][:, done]
        found, good, worst = _polished(functions, values[:, runs], end, y[:, runs], batch.y[0][:, done], moving)
        result[np.ix_(moving, runs[good])] = found[np.ix_(moving, np.flatnonzero(good))]
        trouble[runs] = worst
        left, begin = runs[~good], end
        if not left.size:
            return result, status, trouble
    status[left] = Status.NOT_AT_REST
    return result, status, trouble


def _polished(
    functions: Functions, values: Array, t: float, y: Array, before: Array, moving: Lanes
) -> tuple[Array, NDArray[np.bool_], NDArray[np.int32]]:
    """Return the rest near y, whether it is one, and the state farthest from it.

    y, before : (n_states, n_runs), at `t` and when half of the time was over.
    """
    n = y.shape[1]
    lanes = padded(np.arange(n))
    p = functions.parameters(values[:, lanes])
    c = functions.prepare(p)
    y, before = y[:, lanes], before[:, lanes]
    program = functions.program
    size = np.abs(y) + absolute_tolerance(program, functions.initial(p), 1.0, None)
    with np.errstate(all="ignore"):
        gone = _implicit(functions, t, y, c, LEAP * t, moving)
        far = np.maximum(np.abs(gone), np.abs(y - before)) / size
        made = y + gone
        for _ in range(POLISH):
            # a run that is there stays there, whatever the runs beside it still need
            on = ~(np.abs(gone) <= EXACT * size).all(axis=0)
            if not on.any():
                break
            gone = np.where(on, _implicit(functions, t, made, c, LEAP * t, moving), gone)
            made = np.where(on, made + gone, made)
        # a population that dies out ends at 0, not a rounding error below
        made = np.where((made < 0) & ((y >= 0) | (made >= -GOOD * size)), 0.0, made)
        near = np.nanmax(far[moving], axis=0) <= NEAR
        exact = (np.abs(gone) <= GOOD * size)[moving].all(axis=0)
        stayed = (np.abs(made - y) <= 10 * NEAR * size)[moving].all(axis=0)
    good = near & exact & stayed & np.isfinite(made[moving]).all(axis=0)
    worst = moving[np.argmax(np.nan_to_num(far[moving], nan=np.inf), axis=0)]
    return made[:, :n], good[:n], worst[:n].astype(np.int32)


def _implicit(functions: Functions, t: float, y: Array, c: Array, tau: float, moving: Lanes) -> Array:
    """Return the change of y (n_states, n_runs) in one linearized implicit Euler step of length `tau`.

    A conserved total L of the states (L f = 0, so L J = 0) is kept: L (1/tau - J) change = L change/tau = L f = 0.
    Running totals don't change.
    """
    program = functions.program
    rows = np.array([i for i, _, _ in program.jacobian], dtype=np.intp)
    columns = np.array([j for _, j, _ in program.jacobian], dtype=np.intp)
    n_states, n = y.shape
    matrices = np.zeros((n, n_states, n_states))
    matrices[:, rows, columns] = -functions.jacobian(t, y, c).T
    matrices = matrices[:, moving][:, :, moving]
    matrices[:, np.arange(len(moving)), np.arange(len(moving))] += 1 / tau
    right = functions.rhs(t, y, c)[moving].T[:, :, None]
    change = np.zeros_like(y)
    try:
        change[moving] = np.linalg.solve(matrices, right)[:, :, 0].T
    except np.linalg.LinAlgError:  # of one run only
        for run in range(n):
            change[moving, run] = _solved(matrices[run], right[run])
    return change


def _solved(matrix: Array, right: Array) -> Array:
    try:
        return np.asarray(np.linalg.solve(matrix, right)[:, 0])
    except np.linalg.LinAlgError:
        return np.full(len(matrix), np.nan)
