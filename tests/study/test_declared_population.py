"""The declared population: moments, correlations, mixtures, covariates, and the same patients everywhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.errors import ModelError, StudyError
from immunode.intervention import Covariate, Drug, one_compartment, perturb
from immunode.model import (
    Correlation,
    Model,
    Parameter,
    PatientClass,
    PatientCovariate,
    Process,
    State,
    Variability,
)
from immunode.study import Arms, sweep
from immunode.study.design.declared import declared_joint
from immunode.study.populations import population

N = 100_000
MODEL = Model(
    name="people",
    time_unit="day",
    states=[State("x", 1.0, "mg")],
    parameters=[
        Parameter(name, value, "1/day" if name in ("a", "b") else "", source="test")
        for name, value in {"a": 2.0, "b": 0.5, "c": 0.3, "d": 3.0, "e": -4.0, "w": 70.0, "s": 0.0, "n": 2.0}.items()
    ],
    processes=[Process("loss", "x ->", "(a + b)*(c + d + e + w + s + n)*x")],
    variability=[
        Variability("a", cv=0.4),
        Variability("b", 0.6),
        Variability("c", 0.8, "logit"),
        Variability("d", 5.0, "linear", low=-10.0, high=10.0),
        Variability("e", 0.2),
    ],
    correlations=[Correlation("a", "b", 0.7), Correlation("b", "c", -0.4)],
    covariates=[
        PatientCovariate("w", "lognormal", median=70, sd=0.3, low=45, high=120, step=1),
        PatientCovariate("s", "share", share=0.3),
        PatientCovariate("n", "poisson", mean=0.8, shift=2),
    ],
)


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    table = population(MODEL).draw(N, seed=11).table()
    return {name: table[name].to_numpy() for name in table}


def test_random_effects_have_the_declared_moments_and_correlations(drawn: dict[str, np.ndarray]) -> None:
    """Standard errors of 100,000 draws are 0.003 of the means and 0.0022 of the spreads; five of them are allowed."""
    eta = np.stack(
        [np.log(drawn["a"] / 2), np.log(drawn["b"] / 0.5), np.log(drawn["c"] / (1 - drawn["c"])) - np.log(0.3 / 0.7)]
    )
    spreads = [np.sqrt(np.log1p(0.4**2)), 0.6, 0.8]
    np.testing.assert_allclose(eta.mean(axis=1) / spreads, 0, atol=0.016)
    np.testing.assert_allclose(eta.std(axis=1) / spreads, 1, atol=0.011)
    seen = np.corrcoef(eta)
    assert seen[0, 1] == pytest.approx(0.7, abs=0.01)
    assert seen[1, 2] == pytest.approx(-0.4, abs=0.015)
    assert seen[0, 2] == pytest.approx(0, abs=0.016)
    below = np.log(drawn["e"] / -4)
    assert (drawn["e"] < 0).all()
    assert below.std() == pytest.approx(0.2, rel=0.011)


def test_values_outside_a_range_are_heaped_up_at_its_ends(drawn: dict[str, np.ndarray]) -> None:
    """Normal, mean 3, SD 5: 8.1 % lie above 10 and 0.47 % below -10."""
    assert (drawn["d"] == 10).mean() == pytest.approx(0.0808, abs=0.005)
    assert (drawn["d"] == -10).mean() == pytest.approx(0.0047, abs=0.0015)
    assert drawn["w"].min() == 45
    assert drawn["w"].max() == 120
    assert (drawn["w"] == np.round(drawn["w"])).all()


def test_shares_and_counts(drawn: dict[str, np.ndarray]) -> None:
    assert set(np.unique(drawn["s"])) == {0.0, 1.0}
    assert drawn["s"].mean() == pytest.approx(0.3, abs=0.008)
    assert drawn["n"].mean() == pytest.approx(2.8, abs=0.015)
    assert drawn["n"].var() == pytest.approx(0.8, abs=0.025)
    assert drawn["n"].min() == 2


def test_the_first_patients_of_a_longer_draw_are_the_same() -> None:
    few, many = (population(MODEL).draw(n, seed=5).table() for n in (50, 500))
    np.testing.assert_array_equal(few.to_numpy(), many.to_numpy()[:50])


def test_patients_are_the_same_on_any_machine() -> None:
    """Values of the reference generator (PCG64) put through the declared scales by hand."""
    z = np.random.default_rng(5).standard_normal((3, 8))
    factor = np.linalg.cholesky(np.array([[1, 0.7, 0], [0.7, 1, -0.4], [0, -0.4, 1]]))
    got = population(MODEL).draw(3, seed=5).table()
    np.testing.assert_allclose(np.log(got["b"] / 0.5), 0.6 * (z[:, :3] @ factor.T)[:, 1], rtol=1e-12)
    np.testing.assert_array_equal(got["s"], z[:, 6] > 0.5244005127080407)


def test_a_mixture_has_its_shares_and_typical_values() -> None:
    classes = [PatientClass("fast", 0.25, {"a": 8.0, "n": 9.0}), PatientClass("slow", 0.75, {"a": 1.0})]
    mixed = MODEL.replace(classes=classes, covariates=MODEL.covariates[:2])
    table = population(mixed).draw(N, seed=3).table()
    fast = table["class"] == "fast"
    assert fast.mean() == pytest.approx(0.25, abs=0.007)
    assert np.log(table["a"][fast]).mean() == pytest.approx(np.log(8), abs=0.012)
    assert np.log(table["a"][~fast]).mean() == pytest.approx(0, abs=0.008)
    assert set(table["n"][fast]) == {9.0}
    assert set(table["n"][~fast]) == {2.0}


def test_asking_for_other_parameters_leaves_the_declared_population_aside() -> None:
    assert population(MODEL, "a").names == ("a",)


def test_a_model_that_declares_nothing_is_drawn_as_before() -> None:
    assert len(population(load_model("kuznetsov1994")).names) == len(load_model("kuznetsov1994").parameters)


def test_a_typical_value_of_zero_stays() -> None:
    table = population(MODEL.with_values(a=0.0)).draw(10).table()
    assert (table["a"] == 0).all()


def treated(albumin: bool = True) -> Model:
    """Return the model with a drug whose numbers differ between patients."""
    loss = Covariate("albumin", (("CL", -1.0),), 40.0, "g/L", source="test")
    heavy = Covariate("w", (("CL", 0.75),), 70.0, "kg", source="test")
    pk = replace(one_compartment(CL=0.2, V1=3.0, time="day", source="test"), covariates=(loss, heavy))
    mab = Drug(
        "mab",
        pk,
        "10 mg iv q2w x 4",
        variability=[Variability("CL", 0.3), Variability("V1", 0.2)],
        correlations=[Correlation("CL", "V1", 0.5)],
        people=[
            PatientCovariate("albumin", "normal", mean=40, sd=5, low=20, high=60),
            PatientCovariate("w", "lognormal", median=70, sd=0.3),
        ],
    )
    return perturb(MODEL, mab.covariates() if albumin else mab)


def test_a_drug_brings_its_variability_along() -> None:
    """Under its knobs' names; the weight of a patient is the same for the model and the drug."""
    people = declared_joint(MODEL, [MODEL, treated()])
    table = people.design(20_000, 2, "test").table()
    etas = np.log(np.stack([table["mab.CL"] / 0.2, table["mab.V1"] / 3.0]))
    np.testing.assert_allclose(etas.std(axis=1), [0.3, 0.2], rtol=0.03)
    assert np.corrcoef(etas)[0, 1] == pytest.approx(0.5, abs=0.03)
    assert table["mab.albumin"].mean() == pytest.approx(40, abs=0.2)
    np.testing.assert_array_equal(table["mab.w"], table["w"])


def test_a_typical_patient_has_no_covariates_of_the_drug() -> None:
    names = declared_joint(MODEL, [treated(albumin=False)]).names
    assert "mab.CL" in names
    assert "mab.albumin" not in names


def test_a_number_that_the_drug_lacks_is_refused() -> None:
    pk = one_compartment(CL=0.2, V1=3.0, time="day", source="test")
    with pytest.raises(ModelError, match="'V2'"):
        perturb(MODEL, Drug("mab", pk, "10 mg iv", variability=[Variability("V2", 0.3)]))


def test_a_sweep_draws_patients_with_the_same_ones_in_every_arm() -> None:
    """Drugs of arms are composed first, so that what differs between patients of them is drawn too."""
    pk = one_compartment(CL=0.2, V1=3.0, time="day", source="test")
    mab = Drug("mab", pk, "10 mg iv", variability=[Variability("CL", 0.3)])
    out = sweep(MODEL, patients=50, seed=4, arms=Arms(control=[], mab=[mab]), until=5, endpoints=["final(x)"])
    table = out.table()
    control, treated_rows = (table[table["arm"] == arm].reset_index(drop=True) for arm in ("control", "mab"))
    assert len(control) == len(treated_rows) == 50
    np.testing.assert_array_equal(control["w"], treated_rows["w"])
    assert treated_rows["mab.CL"].nunique() == 50
    assert "50 virtual patients" in out.recipe["design"]


def test_patients_and_a_design_exclude_each_other() -> None:
    with pytest.raises(StudyError, match="patients"):
        sweep(MODEL, patients=5, n=5)


def test_patients_of_a_model_that_declares_none_are_refused() -> None:
    with pytest.raises(StudyError, match=r"population\(model\)"):
        sweep(load_model("kuznetsov1994"), patients=5)
