from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from immunode.errors import StudyError
from immunode.model import Model
from immunode.study import Arms, SweepResult, auc, final, from_table, grid, sobol, space, sweep, time_to


@pytest.fixture(scope="module")
def out(decay: Model) -> SweepResult:
    design = grid(k=[0.3, 0.6, 0.9]) * Arms.of(decay, "control", "slow", "quick")
    return sweep(decay, design, until=8, endpoints=[final("A"), auc("A"), final("twice")], keep=["A", "twice"])


def test_a_dataset_has_arms_draws_and_units(out: SweepResult) -> None:
    data = out.dataset()
    assert data["auc(A)"].dims == ("arm", "draw")
    assert data["A"].dims == ("arm", "draw", "time")
    assert data["k"].dims == ("draw",)
    assert data["auc(A)"].attrs["units"] == "cell*day"
    assert data["k"].attrs["units"] == "1/day"
    assert data["time"].attrs["units"] == "day"
    row = out.table().query("arm == 'slow' and k == 0.6").iloc[0]
    assert float(data["auc(A)"].sel(arm="slow", draw=1)) == row["auc(A)"]
    np.testing.assert_array_equal(data["A"].isel(time=-1).sel(arm="slow", draw=1), row["final(A)"])
    assert json.loads(data.attrs["recipe"])["model"] == "decay"


def test_a_dataset_of_rows_that_do_not_cross_is_over_runs(decay: Model) -> None:
    design = from_table(pd.DataFrame({"arm": ["slow", "control", "slow"], "k": [0.5, 0.5, 1.0]}))
    data = sweep(decay, design, endpoints=[final("A")]).dataset()
    assert data["final(A)"].dims == ("run",)
    assert data["arm"].to_numpy().tolist() == ["slow", "control", "slow"]


def test_a_contrast_is_paired_draw_by_draw(out: SweepResult) -> None:
    found = out.contrast("auc(A)")
    wide = out.table().pivot(index="k", columns="arm", values="auc(A)")
    np.testing.assert_array_equal(found.differences["slow"], wide["slow"] - wide["control"])
    assert found.table().loc["slow", "share above 0"] == 1
    assert found.table().loc["quick", "share above 0"] == 0
    assert found.table().loc["quick", "median"] == pytest.approx(np.median(wide["quick"] - wide["control"]))
    assert found.unit == "cell*day"
    assert out.contrast("twice", versus="quick").endpoint == "final(twice)"


def test_pairs_with_a_failed_run_are_left_out(runaway: Model) -> None:
    faster = Arms(control=[], same=[])
    found = sweep(runaway, grid(r=[0.01, 1.0]) * faster, until=5, endpoints=[final("X")]).contrast("X")
    assert found.differences["same"].isna().tolist() == [False, True]
    assert found.table().loc["same", "pairs"] == 1


def test_a_summary_has_quantiles_and_the_share_failed(runaway: Model) -> None:
    summary = sweep(runaway, grid(r=[0.01, 0.02, 0.03, 1.0]), until=5, endpoints=[final("X")]).summary().iloc[0]
    assert summary["failed"] == 0.25
    assert summary["ok"] == 3
    assert summary["median"] == pytest.approx(1 / (1 - 0.1), rel=1e-5)
    assert summary["unit"] == "cell"


def test_a_median_counts_runs_that_never_get_there(decay: Model) -> None:
    summary = sweep(decay, grid(k=[0.01, 0.02, 0.03, 1.0]), until=5, endpoints=[time_to("A < 1")]).summary()
    assert summary["median"].tolist() == [np.inf]
    assert summary["unit"].tolist() == ["day"]


def test_files_are_plain_and_tell_how_they_were_made(out: SweepResult, tmp_path: Path) -> None:
    paths = out.save(tmp_path / "run")
    assert {p.name for p in paths} == {"table.csv", "summary.csv", "recipe.json", "trajectories.npz"}
    assert {p.name for p in (tmp_path / "run").iterdir()} == {p.name for p in paths}
    table = out.table().assign(model="decay", variant="")
    exactly = dict.fromkeys(table.select_dtypes("float"), float)  # older pandas reads 15 digits by itself
    read = pd.read_csv(tmp_path / "run" / "table.csv", keep_default_na=False, converters=exactly)
    pd.testing.assert_frame_equal(read, table, check_dtype=False, check_exact=True)
    assert set(pd.read_csv(tmp_path / "run" / "summary.csv")["model"]) == {"decay"}
    recipe = json.loads((tmp_path / "run" / "recipe.json").read_text())
    for key in ("model", "arms", "design", "rtol", "atol", "engine", "method", "versions", "seed", "units"):
        assert key in recipe
    assert recipe["arms"]["slow"]["key"] != recipe["arms"]["control"]["key"]
    with np.load(tmp_path / "run" / "trajectories.npz") as kept:
        np.testing.assert_array_equal(kept["A"], out.trajectories("A"))


def test_failures_are_written_with_their_reason(runaway: Model, tmp_path: Path) -> None:
    sweep(runaway, grid(r=[0.01, np.nan]), endpoints=[final("X")]).save(tmp_path)
    failed = pd.read_csv(tmp_path / "failures.csv")
    assert failed["run"].tolist() == [1]
    assert failed["reason"].tolist() == ["refused: r is nan"]


def test_quantiles_are_taken_over_the_runs_of_an_arm(decay: Model) -> None:
    out = sweep(decay, sobol(space(decay), 32), arms=["control", "slow"], keep=["A"], endpoints=[final("A")])
    bands = out.quantiles("A", (0.25, 0.5))
    assert bands["slow"].shape == (2, 201)
    mine = out.trajectories("A")[out.arm == "slow"]
    np.testing.assert_allclose(bands["slow"][1], np.median(mine, axis=0), rtol=1e-14)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda o: o.contrast("A"), r"several endpoints on 'A'; say which: final\(A\), auc\(A\)"),
        (lambda o: o.contrast("auc(B)"), r"unknown endpoint 'auc\(B\)'; did you mean 'auc\(A\)'"),
        (lambda o: o.contrast("twice", versus="controll"), "did you mean 'control'"),
        (lambda o: o.trajectories("loss"), "'loss' was not kept"),
        (lambda o: o.plot.heat("final(twice)"), "say which arm"),
        (lambda o: o.plot.heat("final(twice)", arm="slwo"), "did you mean 'slow'"),
        (lambda o: o.plot.heat("final(twice)", "kk", arm="slow"), "unknown column 'kk'; did you mean 'k'"),
        (lambda o: o.plot.heat("final(twice)", arm="slow"), "it needs two columns that vary"),
        (lambda o: o.plot.bands("loss"), "'loss' was not kept"),
    ],
)
def test_a_wrong_word_names_the_nearest(out: SweepResult, ask, says: str) -> None:
    with pytest.raises(StudyError, match=says):
        ask(out)


def test_a_contrast_needs_another_arm(decay: Model) -> None:
    with pytest.raises(StudyError, match="only the arm 'control'"):
        sweep(decay, grid(k=[1.0]), endpoints=[final("A")]).contrast("A")


def test_a_result_tells_itself_in_a_line(out: SweepResult) -> None:
    assert "9 runs (9 ok) in arms control, slow, quick" in repr(out)
