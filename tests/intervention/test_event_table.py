"""Event tables in the form of NONMEM hold the same doses as the regimen they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from immunode.errors import DoseError, StudyError
from immunode.intervention import Dose, Regimen, regimen

pandas = pytest.importorskip("pandas")


def plain(**fields: Any) -> Any:
    return pandas.DataFrame(fields)


def test_a_table_has_the_columns_of_nonmem() -> None:
    table = regimen("350 mg iv over 2 h at week 0, 2, 6 then q8w x 6").to_table(id=7, time_unit="day")
    assert list(table.columns) == ["ID", "TIME", "AMT", "II", "ADDL", "RATE", "DUR", "EVID", "SS", "CMT"]
    assert table["TIME"].tolist() == [0, 14, 42, 98]
    assert table["ADDL"].tolist() == [0, 0, 0, 5]
    assert table["II"].tolist() == [0, 0, 0, 56]
    assert table["RATE"].tolist() == pytest.approx([4200.0] * 4, rel=1e-12)
    assert (table[["ID", "EVID", "SS", "CMT"]].to_numpy() == [7, 1, 0, 1]).all()


def test_doses_per_kg_and_missed_ones_and_units_are_worked_out() -> None:
    table = regimen("5 mg/kg sc q2w x 6 missing dose 3").to_table(weight=70, unit="g", time_unit="week")
    assert table["AMT"].tolist() == pytest.approx([0.35, 0.35])
    assert table[["TIME", "II", "ADDL"]].to_numpy().tolist() == [[0, 2, 1], [6, 2, 2]]
    assert table.attrs == {"unit": "g", "time_unit": "week", "routes": {1: "sc"}}


def test_depot_and_vein_are_two_compartments() -> None:
    table = regimen("100 mg iv once then 40 mg sc q1w x 3").to_table()
    assert table["CMT"].tolist() == [2, 1]
    assert str(Regimen.from_table(table)) == "100 mg iv at day 0 then 40 mg sc q7d x 3 from day 7"


def test_a_written_table_is_read() -> None:
    table = plain(TIME=[0, 24, 30], AMT=[100, "50", "."], II=[0, 12, 0], ADDL=[0, 3, 0], EVID=[1, 1, 0], SS=[0, 0, 0])
    assert (
        str(Regimen.from_table(table, time_unit="hour", routes="po"))
        == "100 mg po at hour 0 then 50 mg po q12h x 4 from hour 24"
    )
    assert Regimen.from_table(table.iloc[:1]) == Regimen(Dose(100, at=(0.0,)))


def test_rows_that_overlap_are_written_out() -> None:
    table = plain(TIME=[0, 7], AMT=[100, 30], II=[14, 0], ADDL=[1, 0])
    assert str(Regimen.from_table(table)) == "100 mg at time 0 then 30 mg at time 7 then 100 mg at time 14"


def test_small_letters_and_a_patient_of_several_will_do() -> None:
    table = plain(id=[1, 2], time=[0, 3], amt=[10, 20])
    assert str(Regimen.from_table(table, id=2)) == "20 mg at time 3"


@pytest.mark.parametrize(
    ("columns", "more", "message"),
    [
        ({"AMT": [1]}, {}, "the column TIME is missing; it has AMT"),
        ({"DOSE": [1]}, {}, "the column TIME and AMT is missing; it has DOSE"),
        ({"TIME": [-1], "AMT": [5]}, {}, "dose at -1: the time lies before the start"),
        ({"TIME": [0], "AMT": [-5]}, {}, "a dose must be above 0, got -5"),
        ({"TIME": [0], "AMT": ["much"]}, {}, "column AMT holds .much., which is no number"),
        ({"TIME": [0], "AMT": [5], "ADDL": [3]}, {}, "ADDL needs an interval II above 0"),
        ({"TIME": [0], "AMT": [5], "ADDL": [1.5], "II": [2]}, {}, "ADDL must be a whole number"),
        ({"TIME": [0], "AMT": [5], "SS": [1]}, {}, "SS needs an interval II above 0"),
        ({"TIME": [0], "AMT": [5], "SS": [2], "II": [2]}, {}, "SS must be 0 or 1, got 2"),
        ({"TIME": [0, 9], "AMT": [5, 5], "SS": [0, 1], "II": [0, 2]}, {}, "only the first dose can be at steady state"),
        ({"TIME": [0], "AMT": [5], "EVID": [4]}, {}, r"EVID 4 \(a reset\) has no meaning"),
        ({"TIME": [0], "AMT": [5], "RATE": [-2]}, {}, "RATE -2 leaves the duration to a model"),
        ({"TIME": [0], "AMT": [5], "RATE": [5], "DUR": [2]}, {}, "RATE x DUR = 10 is not AMT = 5"),
        ({"TIME": [0, 0], "AMT": [5, 5]}, {}, "two doses at 0"),
        ({"TIME": [0], "AMT": [0]}, {}, "there is no dose"),
        ({"TIME": [0, 0], "AMT": [5, 6], "ID": [1, 2]}, {}, "it holds 2 patients; choose one, such as id=1"),
        ({"TIME": [0], "AMT": [5], "ID": [1]}, {"id": 3}, "there is no patient 3"),
        ({"TIME": [0], "AMT": [5]}, {"unit": "stone"}, "unknown unit 'stone'"),
        ({"TIME": [0], "AMT": [5]}, {"time_unit": "fortnight"}, "fortnight"),
    ],
)
def test_wrong_tables_are_refused(columns: dict[str, Any], more: dict[str, Any], message: str) -> None:
    with pytest.raises(DoseError, match=message):
        Regimen.from_table(plain(**columns), **more)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("5 mg/kg iv once", {}, "is by weight; give weight"),
        ("40 mg sc q2w", {}, "never ends; say until='52 weeks'"),
        ("40 mg sc once", {"unit": "stone"}, "unknown unit 'stone'"),
        ("40 mg sc once", {"unit": "nmol"}, "mg can't be written in nmol"),
        ("40 mg sc at week 2", {"time_unit": ""}, "can't write 2 week in model time"),
        ("40 mg sc once then 20 mg po at day 3", {}, "CMT can't tell po from sc"),
        ("40 mg sc q2w x 3 ss missing dose 1", {}, "a steady state whose first dose is missed"),
    ],
)
def test_what_a_table_can_not_hold_is_refused(text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DoseError, match=message):
        regimen(text).to_table(**options)


def test_a_table_is_a_frame() -> None:
    with pytest.raises(DoseError, match="a pandas DataFrame is needed, got list"):
        Regimen.from_table([1, 2])  # type: ignore[arg-type]


def test_a_steady_infusion_is_a_row_without_amount_and_interval() -> None:
    table = plain(TIME=[12, 12], AMT=[0, 50], RATE=[5, 0], SS=[1, 0], II=[0, 0])
    made = Regimen.from_table(table, time_unit="hour", routes="iv")
    assert str(made) == "5 mg/hour iv at steady state until hour 12 then 50 mg iv at hour 12"
    back = made.to_table(time_unit="hour")
    assert back[["TIME", "AMT", "RATE", "SS", "II"]].to_numpy().tolist() == [[12, 0, 5, 1, 0], [12, 50, 0, 0, 0]]
    assert Regimen.from_table(back) == made == regimen(str(made))
    assert str(Regimen.from_table(table.iloc[:1])) == "5 mg/time at steady state until time 12"


def test_an_infusion_for_ever_that_ends_has_no_amount() -> None:
    with pytest.raises(DoseError, match=r"SS 1 with II 0 .*AMT is 0, got 20"):
        Regimen.from_table(plain(TIME=[0], AMT=[20], RATE=[5], SS=[1], II=[0]))


def test_comment_rows_are_left_out() -> None:
    table = plain(C=["C", ".", None, "c"], ID=["x", 1, 1, 1], TIME=["-", 0, 7, 9], AMT=["lost", 10, 20, 99])
    assert str(Regimen.from_table(table)) == "10 mg at time 0 then 20 mg at time 7"
    with pytest.raises(DoseError, match="the column C holds 'yes'; a C there marks a comment"):
        Regimen.from_table(plain(C=["yes", "."], TIME=[0, 1], AMT=[1, 2]))


def test_a_file_is_read_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    file = tmp_path / "doses.csv"
    file.write_text("C;ID;TIME;AMT\nC;1;0,25;much\n.;1;0,5;2,5\n.;1;1;10\n")
    assert str(Regimen.from_table(file)) == "2.5 mg at time 0.5 then 10 mg at time 1"
    with pytest.raises(DoseError, match=r"AMT.*'2,5'.*decimal comma"):
        Regimen.from_table(plain(TIME=[0], AMT=["2,5"]))


def test_rows_that_overlap_are_not_written_out_without_limit() -> None:
    table = plain(TIME=[0, 5.5], AMT=[1, 2], II=[1, 1], ADDL=[1e9, 1e9])
    with pytest.raises(DoseError, match="their 2,000,000,002 doses are too many to write out"):
        Regimen.from_table(table)
    with pytest.raises(DoseError, match="column ADDL holds infinity"):
        Regimen.from_table(plain(TIME=[0], AMT=[1], II=[1], ADDL=[float("inf")]))


@pytest.mark.parametrize("name", ["DATE", "dat1", "DAT2", "DAT3"])
def test_dates_are_never_left_out_in_silence(name: str) -> None:
    with pytest.raises(DoseError, match=rf"column {name}.*write the time since"):
        Regimen.from_table(plain(TIME=[0], AMT=[1], **{name: ["2024-01-05"]}))


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    for frame in (
        plain(TIME=[0], AMT=[1], amt=[2]),
        plain(a=[0], b=[1], c=[2]).set_axis(["TIME", "AMT", "AMT"], axis=1),
    ):
        with pytest.raises(DoseError, match="the column AMT is there twice"):
            Regimen.from_table(frame)
    (tmp_path / "d.csv").write_text("TIME,AMT,EVID,AMT\n0,1,1,2\n")
    with pytest.raises(StudyError, match="the column 'AMT' is there twice"):
        Regimen.from_table(tmp_path / "d.csv")


def test_another_compartment_needs_a_route() -> None:
    table = plain(TIME=[0, 7], AMT=[1, 2], CMT=[1, 2])
    with pytest.raises(DoseError, match=r"dose at 7: CMT 2 has no route.*routes=\{2: 'iv'\}"):
        Regimen.from_table(table)
    with pytest.raises(DoseError, match="dose at 0: CMT 1 has no route"):
        Regimen.from_table(table, routes={2: "iv"})
    made = Regimen.from_table(table, routes={1: "sc", 2: "iv"})
    assert [dose.route for dose in made.blocks] == ["sc", "iv"]
    assert Regimen.from_table(plain(TIME=[0], AMT=[1], CMT=[0])) == Regimen.from_table(plain(TIME=[0], AMT=[1]))


def test_patients_that_differ_in_a_zero_are_two(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("ID,TIME,AMT\n007,0,1\n7,0,2\n")
    assert str(Regimen.from_table(tmp_path / "d.csv", id="7")) == "2 mg at time 0"
    (tmp_path / "d.csv").write_text("ID,TIME,AMT\n1,0,1\n2,0,2\n")
    assert str(Regimen.from_table(tmp_path / "d.csv", id=2)) == "2 mg at time 0"
