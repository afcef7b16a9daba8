"""A store that is not as it was written never gives a wrong number: every reader, every file, every damage."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from immunode.analysis.sensitivity.from_samples import prcc
from immunode.analysis.trials.prevalence import prevalence_weights
from immunode.analysis.trials.responder_shares import responders
from immunode.errors import ImmunodeError, StoreError
from immunode.model import Model
from immunode.study import SweepResult, grid, merge_stores, open_store, sobol, space, sweep
from tests.libraries import needs

pytestmark = needs("zarr")

ARRAYS = (
    "arm", "draw", "inputs", "trajectories", "endpoints", "reached", "method", "reason", "computed", "status",
)  # fmt: skip
NAMES = ("arm_name", "column", "endpoint", "quantity", "label")
BLOCK = 2
"""The block that is damaged; it has rows 16 to 23."""


def run(model: Model, store: Path, **changes: Any) -> SweepResult:
    asked: dict[str, Any] = {"endpoints": ["final(A)"], "until": 6, "engine": "numpy", "block": 4, "keep": ["A"]}
    asked |= {"store": store, **changes}
    return sweep(model, sobol(space(model, "k"), 24, seed=3), arms=["control", "slow"], **asked)


@pytest.fixture(scope="module")
def whole(decay: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("whole") / "a.zarr"
    run(decay, store)
    return store


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "a.zarr"))


def file_of(store: Path, array: str, block: int = BLOCK) -> Path:
    """Return the file of an array in a block."""
    place = {"trajectories": f"0/{block}/0", "computed": f"{block}/0"}.get(array, str(block))
    place = f"{block}/0" if array in ("inputs", "endpoints") else place
    return store / array / "c" / place


def deleted(store: Path, array: str) -> None:
    file_of(store, array).unlink()


def emptied(store: Path, array: str) -> None:
    file_of(store, array).write_bytes(b"")


def truncated(store: Path, array: str) -> None:
    file = file_of(store, array)
    file.write_bytes(file.read_bytes()[:-7])


def flipped(store: Path, array: str) -> None:
    file = file_of(store, array)
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)


def swapped(store: Path, array: str) -> None:
    """Put the chunk of another block there, which is sound by itself."""
    shutil.copy(file_of(store, array, 3), file_of(store, array))


def mislaid(store: Path, array: str) -> None:
    """Put the chunk of an array of the same width there, which is sound by itself."""
    other = {
        "draw": "reached",
        "reached": "draw",
        "reason": "computed",
        "endpoints": "inputs",
        "inputs": "endpoints",
        "method": "status",
    }
    shutil.copy(file_of(store, other.get(array, "method")), file_of(store, array))


@contextmanager
def damaged(damage: Callable[[Path, str], None], store: Path, array: str) -> Iterator[bool]:
    """Damage a file in the block; gives whether it is the same bytes nevertheless, as with arms in the same order."""
    file = file_of(store, array)
    before = file.read_bytes()
    damage(store, array)
    yield file.exists() and file.read_bytes() == before
    file.write_bytes(before)


DAMAGES = [
    pytest.param(deleted, id="deleted"),
    *(
        pytest.param(one, id=one.__name__, marks=pytest.mark.slow)
        for one in (swapped, emptied, truncated, flipped, mislaid)
    ),
]


def loaded(found: SweepResult, name: str, **how: Any) -> Any:
    return found.dataset(**how)[name].values


READERS: dict[str, tuple[Callable[[SweepResult], Any], tuple[str, ...]]] = {
    "values": (lambda s: s.values, ("endpoints",)),
    "status": (lambda s: s.status, ("status",)),
    "arm_of": (lambda s: s.arm_of, ("arm",)),
    "draws": (lambda s: s.draws, ("draw",)),
    "inputs": (lambda s: s.inputs(), ("inputs",)),
    "endpoint": (lambda s: s.endpoint("A"), ("endpoints",)),
    "reasons": (lambda s: s.reasons, ("reason", "status")),
    "table": (lambda s: s.table(), ("arm", "inputs", "endpoints", "status")),
    "failures": (lambda s: s.failures(), ("arm", "reached", "method", "reason", "status")),
    "dataset endpoint": (lambda s: loaded(s, "final(A)"), ("endpoints",)),
    "dataset blocks": (lambda s: loaded(s, "final(A)", chunks={}), ("endpoints",)),
    "dataset status": (lambda s: loaded(s, "status"), ("status",)),
    "dataset column": (lambda s: loaded(s, "k"), ("inputs",)),
    "dataset curve": (lambda s: loaded(s, "A"), ("trajectories",)),
    "dataset whole": (lambda s: s.dataset().load(), tuple(a for a in ARRAYS if a != "computed")),
    "csv": (lambda s: s.to_csv("out.csv").read_text(), ("arm", "inputs", "endpoints", "status")),
    "responders": (lambda s: responders(s, "final(A) < 1").table(), ("arm", "draw", "inputs", "endpoints", "status")),
    "prcc": (lambda s: prcc(s).table(), ("arm", "draw", "inputs", "endpoints")),
    "prevalence": (
        lambda s: prevalence_weights(s, {"final(A)": {"mean": 1.0}}, arm="control").weights,
        ("arm", "draw", "endpoints", "status"),
    ),
    "merge": (lambda s: merge_stores("merged.zarr", s.store.place.path).table(), ARRAYS),
}


def same(a: Any, b: Any) -> bool:
    if hasattr(a, "equals"):
        return bool(a.equals(b))
    return bool(np.array_equal(a, b, equal_nan=a.dtype != object)) if isinstance(a, np.ndarray) else a == b


@pytest.fixture(scope="module")
def right(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("right"))
        return {name: read(open_store(whole)) for name, (read, _) in READERS.items()}


@pytest.mark.sampled
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_reader_refuses_what_it_reads_and_gives_the_right_numbers_otherwise(
    damage: Any, reader: str, store: Path, right: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    read, needs = READERS[reader]
    for array in ARRAYS:
        shutil.rmtree("merged.zarr", ignore_errors=True)
        with damaged(damage, store, array) as harmless:
            if array in needs and not harmless:
                with pytest.raises(StoreError, match=f"block {BLOCK}"):
                    read(open_store(store))
            else:
                assert same(read(open_store(store)), right[reader]), array


@pytest.mark.sampled
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("array", [*ARRAYS, "digest"])
def test_damage_is_told_by_verify_and_counts_and_mended_by_the_same_line(
    decay: Model, whole: Path, store: Path, array: str, damage: Any
) -> None:
    before = {path.relative_to(whole): path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    damage(store, array)
    if file_of(store, array).exists() and file_of(store, array).read_bytes() == file_of(whole, array).read_bytes():
        assert damage is swapped  # the chunks of both blocks are the same bytes
        assert open_store(store).verify() == []
        return
    found = open_store(store)
    lost = damage is deleted and array == "digest"  # a block without its checksums is not finished
    assert found.verify() == ([] if lost else [BLOCK])
    # to count, no file but the status is read; a bit of the checksums belongs to one file only
    seen = damage is deleted or array == "status" or (array == "digest" and damage is not flipped)
    counted = {"not run": 8} if lost else {"damaged": 8} if seen else {}
    assert found.counts() == {"ok": 40 if counted else 48, **counted}
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        run(decay, store)
    assert any("did not hold what was written" in str(one.message) for one in heard) is not lost
    assert {path.relative_to(store): path.read_bytes() for path in store.rglob("*") if path.is_file()} == before


def test_a_whole_block_in_the_place_of_another_is_refused(store: Path) -> None:
    for array in (*ARRAYS, "digest"):
        swapped(store, array)
    assert open_store(store).verify() == [BLOCK]
    with pytest.raises(StoreError, match=rf"block {BLOCK} of 'endpoints' is damaged \(endpoints/c/2/0"):
        responders(open_store(store), "final(A) < 1")


def test_a_block_of_another_study_of_equal_shape_is_refused(decay: Model, store: Path, tmp_path: Path) -> None:
    run(decay, tmp_path / "b.zarr", rtol=1e-4)
    for array in (*ARRAYS, "digest"):
        shutil.copy(file_of(tmp_path / "b.zarr", array), file_of(store, array))
    assert open_store(store).verify() == [BLOCK]
    with pytest.raises(StoreError, match="is not what was written there"):
        open_store(store).table()


def test_what_is_missing_is_named_with_what_would_do(store: Path) -> None:
    deleted(store, "endpoints")
    says = (
        r"block 2 of 'endpoints' is damaged \(endpoints/c/2/0 is missing\); "
        "run the sweep again to mend it, or merge_stores it with a sound copy"
    )
    with pytest.raises(StoreError, match=says):
        open_store(store).endpoint("A")
    assert repr(open_store(store)).startswith("Sweep of decay: 48 runs (40 ok, 8 damaged)")


def test_a_sound_copy_mends_a_store(whole: Path, store: Path) -> None:
    flipped(store, "endpoints")
    assert merge_stores(store, whole).table().equals(open_store(whole).table())
    assert open_store(store).verify() == []


def test_a_store_that_was_mended_while_it_was_open_is_read(decay: Model, whole: Path, store: Path) -> None:
    found = open_store(store)
    flipped(store, "digest")
    with pytest.raises(StoreError, match=r"block 2 of '.*' is damaged"):
        found.table()
    with pytest.warns(UserWarning, match="block 2 did not hold"):
        run(decay, store)
    assert found.table().equals(open_store(whole).table())


def test_the_curves_of_a_sweep_are_checked_when_they_are_read(decay: Model, store: Path) -> None:
    out = run(decay, store)
    swapped(store, "trajectories")
    with pytest.raises(StoreError, match=r"trajectories/c/0/2/0 is not what was written there"):
        out.trajectories("A")


def interrupted(whole: Path, copy: Path) -> Iterator[int]:
    """Copy a store file by file, what describes it first, else in the order of names; stop every now and then."""
    files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    files.sort(key=lambda path: path.name != "zarr.json" and path.parts[0] not in NAMES)
    for i, file in enumerate(files):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(whole / file, copy / file)
        if i % 5 == 0:
            yield i


def test_a_copy_that_broke_off_gives_right_rows_or_none(whole: Path, tmp_path: Path) -> None:
    table = open_store(whole).table()
    seen = set()
    for _ in interrupted(whole, tmp_path / "a.zarr"):
        try:
            found = open_store(tmp_path / "a.zarr")
            made = found.table()
        except StoreError as error:
            seen.add("is missing" in str(error))
            continue
        rows = np.flatnonzero(made["status"] != "not run")
        seen.add(len(rows))
        assert made["run"].tolist() == table["run"].tolist()
        assert made.iloc[rows].equals(table.iloc[rows])
        assert found.counts().get("not run", 0) == len(found) - len(rows)
    assert {True, 0, 48} <= seen


def test_an_analysis_of_a_part_says_so(store: Path) -> None:
    for block in (1, 4):  # the same draws of both arms
        file_of(store, "digest", block).unlink()
    with pytest.warns(UserWarning, match=r"a\.zarr: 16 of 48 runs are not there"):
        made = responders(open_store(store), "final(A) < 1")
    assert len(made) == 16


@pytest.mark.parametrize("file", ["zarr.json", "status/zarr.json", "endpoints/zarr.json"])
def test_a_description_that_is_cut_or_lost_is_refused(store: Path, file: str) -> None:
    text = (store / file).read_bytes()
    (store / file).write_bytes(text[: len(text) // 2])
    with pytest.raises(StoreError, match=rf"{file} is damaged \(it is no JSON\)"):
        open_store(store)
    (store / file).unlink()
    with pytest.raises(StoreError, match="there is no store" if file == "zarr.json" else f"{file} is missing"):
        open_store(store)


def changed(store: Path, file: str, edit: Callable[[Any], object]) -> None:
    found = json.loads((store / file).read_text())
    edit(found)
    (store / file).write_text(json.dumps(found))


def test_units_that_are_not_those_written_are_refused(store: Path) -> None:
    changed(store, "endpoints/zarr.json", lambda array: array["attributes"].update(units=["mg"]))
    with pytest.raises(StoreError, match="units or names of its arrays are not what was written"):
        open_store(store)


def test_output_times_that_are_not_those_written_are_refused(decay: Model, store: Path, tmp_path: Path) -> None:
    times = (store / "time/c/0").read_bytes()
    run(decay, tmp_path / "b.zarr", until=5)
    for wrong in (times[:-9], (tmp_path / "b.zarr/time/c/0").read_bytes(), None):
        (store / "time/c/0").unlink()
        if wrong is not None:
            (store / "time/c/0").write_bytes(wrong)
        with pytest.raises(StoreError, match=r"the output times are damaged \(time/c/0"):
            open_store(store).dataset()
        (store / "time/c/0").write_bytes(times)


@pytest.mark.sampled
@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_not_those_written_are_refused(decay: Model, tmp_path: Path, name: str) -> None:
    """Other readers of Zarr take the names of arms, columns and endpoints from these files."""
    store, other = tmp_path / "a.zarr", tmp_path / "b.zarr"
    for place, label, arm, column, kept in (
        (store, "site", "slow", "A(0)", "A"),
        (other, "town", "late", "k", "twice"),
    ):
        asked = {"endpoints": [f"final({kept})"], "keep": [kept], "arms": {"control": [], arm: ["slow"]}}
        sweep(decay, pd.DataFrame({column: [1.0, 2.0], label: ["x", "y"]}), until=6, store=place, **asked)
    found, file = open_store(store), store / name / "c" / "0"
    right = file.read_bytes()
    wrong = (other / name / "c" / "0").read_bytes()
    assert wrong != right
    for content in (wrong, right[:-9], b"", None):
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        for read in (lambda: open_store(store), found.verify):
            with pytest.raises(StoreError, match=rf"a\.zarr: .*damaged \({name}/c/0 .*copy that file"):
                read()
        file.write_bytes(right)
    assert open_store(store).verify() == []


def test_output_times_that_are_lost_are_told_by_verify(store: Path) -> None:
    (store / "time/c/0").unlink()
    with pytest.raises(StoreError, match=r"the output times are damaged \(time/c/0 is missing"):
        open_store(store).verify()


@pytest.mark.parametrize("version", [1, 3, "2"])
def test_a_store_of_another_format_is_refused(store: Path, version: object) -> None:
    changed(store, "zarr.json", lambda root: root["attributes"]["immunode"].update(format=version))
    with pytest.raises(ImmunodeError, match=f"its format is {version!r}, and 2 is read here"):
        open_store(store)


def test_rows_of_a_grid_without_any_value_are_not_taken_for_lost(decay: Model, tmp_path: Path) -> None:
    """A block of nothing but NaN has its files too."""
    out = sweep(decay, grid(k=[np.nan] * 3), engine="numpy", until=6, endpoints="final(A)", store=tmp_path / "a.zarr")
    found = open_store(tmp_path / "a.zarr")
    assert found.table().equals(out.table())
    assert found.counts() == {"refused": 3}
    (tmp_path / "a.zarr/endpoints/c/0/0").unlink()
    assert found.counts() == {"damaged": 3}
