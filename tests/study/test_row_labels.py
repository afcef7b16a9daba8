"""Identifiers of patients and other labels travel from a table into all that is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import immunode as im

pandas = pytest.importorskip("pandas")


def model() -> im.Model:
    return im.Model(
        "m",
        time_unit="day",
        horizon=4,
        states=[im.State("x", 1.0, "cell")],
        parameters=[im.Parameter("k", 0.5, "1/day"), im.Parameter("s", 1.0, "cell/day")],
        processes=[im.Process("made", "-> x", "s"), im.Process("lost", "x ->", "k*x")],
        interventions=[im.Intervention("block", [im.scale("s", 0.2)])],
    )


def table() -> Any:
    return pandas.DataFrame({"ID": [7, 3, 5], "sex": ["f", "m", "f"], "k": [0.2, 0.5, 0.9]})


def test_a_frame_is_swept_as_it_is() -> None:
    out = im.sweep(model(), table(), endpoints="final(x)")
    assert list(out.table().columns) == ["run", "arm", "ID", "sex", "k", "status", "final(x)"]
    assert out.table()["ID"].tolist() == [7, 3, 5]
    plain = im.sweep(model(), im.grid(k=[0.2, 0.5, 0.9]), endpoints="final(x)")
    np.testing.assert_array_equal(out.values, plain.values)


def test_a_file_is_swept_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    file = tmp_path / "patients.csv"
    file.write_text("patient;k;note\nA;0,2;old\nB;0,5;new, and odd\nC;0,9;\n")
    out = im.sweep(model(), file, endpoints="final(x)")
    shown = out.table()
    assert shown["k"].tolist() == [0.2, 0.5, 0.9]
    assert shown["patient"].tolist() == ["A", "B", "C"]
    assert shown["note"].tolist() == ["old", "new, and odd", ""]


def test_labels_go_along_with_arms_selections_and_files(tmp_path: Path) -> None:
    out = im.sweep(model(), table(), arms=["control", "block"], endpoints="final(x)")
    assert out.table()["ID"].tolist() == [7, 7, 3, 3, 5, 5]
    picked = out.select("k > 0.3")
    assert picked.table()["ID"].tolist() == [3, 3, 5, 5]
    again = picked.rerun()
    assert again.table()["sex"].tolist() == ["m", "m", "f", "f"]
    assert out.dataset()["ID"].dims == ("draw",)
    assert out.dataset()["ID"].values.tolist() == [7, 3, 5]
    out.save(tmp_path)
    assert pandas.read_csv(tmp_path / "table.csv")["ID"].tolist() == [7, 7, 3, 3, 5, 5]


def test_a_responder_is_a_patient_with_a_name() -> None:
    out = im.sweep(model(), table(), arms=["control", "block"], endpoints="final(x)")
    found = im.responders(out, "final(x) < 1", versus="control")
    assert found.patients()[["ID", "sex"]].to_numpy().tolist() == [[7, "f"], [3, "m"], [5, "f"]]
    benefit = found.benefit("block")
    assert benefit.index.names == ["draw", "ID", "sex"]
    assert [benefit.xs(who, level="ID").item() for who in (7, 3, 5)] == [0.0, 1.0, 1.0]


def test_rows_of_one_patient_in_two_arms_are_one_draw() -> None:
    both = pandas.concat([table().assign(arm="control"), table().assign(arm="block")])
    out = im.sweep(model(), both, endpoints="final(x)")
    assert out.draws.tolist() == [0, 1, 2, 0, 1, 2]
    assert im.responders(out, "final(x) < 1").benefit("block").tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("block", [2, 4])
def test_labels_come_back_from_a_store(tmp_path: Path, block: int) -> None:
    pytest.importorskip("zarr")
    asked: dict[str, Any] = {"arms": ["control", "block"], "endpoints": "final(x)", "store": tmp_path / "s.zarr"}
    out = im.sweep(model(), table(), block=block, **asked)
    stored = im.open_store(tmp_path / "s.zarr")
    pandas.testing.assert_frame_equal(stored.table(), out.table(), check_dtype=False)
    assert stored.row_labels["ID"].tolist() == out.row_labels["ID"].tolist()
    assert im.responders(stored, "final(x) < 1").patients()["ID"].tolist() == [7, 3, 5]
    assert stored.dataset()["sex"].values.tolist() == ["f", "f", "m", "m", "f", "f"]
    assert stored.dataset()["ID"].values.tolist() == [7, 7, 3, 3, 5, 5]
    assert not stored.verify()
    again = im.sweep(model(), table(), block=block, **asked)
    assert again.recipe["store"]["runs found there"] == 6
    assert pandas.read_csv(stored.to_csv(tmp_path / "t.csv"))["sex"].tolist() == ["f", "f", "m", "m", "f", "f"]
    with pytest.raises(im.errors.StoreError, match="another study"):
        im.sweep(model(), table().assign(sex=["m", "m", "m"]), block=block, **asked)


def test_labels_of_designs_are_joined() -> None:
    a, b = im.from_table(table()), im.from_table(table().drop(columns="sex"))
    assert (a + b).row_labels["ID"].tolist() == [7, 3, 5, 7, 3, 5]
    assert (a + b).row_labels["sex"].tolist() == ["f", "m", "f", "", "", ""]
    assert (a * im.grid(s=[1, 2])).row_labels["ID"].tolist() == [7, 7, 3, 3, 5, 5]
    assert list((a * im.grid(s=[1, 2])).table().columns) == ["ID", "sex", "k", "s"]
    with pytest.raises(im.errors.StudyError, match="the label 'ID' is on both sides"):
        a & im.from_table({"ID": [1, 2, 3], "s": [1, 2, 3]})


@pytest.mark.parametrize(
    ("columns", "labels", "message"),
    [
        ({"k": ["0.1", "much", "2"]}, None, "column 'k', row 1: 'much' is not a number"),
        ({"k": ["0,1", "0,2", "2"]}, None, "'0,1' is not a number; write the decimal comma of '0,1' as a point"),
        (
            {"k": ["low", "high", "low"]},
            None,
            "column 'k' of the design holds labels such as 'low', but it is a parameter",
        ),
        ({"k": [1, 2, 3], "status": ["a", "b", "c"]}, None, "results have a column 'status' of their own"),
        (
            {"k": [1, 2, 3], "sex": ["a", "b", "c"]},
            ["sexx"],
            "there is no column 'sexx' for labels; did you mean 'sex'",
        ),
        ({"k": [1, 2, 3], "sex": ["a", "b", "c"]}, [], "column 'sex', row 0: 'a' is not a number"),
    ],
)
def test_what_is_neither_number_nor_label_is_named(columns: Any, labels: Any, message: str) -> None:
    with pytest.raises(im.errors.StudyError, match=message):
        im.sweep(model(), im.from_table(pandas.DataFrame(columns), labels=labels))


def test_what_is_no_design_says_what_is() -> None:
    with pytest.raises(im.errors.StudyError, match=r"dict is not a design.*DataFrame.*CSV"):
        im.sweep(model(), {"k": [1, 2]})  # type: ignore[arg-type]


def test_a_line_with_too_many_fields_is_named(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("k,s\n0.1,1\n0,2,1\n")
    with pytest.raises(im.errors.StudyError, match=r"line 3 has 3 fields.*2 columns.*decimal comma"):
        im.from_table(file)


@pytest.mark.parametrize("text", ["sep=;\nk;s\n0,1;2\n", "k\ts\n0,1\t2\n", "k;s\n0.1;2\n", "\ufeffk,s\n0.1,2\n"])
def test_tables_are_read_as_spreadsheets_write_them(tmp_path: Path, text: str) -> None:
    file = tmp_path / "t.csv"
    file.write_text(text, encoding="utf-8")
    assert im.from_table(file).values.tolist() == [[0.1, 2.0]]


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        (["007", "7", "1E5"], ["007", "7", "1E5"]),
        (["1.10", "1.1", "NA"], ["1.10", "1.1", "NA"]),
        (["null", "None", "nan"], ["null", "None", "nan"]),
        (["1", "", "3"], ["1", "", "3"]),
        (["9007199254740993", "2", ""], ["9007199254740993", "2", ""]),
        (["9007199254740993", "2", "3"], [9007199254740993, 2, 3]),
        (["99999999999999999999", "2", "3"], ["99999999999999999999", "2", "3"]),
        (["True", "False", "True"], ["True", "False", "True"]),
    ],
)
@pytest.mark.parametrize("name", ["patient", "site"])
def test_labels_in_a_file_stay_as_they_are_written(tmp_path: Path, name: str, cells: list[str], kept: Any) -> None:
    for separator in ",;":
        file = tmp_path / "t.csv"
        rows = [f"{cell}{separator}0.{i}" for i, cell in enumerate(cells, 1)]
        file.write_text("\n".join([f"{name}{separator}k", *rows]))
        made = im.from_table(file, labels=name)
        assert made.row_labels[name].tolist() == kept
        assert made.values[:, 0].tolist() == [0.1, 0.2, 0.3]


def test_patients_that_differ_in_a_zero_are_two_draws(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("patient,arm,k\n007,control,0.1\n7,control,0.2\n007,block,0.1\n7,block,0.2\n")
    assert im.from_table(file).draw.tolist() == [0, 1, 0, 1]


def test_whole_numbers_of_a_frame_stay_whole_beside_a_gap() -> None:
    frame = pandas.DataFrame({"id": [1, None, 3], "big": pandas.array([2**53 + 1, 2, None], dtype="Int64"), "k": 1})
    made = im.from_table(frame, labels=["id", "big"])
    assert made.row_labels["id"].tolist() == ["1", "", "3"]
    assert made.row_labels["big"].tolist() == [str(2**53 + 1), "2", ""]
    assert im.from_table({"id": [2**53 + 1], "k": [1.0]}).row_labels["id"].tolist() == [2**53 + 1]
    assert im.from_table(pandas.DataFrame({"id": ["7", "8"], "k": 1})).row_labels["id"].tolist() == ["7", "8"]


def test_a_frame_and_its_file_have_the_same_numbers_to_the_last_bit(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"k": np.random.default_rng(0).random(500) * 10.0 ** np.arange(-250, 250)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    np.testing.assert_array_equal(im.from_table(tmp_path / "t.csv").values, im.from_table(frame).values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("k;s\n13.000;1\n2.500;2\n", "column 'k' holds '13.000', which may be 13 or 13000; write 13.0 or 13000, or"),
        ("k\ts\n13,000\t1\n", "column 'k' holds '13,000', which may be 13 or 13000"),
        ("k;s\n13.000;1,5\n", "column 'k' holds '13.000', which may be 13 or 13000"),
        ("k;s;\n1;2;\n3;4;5\n", "column 3 has no name; name it in the first line, or leave it out"),
        (",k\n0,1\n1,2\n", "column 1 has no name"),
        ("k,arm\n1,control\n2,\n", "column 'arm', row 1: the cell is empty; name an arm in every row"),
        ("k,s\nTrue,1\nFalse,2\n", "the column 'k' of the design holds labels such as 'True'"),
        ("k,s\n1_000,1\n2,2\n", "column 'k', row 0: '1_000' is not a number"),
    ],
)
def test_a_file_that_can_be_read_in_two_ways_is_refused_in_a_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "t.csv"
    file.write_text(text)
    with pytest.raises(im.errors.StudyError, match=message) as caught:
        im.sweep(model(), file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "decimal", "k"),
    [
        ("k;s\n13.000;1\n", ".", 13.0),
        ("k;s\n13,000;1\n", None, 13.0),
        ("k\ts\n13,000\t1\n", ",", 13.0),
        ("k;s\n13.000;0.5\n", None, 13.0),
        ("k;s\n0.125;1\n", None, 0.125),
        ("k,s\n13.000,1\n", None, 13.0),
        ("k;s;\n13;1;\n", None, 13.0),
    ],
)
def test_a_file_that_tells_its_decimal_sign_is_read(tmp_path: Path, text: str, decimal: Any, k: float) -> None:
    file = tmp_path / "t.csv"
    file.write_text(text)
    made = im.from_table(file, decimal=decimal)
    assert made.names == ("k", "s")
    assert made.values[0, 0] == k


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_in_another_encoding_says_what_to_do(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "t.csv"
    file.write_text("patient,k\nMüller,1\n", encoding=encoding)
    with pytest.raises(im.errors.StoreError, match="it is no UTF-8 text; save it as CSV in UTF-8"):
        im.from_table(file)


def test_a_series_needs_a_name_and_truth_is_no_number() -> None:
    series = pandas.Series([0.2, 0.5])
    assert im.from_table(series.rename("k")).names == ("k",)
    with pytest.raises(im.errors.StudyError, match=r"Series has no name.*series.rename"):
        im.sweep(model(), series)
    with pytest.raises(im.errors.StudyError, match="column 'k', row 0: True is not a number"):
        im.from_table({"k": [True, False]})
    with pytest.raises(im.errors.StudyError, match=r"decimal: '.' or ',' is the sign"):
        im.from_table("t.csv", decimal=";")


@pytest.mark.parametrize("name", ["variant", "Model"])
def test_a_column_of_models_or_variants_is_refused(name: str) -> None:
    frame = table().assign(**{name: ["a", "b", "a"]})
    with pytest.raises(
        im.errors.StudyError, match=f"no column '{name}': sweep each {name.lower()} on its own"
    ) as caught:
        im.sweep(model(), frame)
    assert "\n" not in str(caught.value)
    assert im.from_table(frame, labels=[name, "sex", "ID"]).row_labels[name].tolist() == ["a", "b", "a"]


@pytest.mark.parametrize("texts", [["block", "control", "block"], ["block", "block", ""]])
def test_a_column_that_names_interventions_is_called_arm(texts: list[str]) -> None:
    frame = table().assign(treatment=texts)
    with pytest.raises(im.errors.StudyError, match=r"column 'treatment'.*names of interventions"):
        im.sweep(model(), frame)
    with pytest.raises(im.errors.StudyError, match="call it 'arm', or its texts otherwise"):
        im.sweep(model(), frame, arms={"block": "block", "control": ()})
    history = im.sweep(model(), frame, arms=["control", "block"], endpoints="final(x)")
    assert len(history) == 6
    named = im.sweep(model(), frame.assign(arm=["block", "control", "block"]), endpoints="final(x)")
    assert named.arm.tolist() == ["block", "control", "block"]
