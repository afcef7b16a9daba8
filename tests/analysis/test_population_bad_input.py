"""What data and models may do wrong in population estimation: clear words, no crash, nothing dropped silently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.problem import population_likelihood
from immunode.errors import StudyError
from immunode.model import Derived, Model, Observed, Process, State, Variability
from tests.population_models import WANG, decay, intravenous, parameters

SHORT = {"iterations": (15, 15), "draws": 100, "chains": 4}


def bolus_data(n: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(9)
    rows = []
    for i in range(n):
        cl, v = np.array([2.0, 20.0]) * np.exp(0.2 * rng.standard_normal(2))
        rows.append({"ID": f"p{i}", "TIME": 0.0, "EVID": 1, "AMT": 100.0})
        for t in (1.0, 4.0, 9.0):
            y = 100 / v * np.exp(-cl / v * t) * (1 + 0.1 * rng.standard_normal())
            rows.append({"ID": f"p{i}", "TIME": t, "EVID": 0, "DV": y})
    return pd.DataFrame(rows)


def bolus() -> Model:
    return intravenous(2.0, 20.0, (0.04, 0.04), 0.1)


def test_an_individual_without_observations_is_named_and_left_out_only_when_asked() -> None:
    empty = pd.DataFrame([{"ID": "nobody", "TIME": 0.0, "EVID": 1, "AMT": 100.0}])
    table = pd.concat([bolus_data(), empty])
    with pytest.raises(StudyError, match=r"ID nobody: no observation; .*leave out"):
        im.estimate(bolus(), table, **SHORT)
    fit = im.estimate(bolus(), im.individual_data(table, without_observations="leave out"), **SHORT)
    assert any("nobody" in note and "without observations" in note for note in fit.notes)
    assert "nobody" not in fit.individuals().index
    np.testing.assert_array_equal(fit.values, im.estimate(bolus(), bolus_data(), **SHORT).values)


def test_data_without_any_observation_are_refused() -> None:
    table = bolus_data()
    with pytest.raises(StudyError, match="the table has no observation"):
        im.individual_data(table[table.EVID == 1], without_observations="leave out")


def test_a_dose_after_the_last_record_changes_nothing_and_is_told() -> None:
    late = pd.DataFrame([{"ID": "p2", "TIME": 30.0, "EVID": 1, "AMT": 100.0}])
    table = pd.concat([bolus_data(), late]).sort_values(["ID", "TIME"])
    fit = im.estimate(bolus(), table, **SHORT)
    assert any("p2" in note and "after its last observation" in note for note in fit.notes)
    plain = population_likelihood(bolus(), bolus_data(), "focei")
    assert population_likelihood(bolus(), table, "focei").minus2ll == pytest.approx(plain.minus2ll, abs=1e-8)


@pytest.mark.parametrize("value", [-0.5, 0.0])
def test_a_concentration_not_above_zero_under_a_log_error_is_named(value: float) -> None:
    table = bolus_data()
    table.loc[6, "DV"] = value
    model = bolus().replace(observed=[Observed("cp", lognormal=0.1)])
    with pytest.raises(StudyError, match=rf"row 7, column DV: {value:g}, but a log-normal error needs values above 0"):
        im.estimate(model, table, **SHORT)


def test_omegas_of_which_only_the_sum_is_known_are_told() -> None:
    """A level that is a sum of two parameters with a random effect each."""
    rng = np.random.default_rng(4)
    y = 5 + rng.standard_normal((25, 1)) + 0.3 * rng.standard_normal((25, 4))
    table = pd.DataFrame({"ID": np.repeat(np.arange(25), 4), "TIME": np.tile(np.arange(1.0, 5.0), 25), "DV": y.ravel()})
    model = Model(
        name="sum",
        time_unit="h",
        states=[State("x", 0.0, "")],
        parameters=parameters(("first", 2.0, ""), ("second", 3.0, ""), ("rate", 0.0, "1/h")),
        derived=[Derived("level", "first + second + x")],
        processes=[Process("growth", "-> x", "rate")],
        variability=[Variability(n, sd=0.6, scale="linear") for n in ("first", "second")],
        observed=[Observed("level", additive=0.5)],
    )
    fit = im.estimate(model, table, method="focei", fixed=["second"])
    assert not np.isfinite(fit.condition) or fit.condition > 1000
    assert any("can't be told apart" in note or "hard to tell apart" in note for note in fit.notes)
    both = fit["omega(first)"] ** 2 + fit["omega(second)"] ** 2
    assert both == pytest.approx(y.mean(axis=1).var() - fit["additive(level)"] ** 2 / 4, rel=1e-2)


def test_a_random_effect_that_moves_nothing_is_refused_by_name() -> None:
    model = bolus()
    model = model.replace(
        parameters=[*model.parameters, *parameters(("idle", 1.0, ""))],
        variability=[*model.variability, Variability("idle", sd=0.3)],
    )
    with pytest.raises(StudyError, match=r"'idle' moves no observation, so omega\(idle\) can't be estimated"):
        im.estimate(model, bolus_data(), **SHORT)


def exploding() -> Model:
    """x' = k*x**2 blows up at time 1/k: all later observations are impossible for large k."""
    return Model(
        name="exploding",
        time_unit="h",
        states=[State("x", 1.0, "mg")],
        parameters=parameters(("k", 0.5, "1/h/mg")),
        processes=[Process("growth", "-> x", "k*x**2")],
        variability=[Variability("k", sd=0.5)],
        observed=[Observed("x", proportional=0.1)],
    )


def test_a_model_that_fails_for_some_random_effects_is_fitted_and_says_so() -> None:
    rng = np.random.default_rng(3)
    k, t = 0.4 * np.exp(0.3 * np.linspace(-1.5, 1.5, 12)), np.array([0.3, 0.8, 1.4])
    y = 1 / (1 - k[:, None] * t) * (1 + 0.1 * rng.standard_normal((12, 3)))
    table = pd.DataFrame({"ID": np.repeat(np.arange(12), 3), "TIME": np.tile(t, 12), "DV": y.ravel()})
    fit = im.estimate(exploding(), table, iterations=(30, 30), draws=300, chains=10)
    assert np.isfinite(fit.likelihood.minus2ll)
    assert fit["k"] == pytest.approx(0.4, rel=0.2)
    assert fit.predict.rows_failed > 0
    assert any(f"{fit.predict.rows_failed} of {fit.predict.rows_run} runs failed" in note for note in fit.notes)
    assert (fit.individuals()["k"] * 1.4 < 1).all()


def test_an_individual_that_no_random_effect_can_explain_is_named() -> None:
    table = pd.DataFrame({"ID": ["a", "b", "b"], "TIME": [1.0, 0.5, 1.0], "DV": [2.0, 1.3, 2.0]})
    with pytest.raises(StudyError, match="ID a: no random effects give its observations a probability"):
        population_likelihood(exploding().replace(states=[State("x", 0.0, "mg")]), table, "focei")


def test_more_numbers_than_observations_are_refused() -> None:
    with pytest.raises(StudyError, match="2 observations can't fix 3 numbers"):
        im.estimate(decay(additive=0.3), WANG[WANG.ID == 1])


def scaled() -> Model:
    """y = A*(WT/70)**b for a patient of weight WT, without dynamics."""
    return Model(
        name="scaled",
        time_unit="h",
        states=[State("x", 1.0, "mg")],
        parameters=parameters(("A", 3.0, "mg"), ("b", 0.75, "1"), ("WT", 70.0, "1")),
        derived=[Derived("y", "A*(WT/70)**b", "mg")],
        variability=[Variability("A", sd=0.2)],
        observed=[Observed("y", proportional=0.1)],
    )


def weighed(exponent: float, column: str = "WT") -> pd.DataFrame:
    rng = np.random.default_rng(7)
    weight = np.linspace(45, 110, 24)
    typical = 3 * (weight / 70) ** exponent * np.exp(0.2 * rng.standard_normal(24))
    y = typical[:, None] * (1 + 0.1 * rng.standard_normal((24, 3)))
    return pd.DataFrame(
        {"ID": np.repeat(np.arange(24), 3), "TIME": np.tile([1.0, 2.0, 3.0], 24), "DV": y.ravel(),
         column: np.repeat(weight, 3)}
    )  # fmt: skip


def test_an_exponent_that_begins_above_0_may_come_out_below() -> None:
    """The estimate of a regression of log means on log weight, which has the same optimum but for rounding."""
    table = weighed(-0.8)
    fit = im.estimate(scaled(), table, method="focei", parameters=["b"])
    means = table.groupby("ID").agg(y=("DV", lambda v: np.log(v).mean()), w=("WT", "first"))
    slope = np.polyfit(np.log(means.w / 70), means.y, 1)[0]
    assert slope < -0.5
    assert fit["b"] == pytest.approx(slope, abs=0.02)
    assert fit.predict.structure.fixed[-1].scale == "linear"


def test_columns_that_nobody_uses_are_told() -> None:
    fit = im.estimate(scaled(), weighed(0.75, "WGT").assign(A=1.0), method="focei")
    assert any("not used: WGT" in n and "A ('A' differs between individuals" in n for n in fit.notes)


def test_an_empty_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(StudyError, match=r"individual_data: .*empty\.csv can't be read"):
        im.individual_data(tmp_path / "empty.csv")


def with_oral_doses() -> tuple[Model, pd.DataFrame]:
    """A model with two places for doses, and a dose into each (CMT 1 and 2) for every individual."""
    table = bolus_data(4)
    second = table[table.EVID == 1].assign(TIME=0.5, AMT=10.0, CMT=2)
    table = pd.concat([table.assign(CMT=np.where(table.EVID == 1, 1, np.nan)), second]).sort_values(["ID", "TIME"])
    model = bolus()
    return model.replace(
        states=[State("depot", 0.0, "mg"), *model.states],
        parameters=[*model.parameters, *parameters(("ka", 1.0, "1/h"))],
        processes=[*model.processes, Process("absorption", "depot -> A", "ka*depot")],
    ), table


def test_doses_into_two_compartments_do_not_go_to_one_route() -> None:
    model, table = with_oral_doses()
    with pytest.raises(StudyError, match=r"doses into 1 and 2, but one route, into 'A', is given; name each"):
        population_likelihood(model, im.individual_data(table, routes="A"), "focei")
    with pytest.raises(StudyError, match=r"compartment '2': name their state with routes=.*\(which has 1\)"):
        population_likelihood(model, im.individual_data(table, routes={1: "A"}), "focei")
    named = population_likelihood(model, im.individual_data(table, routes={1: "A", 2: "depot"}), "focei")
    by_name = table.assign(CMT=table.CMT.map({1.0: "A", 2.0: "depot"}))
    assert population_likelihood(model, by_name, "focei").minus2ll == pytest.approx(named.minus2ll, abs=1e-9)
    with pytest.raises(StudyError, match="doses into compartment 'depot' would go to 'A', the one route"):
        population_likelihood(
            model, im.individual_data(by_name[by_name.CMT != "A"], routes="A"), "focei"
        )  # fmt: skip


def test_a_number_of_a_compartment_that_means_another_state_is_told() -> None:
    model, table = with_oral_doses()
    first = table[~(table.CMT == 2)]
    held = {"method": "focei", "fixed": ["CL", "omega(CL)", "omega(V)"]}
    fit = im.estimate(model, im.individual_data(first, routes={"": "A", "7": "depot"}), **held)
    assert any("doses into compartment 1 go to 'A'" in note for note in fit.notes)
    assert any("routes name 7, which no dose has" in note for note in fit.notes)
    right = im.estimate(model, im.individual_data(first, routes={1: "A"}), **held)
    np.testing.assert_allclose(right.values, fit.values)
    assert not any("compartment" in note for note in right.notes)


def test_observations_of_several_codes_are_not_taken_as_one_quantity() -> None:
    table = bolus_data().assign(DVID=np.tile([0, 1, 1, 2], 8))
    with pytest.raises(StudyError, match=r"row 4: observations have the codes 1, 2 .* taken as 'cp'"):
        population_likelihood(bolus(), table, "focei")
    with pytest.raises(StudyError, match=r"'2' would be taken as 'cp'"):
        population_likelihood(bolus(), im.individual_data(table, outputs={1: "cp"}), "focei")
    both = population_likelihood(bolus(), im.individual_data(table, outputs={1: "cp", 2: "cp"}), "focei")
    assert both.minus2ll == pytest.approx(population_likelihood(bolus(), bolus_data(), "focei").minus2ll, abs=1e-9)


def test_an_id_that_comes_back_after_others_is_refused() -> None:
    table = bolus_data(3)
    table = pd.concat([table.iloc[:2], table.iloc[4:], table.iloc[2:4]])
    with pytest.raises(StudyError, match=r"row 11, column ID: ID p0 ended in row 2 and comes back.*sort the rows"):
        im.individual_data(table)


def test_a_column_of_doses_by_another_name_is_suspected() -> None:
    table = bolus_data().rename(columns={"AMT": "AMNT"})
    with pytest.raises(StudyError, match=r"row 1, column EVID: .*no column AMT; is it 'AMNT'"):
        im.individual_data(table)
    without = table.drop(columns="EVID")
    assert any(
        "8 rows, the first 1, have no DV and no dose; is it 'AMNT'" in n for n in im.individual_data(without).notes
    )
    with pytest.raises(StudyError, match=r"moves no observation.*the data hold none.*is it 'AMNT'"):
        im.estimate(bolus(), without, **SHORT)
    with pytest.raises(StudyError, match=r"no column DV .*is it 'CONC'"):
        im.individual_data(bolus_data().rename(columns={"DV": "CONC"}))


@pytest.mark.parametrize(
    ("column", "value", "hint"), [("DV", "<0.5", "CENS"), ("AMT", "b4", "'.'"), ("TIME", "8:30", "as a number")]
)
def test_a_cell_that_is_no_number_is_shown_with_what_to_write(column: str, value: str, hint: str) -> None:
    table = bolus_data().astype(object)
    table.loc[4, column] = value
    with pytest.raises(StudyError, match=f"row 5, column {column}: '{value}' is not a number; write .*{hint}"):
        im.individual_data(table)


def test_a_dose_on_a_row_of_an_observation_is_refused() -> None:
    table = bolus_data()
    table.loc[2, "AMT"] = 50.0
    with pytest.raises(StudyError, match="row 3, column AMT: 50, but EVID 0 is no dose"):
        im.individual_data(table)


def test_a_prior_that_excludes_where_the_search_begins_is_refused() -> None:
    with pytest.raises(StudyError, match="priors: a value where the search begins is impossible"):
        im.estimate(bolus(), bolus_data(), method="focei", priors={"CL": im.distributions.uniform(5, 6)})


def test_a_name_in_place_of_an_occasion_variability_is_refused() -> None:
    with pytest.raises(StudyError, match=r"occasions: OccasionVariability\('CL', sd=0.1\) is needed, got 'CL'"):
        im.estimate(bolus(), bolus_data(), occasions=["CL"])  # type: ignore[list-item]


def test_a_column_that_comes_twice_and_an_empty_id_are_refused() -> None:
    table = bolus_data()
    with pytest.raises(StudyError, match="more than one column DV"):
        im.individual_data(pd.concat([table, table[["DV"]]], axis=1))
    table["ID"] = table["ID"].str[1:].astype(float).where(table.index != 2)
    with pytest.raises(StudyError, match="row 3, column ID: it is empty"):
        im.individual_data(table)


def test_one_individual_warns_of_nothing_numerical(recwarn: pytest.WarningsRecorder) -> None:
    str(im.estimate(bolus(), bolus_data(1), method="focei", fixed=["V", "omega(V)", "omega(CL)"]))
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_a_steady_state_that_is_added_is_seen_only_from_its_record_on() -> None:
    first = pd.DataFrame({"ID": 1, "TIME": [0.0, 2.0], "EVID": [1, 0], "AMT": [100.0, 0.0], "DV": [0.0, 4.0]})
    later = pd.DataFrame(
        {"ID": 1, "TIME": [10.0, 12.0], "EVID": [1, 0], "AMT": [100.0, 0.0], "DV": 4.0, "SS": [2, 0], "II": [12.0, 0.0]}
    )
    table = pd.concat([first, later]).fillna({"SS": 0, "II": 0.0})
    model = intravenous(2.0, 20.0, (1e-8, 1e-8), 0.1)
    k = 0.1
    cp = np.array([5 * np.exp(-k * 2), 5 * np.exp(-k * 12) + 5 * np.exp(-k * 2) / (1 - np.exp(-k * 12))])
    expected = float((((4 - cp) / (0.1 * cp)) ** 2 + np.log(2 * np.pi * (0.1 * cp) ** 2)).sum())
    found = population_likelihood(model, im.individual_data(table), "quadrature").minus2ll
    assert found == pytest.approx(expected, rel=2e-3)
