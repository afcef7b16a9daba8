"""Blocks of runs: solved, looked at, reduced; wherever their plan has travelled."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.solve.engine import OnJump
from immunode.solve.status import Status
from immunode.solve.thread_limits import threads_at_most
from immunode.study.endpoints.endpoint import Reducer, Shared
from immunode.study.run.passed_pulses import LOOKED_AT, Both, Passed, PassedWatcher, together
from immunode.study.run.plan import ArmPlan, Plan
from immunode.study.run.ready import own_rows, set_own
from immunode.study.run.recorder import Recorder
from immunode.study.run.watcher import Watcher
from immunode.study.simulate import why

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """What a block gave.

    status, reached, methods : shape (n_runs,).   values : shape (n_runs, n_endpoints), NaN where a run failed.
    kept : quantity -> shape (n_runs, n_times).   reasons : position in the block -> why that run failed.
    why : the reason for engine and method.   passed : pulses that steps may have passed over, or None.
    """

    status: NDArray[np.int16]
    values: Array
    kept: dict[str, Array]
    reached: Array
    methods: NDArray[Any]
    reasons: dict[int, str]
    why: str
    passed: Passed | None


def run_block(plan: Plan, arm: ArmPlan, rows: NDArray[np.intp], options: Mapping[str, Any]) -> Block:
    """Return what the given rows of the design give in an arm. rows : shape (n_runs,), rows of that arm only."""
    from immunode.solve import solve

    values, initial = inputs(plan, arm, rows)
    watcher, reducers = _watcher(plan, arm, values)
    over = _over(plan, arm, rows, values, initial)
    recorder = Recorder(arm.functions, values, plan.solved, arm.recorded, both_sides=False)
    switches = bool(arm.functions.program.switches)
    batch = solve(
        arm.functions,
        values,
        times=plan.solved,
        initial=initial,
        engine=arm.engine,
        on_jump=_told(recorder if arm.recorded and switches else None, watcher),
        on_restart=recorder.on_restart if arm.recorded else None,
        listener=Both(watcher, over) if watcher and over else watcher or over,
        **options,
    )
    status = np.asarray(batch.status, np.int16).copy()
    absurd = _absurd(plan, arm, rows)
    status[list(absurd)] = Status.REFUSED
    good = status == Status.OK
    table = np.full((len(rows), len(plan.endpoints)), np.nan)
    kept: dict[str, Array] = {}
    outputs = _Grid(plan.solved, dict(zip(arm.recorded, recorder.grid(batch.y), strict=True)) if arm.recorded else {})
    if plan.keep:
        kept = {name: outputs.values[name].T for name in arm.recorded if name in plan.keep}
    with np.errstate(all="ignore"):
        for i, reducer in reducers.items():
            table[:, i] = reducer.result(outputs)
    table[~good] = np.nan
    for block in kept.values():
        block[status == Status.REFUSED] = np.nan
    # the names themselves, not a copy for each run
    methods = np.array(batch.methods, dtype=object)[batch.method_index]
    reasons = {int(i): why(arm.functions, batch, int(i), values, initial) for i in np.flatnonzero(~good)} | absurd
    told = batch.reason.replace(f"engine '{arm.engine}' was asked for", arm.why)
    return Block(
        status,
        table,
        kept,
        np.asarray(batch.reached, float),
        methods,
        reasons,
        told,
        over.passed(good) if over else None,
    )


@dataclass(frozen=True, slots=True)
class Portion:
    """What some rows of a design gave, in all their arms; arrays as in `Block`, along the rows.

    reasons : position among the rows -> why that run failed.   why : arm -> the reason for engine and method.
    passed : arm -> pulses that steps may have passed over, of arms that have any.
    """

    status: NDArray[np.int16]
    values: Array
    kept: dict[str, Array]
    reached: Array
    methods: NDArray[Any]
    reasons: dict[int, str]
    why: dict[str, str]
    passed: dict[str, Passed]


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
        {},
    )
    for arm in plan.arms:
        mine = np.flatnonzero(plan.arm_of == arm.index)
        passed = []
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
            passed += [block.passed] if block.passed else []
        whole = together(passed)
        if whole is not None:
            made.passed[arm.name] = whole
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
    if given:
        set_own(arm.functions, values, initial, own_rows(arm.model, arm.functions))
    return values, initial if given else None


def _watcher(plan: Plan, arm: ArmPlan, values: Array) -> tuple[Watcher | None, dict[int, Reducer]]:
    """Return what listens to the steps, if anything has to, and the reducer of every endpoint by its position."""
    n_runs, shared = values.shape[1], Shared()
    reducers = {i: plan.endpoints[i].reducer(n_runs, plan.at_times[i], shared) for i in arm.endpoints}
    inside = [i for i in arm.endpoints if plan.endpoints[i].looks_inside]
    if not inside:
        return None, reducers
    endpoints = [plan.endpoints[i] for i in inside]
    end = float(plan.solved[-1])
    return Watcher(arm.functions, endpoints, [reducers[i] for i in inside], values, end, plan.options["rtol"]), reducers


def _over(
    plan: Plan, arm: ArmPlan, rows: NDArray[np.intp], values: Array, initial: Array | None
) -> PassedWatcher | None:
    """Return what compares the steps with the pulses of an arm's rates, None where it has none."""
    if not arm.pulsed:
        return None
    looked = None if arm.pulsed == "everywhere" else plan.design.draw[rows] < LOOKED_AT
    return PassedWatcher(arm.model, arm.functions, values, initial, float(plan.solved[-1]), looked)


def _told(recorder: Recorder | None, watcher: Watcher | None) -> OnJump | None:
    """Return what hears of jumps for those who want to, None where nobody does."""
    listeners = [one.on_jump for one in (recorder, watcher) if one is not None]
    if len(listeners) < 2:
        return listeners[0] if listeners else None

    def tell(runs: NDArray[Any], t: Array, before: Array, after: Array, p: Array) -> None:
        for listener in listeners:
            listener(runs, t, before, after, p)

    return tell


@dataclass(frozen=True, slots=True)
class _Grid:
    """Values of quantities at output times. times : (n_times,).   values : by name, (n_times, n_runs)."""

    times: Array
    values: dict[str, Array]

    def at(self, quantity: str, time: float) -> Array:
        """See `endpoints.Outputs`."""
        k = min(int(np.searchsorted(self.times, time)), len(self.times) - 1)
        return np.asarray(self.values[quantity][k])


def _absurd(plan: Plan, arm: ArmPlan, rows: NDArray[np.intp]) -> dict[int, str]:
    """Return positions of rows with a cell that is NaN or infinite, and what to say of it."""
    used = [j for j, (row, state) in enumerate(zip(arm.columns, arm.initial, strict=True)) if row >= 0 or state >= 0]
    found: dict[int, str] = {}
    for j in used:
        cells = np.where(plan.design.unset[rows, j], 0.0, plan.design.values[rows, j])
        for i in np.flatnonzero(~np.isfinite(cells)):
            found.setdefault(int(i), f"refused: {plan.design.names[j]} is {cells[i]:g}")
    return found
