"""Many runs: a design of parameter sets in every arm, reduced to endpoints while running."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from numpy.typing import ArrayLike

from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.study.arms import Arms
from immunode.study.computation import compute
from immunode.study.design.design import Design
from immunode.study.endpoints import Endpoint
from immunode.study.result.sweep_result import SweepResult
from immunode.study.run.costs import Estimate, estimate
from immunode.study.run.cuts import make_cut
from immunode.study.run.plan_checks import make_plan
from immunode.study.store.place import Place

if TYPE_CHECKING:
    import pandas as pd


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
    patients: int | None = None,
    keep: str | Sequence[str] = "endpoints",
    store: str | os.PathLike[str] | None = None,
    executor: Any = None,
    part: tuple[int, int] | None = None,
    progress: Callable[[int, int], object] | bool | None = None,
    log: str | os.PathLike[str] | None = None,
) -> SweepResult:
    """Return one row per run: every row of the design, in the arms that it names.

    A failed run is a row with a status and NaN, never an exception. A run's numbers do not depend on the runs beside
    it, on `block`, the store, the executor or its place: bit for bit. Ctrl-C finishes the blocks in hand and keeps all
    that are finished; a second one stops at once.

    Parameters
    ----------
    design : Design | DataFrame | str | path | None
        columns are parameters, knobs (`"anti_tnf.strength"`) or initial values (`"E(0)"`) of at least one arm; an arm
        that lacks a column ignores it. A DataFrame or the path of a CSV file stands for `from_table(...)`; its columns
        of text and identifiers of patients label the rows of the result. None: Sobol points for all parameters, inside
        their bounds, else log-uniform +-30 % (then `n`, by default 1024, and `seed` count); one row where the model has
        none.
    patients : int | None
        draws so many virtual patients of the population that the model declares, with what the drugs of its arms add,
        instead of a design; each patient is in every arm, and their covariates are columns of the table.
    until, times
        end and output grid, as in `simulate`; by default 201 equal steps to `model.horizon`.
    arms : Arms | Mapping[str, Any] | Sequence[str] | str | None
        crossed with the design where the design does not name arms itself; else what its arms are.
    endpoints : Iterable[Endpoint | str] | Endpoint | str | None
        from `final`, `at`, `peak`, `auc`, ... or text such as `"peak(T)"`; by default final and peak of the model's
        readouts. Peaks, thresholds and integrals are taken from the solver's own steps, whatever `times` is.
    engine : str
        "compiled" (vector code, extra `fast`), "numpy" (batch), "scipy" (run by run) or "auto".
    method : str
        one of the engine's, or "auto".
    rtol, atol
        tolerances as in `simulate`.
    block : int | None
        most runs solved together; by default what fits the memory.
    keep : str | Sequence[str]
        "endpoints", "trajectories" (all states and derived quantities) or a list of quantities to keep on the output
        grid.
    store : str | path | None
        folder or URL (`"runs/ra.zarr"`, `"s3://bucket/ra.zarr"`) that blocks are written to as they are done; the same
        call, made again, resumes it. Kept trajectories stay there and are read when asked for. Extra `store`.
    executor : Any
        who computes blocks: None for this process, as many at a time as it has processors, an executor of
        `concurrent.futures`, or a Dask client (extra `cluster`). A block then gets one thread, and blocks of a worker
        that dies are computed again.
    part : tuple[int, int] | None
        (2, 8) computes every eighth block from the second on; `merge_stores` joins the stores of such jobs.
    progress : Callable[[int, int], object] | bool | None
        called as `progress(done, total)` after every block; True shows a line with rate and time left.
    log : str | path | None
        a file that gets that line after every block.

    Raises
    ------
    StudyError
        a column, arm, endpoint, quantity or time that can't be; before anything runs.
    EngineError
        an engine or method that does not exist or can't do what the model needs.
    StoreError
        the store holds another study (says which), is written to by another process, or can't be written.
    """
    options = {"engine": engine, "method": method, "rtol": rtol, "atol": atol}
    plan = make_plan(model, design, until, times, arms, endpoints, keep, n, patients, seed, options)
    data = compute(plan, block=block, store=store, executor=executor, part=part, progress=progress, log=log)
    return SweepResult(plan, data)


class SweepOptions(TypedDict, total=False):
    """What `sweep` may be asked beside a model and a design, for functions that hand it on; the meaning is told there.

    Its defaults are `sweep`'s own.
    """

    until: float | str | None
    times: ArrayLike | Sequence[str] | None
    arms: Arms | Mapping[str, Any] | Sequence[str] | str | None
    endpoints: Iterable[Endpoint | str] | Endpoint | str | None
    engine: str
    method: str
    rtol: float
    atol: ArrayLike | None
    block: int | None
    seed: int
    n: int | None
    patients: int | None
    keep: str | Sequence[str]
    store: str | os.PathLike[str] | None
    executor: Any
    part: tuple[int, int] | None
    progress: Callable[[int, int], object] | bool | None
    log: str | os.PathLike[str] | None


def plan_sweep(model: Model, design: Any = None, **options: Unpack[SweepOptions]) -> Estimate:
    """Return what `sweep(model, design, **options)` would take, and run only a few of its runs.

    Runs are picked evenly from the whole design; compiling is not counted.

    Parameters
    ----------
    design, options
        as in `sweep`, with its defaults; those that no estimate depends on (store, executor, progress, log) are
        accepted, so that a call can be tried as it is.

    Raises
    ------
    StudyError, EngineError
        as `sweep` would; an option that `sweep` does not have.
    """
    shape = signature(sweep)
    for name in options:
        if name not in shape.parameters:
            raise StudyError(f"plan_sweep: unknown option '{name}'{did_you_mean(name, shape.parameters)}")
    bound = shape.bind(model, design, **options)
    bound.apply_defaults()
    asked = bound.arguments
    computing = {name: asked[name] for name in ("engine", "method", "rtol", "atol")}
    shared = {name: asked[name] for name in ("until", "times", "arms", "endpoints", "keep", "n", "patients", "seed")}
    plan = make_plan(model, design, **shared, options=computing)
    remote = asked["store"] is not None and not Place.of(asked["store"]).local
    return estimate(plan, make_cut(plan, asked["block"], remote=remote), asked["part"])
