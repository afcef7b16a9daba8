"""A sweep in a store answers as the one in memory does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.model import Model
from immunode.study import SweepResult, grid, open_store, sobol, sweep
from tests.libraries import needs

pytestmark = needs("zarr")


@pytest.fixture
def both(decay: Model, tmp_path: Path) -> tuple[SweepResult, SweepResult]:
    """Return a sweep with failures, in memory and from its store."""
    design = sobol({"k": (0.1, 2.0), "inflow": (0.0, 1.0)}, 20, seed=3) + grid(k=[np.nan, 0.3], inflow=0.5)
    asked = {"arms": ["control", "slow"], "endpoints": ["final(A)", "auc(A)", "peak(A)"], "until": 6}
    out = sweep(decay, design, engine="numpy", block=8, store=tmp_path / "a.zarr", **asked)
    return out, open_store(tmp_path / "a.zarr")


def test_rows_of_a_store_are_those_of_the_sweep(both: tuple[SweepResult, SweepResult]) -> None:
    a, b = both
    for name in ("arm_of", "draws", "ok", "values", "reached"):
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=name in ("values", "reached")), name
    for name in ("arm", "methods", "status", "reasons"):
        assert list(getattr(a, name)) == list(getattr(b, name)), name
    for name in ("model_name", "design_recipe", "arms", "columns", "endpoints", "units", "model"):
        assert getattr(a, name) == getattr(b, name), name
    assert a.table().equals(b.table())
    assert a.failures().equals(b.failures())
    assert a.summary().equals(b.summary())
    assert a.counts() == b.counts() == {"ok": 42, "refused": 2}
    assert a.contrast("auc(A)").differences.equals(b.contrast("auc(A)").differences)
    assert np.array_equal(a.select("final(A) > 1").rows, b.select("final(A) > 1").rows)
    assert np.array_equal(a.inputs(), b.inputs(), equal_nan=True)
    assert {name: a.column_units[name] for name in a.columns} == b.column_units
    assert np.array_equal(a.endpoint("auc(A)"), b.endpoint("auc(A)"), equal_nan=True)


def test_endpoints_of_a_store_are_found_as_those_of_a_sweep(both: tuple[SweepResult, SweepResult]) -> None:
    for one in both:
        with pytest.raises(StudyError, match=r"several endpoints on 'A'.*final\(A\), auc\(A\), peak\(A\)"):
            one.endpoint("A")
        with pytest.raises(StudyError, match=r"unknown endpoint 'finl\(A\)'; did you mean 'final\(A\)'"):
            one.endpoint("finl(A)")


def test_both_have_the_same_columns_and_a_store_has_no_plan(both: tuple[SweepResult, SweepResult]) -> None:
    a, b = both
    for name in ("status", "values", "reached", "methods", "reasons"):
        assert isinstance(getattr(a.data, name), np.ndarray)
        assert not isinstance(getattr(b.data, name), np.ndarray)
        np.testing.assert_array_equal(np.asarray(getattr(b.data, name)), getattr(a.data, name))
    assert (a.verify(), b.verify()) == ([], [])
    with pytest.raises(StudyError, match="a store holds no plan to run again; run the sweep's line"):
        b.select("final(A) > 1").rerun()


def test_rows_that_did_not_run_say_so_and_analyses_leave_them_out(decay: Model, tmp_path: Path) -> None:
    design = sobol({"k": (0.1, 2.0)}, 40, seed=3)
    whole = sweep(decay, design, endpoints="final(A)", engine="numpy")
    sweep(decay, design, endpoints="final(A)", engine="numpy", block=8, store=tmp_path / "a.zarr", part=(2, 3))
    found = open_store(tmp_path / "a.zarr")
    there = [*range(8, 16), *range(32, 40)]
    assert np.flatnonzero(found.ok).tolist() == there
    assert set(found.status.drop(there)) == {"not run"}
    assert np.isnan(np.delete(found.endpoint("A"), there)).all()
    with pytest.warns(UserWarning, match="24 of 40 runs are not there"):
        part = found.rows_there()
    assert np.array_equal(part.endpoint("A"), whole.endpoint("A")[there])
    assert np.array_equal(part.inputs(), whole.inputs()[there])
