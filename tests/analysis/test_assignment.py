"""An assignment grades what a model does, whatever it is made of, and says where to look."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import immunode as im


def epidemic(infection: str = "b*S*I/(S + I + R)", arrow: str = "S -> I", unit: str = "cell") -> im.Model:
    """Return target cells, infected and recovered cells; R0 = b/g = 3."""
    return im.Model(
        name="epidemic",
        time_unit="day",
        horizon=60.0,
        states=[im.State("S", 999.0, unit), im.State("I", 1.0, unit), im.State("R", 0.0, unit)],
        parameters=[
            im.Parameter("b", 0.6, "1/day", source="assumed: test"),
            im.Parameter("g", 0.2, "1/day", source="assumed: test"),
        ],
        processes=[im.Process("infection", arrow, infection), im.Process("recovery", "I -> R", "g*I")],
        interventions=[im.Intervention("antiviral", [im.inhibit("b", 0.5)])],
    )


def logistic(loss: str = "0*1") -> im.Model:
    """Return logistic growth, N' = r*N*(1 - N/K), from N = 1: its solution is K/(1 + (K - 1)*exp(-r*t))."""
    return im.Model(
        name="logistic",
        time_unit="day",
        horizon=40.0,
        states=[im.State("N", 1.0, "")],
        parameters=[
            im.Parameter("r", 0.5, "1/day", source="assumed: test"),
            im.Parameter("K", 100.0, "", source="assumed: test"),
        ],
        processes=[im.Process("growth", "-> N", "r*N*(1 - N/K)")],
    )


TASK = im.teaching.assignment(
    "Epidemic",
    states={"S": "cell", "I": "cell"},
    conserved=["S + I + R"],
    influences={"S -> I": "+", "I -> S": "-", "I -> R": "+", "R -> R": "0"},
    responses={"antiviral": {"peak(I)": "down", "final(S)": "up", "I": "down"}},
    until=60,
)


def test_the_solution_gets_every_point() -> None:
    grade = TASK.grade(epidemic())
    assert grade.passed, grade
    assert (grade.points, grade.out_of, grade.hints) == (11, 11, ())


def failed(grade: im.teaching.Grade) -> list[str]:
    return [mark.kind for mark in grade.marks if not mark.passed]


def test_an_infection_that_makes_cells_out_of_nothing_loses_the_conserved_total_and_its_cost() -> None:
    grade = TASK.grade(epidemic(arrow="-> I"))
    assert "conserved" in failed(grade)
    assert any("'S -> I'" in hint for hint in grade.hints)


def test_another_notation_of_the_same_model_gets_the_same_grade() -> None:
    assert TASK.grade(epidemic(infection="b*I*(1 - (I + R)/(S + I + R))")).passed


def test_a_missing_state_costs_what_rests_on_it_and_the_nearest_name_is_told() -> None:
    grade = im.teaching.assignment("E", states=["Infected"], influences={"S -> Infected": "+"}).grade(epidemic())
    assert failed(grade) == ["states", "influence"]
    assert "State('Infected'" in grade.hints[0]


def test_a_wrong_unit_is_told() -> None:
    grade = im.teaching.assignment("E", states={"S": "mg"}, signs=False).grade(epidemic())
    assert failed(grade) == ["states"]
    assert "should be in mg" in grade.hints[0]


def test_a_sink_that_does_not_stop_at_zero_fails_the_signs() -> None:
    model = epidemic(infection="b*I")
    grade = im.teaching.assignment("E", states=["S"]).grade(model)
    assert failed(grade) == ["signs"]
    assert "stop where none is left" in grade.hints[0]


def test_steady_states_are_those_of_the_closed_form() -> None:
    task = im.teaching.assignment("L", steady_states={"stable": [{"N": 100.0}], "unstable": [{"N": 0.0}]})
    assert task.grade(logistic()).passed
    assert im.teaching.assignment("L", steady_states={"stable": 1, "unstable": 1}).grade(logistic()).passed
    wrong = im.teaching.assignment("L", steady_states={"stable": [{"N": 90.0}]}).grade(logistic())
    assert failed(wrong) == ["steady states"]
    assert "90" not in str(wrong)


def test_data_of_the_closed_form_agree_and_half_of_them_do_not() -> None:
    t = np.linspace(0, 40, 21)
    n = 100 / (1 + 99 * np.exp(-0.5 * t))
    good = im.teaching.assignment("L", data=pd.DataFrame({"time": t, "N": n}), within=1e-4).grade(logistic())
    assert good.passed, good
    bad = im.teaching.assignment("L", data=pd.DataFrame({"time": t, "N": n / 2})).grade(logistic())
    assert failed(bad) == ["data"]
    assert "above the data" in bad.hints[0]


def test_distance_to_data_is_the_root_mean_square_over_the_range() -> None:
    data = pd.DataFrame({"time": [0.0, 200.0], "N": [1.0 + 9.9, 100.0]})
    # sqrt(9.9**2 / 2) / (100 - 10.9) = 0.0786
    found = im.teaching.assignment("L", data=data).grade(logistic()).marks[-1].found
    assert "7.86 %" in found


def test_a_response_of_the_wrong_sign_is_told_with_both_values() -> None:
    task = im.teaching.assignment("E", responses={"antiviral": {"final(S)": "down"}})
    (mark,) = (mark for mark in task.grade(epidemic()).marks if mark.kind == "response")
    assert not mark.passed
    assert mark.found.startswith("up, ")
    assert "antiviral" in mark.hint


def test_an_intervention_may_come_from_the_assignment() -> None:
    block = im.Intervention("isolation", [im.inhibit("b", 0.9)])
    task = im.teaching.assignment("E", responses={"isolation": {"peak(I)": "down"}}, arms={"isolation": block})
    assert task.grade(epidemic()).passed
    strange = im.Intervention("isolation", [im.inhibit("beta", 0.9)])
    task = im.teaching.assignment("E", responses={"isolation": {"peak(I)": "down"}}, arms={"isolation": strange})
    grade = task.grade(epidemic())
    assert failed(grade) == ["response"]
    assert "beta" in grade.hints[0]


def test_an_intervention_that_the_model_lacks_is_a_lost_point() -> None:
    grade = im.teaching.assignment("E", responses={"anti_viral": {"I": "down"}}, signs=False).grade(epidemic())
    assert "did you mean 'antiviral'" in grade.hints[0]


def test_a_model_that_can_not_be_run_is_graded_all_the_same() -> None:
    model = logistic().with_values(K=0.0)
    grade = im.teaching.assignment("L", conserved=["N"], states=["N"], steady_states={"stable": 1}).grade(model)
    assert not grade.passed
    assert grade.marks[0].passed


def test_own_hints_are_added() -> None:
    task = im.teaching.assignment("L", steady_states={"stable": 3}, hints={"steady states": "See lecture 3."})
    assert "See lecture 3." in task.grade(logistic()).hints[0]


def test_a_class_is_graded_at_once() -> None:
    table = TASK.grades({"ada": epidemic(), "max": epidemic(arrow="-> I")})
    assert list(table.index) == ["ada", "max"]
    assert table.loc["ada", "points"] == table.loc["ada", "out of"] == 11
    assert table.loc["max", "points"] < 11


def test_a_grade_shows_itself() -> None:
    grade = TASK.grade(epidemic(arrow="-> I"))
    assert "hint:" in repr(grade)
    assert "<table>" in grade._repr_html_()
    assert list(grade.table().columns) == ["kind", "asked", "passed", "found", "hint"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"signs": False}, "nothing is asked"),
        ({"influences": {"E T": "+"}}, "as 'E -> T'"),
        ({"influences": {"E -> T": "up"}}, "'up' is not one of"),
        ({"responses": {"drug": {"T": "lower"}}}, "'up' or 'down'"),
        ({"responses": {"drug": {"time_to(T > 1)": "up"}}}, "not one of final"),
        ({"responses": {"drug": {"paek(T)": "up"}}}, "did you mean 'peak'"),
        ({"steady_states": {"stabel": 2}}, "did you mean 'stable'"),
        ({"steady_states": {"stable": "two"}}, "as a number or as"),
        ({"data": pd.DataFrame({"t": [0.0], "N": [1.0]})}, "column 'time'"),
        ({"data": pd.DataFrame({"time": [-1.0], "N": [1.0]})}, "from 0 on"),
        ({"data": [1.0, 2.0]}, "found list"),
        ({"responses": {"drug": "down"}}, "write {'T': 'down'}"),
        ({"hints": {"sign": "x"}}, "did you mean 'signs'"),
        ({"arms": {"drug": []}}, "no response to 'drug' is asked"),
    ],
)
def test_an_assignment_that_can_not_be_is_refused(asked: dict[str, object], message: str) -> None:
    with pytest.raises(im.errors.StudyError, match=message):
        im.teaching.assignment("A", **asked)  # type: ignore[arg-type]


def test_a_total_that_can_not_be_read_is_refused() -> None:
    with pytest.raises(im.errors.ModelError, match="can't read 'S \\+ '"):
        im.teaching.assignment("A", conserved=["S + "])
    assert im.teaching.assignment("A", conserved="S + I + R").grade(epidemic()).passed


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(im.errors.StudyError, match="student -> model, not list"):
        TASK.grades([epidemic()])  # type: ignore[arg-type]
    with pytest.raises(im.errors.StudyError, match="load a file with"):
        TASK.grade("mine.py")  # type: ignore[arg-type]
