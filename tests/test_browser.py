"""The package runs where Python is in a browser: no threads, no other processes, no llvmlite, no locks of files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.clock import PATIENCE

pytestmark = pytest.mark.slow

BROWSER = """
import _thread, importlib, json, multiprocessing, os, subprocess, sys, threading, time

ABSENT = {"fcntl", "llvmlite", "_posixsubprocess", "_multiprocessing", "resource", "dask", "filelock"}

class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in ABSENT else self.finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self.finder, name)

def no_thread(*args, **options):
    raise RuntimeError("can't start new thread")

def no_process(*args, **options):
    raise OSError(138, "emscripten does not support processes.")

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
for name in ABSENT & set(sys.modules):
    del sys.modules[name]
threading.Thread.start = _thread.start_new_thread = no_thread
for name in ("start_joinable_thread", "_start_joinable_thread"):
    if hasattr(_thread, name):
        setattr(_thread, name, no_thread)
for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system", "popen", "sched_getaffinity", "geteuid"):
    if hasattr(os, name):
        setattr(os, name, no_process)
del os.geteuid, os.sched_getaffinity
subprocess.Popen.__init__ = multiprocessing.Process.start = no_process

def refused(call, *args):
    try:
        call(*args)
    except (OSError, RuntimeError, ImportError):
        return True
    return False

blocked = [refused(threading.Thread(target=int).start), refused(os.fork), refused(subprocess.run, ["true"]),
           refused(multiprocessing.Process(target=int).start)]
blocked += [refused(importlib.import_module, name) for name in sorted(ABSENT)]
"""
"""Takes away what WebAssembly lacks. The errors are those of Pyodide 314, and so is the absence of each function."""

STUDY = """
import numpy as np, pandas as pd
import immunode as im

model = im.load_model("kuznetsov1994")
course = im.simulate(model, until="100 days")
design = im.sobol(im.space(model, "a", "n"), n=16, seed=7) * im.Arms.of(model, "control", "killing_boost")
told = []
sweep = im.sweep(model, design, until="100 days", endpoints=["final(T)", "peak(T)"], keep=["T"],
                 progress=lambda done, total: told.append([done, total]))
truth = im.simulate(model.with_values(a=0.2, n=1.3e-7), times=np.arange(0, 61, 5.0))
data = pd.DataFrame({"time": truth.times, "T": truth["T"]})[1:]
fit = im.fit(model, data, {"a": (0.1, 0.4), "n": (3e-8, 3e-7)}, starts=3)
numbers = {
    "final": float(course.final("T")),
    "endpoints": sweep.table()[["final(T)", "peak(T)"]].to_numpy().tolist(),
    "kept": float(sweep.dataset()["T"].sum()),
    "fit": dict(fit.values),
    "steady": sorted(float(one.values["T"]) for one in im.dynamics.steady_states(model).of(0)),
}
"""

MORE = """
course.plot().savefig("course.png")
sweep.plot.bands("T").savefig("bands.png")
sweep.save("tables")
patients = im.sweep(im.load_model("bindellini2024"), patients=12, until=6, endpoints="peak(ACTH)")

def said(**options):
    try:
        im.sweep(model, design, **options)
    except im.ImmunodeError as error:
        return str(error)

numbers |= {
    "blocked": blocked, "engine": sweep.recipe["engine"], "told": told[-1], "patients": patients.table().shape[0],
    "store": said(store="there.zarr"), "compiled": said(engine="compiled"),
}
print(json.dumps(numbers))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def there(folder: Path) -> dict[str, Any]:
    """What the study gives in a process that lacks what a browser lacks; a warning fails it."""
    line = [sys.executable, "-W", "error::UserWarning", "-c", BROWSER + STUDY + MORE]
    ran = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 0, ran.stderr
    numbers: dict[str, Any] = json.loads(ran.stdout)
    return numbers


def test_threads_processes_and_libraries_are_out_of_reach(there: dict[str, Any]) -> None:
    assert there["blocked"] == [True] * 11


def test_numbers_are_those_of_any_other_place(there: dict[str, Any]) -> None:
    """Here compiled code with threads computes them: another engine, so to its tolerance of 1e-6 in many steps."""
    names: dict[str, Any] = {}
    exec(STUDY, names)
    here = names["numbers"]
    assert there["engine"] == "numpy"
    assert there["told"] == [32, 32]
    np.testing.assert_allclose(there["endpoints"], here["endpoints"], rtol=1e-4)
    for name in ("final", "kept", "steady"):
        np.testing.assert_allclose(there[name], here[name], rtol=1e-4, err_msg=name)


def test_a_fit_finds_the_values_that_made_its_data(there: dict[str, Any]) -> None:
    assert there["fit"] == pytest.approx({"a": 0.2, "n": 1.3e-7}, rel=1e-3)


def test_patients_are_drawn_and_pictures_and_tables_are_written(there: dict[str, Any], folder: Path) -> None:
    assert there["patients"] == 12
    for name in ("course.png", "bands.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    assert len(pd.read_csv(folder / "tables" / "table.csv")) == 32


def test_what_can_not_be_had_says_so_and_what_to_do(there: dict[str, Any], folder: Path) -> None:
    assert "a store needs threads" in there["store"]
    assert "save(" in there["store"]
    assert "engine='numpy'" in there["compiled"]
    assert not (folder / "there.zarr").exists()
