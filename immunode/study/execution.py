"""Blocks of runs: solved, looked at, reduced; wherever their plan has travelled."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.solve.status import Status
from immunode.solve.threads import threads_at_most
from immunode.study.plan import ArmPlan, Plan
from immunode.study.recorder import Recorder, Samples
from immunode.study.reduction import reduce_samples
from immunode.study.simulate import why

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """What a block gave.

    status, reached, methods : shape (n_runs,).   values : shape (n_runs, n_endpoints), NaN where a run failed.
    kept : quantity -> shape (n_runs, n_times).   reasons : position in the block -> why that run failed.
    why : the reason for engine and method.
    """

    status: NDArray[np.int16]
    values: Array
    kept: dict[str, Array]
    reached: Array
    methods: NDArray[Any]
    reasons: dict[int, str]
    why: str


def run_block(plan: Plan, arm: ArmPlan, rows: NDArray[np.intp], options: Mapping[str, Any]) -> Block:
    """Return what the given rows of the design give in an arm. rows : shape (n_runs,), rows of that arm only."""
    from immunode.solve import solve

    values, initial = inputs(plan, arm, rows)
    recorder = Recorder(arm.functions, values, plan.times, arm.recorded)
    heard: dict[str, Any] = {}
    if arm.recorded:
        heard = {"on_jump": recorder.on_jump, "on_restart": recorder.on_restart}
    batch = solve(arm.functions, values, times=plan.times, initial=initial, engine=arm.engine, **heard, **options)
    status = np.asarray(batch.status, np.int16).copy()
    absurd = _absurd(plan, arm, rows)
    status[list(absurd)] = Status.REFUSED
    good = status == Status.OK
    table = np.full((len(rows), len(plan.endpoints)), np.nan)
    kept: dict[str, Array] = {}
    if arm.recorded:
        grid = recorder.grid(batch.y)
        kept = {name: grid[i].T for i, name in enumerate(arm.recorded) if name in plan.keep}
        samples = recorder.samples(grid)
    else:
        grid, samples = np.empty((0, len(plan.times), len(rows))), None
    for i in arm.endpoints:
        table[:, i] = _endpoint(plan, arm, i, batch.y, grid, samples, values)
    table[~good] = np.nan
    for block in kept.values():
        block[status == Status.REFUSED] = np.nan
    # the names themselves, not a copy for each run
    methods = np.array(batch.methods, dtype=object)[batch.method_index]
    reasons = {int(i): why(arm.functions, batch, int(i), values, initial) for i in np.flatnonzero(~good)} | absurd
    told = batch.reason.replace(f"engine '{arm.engine}' was asked for", arm.why)
    return Block(status, table, kept, np.asarray(batch.reached, float), methods, reasons, told)


@dataclass(frozen=True, slots=True)
class Portion:
    """What some rows of a design gave, in all their arms; arrays as in `Block`, along the rows.

    reasons : position among the rows -> why that run failed.   why : arm -> the reason for engine and method.
    """

    status: NDArray[np.int16]
    values: Array
    kept: dict[str, Array]
    reached: Array
    methods: NDArray[Any]
    reasons: dict[int, str]
    why: dict[str, str]


_one_at_a_time = threading.Lock()


def run_portion(plan: Plan, size: int, threads: int | None = None) -> Portion:
    """Return what all rows of a plan give.

    size : most runs that are solved together.   threads : most that an engine uses; None is all processors.
    """
    with threads_at_most(threads):
        return _run_portion(plan, size)


def _run_portion(plan: Plan, size: int) -> Portion:
    options = {name: plan.options[name] for name in ("method", "rtol", "atol")}
    n = len(plan.design)
    made = Portion(
        np.empty(n, np.int16),
        np.empty((n, len(plan.endpoints))),
        {name: np.full((n, len(plan.times)), np.nan) for name in plan.keep},
        np.empty(n),
        np.empty(n, object),
        {},
        {},
    )
    for arm in plan.arms:
        mine = np.flatnonzero(plan.arm_of == arm.index)
        for first in range(0, len(mine), size):
            rows = mine[first : first + size]
            # SciPy's LSODA keeps state outside of its object: two threads would mix their runs
            with _one_at_a_time if arm.engine == "scipy" else nullcontext():
                block = run_block(plan, arm, rows, options)
            made.status[rows], made.values[rows], made.reached[rows] = block.status, block.values, block.reached
            made.methods[rows] = block.methods
            for name, table in block.kept.items():
                made.kept[name][rows] = table
            made.reasons.update((int(rows[i]), text) for i, text in block.reasons.items())
            made.why.setdefault(arm.name, block.why)
    return made


def filled_inputs(plan: Plan) -> Array:
    """Return the design's columns with the model's own values filled in, shape (n_rows, n_columns)."""
    design = plan.design
    filled = np.where(design.unset, np.nan, design.values)
    for arm in plan.arms:
        rows = np.flatnonzero(plan.arm_of == arm.index)
        if not design.unset[rows].any():
            continue
        values, _ = inputs(plan, arm, rows)
        with np.errstate(all="ignore"):
            y = arm.functions.initial(arm.functions.parameters(values))
        for j, (row, state) in enumerate(zip(arm.columns, arm.initial, strict=True)):
            if row >= 0 or state >= 0:
                own = values[row] if row >= 0 else y[state]
                filled[rows, j] = np.where(design.unset[rows, j], own, filled[rows, j])
    return filled


def inputs(plan: Plan, arm: ArmPlan, rows: NDArray[np.intp]) -> tuple[Array, Array | None]:
    """Return values (n_values, n_runs) and initial values (n_states, n_runs) or None, of rows of the design."""
    program, design = arm.functions.program, plan.design
    values = np.repeat(np.asarray(program.values, float)[:, None], len(rows), axis=1)
    initial = np.full((len(program.states), len(rows)), np.nan)
    given = False
    for j, (row, state) in enumerate(zip(arm.columns, arm.initial, strict=True)):
        cells, unset = design.values[rows, j], design.unset[rows, j]
        if row >= 0:
            values[row] = np.where(unset, values[row], cells)
        elif state >= 0:
            # NaN means the model's own value to a solver; the run is refused afterwards (`_absurd`)
            initial[state] = np.where(unset, np.nan, cells)
            given = True
    return values, initial if given else None


def _endpoint(
    plan: Plan, arm: ArmPlan, position: int, y: Array, grid: Array, samples: Samples | None, values: Array
) -> Array:
    one = plan.endpoints[position]
    if one.kind == "auc":
        return np.asarray(y[-1, arm.functions.program.states.index(f"integral({one.subject})")])
    if one.kind == "final":
        return np.asarray(grid[arm.recorded.index(one.subject), -1])
    if one.kind == "at":
        k = int(np.searchsorted(plan.times, plan.at_times[position]))
        return np.asarray(grid[arm.recorded.index(one.subject), k])
    assert samples is not None
    return reduce_samples(one, samples, dict(zip(arm.functions.program.parameters, values, strict=False)))


def _absurd(plan: Plan, arm: ArmPlan, rows: NDArray[np.intp]) -> dict[int, str]:
    """Return positions of rows with a cell that is NaN or infinite, and what to say of it."""
    used = [j for j, (row, state) in enumerate(zip(arm.columns, arm.initial, strict=True)) if row >= 0 or state >= 0]
    found: dict[int, str] = {}
    for j in used:
        cells = np.where(plan.design.unset[rows, j], 0.0, plan.design.values[rows, j])
        for i in np.flatnonzero(~np.isfinite(cells)):
            found.setdefault(int(i), f"refused: {plan.design.names[j]} is {cells[i]:g}")
    return found
