"""Times to events and ordered categories: against closed forms, independent quadrature and published values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.likelihoods import likelihood_value
from immunode.analysis.mixed_effects.problem import population_likelihood
from immunode.analysis.mixed_effects.uncertainty import hessian_of, shown_covariance
from immunode.errors import ModelError, StudyError
from immunode.model import Derived, Model, Observed, Process, State, Variability
from tests.analysis.test_population_likelihood import exact
from tests.population_models import SHARED, needs_shared, parameters

DATA = SHARED / "data"


def event_times(mean: float = 42.091, sd: float = 0.242) -> Model:
    """A constant hazard that differs between individuals: Monolix's model of its set tte1."""
    return Model(
        name="event_times",
        time_unit="day",
        states=[],
        parameters=parameters(("Te", mean, "day")),
        derived=[Derived("hazard", "1/Te", "1/day")],
        variability=[Variability("Te", sd=sd)],
        observed=[Observed("hazard", events="exact")],
    )


def pain(
    first: float = 12.013, second: float = 1.3536, third: float = 2.5944, slope: float = -5.0826, sd: float = 6.205
) -> Model:
    """Four ordered categories: Monolix's model of its set categorical2."""
    return Model(
        name="pain",
        time_unit="day",
        states=[],
        parameters=parameters(
            ("th1", first, ""), ("th2", second, ""), ("th3", third, ""), ("slope", slope, ""), ("PERIOD", 0.0, "")
        ),
        derived=[Derived("score", "-slope*PERIOD")],
        variability=[Variability("th1", sd=sd, scale="linear")],
        observed=[Observed("score", categories=("th1", "th1 + th2", "th1 + th2 + th3"))],
    )


def growing_risk() -> Model:
    """A drug that decays, and a hazard that falls with its amount: base*exp(-effect*a)."""
    return Model(
        name="growing_risk",
        time_unit="day",
        states=[State("a", 4.0, "")],
        parameters=parameters(("ke", 0.3, "1/day"), ("base", 0.2, "1/day"), ("effect", 0.5, "")),
        processes=[Process("elimination", "a ->", "ke*a")],
        derived=[Derived("risk", "base*exp(-effect*a)", "1/day")],
        variability=[Variability("base", sd=0.6)],
        observed=[Observed("risk", events="exact")],
    )


def test_events_that_come_again_have_the_likelihood_of_their_hazard() -> None:
    """Hazards from a differential equation; the integral by an independent quadrature."""
    from scipy.integrate import quad

    table = pd.DataFrame(
        {"ID": [1, 1, 1, 1, 2, 2, 3], "TIME": [0.0, 3.0, 7.5, 10.0, 0.0, 10.0, 6.0], "DV": [0, 1, 1, 0, 0, 0, 1]}
    )

    def hazard(t: float) -> float:
        return 0.2 * float(np.exp(-0.5 * 4 * np.exp(-0.3 * t)))

    def density(rows: pd.DataFrame, eta: float) -> float:
        risk = np.exp(eta)
        seen = np.prod([risk * hazard(t) for t in rows.TIME[rows.DV == 1]])
        return float(seen * np.exp(-risk * quad(hazard, 0, rows.TIME.max(), epsabs=0, epsrel=1e-11)[0]))

    expected = exact(table, density, 0.6)
    found = population_likelihood(growing_risk(), table, "quadrature", nodes=31)
    assert found.minus2ll == pytest.approx(expected, abs=1e-5)
    sampled = population_likelihood(growing_risk(), table, "importance", draws=4000)
    assert abs(sampled.minus2ll - expected) < 3 * sampled.standard_error
    assert sampled.standard_error < 0.1


def test_categories_have_the_likelihood_of_their_closed_form() -> None:
    table = pd.DataFrame(
        {"ID": np.repeat([1, 2, 3], 4), "TIME": np.tile(np.arange(4.0), 3), "PERIOD": np.tile([0.0, 0, 1, 1], 3),
         "DV": [0, 1, 3, 2, 0, 0, 0, 1, 2, 3, 3, 3]}
    )  # fmt: skip

    def density(rows: pd.DataFrame, eta: float) -> float:
        cuts = np.array([-1.0, 0.5, 2.0]) + eta
        below = 1 / (1 + np.exp(1.2 * rows.PERIOD[:, None] - cuts))
        shares = np.diff(np.concatenate([np.zeros((4, 1)), below, np.ones((4, 1))], axis=1), axis=1)
        return float(np.prod(shares[np.arange(4), rows.DV.astype(int)]))

    model = pain(-1.0, 1.5, 1.5, -1.2, 1.1)
    found = population_likelihood(model, table, "quadrature", nodes=51)
    assert found.minus2ll == pytest.approx(exact(table, density, 1.1), abs=1e-5)


def test_yes_and_no_are_two_categories() -> None:
    """Logistic regression with a random intercept; the same with the share of categories written out."""
    table = pd.DataFrame({"ID": np.repeat(np.arange(5), 4), "TIME": np.tile(np.arange(4.0), 5)})
    table["DV"] = np.random.default_rng(2).integers(0, 2, 20)
    model = Model(
        name="relapse",
        time_unit="day",
        states=[],
        parameters=parameters(("level", 0.3, ""), ("slope", -0.4, "1/day")),
        derived=[Derived("odds", "level + slope*t")],
        variability=[Variability("level", sd=0.9, scale="linear")],
        observed=[Observed("odds", categories=("0",))],
    )

    def density(rows: pd.DataFrame, eta: float) -> float:
        p = 1 / (1 + np.exp(-(0.3 + eta - 0.4 * rows.TIME)))
        return float(np.prod(np.where(rows.DV == 1, p, 1 - p)))

    found = population_likelihood(model, table, "quadrature", nodes=31)
    assert found.minus2ll == pytest.approx(exact(table, density, 0.9), abs=1e-5)
    assert Model.from_json(model.to_json()) == model


def exact_errors(fit: Any) -> np.ndarray:
    """Return standard errors at the estimates of a fit, by the curvature of the likelihood by quadrature."""
    structure = fit.predict.structure

    def minus2ll(points: np.ndarray) -> np.ndarray:
        return np.array([likelihood_value(fit.predict, structure.point(x), "quadrature").minus2ll for x in points])

    x = structure.vector(fit.point)
    return np.sqrt(np.diag(shown_covariance(structure, x, np.linalg.inv(hessian_of(minus2ll, x) / 2))))


@pytest.mark.slow
def test_times_of_events_are_fitted_by_both_methods() -> None:
    rng = np.random.default_rng(6)
    t = rng.exponential(20 * np.exp(0.5 * rng.standard_normal((120, 1))), (120, 3)).cumsum(axis=1)
    seen = t < 60
    rows = [{"ID": i, "TIME": time, "DV": 1} for i in range(120) for time in t[i][seen[i]]] + [
        {"ID": i, "TIME": 60.0 if (~seen[i]).any() else t[i, -1] + 1e-6, "DV": 0} for i in range(120)
    ]
    table = pd.DataFrame(rows).sort_values(["ID", "TIME"])
    by_saem = im.estimate(event_times(30.0, 0.3), table, draws=300, seed=1)
    by_laplace = im.estimate(event_times(30.0, 0.3), table, method="laplace")
    for fit in (by_saem, by_laplace):
        assert fit.intervals()[0, 0] < 20 < fit.intervals()[0, 1]
        assert fit.intervals()[1, 0] < 0.5 < fit.intervals()[1, 1]
    assert "Louis's identity" in by_saem.summary()
    # each at its own estimates; those by Louis's identity scatter by 5 % around the exact ones: three times that
    for fit, error in ((by_saem, 0.15), (by_laplace, 0.04)):
        np.testing.assert_allclose(fit.standard_errors, exact_errors(fit), rtol=error)
    values = [likelihood_value(fit.predict, fit.point, "quadrature").minus2ll for fit in (by_saem, by_laplace)]
    assert values[0] == pytest.approx(values[1], abs=0.2)
    listed = by_saem.residuals(simulations=10)
    assert listed[["IWRES", "CWRES", "NPDE"]].isna().all(axis=None)
    np.testing.assert_array_equal(listed["DV"], table.DV)
    with pytest.raises(StudyError, match="events and categories"):
        by_saem.plot.individuals()


@pytest.mark.slow
def test_categories_go_from_the_shell_to_files(tmp_path: Path) -> None:
    from immunode.cli import main

    rng = np.random.default_rng(4)
    eta = 1.5 * rng.standard_normal((60, 1))
    latent = rng.logistic(np.tile([0.0, 0.0, 1.5, 1.5], (60, 1)) - eta)
    table = pd.DataFrame({"ID": np.repeat(np.arange(60), 4), "TIME": np.tile(np.arange(4.0), 60)})
    table["PERIOD"], table["DV"] = np.tile([0.0, 0, 1, 1], 60), np.digitize(latent, [-1.0, 0.5, 2.0]).ravel()
    table.to_csv(tmp_path / "pain.csv", index=False)
    (tmp_path / "pain.json").write_text(pain(-0.5, 1.0, 1.0, -0.5, 1.0).to_json())
    words = ["--also", "th2", "--also", "th3", "--also", "slope", "--draws", "200"]
    out = tmp_path / "out"
    assert main(["estimate", str(tmp_path / "pain.json"), str(tmp_path / "pain.csv"), *words, "-o", str(out)]) == 0
    found = pd.read_csv(out / "estimates.csv").set_index("name")
    truth = {"th1": -1.0, "th2": 1.5, "th3": 1.5, "slope": -1.5, "omega(th1)": 1.5}
    assert all(found.loc[name, "low"] < value < found.loc[name, "high"] for name, value in truth.items())
    assert (out / "predictive_check.png").exists()
    assert not (out / "residual_plots.png").exists()
    assert "categories" in (out / "model.json").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["laplace", pytest.param("saem", marks=pytest.mark.slow)])
def test_thresholds_that_a_level_can_stand_for_have_no_standard_errors(method: str) -> None:
    """Adding to the level and to all thresholds changes nothing; the others come out as without the level."""
    rng = np.random.default_rng(4)
    eta = 1.5 * rng.standard_normal((60, 1))
    latent = rng.logistic(np.tile([0.0, 0.0, 1.5, 1.5], (60, 1)) - eta)
    table = pd.DataFrame({"ID": np.repeat(np.arange(60), 4), "TIME": np.tile(np.arange(4.0), 60)})
    table["PERIOD"], table["DV"] = np.tile([0.0, 0, 1, 1], 60), np.digitize(latent, [-1.0, 0.5, 2.0]).ravel()
    model = pain(-0.5, 1.0, 1.0, -0.5, 1.0)
    confounded = model.replace(
        parameters=[*model.parameters, *parameters(("level", 0.2, ""))],
        derived=[Derived("score", "level - slope*PERIOD")],
    )
    scales = {"th2": "log", "th3": "log", "slope": "linear"}
    fit = im.estimate(
        confounded, table, method=method, parameters={"level": "linear", **scales}, draws=300, iterations=(60, 60)
    )
    errors = dict(zip(fit.names, fit.standard_errors, strict=True))
    assert np.isnan([errors["th1"], errors["level"]]).all()
    assert any("singular: th1, level can't be told apart" in note for note in fit.notes)
    plain = im.estimate(model, table, method="laplace", parameters=scales)
    for name in ("th2", "th3", "slope", "omega(th1)"):
        known = plain.standard_errors[plain.names.index(name)]
        assert abs(fit[name] - plain[name]) < 0.3 * known
        assert errors[name] == pytest.approx(known, rel=0.15)


def test_what_cannot_be_recorded_is_refused() -> None:
    table = pd.DataFrame({"ID": [1, 1], "TIME": [0.0, 2.0], "DV": [0, 2]})
    with pytest.raises(StudyError, match="row 2, column DV: 2, but an event is 1 and none is 0"):
        population_likelihood(event_times(), table, "laplace")
    with pytest.raises(StudyError, match="row 2, column DV: 4, but 'score' has the categories 0 to 3"):
        population_likelihood(pain(), table.assign(DV=[0, 4]), "laplace")
    with pytest.raises(StudyError, match="row 2, column CENS"):
        population_likelihood(pain(), table.assign(CENS=[0, 1]), "laplace")
    for method in ("fo", "foce", "focei"):
        with pytest.raises(StudyError, match="'score' is recorded as events or categories"):
            population_likelihood(pain(), table, method)
    with pytest.raises(StudyError, match="saem"):
        im.estimate(event_times(), table.assign(DV=[0, 1]), method="focei")
    with pytest.raises(ModelError, match="categories are a list"):
        Observed("score", categories="th1")
    with pytest.raises(ModelError, match="give additive"):
        Observed("score", categories=("0",), events="exact")


@needs_shared
def test_times_to_events_have_their_exact_value() -> None:
    data = im.individual_data(DATA / "mlx_tte1_data.txt", columns={"DV": "Y"})
    assert population_likelihood(event_times(), data, "quadrature").minus2ll == pytest.approx(805.3069, abs=1e-3)
    sampled = population_likelihood(event_times(), data, "importance")
    assert abs(sampled.minus2ll - 805.3069) < 3 * sampled.standard_error


@needs_shared
def test_ordered_categories_have_their_exact_value_and_laplace_has_not() -> None:
    """The exact value is 2566.4328; Laplace is 250 below it, since the distributions of random effects are flat."""
    data = im.individual_data(DATA / "mlx_categorical2_data.txt", columns={"DV": "Y"})
    assert population_likelihood(pain(), data, "quadrature", nodes=101).minus2ll == pytest.approx(2566.43, abs=0.3)
    assert population_likelihood(pain(), data, "laplace").minus2ll == pytest.approx(2316.6, abs=0.1)


@needs_shared
@pytest.mark.soak
def test_saem_of_ordered_categories_beats_the_published_estimates() -> None:
    data = im.individual_data(DATA / "mlx_categorical2_data.txt", columns={"DV": "Y"})
    also = {"th2": "log", "th3": "log", "slope": "linear"}
    fit = im.estimate(pain(8.0, 1.0, 2.0, -3.0, 4.0), data, parameters=also, draws=100, iterations=(100, 60))
    exact_value = likelihood_value(fit.predict, fit.point, "quadrature", nodes=101).minus2ll
    assert exact_value < 2566.43
    for name, published in (("th1", 12.013), ("th2", 1.3536), ("th3", 2.5944), ("slope", -5.0826)):
        assert abs(fit[name] - published) < fit.standard_errors[fit.names.index(name)]


@needs_shared
def test_the_published_variability_of_event_times_is_not_the_optimum() -> None:
    """Monolix gives omega 0.242 with -2LL 805.307; without variability the exact value is lower."""
    data = im.individual_data(DATA / "mlx_tte1_data.txt", columns={"DV": "Y"})
    fit = im.estimate(event_times(30.0), data, method="laplace")
    assert abs(fit["Te"] - 42.091) < 0.2 * 4.48
    assert likelihood_value(fit.predict, fit.point, "quadrature").minus2ll < 805.307 - 0.2
    assert "omega(Te) is near 0" in fit.summary()


@pytest.mark.slow
def test_saem_moves_a_slope_in_time_that_stands_beside_a_random_effect() -> None:
    rng = np.random.default_rng(4)
    times = np.tile(np.arange(8.0), 60)
    score = np.repeat(rng.standard_normal(60), 8) + 0.5 * times - 1.5
    table = pd.DataFrame({"ID": np.repeat(range(60), 8), "TIME": times})
    table["DV"] = (rng.random(480) < 1 / (1 + np.exp(-score))).astype(int)
    model = im.Model(
        name="answer",
        time_unit="month",
        states=[],
        parameters=[
            im.Parameter("base", -1.0, "", source="assumed: a test"),
            im.Parameter("slope", 0.1, "1/month", source="assumed: a test"),
        ],
        derived=[im.Derived("score", "base + slope*t")],
        variability=[im.Variability("base", sd=1.0, scale="linear")],
        observed=[im.Observed("score", categories=("0",))],
    )
    fit = im.estimate(model, table, parameters=["slope"], iterations=(40, 40), draws=100)
    assert 0.35 < fit.table()["value"]["slope"] < 0.65
