"""Records of individuals: what is read, what is refused with row and column, and doses against closed forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from immunode.analysis.mixed_effects.problem import prepared
from immunode.analysis.mixed_effects.records.individual_records import Route, individual_data
from immunode.errors import StudyError
from immunode.model import Model, Observed
from tests.population_models import intravenous, oral, oral_curve

TIMES = [0.5, 2.0, 7.0, 13.0, 30.0]


def records(dose: dict[str, float], times: list[float] = TIMES) -> pd.DataFrame:
    """One dose row and observations of one individual."""
    rows = [{"ID": 1, "EVID": 1, "CMT": 1, **dose}]
    rows += [{"ID": 1, "TIME": t, "EVID": 0, "DV": 1.0, "CMT": 2} for t in times]
    return pd.DataFrame(rows)


def predicted(model: Model, table: pd.DataFrame, **options: object) -> np.ndarray:
    """Predictions of the first individual at random effects of 0."""
    predict = prepared(model, individual_data(table, **options), (), (), 1e-10, "auto")  # type: ignore[arg-type]
    eta = np.zeros((1, predict.structure.n_effects))
    return predict(np.array([0]), predict.structure.declared, eta)[0]


def infused(cl: float, v: float, rate: float, duration: float, t: np.ndarray) -> np.ndarray:
    """Concentration of a constant infusion into one compartment."""
    t, k = np.asarray(t), cl / v
    inside = np.clip(t, 0.0, duration)
    return rate / cl * (1 - np.exp(-k * inside)) * np.exp(-k * np.maximum(t - duration, 0.0))


def test_a_bolus_with_further_doses_is_the_sum_of_its_curves() -> None:
    found = predicted(oral(), records({"TIME": 0.0, "AMT": 320.0, "II": 12.0, "ADDL": 2}))
    expected = sum(oral_curve(1.5, 2.75, 31.8, 320.0, np.array(TIMES) - 12.0 * k) for k in range(3))
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_doses_written_one_by_one_are_the_same_as_further_doses() -> None:
    one = records({"TIME": 0.0, "AMT": 320.0})
    more = pd.DataFrame([{"ID": 1, "EVID": 1, "CMT": 1, "TIME": t, "AMT": 320.0} for t in (12.0, 24.0)])
    table = pd.concat([one, more]).sort_values(["TIME", "EVID"], ascending=[True, False], ignore_index=True)
    expected = sum(oral_curve(1.5, 2.75, 31.8, 320.0, np.array(TIMES) - 12.0 * k) for k in range(3))
    np.testing.assert_allclose(predicted(oral(), table), expected, rtol=1e-8)


def test_an_infusion_by_rate_or_by_duration_is_its_closed_form() -> None:
    model, times = intravenous(2.0, 20.0, (0.1, 0.1), 0.1), np.array(TIMES)
    expected = infused(2.0, 20.0, 50.0, 2.0, times) + infused(2.0, 20.0, 50.0, 2.0, times - 8.0)
    for more in ({"RATE": 50.0}, {"DUR": 2.0}):
        dose = {"TIME": 0.0, "AMT": 100.0, "II": 8.0, "ADDL": 1, **more}
        np.testing.assert_allclose(predicted(model, records(dose)), expected, rtol=1e-8)


def test_infusions_may_overlap() -> None:
    model, times = intravenous(2.0, 20.0, (0.1, 0.1), 0.1), np.array(TIMES)
    expected = sum(infused(2.0, 20.0, 20.0, 5.0, times - 3.0 * k) for k in range(4))
    found = predicted(model, records({"TIME": 0.0, "AMT": 100.0, "RATE": 20.0, "II": 3.0, "ADDL": 3}))
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_a_dose_at_steady_state_is_its_closed_form() -> None:
    """Source: superposition of infinitely many doses, a geometric series."""
    ka, cl, v, tau = 1.5, 2.75, 31.8, 24.0
    k, t = cl / v, np.array([0.5, 2.0, 7.0, 13.0, 20.0])
    expected = 320 * ka / (v * (ka - k)) * (
        np.exp(-k * t) / (1 - np.exp(-k * tau)) - np.exp(-ka * t) / (1 - np.exp(-ka * tau))
    )  # fmt: skip
    found = predicted(oral(ka, cl, v), records({"TIME": 0.0, "AMT": 320.0, "SS": 1, "II": tau}, list(t)))
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_lag_and_factor_are_expressions_of_parameters() -> None:
    model = oral()
    late = predicted(model, records({"TIME": 0.0, "AMT": 320.0}), routes=Route("depot", factor="1/2", lag="2/ka"))
    expected = oral_curve(1.5, 2.75, 31.8, 160.0, np.array(TIMES) - 2 / 1.5)
    np.testing.assert_allclose(late, expected, rtol=1e-8, atol=1e-12)


def test_a_reset_empties_the_body() -> None:
    rows = [
        {"ID": 1, "TIME": 0.0, "EVID": 1, "AMT": 100.0},
        {"ID": 1, "TIME": 5.0, "EVID": 0, "DV": 1.0},
        {"ID": 1, "TIME": 6.0, "EVID": 4, "AMT": 50.0},
        {"ID": 1, "TIME": 8.0, "EVID": 0, "DV": 1.0},
    ]
    found = predicted(intravenous(2.0, 20.0, (0.1, 0.1), 0.1), pd.DataFrame(rows))
    np.testing.assert_allclose(found, [5 * np.exp(-0.5), 2.5 * np.exp(-0.2)], rtol=1e-8)


def test_records_at_one_time_go_in_the_order_of_the_table() -> None:
    dose = {"ID": 1, "TIME": 4.0, "EVID": 1, "AMT": 100.0}
    seen = {"ID": 1, "TIME": 4.0, "EVID": 0, "DV": 1.0}
    first = {"ID": 1, "TIME": 0.0, "EVID": 1, "AMT": 100.0}
    model = intravenous(2.0, 20.0, (0.1, 0.1), 0.1)
    before = predicted(model, pd.DataFrame([first, seen, dose]))
    after = predicted(model, pd.DataFrame([first, dose, seen]))
    np.testing.assert_allclose(before, 5 * np.exp(-0.4), rtol=1e-7)
    np.testing.assert_allclose(after, 5 * np.exp(-0.4) + 5, rtol=1e-7)


def test_individuals_with_other_doses_and_times_share_a_batch() -> None:
    rng = np.random.default_rng(1)
    tables, expected = [], []
    for i in range(7):
        times, dose = np.sort(rng.uniform(0.1, 40, 4 + i)), 100.0 * (i + 1)
        tables.append(records({"TIME": 0.0, "AMT": dose, "II": 5.0 + i, "ADDL": i}, list(times)).assign(ID=i))
        expected.append(sum(oral_curve(1.5, 2.75, 31.8, dose, times - (5.0 + i) * k) for k in range(i + 1)))
    predict = prepared(oral(), individual_data(pd.concat(tables)), (), (), 1e-10, "auto")
    found = predict(np.arange(7), predict.structure.declared, np.zeros((7, 3)))
    for i, curve in enumerate(expected):
        np.testing.assert_allclose(found[i, : len(curve)], curve, rtol=1e-8)


def test_files_are_read_whatever_stands_between_columns(tmp_path: Path) -> None:
    table = records({"TIME": 0.0, "AMT": 320.0})
    expected = predicted(oral(), table)
    for i, separator in enumerate((",", ";", "\t", " ")):
        path = tmp_path / f"{i}.txt"
        path.write_text("\ufeff" + table.to_csv(index=False, sep=separator, na_rep="."), encoding="utf-8")
        np.testing.assert_array_equal(predicted(oral(), path), expected)  # type: ignore[arg-type]


def test_what_changes_nothing_is_told() -> None:
    table = pd.concat([records({"TIME": 0.0, "AMT": 320.0}), records({"TIME": 99.0, "AMT": 320.0}, [])])
    table = pd.concat([table, records({"TIME": 0.0, "AMT": 1.0}, []).assign(ID=2)])
    data = individual_data(table, without_observations="leave out")
    assert "1 dose after its last observation" in repr(data)
    assert "without observations: ID 2" in repr(data)
    assert len(data) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"DV": ["", "1", "x", "1", "1", "1"]}, "row 3, column DV: 'x' is not a number"),
        ({"TIME": [0, 3, 2, 4, 5, 6]}, "row 3, column TIME: ID 1 goes back from 3 to 2"),
        ({"EVID": [1, 0, 7, 0, 0, 0]}, "row 3, column EVID: 7 is not one of"),
        ({"AMT": [-3, 0, 0, 0, 0, 0]}, "row 1, column AMT: a dose must be above 0"),
        ({"RATE": [-2, 0, 0, 0, 0, 0]}, "row 1, column RATE: -2"),
        ({"ADDL": [2, 0, 0, 0, 0, 0]}, "row 1, column II: further doses"),
        ({"DV": [np.nan, 1, np.nan, 1, 1, 1]}, "row 3, column DV: an observation without a value"),
        ({"CENS": [0, 2, 0, 0, 0, 0]}, "row 2, column CENS: 2 is not one of"),
        ({"CENS": [0, 1, 0, 0, 0, 0], "LIMIT": [0, 5, 0, 0, 0, 0]}, "row 2, column LIMIT: 5 is not below"),
        ({"ID": ["1", "", "1", "1", "1", "1"]}, "row 2, column ID: it is empty"),
        ({"EVID": [1, 2, 2, 2, 2, 2]}, "ID 1: no observation"),
    ],
)
def test_a_cell_that_cannot_be_is_named(changes: dict[str, list[object]], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        individual_data(records({"TIME": 0.0, "AMT": 320.0}).assign(**changes))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(StudyError, match=r"no column DV \(it has .*CONC\)"):
        individual_data(records({"TIME": 0.0, "AMT": 320.0}).rename(columns={"DV": "CONC"}))


def test_without_evid_a_row_is_a_dose_or_an_observation_not_both() -> None:
    table = records({"TIME": 0.0, "AMT": 320.0}).drop(columns="EVID").assign(AMT=320.0)
    with pytest.raises(StudyError, match="row 2, column AMT: the row has a dose and an observation"):
        individual_data(table)


@pytest.mark.parametrize(
    ("table", "options", "model", "message"),
    [
        ({"CMT": [9, 2, 2, 2, 2, 2]}, {}, oral(), "compartment '9'"),
        ({}, {"routes": "gut"}, oral(), "unknown state 'gut'"),
        ({}, {"routes": Route("depot", lag="tlag")}, oral(), "no parameter 'tlag'"),
        ({}, {"outputs": "cq"}, oral(), "'cq', which has no declared error"),
        ({"ka": 1.0, "V2": [1, 1, 2, 2, 2, 2]}, {}, oral(), ""),
        ({"DV": [0, -1, 1, 1, 1, 1]}, {}, oral().replace(observed=[Observed("cp", lognormal=0.2)]), "row 2, column DV"),
    ],
)
def test_data_and_model_that_do_not_fit_are_refused(
    table: dict[str, object], options: dict[str, object], model: Model, message: str
) -> None:
    data = records({"TIME": 0.0, "AMT": 320.0}).assign(**table)
    if not message:
        assert np.isfinite(predicted(model, data, **options)).all()  # an unknown column, and one of a varying parameter
        return
    with pytest.raises(StudyError, match=message):
        predicted(model, data, **options)


def test_a_covariate_must_be_a_number() -> None:
    table = records({"TIME": 0.0, "AMT": 320.0})
    model = oral().replace(
        parameters=[*oral().parameters, oral().parameters[0].__class__("WT", 70.0, "kg", source="assumed: a test")]
    )
    with pytest.raises(StudyError, match="row 1, column wt: the covariate holds a text"):
        predicted(model, table.assign(wt="heavy"))


def test_a_steady_state_that_no_doses_reach_is_refused() -> None:
    model = intravenous(0.002, 20.0, (0.1, 0.1), 0.1)
    with pytest.raises(StudyError, match="128 doses do not lead to a steady state"):
        predicted(model, records({"TIME": 0.0, "AMT": 100.0, "SS": 1, "II": 8.0}))
