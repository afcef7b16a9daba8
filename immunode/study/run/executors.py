"""Who computes the blocks of a sweep: this process, an executor of `concurrent.futures`, or a Dask cluster."""

from __future__ import annotations

import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from typing import Any

from immunode.errors import StudyError
from immunode.solve.thread_limits import threads
from immunode.study.run.cluster import Watch, client_executor
from immunode.study.run.cuts import Cut
from immunode.study.run.execution import run_portion
from immunode.study.run.plan import Plan, rows_of
from immunode.study.run.sweep_data import SweepData

AGAIN = 10
"""How often a block whose worker died is given to another one."""
Look = Callable[[bool], bool]
"""Asked while nothing comes of an executor whether anybody works there; the argument tells whether somebody did."""


def computed(
    plan: Plan, cut: Cut, todo: Sequence[int], executor: Any, stop: Callable[[], bool]
) -> Iterator[tuple[int, SweepData]]:
    """Give the number and the results of each block as it is done; with an executor, in any order.

    executor : None for threads of this process, an executor of `concurrent.futures`, or a Dask client.
    stop : asked before a block is begun; those begun are still finished.

    Raises
    ------
    StudyError : the executor is none, or a block can't be computed there.
    """
    if executor is None:
        yield from _in_threads(plan, cut, todo, threads_for(plan, len(todo)), stop)
        return
    pool, look = _pool(plan.model.name, executor)
    yield from _scattered(plan, cut, list(reversed(todo)), pool, look, stop)


def threads_for(plan: Plan, blocks: int) -> int:
    """Return how many blocks of a plan are computed at a time: one, unless machine code leaves Python to the others.

    Two blocks in NumPy's small steps take longer side by side than one after the other.
    """
    engines = {arm.engine for arm in plan.arms}
    return max(1, min(threads(), blocks)) if "compiled" in engines and "numpy" not in engines else 1


def _in_threads(
    plan: Plan, cut: Cut, todo: Sequence[int], workers: int, stop: Callable[[], bool]
) -> Iterator[tuple[int, SweepData]]:
    if workers == 1:
        # in this thread, which a second Ctrl-C can end in the middle of a block
        for block in todo:
            if stop():
                return
            yield block, run_portion(rows_of(plan, cut.slice(block)), cut.size, threads())
        return
    share = threads() // workers
    running = deque[tuple[int, Future[SweepData]]]()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for block in todo:
                if stop():
                    break
                running.append((block, pool.submit(run_portion, rows_of(plan, cut.slice(block)), cut.size, share)))
                if len(running) > workers:
                    yield _first(running)
            while running:
                # those that wait for a thread have not begun
                if stop() and running[0][1].cancel():
                    running.popleft()
                else:
                    yield _first(running)
        finally:
            for _, future in running:
                future.cancel()


def _first(running: deque[tuple[int, Future[SweepData]]]) -> tuple[int, SweepData]:
    """Wait for the block that was begun first, and take it out."""
    block, future = running[0]
    # a timeout, so that Ctrl-C is heard while threads compute
    while not wait([future], timeout=0.5).done:
        pass
    running.popleft()
    return block, future.result()


def _scattered(
    plan: Plan, cut: Cut, todo: list[int], pool: Executor, look: Look, stop: Callable[[], bool]
) -> Iterator[tuple[int, SweepData]]:
    running: dict[Future[SweepData], int] = {}
    tried: dict[int, int] = {}
    some_done = False
    # as many blocks wait as are computed, so that memory does not grow with the design
    window = 2 * max(_workers(pool), 1)
    try:
        while running or (todo and not stop()):
            while todo and len(running) < window and not stop():
                block = todo.pop()
                try:
                    # one thread each: it is the executor that spreads blocks over processors
                    running[pool.submit(run_portion, rows_of(plan, cut.slice(block)), cut.size, 1)] = block
                except BrokenExecutor:
                    todo.append(block)
                    break
                except RuntimeError:  # a client that was closed
                    look(some_done)
                    raise
            if not running:
                yield from _here(plan, cut, todo, stop)
                return
            # a timeout, so that Ctrl-C is heard while workers compute
            done = wait(running, timeout=0.5, return_when=FIRST_COMPLETED).done
            if not done and not look(some_done) and stop():
                return
            for future in done:
                block = running.pop(future)
                result = _result(plan, future, block, tried, cut, look)
                if result is None:
                    todo.append(block)
                else:
                    some_done = True
                    yield block, result
    finally:
        for future in running:
            future.cancel()


def _result(
    plan: Plan, future: Future[SweepData], block: int, tried: dict[int, int], cut: Cut, look: Look
) -> SweepData | None:
    """Return the results of a block, or None where its worker died and it is to be computed again."""
    try:
        return future.result()
    except BrokenExecutor:
        return None
    except (CancelledError, Exception) as error:
        lost = isinstance(error, CancelledError) or type(error).__name__ in ("KilledWorker", "FutureCancelledError")
        tried[block] = tried.get(block, 0) + 1
        if lost:
            look(True)
            if tried[block] <= AGAIN:
                return None
        rows = cut.slice(block)
        raise StudyError(
            f"{plan.model.name}: rows {rows.start} to {rows.stop - 1} can't be computed by the executor: "
            f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
        ) from error


def _here(plan: Plan, cut: Cut, todo: list[int], stop: Callable[[], bool]) -> Iterator[tuple[int, SweepData]]:
    """Compute what is left in this process, after all workers of a pool have died."""
    warnings.warn(
        f"{plan.model.name}: the executor's workers died; the last {len(todo)} blocks are computed in this process",
        stacklevel=2,
    )
    yield from computed(plan, cut, list(reversed(todo)), None, stop)


def _pool(name: str, executor: Any) -> tuple[Executor, Look]:
    """Return an executor of `concurrent.futures`, also for a Dask client, and what to call while nothing comes of it.

    Raises
    ------
    StudyError : it is neither.
    """
    if isinstance(executor, Executor):
        return executor, lambda some_done: True
    if hasattr(executor, "get_executor") and hasattr(executor, "scheduler_info"):
        # Dask gives the blocks of a worker that died to others by itself; a block is one task, never one of equals
        return client_executor(executor, AGAIN), Watch(name, executor).look
    kind = type(executor).__name__
    raise StudyError(f"{name}: executor: {kind} is no executor of concurrent.futures and no Dask client")


def _workers(pool: Executor) -> int:
    return int(getattr(pool, "_max_workers", None) or os.cpu_count() or 1)
