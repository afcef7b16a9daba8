"""Blocks of runs: solved, looked at, reduced; wherever their plan has travelled."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.solve import solve
from immunode.solve.engine import OnJump
from immunode.solve.status import Status
from immunode.solve.thread_limits import threads_at_most
from immunode.study.endpoints.endpoint import Reducer, Shared
from immunode.study.run.passed_pulses import LOOKED_AT, Both, PassedWatcher
from immunode.study.run.plan import ArmPlan, Plan, inputs
from immunode.study.run.recorder import Recorder
from immunode.study.run.sweep_data import SweepData
from immunode.study.run.watcher import Watcher

Array = NDArray[np.float64]


def run_block(plan: Plan, arm: ArmPlan, rows: NDArray[np.intp], options: Mapping[str, Any]) -> SweepData:
    """Return what the given rows of the design give in an arm. rows : shape (n_runs,), rows of that arm only."""
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
    outputs = dict(zip(arm.recorded, recorder.grid(batch.y), strict=True)) if arm.recorded else {}

    solved = plan.solved

    def at(quantity: str, time: float) -> Array:
        return np.asarray(outputs[quantity][min(int(np.searchsorted(solved, time)), len(solved) - 1)])

    if plan.keep:
        kept = {name: outputs[name].T for name in arm.recorded if name in plan.keep}
    with np.errstate(all="ignore"):
        for i, reducer in reducers.items():
            table[:, i] = reducer.result(at)
    table[~good] = np.nan
    for block in kept.values():
        block[status == Status.REFUSED] = np.nan
    reasons = np.full(len(rows), "", object)
    for run, text in (dict(batch.reasons) | absurd).items():
        reasons[run] = text
    reason = batch.reason.replace(f"engine '{arm.engine}' was asked for", arm.reason)
    return SweepData(
        status=status,
        values=table,
        kept=kept,
        reached=np.asarray(batch.reached, float),
        methods=batch.methods,
        reasons=reasons,
        computed={(0, arm.name): (reason, over.passed(good) if over else None)},
    )


_one_at_a_time = threading.Lock()


def run_portion(plan: Plan, size: int, threads: int | None = None) -> SweepData:
    """Return what all rows of a plan give.

    size : most runs that are solved together.   threads : most that an engine uses; None is all processors.
    """
    with threads_at_most(threads):
        return _run_portion(plan, size)


def _run_portion(plan: Plan, size: int) -> SweepData:
    options = {name: plan.options[name] for name in ("method", "rtol", "atol")}
    data = SweepData.empty(len(plan.design), len(plan.endpoints), plan.keep, len(plan.times))
    for arm in plan.arms:
        mine = np.flatnonzero(plan.arm_of == arm.index)
        for first in range(0, len(mine), size):
            rows = mine[first : first + size]
            # SciPy's LSODA keeps state outside of its object: two threads would mix their runs
            with _one_at_a_time if arm.engine == "scipy" else nullcontext():
                data.put(rows, run_block(plan, arm, rows, options))
    return data


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


def _absurd(plan: Plan, arm: ArmPlan, rows: NDArray[np.intp]) -> dict[int, str]:
    """Return positions of rows with a cell that is NaN or infinite, and what to say of it."""
    used = [j for j, (row, state) in enumerate(zip(arm.columns, arm.initial, strict=True)) if row >= 0 or state >= 0]
    found: dict[int, str] = {}
    for j in used:
        cells = np.where(plan.design.unset[rows, j], 0.0, plan.design.values[rows, j])
        for i in np.flatnonzero(~np.isfinite(cells)):
            found.setdefault(int(i), f"refused: {plan.design.names[j]} is {cells[i]:g}")
    return found
