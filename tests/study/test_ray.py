"""The executor for Ray that the page on clusters shows, as it stands there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pytest

from immunode.model import Model
from immunode.study import grid, sweep
from tests.libraries import needs

pytestmark = [pytest.mark.slow, needs("ray")]
PAGE = Path(__file__).parents[2] / "docs" / "howto" / "cluster.md"


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    """The class of the page, over two workers of this machine, without the last lines, which need a cluster."""
    import ray

    texts = re.findall(r"^```python[^\n]*\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (block,) = (text for text in texts if "import ray" in text)
    shown, _, rest = block.partition("\nray.init(")
    assert "executor=RayExecutor()" in rest
    space: dict[str, object] = {"__name__": "docs"}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, address="local")
    try:
        exec(compile(shown, "cluster.md", "exec"), space)
        made = space["RayExecutor"]()  # type: ignore[operator]
        yield made
    finally:
        ray.shutdown()


def test_a_sweep_on_ray_gives_the_same_bits(decay: Model, executor: Executor) -> None:
    design = grid(k=np.linspace(0.1, 1, 64))
    here = sweep(decay, design, until=5, engine="numpy", block=8, keep=["A"])
    told: list[int] = []
    there = sweep(decay, design, until=5, engine="numpy", block=8, keep=["A"], executor=executor,
                  progress=lambda done, total: told.append(done))  # fmt: skip
    assert there.table().equals(here.table())
    assert np.array_equal(there.dataset()["A"].values, here.dataset()["A"].values)
    assert told == list(range(8, 65, 8))


def die_once(mark: str) -> int:
    """Return this process's number; the first one that is asked ends at once."""
    if not os.path.exists(mark):
        Path(mark).touch()
        os._exit(1)
    return os.getpid()


def test_what_a_dead_worker_had_is_given_to_another(executor: Executor, tmp_path: Path) -> None:
    assert executor.submit(die_once, str(tmp_path / "died")).result(timeout=120) != os.getpid()
    assert (tmp_path / "died").exists()
