"""Sweeps in a store: the same numbers, gone on with, never mixed, never trusted blindly."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from immunode.errors import StoreError
from immunode.intervention import Intervention, scale
from immunode.model import Model
from immunode.solve.thread_limits import threads_at_most
from immunode.study import Arms, SweepResult, grid, open_store, sobol, space, sweep
from tests.libraries import needs

pytestmark = needs("zarr")

SCRIPT = Path(__file__).parent / "killed_writers.py"


def run(model: Model, store: Path | str | None = None, **changes: Any) -> SweepResult:
    asked: dict[str, Any] = {
        "arms": ["control", "slow"],
        "endpoints": ["final(A)", "peak(A)"],
        "until": 6,
        "engine": "numpy",
        "block": 10,
    }
    design = changes.pop("design", None)
    if design is None:
        design = sobol(space(model, "k"), 45, seed=3) + grid(k=[np.nan, 0.3])
    return sweep(model, design, store=store, **{**asked, **changes})


def content(store: Path) -> dict[str, bytes]:
    files = sorted(path for path in store.rglob("*") if path.is_file())
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in files}


def same(a: SweepResult, b: SweepResult) -> bool:
    assert {k: v for k, v in a.recipe.items() if k != "store"} == {k: v for k, v in b.recipe.items() if k != "store"}
    return bool(a.table().equals(b.table()) and a.reasons.equals(b.reasons) and np.array_equal(a.reached, b.reached))


class Stop(Exception):
    """What ends a sweep in these tests."""


@contextmanager
def stopping_after(runs: int) -> Iterator[Any]:
    def tell(done: int, total: int) -> None:
        if done >= runs:
            raise Stop

    with pytest.raises(Stop):
        yield tell


def test_a_sweep_through_a_store_is_the_sweep_without_one(decay: Model, tmp_path: Path) -> None:
    plain = run(decay)
    assert "refused" in set(plain.status)
    assert same(run(decay, tmp_path / "a.zarr"), plain)


def test_the_same_line_computes_only_what_is_missing(decay: Model, tmp_path: Path) -> None:
    with stopping_after(40) as tell:
        run(decay, tmp_path / "a.zarr", progress=tell)
    seen: list[tuple[int, int]] = []
    out = run(decay, tmp_path / "a.zarr", progress=lambda *now: seen.append(now))
    assert seen == [(40, 94), (60, 94), (80, 94), (94, 94)]
    assert same(out, run(decay))
    assert out.recipe["store"]["runs found there"] == 40
    again = run(decay, tmp_path / "a.zarr", progress=lambda *now: seen.append(now))
    assert seen[4:] == [(94, 94)]
    assert same(again, out)


def test_a_store_is_the_same_bytes_however_often_its_writer_stopped(decay: Model, tmp_path: Path) -> None:
    run(decay, tmp_path / "whole.zarr")
    for runs in (20, 60):
        with stopping_after(runs) as tell:
            run(decay, tmp_path / "stopped.zarr", progress=tell)
    run(decay, tmp_path / "stopped.zarr", block=7)  # the store's own blocks count
    assert content(tmp_path / "stopped.zarr") == content(tmp_path / "whole.zarr")


def test_an_interrupt_finishes_the_blocks_in_hand_and_says_how_to_go_on(decay: Model, tmp_path: Path) -> None:
    import signal

    def press(done: int, total: int) -> None:
        if done == 20:
            signal.raise_signal(signal.SIGINT)

    with (
        pytest.warns(UserWarning, match=r"interrupted: \d+ of 94 .* the same call resumes it"),
        threads_at_most(2),
    ):
        out = run(decay, tmp_path / "a.zarr", progress=press)
    # that block, and two that threads may have begun since
    assert (out.data.status != -1).sum() in (20, 40, 60)
    assert same(run(decay, tmp_path / "a.zarr"), run(decay))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"until": 7}, "the end is 6 there, 7 here"),
        ({"rtol": 1e-5}, "rtol is 1e-06 there, 1e-05 here"),
        ({"endpoints": ["final(A)"]}, r"the list of endpoints is final\(A\), peak\(A\) there, final\(A\) here"),
        ({"arms": ["control", "quick"]}, "arm slow is only there; arm quick is only here"),
        ({"engine": "scipy"}, "arms? control engine is numpy there, scipy here"),
        ({"method": "rodas5p"}, "method is auto there, rodas5p here"),
        ({"keep": ["A"]}, "the list of kept quantities: none there, A here"),
        ({"times": np.linspace(0, 6, 201) ** 2 / 6}, "output times differ"),
        ({"design": sobol({"k": (0.1, 0.2)}, 47)}, "the design is .*47 Sobol points"),
    ],
)
def test_another_study_is_refused_in_words(
    decay: Model, tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any], says: str
) -> None:
    store = tmp_path_factory.getbasetemp() / "refused.zarr"
    if not store.exists():
        run(decay, store)
    before = content(store)
    with pytest.raises(StoreError, match=says):
        run(decay, store, **changes)
    assert content(store) == before


def test_another_model_is_refused_by_its_parameter(decay: Model, tmp_path: Path) -> None:
    run(decay, tmp_path / "a.zarr")
    with pytest.raises(StoreError, match=r"parameter k is 0\.5 there, 0\.4 here.*give another store"):
        run(decay.with_values(k=0.4), tmp_path / "a.zarr")


def test_a_store_of_another_model_names_both(decay: Model, hump: Model, tmp_path: Path) -> None:
    run(decay, tmp_path / "a.zarr")
    with pytest.raises(StoreError, match=r"another study \(of the model decay, not hump\)"):
        sweep(hump, grid(a=[1.0]), store=tmp_path / "a.zarr")


def test_values_that_differ_in_the_last_bit_are_another_study(decay: Model, tmp_path: Path) -> None:
    run(decay, tmp_path / "a.zarr", design=grid(k=[0.1, 0.2]))
    with pytest.raises(StoreError, match="values in the design differ"):
        run(decay, tmp_path / "a.zarr", design=grid(k=[0.1, np.nextafter(0.2, 1)]))


def test_arms_of_one_name_and_two_meanings_are_not_mixed(decay: Model, tmp_path: Path) -> None:
    def arms(factor: float) -> Arms:
        drug = Intervention("drug", [scale("k", factor)], source="assumed: a test")
        return Arms(treated=[drug])

    run(decay, tmp_path / "a.zarr", arms=arms(2.0))
    with pytest.raises(StoreError, match="treated"):
        run(decay, tmp_path / "a.zarr", arms=arms(3.0))


@pytest.mark.sampled
@pytest.mark.parametrize("where", ["status/c/2", "endpoints/c/2/0", "digest/c/2", "reason/c/4", "endpoints/c/4/0"])
def test_a_damaged_block_is_found_computed_again_and_reported(decay: Model, tmp_path: Path, where: str) -> None:
    store = tmp_path / "a.zarr"
    run(decay, store)
    whole = content(store)
    raw = bytearray((store / where).read_bytes())
    raw[len(raw) // 2] ^= 1
    (store / where).write_bytes(raw)
    assert open_store(store).verify() == [int(where.split("/")[2])]
    with pytest.warns(UserWarning, match=rf"block {where.split('/')[2]} did not hold what was written"):
        out = run(decay, store)
    assert same(out, run(decay))
    assert content(store) == whole


def test_a_block_put_in_the_place_of_another_is_found(decay: Model, tmp_path: Path) -> None:
    store = tmp_path / "a.zarr"
    run(decay, store)
    # each file is sound by itself; only the checksum over the block tells
    shutil.copy(store / "endpoints/c/0/0", store / "endpoints/c/1/0")
    assert open_store(store).verify() == [1]


def test_files_that_are_cut_off_as_by_a_power_cut_are_computed_again(decay: Model, tmp_path: Path) -> None:
    store = tmp_path / "a.zarr"
    run(decay, store)
    whole = content(store)
    for where in ("status/c/0", "endpoints/c/4/0", "inputs/c/1/0"):
        (store / where).write_bytes(b"")
    (store / "reached/c/3").unlink()
    (store / "reached/c/3.left.partial").write_bytes(b"half")
    with pytest.warns(UserWarning, match="blocks 0, 1, 3, 4 did not hold"):
        run(decay, store)
    assert content(store) == whole


def test_a_store_that_is_read_only_gives_its_results_but_takes_no_more(decay: Model, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    run(decay, folder / "a.zarr")
    with stopping_after(20) as tell:
        run(decay, folder / "b.zarr", progress=tell)
    with read_only(folder):
        assert same(run(decay, folder / "a.zarr"), run(decay))
        with pytest.raises(StoreError, match="74 runs are missing, and it can't be written"):
            run(decay, folder / "b.zarr")
        with pytest.raises(StoreError, match=r"c\.zarr: it can't be written"):
            run(decay, folder / "c.zarr")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only; for root by a mount, since permissions do not hold it."""
    if os.geteuid():
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    if subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # something may still hold a file


def test_a_full_disk_loses_nothing_that_is_written(decay: Model, tmp_path: Path) -> None:
    run(decay, tmp_path / "b.zarr")
    pages = {path: -(-len(data) // 4096) for path, data in content(tmp_path / "b.zarr").items()}
    # room for the folders, the description and the first half of the blocks
    late = sum(number for path, number in pages.items() if "/c/" in path and int(path.split("/")[2]) >= 3)
    folders = sum(path.is_dir() for path in (tmp_path / "b.zarr").rglob("*"))
    size = 4 * (sum(pages.values()) - late + folders // 4)
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(StoreError, match=r"the disk is full: make room, then run the same line again"):
            run(decay, disk / "a.zarr")
        found = open_store(disk / "a.zarr")
        kept = sum(n for label, n in found.counts().items() if label != "not run")
        assert 0 < kept < 94
        assert found.verify() == []
        subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
        assert same(run(decay, disk / "a.zarr"), run(decay))
        assert content(disk / "a.zarr") == content(tmp_path / "b.zarr")
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_clock_that_jumps_changes_nothing(decay: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(decay, tmp_path / "whole.zarr")
    jumps = iter(range(10**6))
    monkeypatch.setattr(time, "time", lambda: 1e9 * (-1) ** next(jumps))
    with stopping_after(40) as tell:
        run(decay, tmp_path / "a.zarr", progress=tell)
    for path in (tmp_path / "a.zarr").rglob("*"):
        os.utime(path, (0, 4e9))
    assert same(run(decay, tmp_path / "a.zarr"), run(decay))
    assert content(tmp_path / "a.zarr") == content(tmp_path / "whole.zarr")


def test_trajectories_stay_in_the_store_and_are_read_when_asked_for(decay: Model, tmp_path: Path) -> None:
    plain = run(decay, keep="trajectories")
    stored = run(decay, tmp_path / "a.zarr", keep="trajectories")
    assert not isinstance(stored.kept, dict)
    for name in plain.kept:
        assert np.array_equal(stored.trajectories(name), plain.trajectories(name), equal_nan=True)
    assert stored.dataset().equals(plain.dataset())


def test_a_block_with_trajectories_takes_bounded_memory(decay: Model) -> None:
    from immunode.study.run.cuts import MEMORY, make_cut
    from immunode.study.run.plan_checks import make_plan

    options = {"engine": "numpy", "method": "auto", "rtol": 1e-6, "atol": None}
    times = np.linspace(0, 6, 5001)
    plan = make_plan(
        decay, sobol({"k": (0.1, 1)}, 100_000), None, times, None, None, "trajectories", None, None, 0, options
    )
    assert make_cut(plan).span * len(plan.times) * len(plan.keep) * 8 <= MEMORY


def test_remote_places_work_as_folders_do(decay: Model) -> None:
    pytest.importorskip("fsspec")
    store = f"memory://{os.getpid()}/a.zarr"
    with stopping_after(40) as tell:
        run(decay, store, progress=tell)
    out = run(decay, store)
    assert out.recipe["store"]["runs found there"] == 40
    assert same(out, run(decay))
    assert open_store(store).table().equals(out.table())


@pytest.mark.parametrize(("engine", "local", "remote"), [("numpy", 2560, 4096), ("scipy", 32, 512)])
def test_a_remote_place_gets_fewer_and_larger_files(decay: Model, engine: str, local: int, remote: int) -> None:
    """Rows of a block; the runs that are solved together stay the same, and so does what memory allows."""
    from immunode.study.run.cuts import MEMORY, make_cut
    from immunode.study.run.plan_checks import make_plan

    options = {"engine": engine, "method": "auto", "rtol": 1e-6, "atol": None}
    design = sobol({"k": (0.1, 1)}, 10_000)
    plan = make_plan(decay, design, None, np.linspace(0, 6, 51), None, None, "endpoints", None, None, 0, options)
    assert (make_cut(plan).span, make_cut(plan, remote=True).span) == (local, remote)
    assert make_cut(plan).size == make_cut(plan, remote=True).size
    assert make_cut(plan, 10, remote=True).span == 10
    kept = make_plan(decay, design, None, np.linspace(0, 6, 5001), None, None, ["A"], None, None, 0, options)
    assert make_cut(kept, remote=True).span * 5001 * 8 <= MEMORY


def test_something_else_is_never_overwritten(decay: Model, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis.tex").write_text("three years")
    with pytest.raises(StoreError, match=r"this is no store of immunode, but holds 'thesis\.tex'"):
        run(decay, tmp_path / "papers")
    (tmp_path / "file").write_text("text")
    with pytest.raises(StoreError, match="file"):
        run(decay, tmp_path / "file")
    for nothing in ("", 3):
        with pytest.raises(StoreError, match=f"a path such as 'runs/ra.zarr' is needed, got {nothing!r}"):
            run(decay, nothing)  # type: ignore[arg-type]


def change(store: Path, file: str, edit: Any) -> None:
    found = json.loads((store / file).read_text())
    edit(found)
    (store / file).write_text(json.dumps(found))


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("file", "edit", "says"),
    [
        ("zarr.json", lambda root: root["attributes"]["immunode"].update(format=99), "its format is 99"),
        ("zarr.json", lambda root: root["attributes"]["immunode"]["study"]["design"].update(rows=10**15), "damaged"),
        ("zarr.json", lambda root: root["attributes"]["immunode"].update(span="; rm -rf /"), "damaged"),
        ("zarr.json", lambda root: root["attributes"].pop("immunode"), "no store of immunode"),
        ("endpoints/zarr.json", lambda array: array.update(shape=[10**12, 2]), "shape"),
        ("status/zarr.json", lambda array: array.update(data_type="object"), "data_type"),
        (
            "endpoints/zarr.json",
            lambda array: array["codecs"].append({"name": "numcodecs.pickle", "configuration": {}}),
            "codecs",
        ),
    ],
)
def test_a_store_that_was_tampered_with_is_not_opened(
    decay: Model, tmp_path: Path, file: str, edit: Any, says: str
) -> None:
    run(decay, tmp_path / "a.zarr")
    change(tmp_path / "a.zarr", file, edit)
    with pytest.raises(StoreError, match=says):
        open_store(tmp_path / "a.zarr")


def test_a_block_too_large_for_any_machine_is_not_opened(decay: Model, tmp_path: Path) -> None:
    from immunode.study.store.key import key_of

    def huge(root: Any) -> None:
        mine = root["attributes"]["immunode"]
        mine["span"] = mine["study"]["design"]["rows"] = 10**11
        mine["key"] = key_of(mine["study"])

    run(decay, tmp_path / "a.zarr")
    change(tmp_path / "a.zarr", "zarr.json", huge)
    with pytest.raises(StoreError, match=r"has more than .* bytes; not opened"):
        open_store(tmp_path / "a.zarr")


def test_nothing_is_pickled_and_no_file_is_named_after_model_text(tmp_path: Path, monkeypatch: Any) -> None:
    from immunode.model import Parameter, Process, State

    model = Model(
        name="decay",
        states=[State("A", 8.0)],
        parameters=[Parameter("k", 0.5, source="assumed: a test")],
        processes=[Process("loss", "A ->", "k*A")],
        horizon=6.0,
    )

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("pickled")

    for name in ("dump", "dumps", "load", "loads", "Pickler", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    arms = {"../../evil": [], "con:|?*": []}
    ends = ["time_to(A/k < 3)", "final(A)"]
    run(model, tmp_path / "a.zarr", arms=arms, endpoints=ends, design=grid({"k": [0.1, 0.2], "A(0)": [1, 2]}))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zarr"]
    names = {part for path in content(tmp_path / "a.zarr") for part in path.split("/")}
    known = {"arm", "arm_name", "c", "column", "computed", "digest", "draw", "endpoint", "endpoints", "inputs"}
    assert (
        not {n for n in names if not n.isdigit()}
        - known
        - {"method", "reached", "reason", "status", "time", "zarr.json"}
    )
    assert set(open_store(tmp_path / "a.zarr").table()["arm"]) == set(arms)


@pytest.mark.slow
def test_writers_killed_at_random_moments_leave_the_same_store(tmp_path: Path) -> None:
    seen = kill(tmp_path, 12)
    assert seen["same"] >= seen["killed"] == 12
    assert seen["with blocks"] > 0  # else nothing was shown


@pytest.mark.slow
@pytest.mark.soak
def test_two_hundred_killed_writers_leave_the_same_store(tmp_path: Path) -> None:
    assert kill(tmp_path, 200)["killed"] == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are forked")
def kill(folder: Path, kills: int) -> dict[str, Any]:
    ran = subprocess.run([sys.executable, SCRIPT, folder, str(kills), "0"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))
