"""Virtual patients listed in a file: how they are read, and that each of them counts once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import immunode as im
from immunode.errors import ModelError, StoreError
from immunode.model import Model, Parameter, Process, State, Trial, TrialResult, listed_patients
from immunode.model.views.patients import patient_tables
from immunode.study.populations import population

TABLE = "patient,k,x0\nfirst,0.5,1\nsecond,1e-1,2.5\nthird,2,3\n"


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "patients.csv"
    path.write_text(TABLE)
    return str(path)


def model(file: str, **more: object) -> Model:
    return Model("m", time_unit="day", states=[State("x", "x0")], parameters=[Parameter("k", 1.0, "1/day"),
                 Parameter("x0", 1.0)], processes=[Process("p", "x ->", "k*x")], horizon=1.0,
                 classes=listed_patients(file, "here"), **more)  # type: ignore[arg-type]  # fmt: skip


def test_each_line_is_a_patient(file: str) -> None:
    first, second, third = listed_patients(file, source="here")
    assert (first.name, second.name, third.name) == ("first", "second", "third")
    assert dict(second.values) == {"k": 0.1, "x0": 2.5}
    assert {one.share for one in (first, second, third)} == {1 / 3}
    assert first.source == "here"


def test_a_name_is_looked_for_beside_the_models() -> None:
    assert len(listed_patients("bedathuru2024_patients.csv")) == 100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,k\na,1\nb,2\n", "first line"),
        ("patient,k,k\na,1,1\nb,2,2\n", "twice"),
        ("patient,k\na,1\n", "two patients"),
        ("patient,k\na,1\na,2\n", "name of its own"),
        ("patient,k\na,1\nb,2,3\n", "patient 'b' has 2 values for 1 parameters"),
        ("patient,k\na,1\nb,high\n", "patient 'b'.*'high'"),
    ],
)
def test_what_is_no_table_of_patients(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(text)
    with pytest.raises(ModelError, match=said):
        listed_patients(str(path))


@pytest.mark.parametrize("name", ["nowhere.csv", "no/where.csv"])
def test_a_file_that_is_not_there(name: str) -> None:
    with pytest.raises(StoreError, match=name):
        listed_patients(name)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    with pytest.raises(StoreError, match="can't be read"):
        listed_patients(str(path))


def test_all_are_drawn_before_one_comes_again(file: str) -> None:
    people = population(model(file))
    assert people.listed == 3
    rows = people.draw(7, seed=3).values
    for part in (rows[:3], rows[3:6]):
        np.testing.assert_array_equal(part[np.argsort(part[:, 0])], [[0.1, 2.5], [0.5, 1], [2, 3]])
    np.testing.assert_array_equal(people.draw(5, seed=3).values, rows[:5])
    assert "3 listed patients" in people.words()


def test_classes_with_a_spread_are_not_listed(file: str) -> None:
    spread = model(file, variability=[im.model.Variability("k", 0.3)])
    assert population(spread).listed == 0


def test_a_listing_is_told_in_one_row(file: str, tmp_path: Path) -> None:
    long = tmp_path / "long.csv"
    long.write_text("patient,k\n" + "".join(f"p{i},{i + 1}\n" for i in range(20)))
    (table,) = patient_tables(model(str(long)))
    assert table.rows == (("20 listed patients", "5 % each", "1 values each", "here"),)
    (few,) = patient_tables(model(file))
    assert len(few.rows) == 3


def test_a_trial_is_compared_with_each_of_them_once(file: str) -> None:
    trial = Trial("t", "here", arms={"a": ""}, results=[TrialResult("a", "at(x, 0)", 2.0)])
    found = im.validate(model(file, trials=[trial]))
    assert "3 virtual patients" in found.recipe
    assert found.verdicts[0].model == pytest.approx((1 + 2.5 + 3) / 3)


def test_patients_may_have_starts_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "starts.csv"
    path.write_text("patient,k,x(0)\na,0.5,1\nb,0.1,2.5\nc,2,3\n")
    people = im.sweep(model(str(path)), patients=3, endpoints=["at(x, 0)", "final(x)"])
    assert sorted(people.endpoint("at(x, 0)")) == [1, 2.5, 3]
    table = people.table()
    assert people.endpoint("final(x)") == pytest.approx(table["x(0)"] * np.exp(-table["k"]), rel=1e-5)
    path.write_text("patient,k,y(0)\na,0.5,1\nb,0.1,2.5\n")
    with pytest.raises(ModelError, match=r"class 'a' of patients, 'y\(0\)' does not exist; did you mean 'x\(0\)'"):
        model(str(path))


def test_starts_of_patients_have_the_names_of_a_joined_model(tmp_path: Path) -> None:
    path = tmp_path / "starts.csv"
    path.write_text("patient,k,x(0)\na,0.5,1\nb,0.1,2.5\n")
    one = model(str(path))
    whole = im.join(one, one.replace(name="n", classes=()))
    assert [name for name, _ in whole.classes[0].values] == ["m.k", "m.x(0)"]
