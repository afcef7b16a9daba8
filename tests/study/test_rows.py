"""A sweep in a store answers as the one in memory does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.model import Model
from immunode.study import SweepResult, grid, open_store, sobol, sweep
from immunode.study.result.rows import Rows
from immunode.study.store.reading import StoredSweep
from tests.libraries import needs

pytestmark = needs("zarr")


@pytest.fixture
def both(decay: Model, tmp_path: Path) -> tuple[SweepResult, StoredSweep]:
    """Return a sweep with failures, in memory and from its store."""
    design = sobol({"k": (0.1, 2.0), "inflow": (0.0, 1.0)}, 20, seed=3) + grid(k=[np.nan, 0.3], inflow=0.5)
    asked = {"arms": ["control", "slow"], "endpoints": ["final(A)", "auc(A)", "peak(A)"], "until": 6}
    out = sweep(decay, design, engine="numpy", block=8, store=tmp_path / "a.zarr", **asked)
    return out, open_store(tmp_path / "a.zarr")


def test_rows_of_a_store_are_those_of_the_sweep(both: tuple[SweepResult, StoredSweep]) -> None:
    a: Rows
    b: Rows
    a, b = both
    for name in ("arm_of", "draws", "codes", "values"):
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True), name
    for name in ("model_name", "design_recipe", "arms", "columns", "endpoints", "units", "why_failed"):
        assert getattr(a, name) == getattr(b, name), name
    assert np.array_equal(a.inputs(), b.inputs(), equal_nan=True)
    assert {name: a.column_units[name] for name in a.columns} == b.column_units
    assert np.array_equal(a.endpoint("auc(A)"), b.endpoint("auc(A)"), equal_nan=True)


def test_endpoints_of_a_store_are_found_as_those_of_a_sweep(both: tuple[SweepResult, StoredSweep]) -> None:
    for one in both:
        with pytest.raises(StudyError, match=r"several endpoints on 'A'.*final\(A\), auc\(A\), peak\(A\)"):
            one.endpoint("A")
        with pytest.raises(StudyError, match=r"unknown endpoint 'finl\(A\)'; did you mean 'final\(A\)'"):
            one.endpoint("finl(A)")


def test_rows_that_did_not_run_are_left_out(decay: Model, tmp_path: Path) -> None:
    design = sobol({"k": (0.1, 2.0)}, 40, seed=3)
    whole = sweep(decay, design, endpoints="final(A)", engine="numpy")
    sweep(decay, design, endpoints="final(A)", engine="numpy", block=8, store=tmp_path / "a.zarr", part=(2, 3))
    found = open_store(tmp_path / "a.zarr")
    with pytest.warns(UserWarning, match="24 of 40 runs are not there"):
        assert np.array_equal(found.endpoint("A"), whole.endpoint("A")[[*range(8, 16), *range(32, 40)]])
