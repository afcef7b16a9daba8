"""A Dask cluster of real processes whose workers die, are missing, or lose their scheduler."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from immunode.catalogue import load_model
from immunode.errors import StudyError
from immunode.study import SweepResult, sobol, space, sweep
from immunode.study.run import cluster
from tests.clock import wait_until
from tests.libraries import needs

pytestmark = [needs("distributed"), pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ASKED: dict[str, Any] = {"until": 60, "engine": "numpy", "block": 8, "endpoints": ["final(T)", "peak(E)"]}


class Cluster:
    """A scheduler and its workers, each a process of its own that nobody starts again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show")
        self.workers: list[subprocess.Popen[bytes]] = []
        self.clients: list[Any] = []
        wait_until(lambda: self.address() or self.scheduler.poll() is not None)
        assert self.address(), (folder / "scheduler.log").read_text()

    def address(self) -> str:
        """Return where the scheduler is; "" before its file is there, and whole."""
        with suppress(OSError, ValueError):
            return str(json.loads(self.file.read_text())["address"])
        return ""

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-W", "ignore", "-m", "dask", what, "--scheduler-file", str(self.file), *options]
        # a death is no fault of the task that was computed
        environ = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "100"}
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=environ)

    def start(self) -> None:
        """Start a worker."""
        options = ("--no-nanny", "--nthreads", "1", "--memory-limit", "0", "--no-dashboard")
        self.workers.append(self._start("worker", *options, "--local-directory", str(self.folder)))

    def kill(self) -> None:
        """Kill the oldest worker."""
        worker = self.workers.pop(0)
        worker.kill()
        worker.wait()

    def client(self) -> Any:
        """Return a client."""
        self.clients.append(cluster.connect(self.address()))
        return self.clients[-1]

    def close(self) -> None:
        """End all processes."""
        for client in self.clients:
            with suppress(Exception):
                client.close(timeout=1)
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    try:
        yield made
    finally:
        made.close()


def run(runs: int, **options: Any) -> SweepResult:
    model = load_model("kuznetsov1994")
    return sweep(model, sobol(space(model, "p", "g"), runs, seed=1), **ASKED, **options)


def with_deaths(machines: Cluster, folder: Path, runs: int, dies: Callable[[int, int], bool]) -> list[int]:
    """Run a sweep, kill a worker and start another one where `dies(blocks done, killed)`; check it; return progress."""
    seen: list[int] = []
    killed = 0

    def tell(done: int, total: int) -> None:
        nonlocal killed
        seen.append(done)
        if dies(len(seen), killed):
            machines.kill()
            machines.start()
            killed += 1

    machines.start()
    machines.start()
    out = run(runs, executor=machines.client(), store=folder / "a.zarr", progress=tell)
    print(f"{killed} workers killed")
    assert killed
    assert seen == list(range(8, runs + 1, 8))  # nothing lost, nothing twice
    assert out.table().equals(run(runs).table())
    return seen


def test_a_cluster_that_loses_a_worker_loses_no_run(machines: Cluster, tmp_path: Path) -> None:
    with_deaths(machines, tmp_path, 160, lambda blocks, killed: blocks in (5, 10))


@pytest.mark.soak
def test_a_cluster_that_loses_a_worker_every_two_seconds_loses_no_run(machines: Cluster, tmp_path: Path) -> None:
    started = time.monotonic()
    with_deaths(
        machines, tmp_path, 16_000, lambda _, killed: killed < 60 and time.monotonic() - started > 2 * killed + 2
    )


def when_told(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something as soon as a sweep says that it waits for workers."""
    warn = warnings.warn

    def tell(message: str, *arguments: Any, **options: Any) -> None:
        warn(message, *arguments, **options)
        if "has no workers" in message:
            act()

    monkeypatch.setattr(cluster, "TOLD_AFTER", 0.5)
    monkeypatch.setattr(warnings, "warn", tell)


def test_a_cluster_without_workers_is_waited_for_and_said_so(
    machines: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "GIVEN_UP_AFTER", 0.1)  # not for one that never had any
    when_told(monkeypatch, machines.start)
    client = machines.client()
    with pytest.warns(UserWarning, match="kuznetsov1994: the Dask cluster has no workers"):
        out = run(40, executor=client)
    assert out.table().equals(run(40).table())


def test_ctrl_c_ends_a_sweep_that_waits_for_workers(machines: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    when_told(monkeypatch, lambda: signal.raise_signal(signal.SIGINT))
    client = machines.client()
    with pytest.warns(UserWarning, match="interrupted: 0 of 40 runs are finished"):
        out = run(40, executor=client)
    assert set(out.status) == {"not run"}


def test_a_cluster_that_lost_all_its_workers_is_given_up(
    machines: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cluster, "GIVEN_UP_AFTER", 1.0)
    machines.start()
    with pytest.raises(StudyError, match=r"Dask cluster has lost its workers.*\d+ s"):
        run(160, executor=machines.client(), store=tmp_path / "a.zarr", progress=lambda *_: _lose(machines.workers))
    # what is done is kept
    assert run(160, store=tmp_path / "a.zarr").recipe["store"]["runs found there"] >= 8


def test_a_scheduler_that_dies_ends_the_sweep(machines: Cluster, tmp_path: Path) -> None:
    machines.start()
    with pytest.raises(StudyError, match="the connection to the Dask scheduler was lost; with store="):
        run(160, executor=machines.client(), store=tmp_path / "a.zarr", progress=lambda *_: _lose([machines.scheduler]))
    assert run(160, store=tmp_path / "a.zarr").recipe["store"]["runs found there"] >= 8


def _lose(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
