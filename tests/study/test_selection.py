"""Runs picked by a condition and computed again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.model import Model
from immunode.study import SweepResult, grid, sobol, space, sweep


def run(model: Model, engine: str = "numpy") -> SweepResult:
    design = sobol(space(model, "k"), 30, seed=1) + grid(k=[np.nan])
    return sweep(model, design, arms=["control", "slow"], endpoints=["final(A)", "peak(twice)"], until=6, engine=engine)


@pytest.mark.parametrize("engine", ["numpy", "scipy"])
def test_a_selection_runs_again_with_the_same_bits_and_its_trajectories(decay: Model, engine: str) -> None:
    out = run(decay, engine)
    chosen = out.select("final(A) > 1 and k < 0.5")
    table = out.table()
    assert chosen.rows.tolist() == np.flatnonzero((table["final(A)"] > 1) & (table["k"] < 0.5)).tolist()
    again = chosen.rerun(keep="trajectories")
    assert np.array_equal(again.values, out.values[chosen.rows])
    assert again.arm.tolist() == out.arm[chosen.rows].tolist()
    assert again.trajectories("A").shape == (len(chosen), 201)
    assert np.array_equal(again.trajectories("A")[:, -1], again.endpoint("final(A)"))
    assert again.recipe["design"].endswith("where final(A) > 1 and k < 0.5")


def test_a_bare_quantity_means_its_only_endpoint(decay: Model) -> None:
    out = run(decay)
    assert out.select("A > 1").rows.tolist() == out.select("final(A) > 1").rows.tolist()


def test_one_arm_of_several_can_be_left(decay: Model, tmp_path: Path) -> None:
    out = run(decay)
    highest = float(np.nanmax(out.endpoint("final(A)")[out.arm == "control"]))
    chosen = out.select(f"final(A) > {highest!r}")
    again = chosen.rerun(keep=["A"])
    assert again.arms == ("slow",)
    assert np.array_equal(again.endpoint("final(A)"), out.endpoint("final(A)")[chosen.rows])
    assert chosen.table()["run"].tolist() == chosen.rows.tolist()


def test_failed_runs_are_never_selected(decay: Model) -> None:
    out = run(decay)
    assert len(out.select("final(A) >= 0 or final(A) < 0")) == len(out) - 2


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("final(B) > 1", r"there is no column 'final\(B\)'"),
        ("kk < 1", "there is no column 'kk'; did you mean 'k'"),
        ("final(A)", "select"),
        ("__import__('os')", "select"),
    ],
)
def test_a_condition_that_can_not_be_meant_is_refused(decay: Model, condition: str, says: str) -> None:
    with pytest.raises(StudyError, match=says):
        run(decay).select(condition)


def test_an_empty_selection_says_so_when_it_is_run(decay: Model) -> None:
    with pytest.raises(StudyError, match=r"no run .*final\(A\) > 1e9"):
        run(decay).select("final(A) > 1e9").rerun()
