from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from immunode.errors import StoreError, StudyError
from immunode.study import Arms, from_table, grid, latin_hypercube, sobol

BOX = {"a": (0.0, 2.0), "b": (0.1, 100.0)}


def test_a_grid_is_every_combination_with_the_last_column_fastest() -> None:
    design = grid(a=[1, 2], b=[10, 20, 30])
    assert design.table().to_numpy().tolist() == [[1, 10], [1, 20], [1, 30], [2, 10], [2, 20], [2, 30]]
    assert "2 x 3" in design.recipe


def test_columns_with_dots_come_from_a_mapping() -> None:
    assert grid({"drug.strength": [0, 1]}, k=3).names == ("drug.strength", "k")


@pytest.mark.parametrize("maker", [sobol, latin_hypercube])
def test_points_stay_in_the_space_and_seed_0_is_a_seed(maker) -> None:
    zero, again, one = maker(BOX, 50), maker(BOX, 50, seed=0), maker(BOX, 50, seed=1)
    assert np.array_equal(zero.values, again.values)
    assert not np.array_equal(zero.values, one.values)
    assert (zero.values[:, 0] >= 0).all()
    assert (zero.values[:, 0] <= 2).all()
    assert (zero.values[:, 1] >= 0.1).all()
    assert (zero.values[:, 1] <= 100).all()
    assert zero.seed == 0


def test_a_latin_hypercube_puts_one_point_in_each_slice() -> None:
    values = latin_hypercube({"a": (0.0, 1.0)}, 20, seed=3).values[:, 0]
    assert sorted((values * 20).astype(int)) == list(range(20))


def test_wide_ranges_above_0_are_log_uniform() -> None:
    b = sobol(BOX, 1024, seed=2).values[:, 1]
    # the median of a log-uniform variable is the geometric mean of its ends; Sobol points are balanced to 1/1024
    assert np.median(b) == pytest.approx(np.sqrt(0.1 * 100), rel=0.02)


def test_a_shorter_sobol_design_is_the_start_of_a_longer_one() -> None:
    assert np.array_equal(sobol(BOX, 100, seed=5).values, sobol(BOX, 777, seed=5).values[:100])


def test_a_product_crosses_and_keeps_one_draw_for_each_pair() -> None:
    design = grid(a=[1, 2]) * grid(b=[5, 6])
    assert design.table().to_numpy().tolist() == [[1, 5], [1, 6], [2, 5], [2, 6]]
    assert design.draw.tolist() == [0, 1, 2, 3]


def test_arms_cross_fastest_and_share_a_draw() -> None:
    design = grid(a=[1, 2]) * Arms(control=[], other=[])
    assert design.table()["arm"].tolist() == ["control", "other"] * 2
    assert design.draw.tolist() == [0, 0, 1, 1]
    slow = Arms(control=[], other=[]) * grid(a=[1, 2])
    assert slow.table()["arm"].tolist() == ["control", "control", "other", "other"]
    assert slow.draw.tolist() == [0, 1, 0, 1]


def test_arms_still_share_draws_when_columns_are_crossed_in_later() -> None:
    design = grid(a=[1, 2]) * Arms(control=[], other=[]) * grid(b=[5, 6])
    for draw in range(4):
        rows = design.table()[design.draw == draw]
        assert rows["arm"].tolist() == ["control", "other"]
        assert rows["a"].nunique() == rows["b"].nunique() == 1


def test_pairing_goes_row_by_row() -> None:
    assert (grid(a=[1, 2]) & grid(b=[5, 6])).values.tolist() == [[1, 5], [2, 6]]
    assert (grid(a=[1, 2]) & Arms(x=[], y=[])).table()["arm"].tolist() == ["x", "y"]


def test_appending_leaves_missing_columns_to_the_model() -> None:
    design = grid(a=[1, 2]) + grid(b=[5])
    assert design.unset.tolist() == [[False, True], [False, True], [True, False]]
    assert design.draw.tolist() == [0, 1, 2]


def test_a_design_never_changes_with_the_array_it_was_made_from() -> None:
    values = np.array([1.0, 2.0])
    design = grid(a=values)
    values[0] = 99
    assert design.values[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        design.values[0, 0] = 3


def test_a_table_comes_back_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "design.csv"
    pd.DataFrame({"k": [0.1, 0.2], "E(0)": [1e5, 2e5], "arm": ["control", "tnf"]}).to_csv(path, index=False)
    design = from_table(path)
    assert design.names == ("k", "E(0)")
    assert design.labels == ("control", "tnf")
    assert design.values.tolist() == [[0.1, 1e5], [0.2, 2e5]]
    assert str(path) in design.recipe


def csv(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("k,k\n1,2\n", "the column 'k' is there twice"),
        ("k,m\n1,high\n2,3\n", "column 'm', row 0: 'high' is not a number"),
        ("k\n", "no rows"),
        ("", "the first line must name the columns"),
    ],
)
def test_a_bad_csv_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(StudyError, match=says) as caught:
        from_table(csv(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing\.csv"):
        from_table(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: grid(), "at least one column"),
        (lambda: grid(a=[]), "the column 'a' is empty"),
        (lambda: grid(a=["high", "low"]), "column 'a', row 0: 'high' is not a number"),
        (lambda: grid(a=[1]) * grid(a=[2]), "the column 'a' is on both sides"),
        (lambda: grid(a=[1, 2]) & grid(b=[1, 2, 3]), "there are 2 and 3"),
        (lambda: grid(a=[1]) * Arms(x=[]) * Arms(y=[]), "has arms already"),
        (lambda: grid(a=[1]) * Arms(x=[]) + grid(a=[1]), r"\+ needs arms in both"),
        (lambda: grid(a=[1]) * Arms(), "no arms"),
        (lambda: from_table(pd.DataFrame([[1, 2]], columns=["a", "a"])), "'a' is there twice"),
        (lambda: from_table(pd.DataFrame({"a": []})), "no rows"),
        (lambda: from_table({"a": [1, 2], "b": [1]}), "equal lengths"),
        (lambda: sobol(BOX, 0), "above 0"),
        (lambda: sobol({"a": (2.0, 1.0)}, 4), "runs backwards"),
        (lambda: sobol({"a": (0.0, np.inf)}, 4), "finite ends"),
        (lambda: sobol({"a": (0.0, 1.0, 2.0)}, 4), "two ends"),
    ],
)
def test_what_can_not_be_a_design_is_one_clear_line(make, says: str) -> None:
    with pytest.raises(StudyError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [sobol, latin_hypercube])
@pytest.mark.parametrize("n", ["x", None, float("inf"), float("nan"), [1], 1.5, True, 0])
def test_a_number_of_points_that_is_none_is_one_line(make: Any, n: Any) -> None:
    with pytest.raises(StudyError, match="the number of points must be a whole number above 0, got"):
        make(BOX, n)


@pytest.mark.parametrize("seed", [-1, "x", 1.5, True])
def test_a_seed_that_is_none_is_one_line(seed: Any) -> None:
    with pytest.raises(StudyError, match="the seed must be a whole number of 0 or above, got"):
        sobol(BOX, 4, seed=seed)


def test_a_design_that_memory_can_not_hold_is_refused_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudyError, match=r"1,000,000,000,000,000,000 rows.* bytes"):
        sobol(BOX, 10**18)
    # 1 MB holds 11,904 rows of two columns
    monkeypatch.setattr("immunode.study.design.amounts.memory", lambda: 10**6)
    side = grid(a=range(200))
    for make in (
        lambda: sobol(BOX, 12_000),
        lambda: grid(a=range(200), b=range(100)),
        lambda: side * grid(b=range(100)),
        lambda: grid(a=range(15_000)) * Arms({str(i): () for i in range(2)}),
    ):
        with pytest.raises(StudyError, match="bytes, and this machine has 1,000,000; run it in parts"):
            make()
    assert len(sobol(BOX, 11_000)) == 11_000
    monkeypatch.setattr("immunode.study.design.amounts.memory", lambda: 10**15)
    with pytest.raises(StudyError, match=r"1,073,741,824.*3,000,000,000.*latin_hyper"):
        sobol(BOX, 3 * 10**9)
