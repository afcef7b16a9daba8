"""Many runs: a design of parameter sets in every arm, reduced to endpoints while running."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.study.arms import Arms
from immunode.study.design import Design
from immunode.study.endpoints import Endpoint
from immunode.study.execution import Block, run_block
from immunode.study.plan import ArmPlan, Plan, make_plan
from immunode.study.recipe import model_recipe, tolerance, versions
from immunode.study.result import NOT_RUN, SweepResult

if TYPE_CHECKING:
    from immunode.model.declaration import Model

Array = NDArray[np.float64]
MEMORY = 200e6
"""Bytes that the trajectories of one block may take."""


def sweep(
    model: Model,
    design: Design | None = None,
    *,
    until: float | str | None = None,
    times: ArrayLike | Sequence[str] | None = None,
    arms: Arms | Mapping[str, Any] | Sequence[str] | str | None = None,
    endpoints: Iterable[Endpoint | str] | Endpoint | str | None = None,
    engine: str = "auto",
    method: str = "auto",
    rtol: float = 1e-6,
    atol: ArrayLike | None = None,
    block: int | None = None,
    seed: int = 0,
    n: int | None = None,
    keep: str | Sequence[str] = "endpoints",
    progress: Callable[[int, int], object] | None = None,
) -> SweepResult:
    """Return one row a run: every row of the design, in the arms that it names.

    A failed run is a row with a status and NaN, never an exception. A run's numbers do not depend on the runs beside
    it, on `block` or on its place: bit for bit. Ctrl-C keeps the blocks that are finished.

    design : columns are parameters, knobs (`"anti_tnf.strength"`) or initial values (`"E(0)"`) of at least one arm;
        an arm that lacks a column ignores it. None: Sobol points for all parameters, inside their bounds, else
        log-uniform +-30 % (then `n`, by default 1024, and `seed` count).
    until, times : end and output grid, as in `simulate`; by default 201 equal steps to `model.horizon`.
    arms : crossed with the design where the design does not name arms itself; else what its arms are.
    endpoints : from `final`, `at`, `peak`, `auc`, ... or text such as `"peak(T)"`; by default final and peak of
        the model's readouts. Peaks and thresholds are looked for on the output grid and at every jump.
    engine : "compiled" (vector code, extra `fast`), "numpy" (batch), "scipy" (run by run) or "auto".
    method : one of the engine's, or "auto".
    rtol, atol : tolerances as in `simulate`.
    block : most runs solved together; by default what fits the memory.
    keep : "endpoints", "trajectories" (all states and derived quantities) or a list of quantities to keep
        on the output grid.
    progress : called as `progress(done, total)` after every block.

    Raises
    ------
    StudyError : a column, arm, endpoint, quantity or time that can't be; before anything runs.
    EngineError : an engine or method that does not exist or can't do what the model needs.
    """
    plan = make_plan(model, design, until, times, arms, endpoints, keep, n, seed, engine, method)
    options = {"method": method, "rtol": rtol, "atol": atol}
    size = _block_size(plan, block)
    rows = np.arange(len(plan.design))
    status = np.full(len(rows), NOT_RUN, np.int16)
    values = np.full((len(rows), len(plan.endpoints)), np.nan)
    kept = {name: np.full((len(rows), len(plan.times)), np.nan) for name in plan.keep}
    reached = np.full(len(rows), np.nan)
    methods = np.full(len(rows), "", object)
    reasons: dict[int, str] = {}
    why: dict[str, str] = {}
    message = ""
    try:
        for start in range(0, len(rows), size * len(plan.arms)):
            part = rows[start : start + size * len(plan.arms)]
            for arm in plan.arms:
                mine = part[plan.arm_of[part] == arm.index]
                for first in range(0, len(mine), size):
                    lanes = mine[first : first + size]
                    done = run_block(plan, arm, lanes, options)
                    _store(done, lanes, values, kept, reached, methods, reasons)
                    why.setdefault(arm.name, done.why)
                    status[lanes] = done.status
                    if progress is not None:
                        progress(int(np.count_nonzero(status != NOT_RUN)), len(rows))
    except KeyboardInterrupt:
        finished = int(np.count_nonzero(status != NOT_RUN))
        message = f"interrupted: {finished} of {len(rows)} runs are finished; the others have the status 'not run'"
        warnings.warn(f"{model.name}: {message}", stacklevel=2)
    return SweepResult(
        plan, status, values, kept, reached, methods, reasons, _recipe(plan, options, methods, why, message), message
    )


def _store(
    done: Block,
    lanes: NDArray[np.intp],
    values: Array,
    kept: Mapping[str, Array],
    reached: Array,
    methods: NDArray[Any],
    reasons: dict[int, str],
) -> None:
    values[lanes] = done.values
    reached[lanes] = done.reached
    methods[lanes] = done.methods
    for name, block in done.kept.items():
        kept[name][lanes] = block
    reasons.update((int(lanes[i]), text) for i, text in done.reasons.items())


def _block_size(plan: Plan, block: int | None) -> int:
    """Return how many runs are solved together; results do not depend on it."""
    if block is not None:
        from immunode.errors import StudyError

        if int(block) != block or block < 1:
            raise StudyError(f"{plan.model.name}: block must be a whole number above 0, got {block!r}")
        return int(block)
    if any(arm.engine == "scipy" for arm in plan.arms):
        return 32  # runs are solved one by one anyway; this is how often progress is told
    width = max(arm.width for arm in plan.arms)
    return int(np.clip(MEMORY / (8 * len(plan.times) * width), 64, 8192))


def _recipe(
    plan: Plan, options: Mapping[str, Any], methods: NDArray[Any], why: Mapping[str, str], message: str
) -> dict[str, Any]:
    names, counts = np.unique(methods[methods != ""].astype(str), return_counts=True)

    def arm_recipe(arm: ArmPlan) -> dict[str, Any]:
        told = why.get(arm.name, arm.why)
        return {**model_recipe(arm.model, arm.functions.program.key), "engine": arm.engine, "reason": told}

    return {
        "model": plan.model.name,
        "reference": plan.model.reference,
        "arms": {arm.name: arm_recipe(arm) for arm in plan.arms},
        "design": plan.design.recipe,
        "seed": plan.design.seed,
        "runs": len(plan.design),
        "until": float(plan.times[-1]),
        "time unit": plan.model.time_unit,
        "times": len(plan.times),
        "endpoints": [one.name for one in plan.endpoints],
        "engine": ", ".join(dict.fromkeys(arm.engine for arm in plan.arms)),
        "method": options["method"],
        "methods used": {str(n): int(c) for n, c in zip(names, counts, strict=True)},
        "rtol": options["rtol"],
        "atol": tolerance(options["atol"]),
        "message": message,
        "versions": versions(),
    }
