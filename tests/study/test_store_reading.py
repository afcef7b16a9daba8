"""Stores opened for reading, exported and merged."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from immunode.errors import StoreError
from immunode.model import Model
from immunode.study import SweepResult, grid, merge_stores, open_store, sobol, space, sweep
from tests.libraries import needs

pytestmark = needs("zarr")


def run(model: Model, store: Path | None = None, **changes: Any) -> SweepResult:
    asked: dict[str, Any] = {"endpoints": ["final(A)", "time_to(A/k < 3)"], "until": 6, "engine": "numpy", "block": 8}
    design = sobol(space(model, "k"), 20, seed=3) + grid(k=[np.nan, 0.3])
    return sweep(model, design, arms=["control", "slow"], store=store, **{**asked, **changes})


def test_a_store_alone_tells_its_table_counts_failures_and_model(decay: Model, tmp_path: Path) -> None:
    out = run(decay, tmp_path / "a.zarr")
    found = open_store(tmp_path / "a.zarr")
    assert found.table().equals(out.table())
    assert found.counts() == dict(out.status.value_counts())
    assert found.failures()["reason"].tolist() == out.reasons.tolist() == ["refused: k is nan"] * 2
    assert found.failures()["run"].tolist() == out.reasons.index.tolist()
    assert found.model == decay
    assert len(found) == 44
    assert repr(found).startswith("Sweep of decay: 44 runs (42 ok, 2 refused) in arms control, slow; design: ")


def test_a_store_that_is_not_whole_tells_what_it_has(decay: Model, tmp_path: Path) -> None:
    whole = run(decay)
    run(decay, tmp_path / "a.zarr", part=(2, 3))
    found = open_store(tmp_path / "a.zarr")
    table = found.table()
    assert table["run"].tolist() == [*range(44)]
    assert table.iloc[16:32].equals(whole.table().iloc[16:32])
    assert set(table["status"].drop(index=range(16, 32))) == {"not run"}
    assert set(table["arm"].drop(index=range(16, 32))) == {""}
    assert found.counts()["not run"] == 28
    assert np.isnan(found.dataset()["final(A)"][:16]).all()


def test_xarray_opens_a_store_without_immunode(decay: Model, tmp_path: Path) -> None:
    import xarray as xr

    out = run(decay, tmp_path / "a.zarr")
    raw = xr.open_zarr(tmp_path / "a.zarr", chunks=None)
    assert raw["endpoint"].values.tolist() == list(out.endpoints)
    assert np.array_equal(raw["endpoints"].sel(endpoint="final(A)"), out.endpoint("final(A)"), equal_nan=True)
    assert np.array_equal(raw["status"], out.data.status)
    assert raw["status"].attrs["flag_meanings"].split()[:3] == ["not_run", "ok", "refused"]
    assert raw["endpoints"].attrs["units"] == ["cell", "day"]


@pytest.mark.parametrize("chunks", [None, {}])
def test_the_dataset_is_lazy_and_has_the_names_of_the_table(decay: Model, tmp_path: Path, chunks: Any) -> None:
    if chunks is not None:
        pytest.importorskip("dask")
    out = run(decay, tmp_path / "a.zarr", keep=["A"])
    found = open_store(tmp_path / "a.zarr").dataset(chunks=chunks)
    assert np.array_equal(found["final(A)"], out.endpoint("final(A)"), equal_nan=True)
    assert np.array_equal(found["k"], out.inputs()[:, 0], equal_nan=True)
    assert np.array_equal(found["A"].sel(time=6.0), out.trajectories("A")[:, -1], equal_nan=True)
    assert found["final(A)"].attrs == {"units": "cell"}


def test_ten_million_rows_open_at_once_and_are_read_where_asked(decay: Model, tmp_path: Path) -> None:
    from immunode.study.run.cuts import Cut
    from immunode.study.run.plan_checks import make_plan
    from immunode.study.store.blocks import Store
    from immunode.study.store.key import study_of
    from immunode.study.store.layout import Layout
    from immunode.study.store.place import Place

    options = {"engine": "numpy", "method": "auto", "rtol": 1e-6, "atol": None}
    plan = make_plan(decay, grid(k=[0.5]), 6, None, None, ["final(A)"], "endpoints", None, None, 0, options)
    study = study_of(plan)
    study["design"]["rows"] = rows = 10_000_000
    layout = Layout(study, Cut(rows=rows, span=8192, size=8192))
    Store.create(Place.of(tmp_path / "big.zarr"), layout, plan.times, {})
    found = open_store(tmp_path / "big.zarr")
    last = found.dataset()["final(A)"][-5:]
    assert last.shape == (5,)
    assert np.isnan(last).all()
    assert found.counts() == {"not run": 10_000_000}


def test_csv_is_the_table(decay: Model, tmp_path: Path) -> None:
    out = run(decay, tmp_path / "a.zarr")
    path = open_store(tmp_path / "a.zarr").to_csv(tmp_path / "a.csv")
    table = out.table().assign(model="decay", variant="")
    assert path.read_text() == table.to_csv(index=False, lineterminator="\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.zarr"]


def test_parquet_is_the_table(decay: Model, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    out = run(decay, tmp_path / "a.zarr")
    path = open_store(tmp_path / "a.zarr").to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(path), out.table(), check_dtype=False, rtol=0, atol=0)


@pytest.mark.filterwarnings("ignore:numpy.ndarray size changed")
def test_netcdf_holds_the_dataset(decay: Model, tmp_path: Path) -> None:
    pytest.importorskip("netCDF4")
    import xarray as xr

    out = run(decay, tmp_path / "a.zarr")
    path = open_store(tmp_path / "a.zarr").to_netcdf(tmp_path / "a.nc")
    with xr.open_dataset(path) as read:
        assert np.array_equal(read["final(A)"], out.endpoint("final(A)"), equal_nan=True)
        assert "time_to(A÷k < 3)" in read


def test_a_file_that_can_not_be_written_says_so(decay: Model, tmp_path: Path) -> None:
    run(decay, tmp_path / "a.zarr")
    with pytest.raises(StoreError, match=r"no/a\.csv.*can't be written.*No such file"):
        open_store(tmp_path / "a.zarr").to_csv(tmp_path / "no" / "a.csv")
    with pytest.raises(StoreError, match="it is a folder; give the name of a file"):
        open_store(tmp_path / "a.zarr").to_csv(tmp_path)


def test_where_there_is_no_store_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no store.*store="):
        open_store(tmp_path / "none.zarr")


def test_a_damaged_block_is_told_when_it_is_read(decay: Model, tmp_path: Path) -> None:
    run(decay, tmp_path / "a.zarr")
    (tmp_path / "a.zarr/endpoints/c/1/0").write_bytes(b"nonsense")
    with pytest.raises(StoreError, match=r"block 1 of 'endpoints' is damaged .*run the sweep again"):
        open_store(tmp_path / "a.zarr").table()


def test_merging_skips_damaged_blocks_that_another_store_has(decay: Model, tmp_path: Path) -> None:
    out = run(decay, tmp_path / "a.zarr")
    shutil.copytree(tmp_path / "a.zarr", tmp_path / "b.zarr")
    (tmp_path / "a.zarr/endpoints/c/1/0").write_bytes(b"nonsense")
    with pytest.raises(StoreError, match="block 1 is damaged and in no other store"):
        merge_stores(tmp_path / "c.zarr", tmp_path / "a.zarr")
    merged = merge_stores(tmp_path / "c.zarr", tmp_path / "a.zarr", tmp_path / "b.zarr")
    assert merged.verify() == []
    assert merged.table().equals(out.table())


def test_stores_of_two_studies_are_not_merged(decay: Model, tmp_path: Path) -> None:
    run(decay, tmp_path / "a.zarr")
    run(decay, tmp_path / "b.zarr", until=7)
    with pytest.raises(StoreError, match="the end is 7 there, 6 here"):
        merge_stores(tmp_path / "a.zarr", tmp_path / "b.zarr")
    run(decay, tmp_path / "c.zarr", block=5)
    with pytest.raises(StoreError, match="run both with the same block="):
        merge_stores(tmp_path / "a.zarr", tmp_path / "c.zarr")


def test_the_recipe_of_a_store_says_what_that_of_its_sweep_says(decay: Model, tmp_path: Path) -> None:
    """All but what the process that ran it adds: why an engine, remarks, and versions beside those that compute."""
    changed = decay.with_values(k=0.4)
    out = sweep(changed, n=8, seed=3, endpoints=["final(A)"], until=4, store=str(tmp_path / "a.zarr"))
    again = open_store(tmp_path / "a.zarr").recipe
    assert out.recipe.keys() - again.keys() == {"remarks"}
    for key in out.recipe.keys() - {"remarks", "arms", "versions", "store"}:
        assert again[key] == out.recipe[key], key
    assert again["seed"] == 3
    assert again["columns"]["k"]["from"] < 0.4 < again["columns"]["k"]["to"]
    assert sum(again["methods used"].values()) == 8
    shared = again["versions"].keys() & out.recipe["versions"].keys()
    assert "immunode" in shared
    assert all(again["versions"][name] == out.recipe["versions"][name] for name in shared)
    assert again["changed"]["k"]["run"] == 0.4


def test_an_opened_store_can_be_sent_to_another_process(decay: Model, tmp_path: Path) -> None:
    run(decay, tmp_path / "a.zarr")
    opened = open_store(tmp_path / "a.zarr")
    sent = pickle.loads(pickle.dumps(opened))
    assert sent.table().equals(opened.table())
    assert sent.recipe == opened.recipe
