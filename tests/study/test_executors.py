"""Blocks computed elsewhere: the same bits, nothing lost, nothing twice."""

from __future__ import annotations

import os
import pickle
import signal
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.errors import StudyError
from immunode.model import Model
from immunode.study import SweepResult, grid, merge_stores, sobol, space, sweep
from immunode.study.run.cuts import Cut
from immunode.study.run.execution import run_portion
from immunode.study.run.plan import rows_of
from immunode.study.run.plan_checks import make_plan

OPTIONS = {"engine": "numpy", "method": "auto", "rtol": 1e-6, "atol": None}


def run(model: Model, **changes: Any) -> SweepResult:
    design = sobol(space(model, "k"), 60, seed=3) + grid(k=[np.nan, 0.3])
    asked: dict[str, Any] = {"arms": ["control", "slow"], "until": 6, "engine": "numpy", "block": 8, "keep": ["A"]}
    return sweep(model, design, **{**asked, **changes})


def same(a: SweepResult, b: SweepResult) -> bool:
    assert np.array_equal(a.kept["A"], b.kept["A"], equal_nan=True)
    return bool(a.table().equals(b.table()) and a.reasons.equals(b.reasons) and a.recipe == b.recipe)


@pytest.mark.sampled
@pytest.mark.parametrize("engine", ["numpy", "scipy", "auto"])
def test_threads_give_the_same_bits(decay: Model, engine: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert same(run(decay, engine=engine, executor=pool), run(decay, engine=engine))


def test_only_data_travels() -> None:
    model = load_model("kuznetsov1994")
    plan = make_plan(
        model, sobol(space(model), 64), None, None, ["control", "cytostatic"], None, "endpoints", None, None, 0, OPTIONS
    )
    sent = pickle.dumps(rows_of(plan, slice(8, 16)))
    assert len(sent) < 50_000
    here, there = run_portion(rows_of(plan, slice(8, 16)), 4), run_portion(pickle.loads(sent), 4)
    assert np.array_equal(here.values, there.values)
    assert here.computed == there.computed
    # functions travel as the program that they are made from
    assert b"exec" not in sent
    assert b"<immunode" not in sent


class Fragile(Executor):
    """An executor of one thread that loses some of what it is given, as a cluster loses workers."""

    _max_workers = 2

    def __init__(self, error: type[Exception], times: int) -> None:
        self.pool, self.error, self.left, self.submitted = ThreadPoolExecutor(1), error, times, 0

    def submit(self, task: Any, /, *args: Any, **options: Any) -> Future[Any]:
        self.submitted += 1
        if self.left and self.submitted % 3 == 0:
            self.left -= 1
            lost: Future[Any] = Future()
            lost.set_exception(self.error("a worker died"))
            return lost
        return self.pool.submit(task, *args, **options)


class KilledWorker(Exception):
    """As Dask's."""


def test_blocks_of_lost_workers_are_computed_again(decay: Model) -> None:
    pool = Fragile(KilledWorker, 5)
    seen: list[int] = []
    out = run(decay, executor=pool, block=2, progress=lambda done, total: seen.append(done))
    assert pool.submitted == 124 // 4 + 5  # each lost block once more
    assert seen == sorted(set(seen))
    assert same(out, run(decay))


def test_a_block_that_can_not_be_computed_says_which_rows(decay: Model) -> None:
    with pytest.raises(StudyError, match=r"rows 32 to 47.*executor: ValueError: a worker died"):
        run(decay, executor=Fragile(ValueError, 1))


def test_a_worker_uses_one_thread_and_this_process_all(decay: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    from immunode.solve.compiled.engine import CompiledEngine
    from immunode.solve.thread_limits import processors, threads_at_most

    used, solve = [], CompiledEngine.solve

    def watched(self: CompiledEngine, *asked: Any) -> Any:
        used.append(self.threads)
        return solve(self, *asked)

    monkeypatch.setattr(CompiledEngine, "solve", watched)
    with ThreadPoolExecutor(2) as pool:
        shared = run(decay, engine="compiled", executor=pool)
    assert set(used) == {1}
    used.clear()
    assert same(run(decay, engine="compiled", block=1000), shared)
    assert set(used) == {processors()}
    used.clear()
    with threads_at_most(2):
        assert same(run(decay, engine="compiled", block=8), shared)
    assert set(used) == {1}


def test_what_is_no_executor_is_refused(decay: Model) -> None:
    with pytest.raises(StudyError, match=r"executor: int is no executor.*Dask client"):
        run(decay, executor=4)


def test_memory_does_not_grow_with_the_number_of_blocks(decay: Model) -> None:
    waiting, most = [0], [0]

    class Counting(ThreadPoolExecutor):
        def submit(self, task: Any, /, *args: Any, **options: Any) -> Future[Any]:
            waiting[0] += 1
            most[0] = max(most[0], waiting[0])
            return super().submit(task, *args, **options)

    def tell(done: int, total: int) -> None:
        waiting[0] -= 1

    with Counting(2) as pool:
        sweep(decay, grid(k=np.linspace(0.1, 1, 200)), engine="numpy", block=4, executor=pool, progress=tell)
    assert most[0] <= 4


def test_parts_cover_each_block_once() -> None:
    cut = Cut(rows=100, span=8, size=8)
    parts = [cut.blocks((i, 3)) for i in (1, 2, 3)]
    assert sorted(block for part in parts for block in part) == list(range(13))
    for wrong in ((0, 3), (4, 3), (1.5, 3), (1,), "2/8"):
        with pytest.raises(StudyError, match=r"write \(2, 8\)"):
            cut.blocks(wrong)  # type: ignore[arg-type]


@pytest.mark.slow
def test_parts_of_jobs_that_share_nothing_are_joined(decay: Model, tmp_path: Path) -> None:
    pytest.importorskip("zarr", minversion="3")
    for i in (1, 2, 3):
        out = run(decay, part=(i, 3), store=tmp_path / f"{i}.zarr", keep="endpoints")
        assert out.message.startswith("only a part was asked for")
    whole = run(decay, keep="endpoints")
    merged = merge_stores(tmp_path / "all.zarr", *(tmp_path / f"{i}.zarr" for i in (1, 2, 3)))
    assert merged.table().equals(whole.table())
    again = run(decay, store=tmp_path / "all.zarr", keep="endpoints")
    assert again.recipe["store"]["runs found there"] == len(whole)


@pytest.mark.slow
def test_processes_give_the_same_bits_and_their_death_loses_nothing(decay: Model) -> None:
    import multiprocessing

    whole = run(decay)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert same(run(decay, executor=pool), whole)
        processes = list(pool._processes)

        def kill(done: int, total: int) -> None:
            if processes:
                os.kill(processes.pop(), signal.SIGKILL)

        with pytest.warns(UserWarning, match=r"workers died.*last \d+ blocks"):
            assert same(run(decay, executor=pool, progress=kill), whole)
