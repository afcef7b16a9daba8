"""One writer a store: a second one is refused by name, and a dead one holds nothing."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from immunode.errors import StoreError
from immunode.model import Model
from immunode.study import SweepResult, grid, open_store, sweep
from immunode.study.store import lock as store_lock
from tests.clock import PATIENCE
from tests.libraries import needs

pytestmark = needs("zarr")

WRITER = """
import sys
import numpy as np
from immunode.catalogue import load_model
from immunode.errors import StoreError
from immunode.study import grid, sweep
import immunode.study.store.continuation

def wait(done, total):
    if done == 20:
        print("writing", flush=True)
        sys.stdin.readline()

model = load_model("kuznetsov1994")
print("ready", flush=True)
sys.stdin.readline()
try:
    sweep(
        model, grid(p=np.linspace(1, 2, 60)), until=5, engine="numpy", block=20, store=sys.argv[1], progress=wait
    )
    print("done", flush=True)
except StoreError as error:
    print("refused", error, flush=True)
"""


def run(model: Model, store: Path | str | None = None, **changes: Any) -> SweepResult:
    return sweep(model, grid(k=np.linspace(0.1, 1, 30)), engine="numpy", block=10, store=store, **changes)


def test_of_two_processes_started_on_one_store_one_writes_and_one_is_refused(tmp_path: Path) -> None:
    from immunode.catalogue import load_model

    command = [sys.executable, "-c", WRITER, str(tmp_path / "a.zarr")]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    def line(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def go(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        print(file=process.stdin, flush=True)

    assert [line(process) for process in both] == ["ready", "ready"]
    for process in both:
        go(process)
    # whoever writes waits after its first block, so the other one meets it at work
    told = [line(process) for process in both]
    first = told.index("writing")
    says = rf"refused .*a\.zarr: (process {both[first].pid} on .+|another process) writes to this store; wait until"
    assert re.match(says, told[1 - first])
    go(both[first])
    assert line(both[first]) == "done"
    for process in both:
        process.communicate(timeout=PATIENCE)
    model = load_model("kuznetsov1994")
    whole = sweep(model, grid(p=np.linspace(1, 2, 60)), until=5, engine="numpy")
    assert open_store(tmp_path / "a.zarr").verify() == []
    assert open_store(tmp_path / "a.zarr").table().equals(whole.table())


def test_a_second_writer_is_refused_by_name(decay: Model, tmp_path: Path) -> None:
    says = rf"process {os.getpid()} on .* writes to this store; wait until it ends"

    def begin_another(done: int, total: int) -> None:
        with pytest.raises(StoreError, match=says):
            run(decay, tmp_path / "a.zarr")

    out = run(decay, tmp_path / "a.zarr", progress=begin_another)
    assert out.table().equals(run(decay).table())
    assert not (tmp_path / "a.zarr.lock").exists()


def test_the_lock_of_a_process_that_died_does_not_hold(decay: Model, tmp_path: Path) -> None:
    (tmp_path / "a.zarr.lock").write_text(json.dumps({"host": "here", "pid": 1}))
    assert run(decay, tmp_path / "a.zarr").table().equals(run(decay).table())


def test_a_remote_lock_of_a_dead_process_is_taken_over_and_of_a_living_one_is_not(decay: Model) -> None:
    fsspec = pytest.importorskip("fsspec")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    store = f"memory://{os.getpid()}/lock.zarr"
    files = fsspec.filesystem("memory")
    mark = f"/{os.getpid()}/lock.zarr/.immunode-lock"
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "token": "x", "beat": 0}
    files.pipe_file(mark, json.dumps(owner).encode())
    with pytest.raises(StoreError, match=f"process {os.getpid()} on .* writes to this store"):
        run(decay, store)
    files.pipe_file(mark, json.dumps({**owner, "pid": dead.pid}).encode())
    assert run(decay, store).table().equals(run(decay).table())
    assert not files.exists(mark)


def test_a_remote_lock_that_stands_still_is_taken_over(decay: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.setattr(store_lock, "PATIENCE", 0.2)
    monkeypatch.setattr(store_lock, "BEAT", 0.1)
    store = f"memory://{os.getpid()}/still.zarr"
    mark = f"/{os.getpid()}/still.zarr/.immunode-lock"
    fsspec.filesystem("memory").pipe_file(mark, json.dumps({"host": "elsewhere", "pid": 1, "token": "x"}).encode())
    assert run(decay, store).table().equals(run(decay).table())
