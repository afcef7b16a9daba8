"""Many runs: a design of parameter sets in every arm, reduced to endpoints while running."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from immunode.study.arms import Arms
from immunode.study.design.design import Design
from immunode.study.endpoints import Endpoint
from immunode.study.result.sweep_result import SweepResult
from immunode.study.run.collect import Gathered
from immunode.study.run.executors import Cut, computed
from immunode.study.run.plan import Plan, make_plan
from immunode.study.run.progress import patient_interrupts, telling

if TYPE_CHECKING:
    import pandas as pd

    from immunode.model import Model

MEMORY = 16e6
"""Bytes that the trajectories of one block may take; as many blocks are in hand as there are processors."""
LEAST, MOST, BLOCKS = 1024, 8192, 16
"""Runs that are solved together, at least and at most where memory allows them, and blocks that processors share."""
ARMS_TOGETHER = 8
"""A block has rows for this many arms at most; sweeps with more have fewer rows of each in a block."""


def sweep(
    model: Model,
    design: Design | pd.DataFrame | str | os.PathLike[str] | None = None,
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
    store: str | os.PathLike[str] | None = None,
    executor: Any = None,
    part: tuple[int, int] | None = None,
    progress: Callable[[int, int], object] | bool | None = None,
    log: str | os.PathLike[str] | None = None,
) -> SweepResult:
    """Return one row a run: every row of the design, in the arms that it names.

    A failed run is a row with a status and NaN, never an exception. A run's numbers do not depend on the runs beside
    it, on `block`, the store, the executor or its place: bit for bit. Ctrl-C finishes the blocks in hand and keeps all
    that are finished; a second one stops at once.

    design : columns are parameters, knobs (`"anti_tnf.strength"`) or initial values (`"E(0)"`) of at least one arm;
        an arm that lacks a column ignores it. A DataFrame or the path of a CSV file stands for `from_table(...)`; its
        columns of text and identifiers of patients label the rows of the result. None: Sobol points for all
        parameters, inside their bounds, else log-uniform +-30 % (then `n`, by default 1024, and `seed` count);
        one row where the model has none.
    until, times : end and output grid, as in `simulate`; by default 201 equal steps to `model.horizon`.
    arms : crossed with the design where the design does not name arms itself; else what its arms are.
    endpoints : from `final`, `at`, `peak`, `auc`, ... or text such as `"peak(T)"`; by default final and peak of
        the model's readouts. Peaks, thresholds and integrals are taken from the solver's own steps, whatever `times`
        is.
    engine : "compiled" (vector code, extra `fast`), "numpy" (batch), "scipy" (run by run) or "auto".
    method : one of the engine's, or "auto".
    rtol, atol : tolerances as in `simulate`.
    block : most runs solved together; by default what fits the memory.
    keep : "endpoints", "trajectories" (all states and derived quantities) or a list of quantities to keep
        on the output grid.
    store : folder or URL (`"runs/ra.zarr"`, `"s3://bucket/ra.zarr"`) that blocks are written to as they are done; the
        same call goes on where it ended. Kept trajectories stay there and are read when asked for. Extra `store`.
    executor : who computes blocks: None for this process, as many at a time as it has processors, an executor of
        `concurrent.futures`, or a Dask client (extra `cluster`). A block then gets one thread, and blocks of a worker
        that dies are computed again.
    part : (2, 8) computes every eighth block from the second on; `merge_stores` joins the stores of such jobs.
    progress : called as `progress(done, total)` after every block; True shows a line with rate and time left.
    log : a file that gets that line after every block.

    Raises
    ------
    StudyError : a column, arm, endpoint, quantity or time that can't be; before anything runs.
    EngineError : an engine or method that does not exist or can't do what the model needs.
    StoreError : the store holds another study (says which), is written to by another process, or can't be written.
    """
    options = {"engine": engine, "method": method, "rtol": rtol, "atol": atol}
    plan = make_plan(model, design, until, times, arms, endpoints, keep, n, seed, options)
    return run_plan(plan, block=block, store=store, executor=executor, part=part, progress=progress, log=log)


def run_plan(
    plan: Plan,
    *,
    block: int | None = None,
    store: str | os.PathLike[str] | None = None,
    executor: Any = None,
    part: tuple[int, int] | None = None,
    progress: Callable[[int, int], object] | bool | None = None,
    log: str | os.PathLike[str] | None = None,
) -> SweepResult:
    """Return what the runs of a plan give. Parameters and errors as in `sweep`."""
    cut = make_cut(plan, block)
    mine = cut.blocks(part)
    if store is not None:
        from immunode.study.store.sweeping import sweep_into

        return sweep_into(plan, cut, part, store, executor, progress, log)
    table = Gathered(plan)
    with telling(progress, log, 0) as tell, patient_interrupts() as stop, suppress(KeyboardInterrupt):
        for number, done in computed(plan, cut, mine, executor, stop):
            table.put(cut.slice(number), done)
            tell(table.finished, len(table.status))
    message = table.unfinished([cut.slice(number).start for number in mine])
    if message.startswith("interrupted"):
        warnings.warn(f"{plan.model.name}: {message}", stacklevel=3)
    return table.result(message)


def make_cut(plan: Plan, block: int | None = None) -> Cut:
    """Return how the rows of a plan are cut into blocks: runs solved together for each of several arms."""
    size = _block_size(plan, block)
    span = size * min(len(plan.arms), ARMS_TOGETHER)
    if plan.keep:
        span = min(span, max(1, int(MEMORY / (8 * len(plan.times) * len(plan.keep)))))
    return Cut(len(plan.design), max(1, min(span, len(plan.design))), size)


def _block_size(plan: Plan, block: int | None) -> int:
    """Return how many runs are solved together; results do not depend on it."""
    if block is not None:
        from immunode.errors import StudyError

        if int(block) != block or block < 1:
            raise StudyError(f"{plan.model.name}: block must be a whole number above 0, got {block!r}")
        return int(block)
    if any(arm.engine == "scipy" for arm in plan.arms):
        return 32  # runs are solved one by one anyway; this is how often progress is told
    width = max(1, *(arm.width for arm in plan.arms))
    shared = np.clip(len(plan.design) / (len(plan.arms) * BLOCKS), LEAST, MOST)
    return int(np.clip(MEMORY / (8 * len(plan.solved) * width), 64, shared))
