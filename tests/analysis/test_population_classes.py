"""Classes of individuals (mixtures): against sums of normal densities, quadrature, and simulated truth."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.problem import population_likelihood
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit
from immunode.cli import main
from immunode.errors import ModelError, StudyError
from immunode.model import Derived, Model, Observed, PatientClass, Variability
from tests.population_models import WANG, decay, intravenous, parameters

EACH = 4
TRUTH = {"level[low]": 3.0, "level[high]": 6.0, "omega(level)": 0.5, "additive(y)": 0.4, "share(low)": 0.35}


def level(low: float = 2.0, high: float = 5.0, share: float = 0.5, sd: float = 0.8, error: float = 0.6) -> Model:
    """y = level + eta + error; the level of an individual is that of its class: likelihoods are sums of normals."""
    return Model(
        name="level",
        time_unit="h",
        states=[],
        parameters=parameters(("level", 4.0, "mg/L")),
        derived=[Derived("y", "level", "mg/L")],
        variability=[Variability("level", sd=sd, scale="linear")],
        classes=[PatientClass("low", share, {"level": low}), PatientClass("high", 1 - share, {"level": high})],
        observed=[Observed("y", additive=error)],
    )


@cache
def levels(n: int = 60, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    mine = np.where(rng.random(n) < TRUTH["share(low)"], 3.0, 6.0)
    y = (mine + 0.5 * rng.standard_normal(n))[:, None] + 0.4 * rng.standard_normal((n, EACH))
    return pd.DataFrame(
        {"ID": np.repeat(np.arange(n), EACH), "TIME": np.tile(np.arange(float(EACH)), n), "DV": y.ravel()}
    )


def closed_form(x: np.ndarray, table: pd.DataFrame) -> float:
    """-2 log L. x : both levels, log omega, log error, logit of the share of the first class."""
    from scipy.special import logsumexp

    y = table.DV.to_numpy().reshape(-1, EACH)
    v = np.exp(2 * x[2]) * np.ones((EACH, EACH)) + np.exp(2 * x[3]) * np.eye(EACH)
    shares = np.array([1 / (1 + np.exp(-x[4])), 1 / (1 + np.exp(x[4]))])
    logs = []
    for mean, share in zip(x[:2], shares, strict=True):
        gap = y - mean
        part = np.linalg.slogdet(2 * np.pi * v)[1] + np.sum(gap * np.linalg.solve(v, gap.T).T, axis=1)
        logs.append(np.log(share) - part / 2)
    return float(-2 * logsumexp(logs, axis=0).sum())


@cache
def best() -> tuple[np.ndarray, np.ndarray]:
    """Maximum likelihood estimates and standard errors of `levels`, from the closed form alone."""
    from scipy.optimize import minimize

    found = minimize(closed_form, [3.0, 6.0, np.log(0.5), np.log(0.4), 0.0], args=(levels(),), tol=1e-10)
    x, h = found.x, 1e-3 * np.eye(5)
    bend = [
        [sum(s * t * closed_form(x + s * a + t * b, levels()) for s in (1, -1) for t in (1, -1)) / 4e-6 for b in h]
        for a in h
    ]
    se = np.sqrt(np.diag(np.linalg.inv(np.array(bend) / 2)))
    share = 1 / (1 + np.exp(-x[4]))
    values = np.array([*x[:2], *np.exp(x[2:4]), share])
    return values, se * np.array([1, 1, values[2], values[3], share * (1 - share)])


@cache
def fitted(method: str) -> PopulationFit:
    return im.estimate(level(), levels(), method=method, iterations=(80, 80), draws=400, seed=1)


@pytest.mark.parametrize("method", ["fo", "foce", "focei", "laplace", "quadrature"])
def test_linear_classes_have_the_likelihood_of_a_sum_of_normals(method: str) -> None:
    """Every method is exact there; the classes' probabilities are those of Bayes's rule."""
    model, table = level(2.5, 5.0, 0.3), levels()
    found = population_likelihood(model, table, method, nodes=3)
    x = np.array([2.5, 5.0, np.log(0.8), np.log(0.6), np.log(0.3 / 0.7)])
    assert found.minus2ll == pytest.approx(closed_form(x, table), abs=1e-6)
    y = table.DV.to_numpy().reshape(-1, EACH)
    v = 0.8**2 + 0.6**2 / EACH  # of the mean, which is sufficient
    low, high = (p * np.exp(-0.5 * (y.mean(axis=1) - m) ** 2 / v) for p, m in ((0.3, 2.5), (0.7, 5.0)))
    np.testing.assert_allclose(found.probabilities[:, 0], low / (low + high), atol=1e-8)


def of_classes(**error: float) -> Model:
    quick = PatientClass("quick", 0.4, {"ke": 1.1})
    return decay(**error).replace(classes=[PatientClass("slow", 0.6, {"ke": 0.45}), quick])


@pytest.mark.slow
def test_classes_of_a_nonlinear_model_have_the_likelihood_of_quadrature() -> None:
    """Wang's decay with two rates, an integral of each individual and class; importance sampling within its error."""
    from scipy.integrate import quad
    from scipy.stats import norm

    expected = 0.0
    for _, rows in WANG.groupby("ID"):
        total = 0.0
        for share, ke in ((0.6, 0.45), (0.4, 1.1)):

            def density(eta: float, ke: float = ke, rows: pd.DataFrame = rows) -> float:
                f = 10 * np.exp(-ke * np.exp(eta) * rows.TIME)
                return float(np.prod(norm.pdf(rows.DV, f, 0.3 * f)) * norm.pdf(eta, 0, 0.2))

            total += share * quad(density, -1.6, 1.6, epsabs=0, epsrel=1e-10, limit=200)[0]
        expected -= 2 * np.log(total)
    model = of_classes(proportional=0.3)
    assert population_likelihood(model, WANG, "quadrature", nodes=31).minus2ll == pytest.approx(expected, abs=1e-4)
    sampled = population_likelihood(model, WANG, "importance", draws=4000)
    assert abs(sampled.minus2ll - expected) < 4 * sampled.standard_error < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("method", ["focei", "laplace", "saem"])
def test_estimates_are_those_of_the_closed_form(method: str) -> None:
    values, errors = best()
    fit = fitted(method)
    assert fit.names == tuple(TRUTH)
    # the search ends where -2LL can fall by 1e-5: sqrt(1e-5) = 0.003 standard errors
    tolerance = 0.1 if method == "saem" else 5e-3
    assert np.all(np.abs(fit.values - values) < tolerance * errors)
    np.testing.assert_allclose(fit.standard_errors, errors, rtol=0.1 if method == "saem" else 0.01)
    assert fit.error_method == ("Louis's identity, 2000 draws" if method == "saem" else "the curvature of -2LL")


def test_individuals_have_a_class_and_its_probability() -> None:
    fit = fitted("focei")
    table = fit.individuals()
    np.testing.assert_allclose(table["P(low)"] + table["P(high)"], 1.0)
    assert table["P(low)"].mean() == pytest.approx(fit["share(low)"], abs=1e-3)  # at the maximum
    mean = levels().groupby("ID").DV.mean().to_numpy()
    assert set(table["class"][mean < 4.0]) == {"low"}
    assert set(table["class"][mean > 5.2]) == {"high"}
    assert "classes: low" in fit.summary()
    # shrunk toward the mean of its class
    weight = fit["omega(level)"] ** 2 / (fit["omega(level)"] ** 2 + fit["additive(y)"] ** 2 / EACH)
    center = np.where(table["class"] == "low", fit["level[low]"], fit["level[high]"])
    np.testing.assert_allclose(table["level"], center + weight * (mean - center), rtol=1e-5)


def test_residuals_and_checks_draw_the_classes() -> None:
    fit = fitted("focei")
    residuals = fit.residuals(simulations=400)
    assert abs(residuals["NPDE"].mean()) < 3 / len(residuals) ** 0.5
    assert abs(residuals["CWRES"].std() - 1) < 0.15
    assert set(np.round(residuals["PRED"], 6)) == set(np.round([fit["level[low]"], fit["level[high]"]], 6))
    assert fit.predictive_check(simulations=200).inside > 0.7
    assert fit.aic == pytest.approx(fit.likelihood.minus2ll + 10)


def test_the_fitted_population_draws_the_classes() -> None:
    fit = fitted("focei")
    design = fit.population().draw(4000, seed=2)
    share = np.mean(design.row_labels["class"] == "low")
    assert share == pytest.approx(fit["share(low)"], abs=4 * (0.24 / 4000) ** 0.5)
    value = design.values[design.row_labels["class"] == "high", list(design.names).index("level")]
    assert value.mean() == pytest.approx(fit["level[high]"], abs=0.05)
    again = population_likelihood(fit.model(), levels(), "focei")
    assert again.minus2ll == pytest.approx(fit.likelihood.minus2ll, abs=1e-8)


# Other classes --------------------------------------------------------------------------------------------------------


@cache
def boluses(n: int = 60) -> pd.DataFrame:
    """CL 1 in 40 % and 4 in the others, V 20; spreads 0.25 and 0.15, log-normal error 0.1."""
    rng, rows, t = np.random.default_rng(8), [], np.array([1.0, 4.0, 9.0, 15.0])
    for i in range(n):
        cl = (1.0 if rng.random() < 0.4 else 4.0) * np.exp(0.25 * rng.standard_normal())
        v = 20.0 * np.exp(0.15 * rng.standard_normal())
        y = 100 / v * np.exp(-cl / v * t) * np.exp(0.1 * rng.standard_normal(4))
        rows.append({"ID": i, "TIME": 0.0, "AMT": 100.0, "EVID": 1, "DV": 0.0})
        rows += [{"ID": i, "TIME": a, "EVID": 0, "DV": b} for a, b in zip(t, y, strict=True)]
    return pd.DataFrame(rows)


def bolus(classes: list[PatientClass]) -> Model:
    base = intravenous(3.0, 15.0, (0.09, 0.04), additive=1.0)
    return base.replace(observed=[Observed("cp", lognormal=0.2)], classes=classes)


POOR = [PatientClass("poor", 0.5, {"CL": 0.7}), PatientClass("normal", 0.5)]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["saem", "focei"])
def test_one_class_may_differ_from_the_typical_value(method: str) -> None:
    fit = im.estimate(bolus(POOR), boluses(), method=method, iterations=(60, 60), draws=200)
    truth = {"CL[poor]": 1.0, "CL": 4.0, "V": 20.0, "omega(CL)": 0.25, "omega(V)": 0.15, "lognormal(cp)": 0.1}
    assert fit.names == (*truth, "share(poor)")
    expected = np.array([*truth.values(), 0.4])
    assert np.all(np.abs(fit.values - expected) < 3 * fit.standard_errors)
    assert np.all(fit.standard_errors < 0.5 * expected)
    assert dict(fit.model().classes[0].values)["CL"] == pytest.approx(fit["CL[poor]"])


def test_classes_may_have_variability_of_their_own() -> None:
    """An indicator that stays as declared chooses between two parameters; it has no estimate of its own."""
    base = level()
    model = base.replace(
        parameters=parameters(("low", 2.0, "mg/L"), ("high", 5.0, "mg/L"), ("first", 0.0, "")),
        derived=[Derived("y", "first*low + (1 - first)*high", "mg/L")],
        variability=[Variability("low", sd=0.8, scale="linear"), Variability("high", sd=0.6, scale="linear")],
        classes=[PatientClass("low", 0.3, {"first": 1.0}), PatientClass("high", 0.7)],
    )
    found = population_likelihood(model, levels(), "focei")
    y = levels().DV.to_numpy().reshape(-1, EACH)
    total = np.zeros(len(y))
    for share, mean, sd in ((0.3, 2.0, 0.8), (0.7, 5.0, 0.6)):
        v = sd**2 * np.ones((EACH, EACH)) + 0.36 * np.eye(EACH)
        gap = y - mean
        square = np.sum(gap * np.linalg.solve(v, gap.T).T, axis=1)
        total += share * np.exp(-0.5 * (np.linalg.slogdet(2 * np.pi * v)[1] + square))
    assert found.minus2ll == pytest.approx(float(-2 * np.log(total).sum()), abs=1e-6)
    fit = im.estimate(model, levels(), method="focei")
    assert fit.names == ("low", "high", "omega(low)", "omega(high)", "additive(y)", "share(low)")
    assert fit.likelihood.minus2ll < fitted("focei").likelihood.minus2ll + 1e-4  # it holds the model with one sd


@pytest.mark.slow
@pytest.mark.parametrize("method", [pytest.param("saem", marks=pytest.mark.soak), "focei"])
def test_a_parameter_without_variability_may_differ_between_classes(method: str) -> None:
    base = level()
    model = base.replace(
        parameters=parameters(("level", 0.0, "mg/L"), ("step", 3.0, "mg/L")),
        derived=[Derived("y", "step + level", "mg/L")],
        classes=[PatientClass("low", 0.5, {"step": 2.0}), PatientClass("high", 0.5, {"step": 5.0})],
    )
    fit = im.estimate(
        model, levels(), method=method, parameters={"step": "linear"}, iterations=(80, 80), draws=200, seed=2
    )
    values, errors = best()
    assert fit.names[:2] == ("step[low]", "step[high]")
    assert np.all(np.abs(fit.values - values) < (0.15 if method == "saem" else 5e-3) * errors)


# Bad input and doubt --------------------------------------------------------------------------------------------------


def test_classes_that_predict_the_same_are_refused() -> None:
    with pytest.raises(StudyError, match="classes 'low' and 'high' predict the same"):
        im.estimate(level(3.0, 3.0), levels())


def test_a_single_class_and_shares_outside_are_refused() -> None:
    with pytest.raises(ModelError, match="share must lie inside 0 and 1, got 1"):
        PatientClass("all", 1.0)
    with pytest.raises(ModelError, match=r"add up to 0\.7"):
        level().replace(classes=[PatientClass("low", 0.3, {"level": 2.0}), PatientClass("high", 0.4)])


def test_a_start_and_a_way_of_standard_errors_that_classes_lack_are_refused() -> None:
    classes = [PatientClass("low", 0.3, {"a(0)": 5.0}), PatientClass("high", 0.7)]
    with pytest.raises(StudyError, match=r"gives the start 'a\(0\)'.*make the initial value of the state a parameter"):
        im.estimate(decay(additive=0.3).replace(classes=classes), WANG)
    with pytest.raises(StudyError, match="do not belong to classes of individuals; take 'louis' or 'sandwich'"):
        im.estimate(level(), levels(), standard_errors="linearized")
    with pytest.raises(StudyError, match=r"fixed: nothing estimated is called 'share\(lo\)'.*share\(low\)"):
        im.estimate(level(), levels(), fixed=["share(lo)"])


def test_an_empty_class_and_unclear_classes_are_told() -> None:
    table = levels()
    some = table[table.groupby("ID").DV.transform("mean") > 5.2]
    fit = im.estimate(level(-20.0, 5.0), some, method="focei", fixed=["level[low]", "omega(level)", "share(low)"])
    assert any("class 'low' is empty" in note for note in fit.notes)
    assert "share(low)" not in fit.names
    near = im.estimate(level(5.9, 6.1), some, method="focei", fixed=["level[low]", "level[high]", "share(low)"])
    assert any("hardly tell the classes apart" in note for note in near.notes)


def test_classes_that_the_data_know_are_no_mixture() -> None:
    """Classes that list patients by covariates of the data do not change the likelihood."""
    base = level().replace(parameters=parameters(("level", 4.0, "mg/L"), ("WT", 70.0, "kg")), classes=[])
    table = levels().assign(WT=60.0)
    listed = base.replace(classes=[PatientClass("a", 0.5, {"WT": 50.0}), PatientClass("b", 0.5, {"WT": 90.0})])
    plain, known = (population_likelihood(m, table, "focei").minus2ll for m in (base, listed))
    assert known == plain


@pytest.mark.slow
def test_classes_go_through_the_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.json").write_text(level().to_json())
    levels().to_csv(tmp_path / "data.csv", index=False)
    words = [str(tmp_path / "model.json"), str(tmp_path / "data.csv"), "--estimator", "focei"]
    assert main(["estimate", *words, "-o", str(tmp_path / "out"), "--json"]) == 0
    told: Any = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in told["estimates"]} == set(TRUTH)
    individuals = pd.read_csv(tmp_path / "out" / "individuals.csv")
    assert set(individuals["class"]) == {"low", "high"}
    model = im.load_model(str(tmp_path / "out" / "model.json"))
    assert model.classes[0].share == pytest.approx(fitted("focei")["share(low)"], rel=1e-6)


@pytest.mark.soak
def test_truth_lies_in_the_intervals_of_repeats() -> None:
    """100 sets of 60 individuals: each number inside its 95 % interval in 89 to 99 % (binomial, 3 standard errors)."""
    inside = []
    for seed in range(100):
        fit = im.estimate(level(), levels(60, 1000 + seed), method="focei", draws=50)
        truth = np.array(list(TRUTH.values()))
        ends = fit.intervals()
        inside.append((ends[:, 0] < truth) & (truth < ends[:, 1]))
    shares = np.mean(inside, axis=0)
    assert np.all((shares > 0.88) & (shares <= 1.0))
    assert 0.92 < shares.mean() < 0.98
