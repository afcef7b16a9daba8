"""A store in object storage: a server of S3's protocol in this process, with real requests, and nothing outside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from immunode.errors import StoreError
from immunode.model import Model
from immunode.study import SweepResult, grid, open_store, sobol, sweep
from immunode.study.store.blocks import Store
from tests.libraries import needs

pytestmark = [pytest.mark.slow, needs("moto", "flask", "s3fs", "zarr")]


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """The file system of a bucket `runs` behind a server at 127.0.0.1, which `s3://` URLs then mean."""
    import fsspec
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    options = {"key": "test", "secret": "test", "endpoint_url": f"http://127.0.0.1:{port}"}
    before = dict(fsspec.config.conf)
    fsspec.config.conf["s3"] = {**options, "client_kwargs": {"region_name": "eu-west-1"}}
    s3fs.S3FileSystem.clear_instance_cache()
    try:
        files = fsspec.filesystem("s3")
        files.mkdir("runs")
        yield files
    finally:
        fsspec.config.conf.clear()
        fsspec.config.conf.update(before)
        s3fs.S3FileSystem.clear_instance_cache()
        server.stop()


def run(model: Model, store: str | None = None, **changes: Any) -> SweepResult:
    asked = {"engine": "numpy", "block": 10, "keep": ["A"], **changes}
    return sweep(model, grid(k=np.linspace(0.1, 1, 40)), store=store, **asked)


def test_a_sweep_through_s3_gives_the_same_bits(decay: Model, s3: Any) -> None:
    there, here = run(decay, "s3://runs/same.zarr"), run(decay)
    assert there.table().equals(here.table())
    opened = open_store("s3://runs/same.zarr")
    assert opened.table().equals(here.table())
    kept = (np.squeeze(one.dataset()["A"].values) for one in (opened, here))
    assert np.array_equal(*kept)
    assert not s3.exists("runs/same.zarr/.immunode-lock")


def test_an_interrupted_sweep_resumes_from_the_objects_that_are_there(decay: Model, s3: Any) -> None:
    def stop(done: int, total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted"):
        run(decay, "s3://runs/broken.zarr", progress=stop)
    written = {name: s3.modified(name) for name in s3.find("runs/broken.zarr") if "/c/0" in name}
    assert written
    out = run(decay, "s3://runs/broken.zarr")
    assert out.recipe["store"]["runs found there"] == 20
    assert out.table().equals(run(decay).table())
    assert {name: s3.modified(name) for name in written} == written


def test_an_object_that_was_damaged_is_told_and_computed_again(decay: Model, s3: Any) -> None:
    run(decay, "s3://runs/damaged.zarr")
    (name,) = (one for one in s3.find("runs/damaged.zarr/endpoints") if one.endswith("/c/2/0"))
    content = bytearray(s3.cat_file(name))
    content[len(content) // 2] ^= 1
    s3.pipe_file(name, bytes(content))
    with pytest.raises(StoreError, match="block 2"):
        open_store("s3://runs/damaged.zarr").table()
    with pytest.warns(UserWarning, match="block 2 did not hold what was written"):
        assert run(decay, "s3://runs/damaged.zarr").table().equals(run(decay).table())


def test_a_bucket_that_is_not_there_is_one_clear_line(decay: Model, s3: Any) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        run(decay, "s3://nowhere/a.zarr")


def test_few_objects_hold_4096_runs_and_no_number_depends_on_that(decay: Model, s3: Any) -> None:
    """A request costs a tenth of a second and money, so a remote block has 4,096 rows where a local one has 1,024."""
    design = sobol({"k": (0.1, 1)}, 4096, seed=0)
    there = sweep(decay, design, until=5, engine="numpy", store="s3://runs/many.zarr")
    here = sweep(decay, design, until=5, engine="numpy")
    assert there.table().equals(here.table())
    objects = s3.find("runs/many.zarr")
    assert len([name for name in objects if "/c/" in name]) == 10 + 4  # one block, and the names of four axes
    assert len(objects) == 29
    from immunode.study.store.place import Place

    store = Store.open(Place.of("s3://runs/many.zarr"))
    assert store is not None
    assert len(store.layout.cut) == 1


@needs("distributed", "dask")
def test_a_dask_cluster_computes_what_object_storage_keeps(decay: Model, s3: Any) -> None:
    """The caller alone writes; workers read blocks, and know the server from a setting, as a user gives it."""
    import fsspec
    from distributed import Client, LocalCluster, get_task_stream

    def told(settings: dict[str, Any]) -> None:
        fsspec.config.conf["s3"] = settings

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        with get_task_stream(client) as tasks:
            there = run(decay, "s3://runs/dask.zarr", executor=client)
        client.run(told, dict(fsspec.config.conf["s3"]))
        lazy = open_store("s3://runs/dask.zarr").dataset(chunks={})["A"]
        assert lazy.chunks is not None
        mean = float(lazy.mean().compute(scheduler=client))
    here = run(decay)
    assert there.table().equals(here.table())
    assert len(tasks.data) >= 4  # blocks
    assert mean == pytest.approx(float(here.dataset()["A"].mean()), rel=1e-12)
