"""Memory of results is used again when nobody looks at it any more, and never before."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from immunode.solve.compiled import memory as compiled_memory
from immunode.solve.compiled.memory import result_array

COUNT = 200_000


@pytest.fixture(autouse=True)
def _empty() -> None:
    gc.collect()
    compiled_memory._waiting.clear()


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_is_used_again_once_its_views_are_gone() -> None:
    one = result_array((COUNT // 4, 2, 2))
    view = one.transpose(1, 2, 0)[:, 0, 5:]
    where = address(one)
    del one
    # a view is still looked at
    assert address(result_array((COUNT,))) != where
    del view
    assert COUNT * 8 <= compiled_memory.waiting_bytes() <= COUNT * 16
    found = {address(a) for a in [result_array((COUNT,)), result_array((COUNT,))]}
    assert where in found


def test_two_results_never_share_memory() -> None:
    kept = [result_array((COUNT,)) for _ in range(4)]
    for i, array in enumerate(kept):
        array[:] = i
    del kept[1]
    kept.append(result_array((COUNT,)))
    kept[-1][:] = 9
    assert [a[0] for a in kept] == [0, 2, 3, 9]
    assert [a[-1] for a in kept] == [0, 2, 3, 9]


def test_a_small_result_does_not_hold_a_large_piece() -> None:
    large = result_array((COUNT * 10,))
    where = address(large)
    del large
    assert address(result_array((COUNT,))) != where


@pytest.mark.slow
def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_memory, "MOST", COUNT * 8 * 2)
    kept = [result_array((COUNT,)) for _ in range(5)]
    kept.clear()
    gc.collect()
    assert compiled_memory.waiting_bytes() <= COUNT * 8 * 2
