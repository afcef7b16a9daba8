"""Estimation of population models: against closed forms, other programs, and what must be told."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.likelihoods import likelihood_value
from immunode.analysis.mixed_effects.records.individual_records import IndividualData, individual_data
from immunode.analysis.mixed_effects.results.diagnostics import time_bins
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit
from immunode.errors import StudyError
from immunode.model import Derived, Model, Observed, Process, State, Variability
from tests.population_models import (
    SHARED,
    WANG,
    decay,
    intravenous,
    line_data,
    lines,
    needs_shared,
    oral,
    oral_curve,
    parameters,
)

DATA = SHARED / "data"
QUICK = (60, 60)


def line_estimates(table: pd.DataFrame) -> tuple[float, float, float, float]:
    """Maximum-likelihood level, slope, omega and error of balanced lines (Searle et al. 1992, chapter 3)."""
    y = table.DV.to_numpy().reshape(-1, 5)
    t = np.arange(1.0, 6.0)
    n, m = y.shape
    slope = float(((t - t.mean()) * (y - y.mean(axis=1, keepdims=True))).sum() / (n * ((t - t.mean()) ** 2).sum()))
    rest = y - slope * t
    error2 = float(((rest - rest.mean(axis=1, keepdims=True)) ** 2).sum() / (n * (m - 1)))
    between = float(((rest.mean(axis=1) - rest.mean()) ** 2).mean())
    return float(rest.mean()), slope, float(np.sqrt(between - error2 / m)), float(np.sqrt(error2))


def test_focei_of_a_linear_model_is_its_closed_form() -> None:
    table = line_data()
    fit = im.estimate(lines(), table, method="focei", parameters={"slope": "linear"})
    np.testing.assert_allclose(fit.values, line_estimates(table), rtol=2e-3)
    # exact standard errors of the slope and of the mean level at given variances
    error2, t = fit["additive(x)"] ** 2, np.arange(1.0, 6.0)
    exact = np.sqrt(error2 / (30 * ((t - 3) ** 2).sum()))
    assert fit.standard_errors[fit.names.index("slope")] == pytest.approx(exact, rel=0.02)


@pytest.mark.slow
def test_saem_of_a_linear_model_is_its_closed_form_also_for_a_number_without_random_effect() -> None:
    table = line_data()
    fit = im.estimate(lines(), table, parameters={"slope": "linear"}, seed=2, iterations=(80, 120))
    expected = np.array(line_estimates(table))
    np.testing.assert_allclose(fit.values, expected, atol=0.15 * fit.standard_errors.max(), rtol=0.01)
    assert "without a random effect, by stochastic Newton steps: slope" in fit.summary()
    by_focei = im.estimate(lines(), table, method="focei", parameters={"slope": "linear"})
    np.testing.assert_allclose(fit.standard_errors, by_focei.standard_errors, rtol=0.05)


@cache
def simulated(n: int = 24, weight: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(12)
    t, rows = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0]), []
    for i in range(n):
        wt = float(rng.uniform(45, 110))
        z = rng.standard_normal(3) * np.sqrt([0.2, 0.09, 0.04])
        cl = 2.75 * np.exp(z[1]) * ((wt / 70) ** 0.75 if weight else 1.0)
        f = oral_curve(1.5 * np.exp(z[0]), cl, 31.8 * np.exp(z[2]), 320.0, t)
        y = f * (1 + 0.1 * rng.standard_normal(8)) + 0.05 * rng.standard_normal(8)
        rows.append({"ID": i, "TIME": 0.0, "AMT": 320.0, "EVID": 1, "WT": wt})
        rows += [{"ID": i, "TIME": a, "DV": b, "EVID": 0, "WT": wt} for a, b in zip(t, y, strict=True)]
    return pd.DataFrame(rows)


@cache
def fitted() -> PopulationFit:
    model = oral(1.0, 2.0, 25.0, (0.1, 0.1, 0.1), 0.1, 0.2)
    return im.estimate(model, individual_data(simulated()), iterations=QUICK, draws=500, seed=1)


@pytest.mark.slow
def test_the_truth_lies_in_the_intervals_and_the_fit_beats_it() -> None:
    fit = fitted()
    truth = [1.5, 2.75, 31.8, 0.2**0.5, 0.3, 0.2, 0.05, 0.1]
    inside = (fit.intervals()[:, 0] <= truth) & (truth <= fit.intervals()[:, 1])
    assert inside.sum() >= 7
    at_truth = im.fitting.population_likelihood(
        oral(1.5, 2.75, 31.8, (0.2, 0.09, 0.04), 0.05, 0.1), simulated(), "quadrature", nodes=5
    )
    at_fit = likelihood_value(fit.predict, fit.point, "quadrature", nodes=5)
    assert at_fit.minus2ll < at_truth.minus2ll
    assert abs(fit.likelihood.minus2ll - at_fit.minus2ll) < 4 * fit.likelihood.standard_error


@pytest.mark.slow
def test_the_same_seed_gives_the_same_fit_and_others_the_same_likelihood() -> None:
    model = oral(1.0, 2.0, 25.0, (0.1, 0.1, 0.1), 0.1, 0.2)
    values = []
    for seed in (1, 5):
        again = im.estimate(model, individual_data(simulated()), iterations=QUICK, draws=500, seed=seed)
        values.append(likelihood_value(again.predict, again.point, "quadrature", nodes=5).minus2ll)
        if seed == 1:
            np.testing.assert_array_equal(again.values, fitted().values)
            assert again.recipe == fitted().recipe
    assert values[0] == pytest.approx(values[1], abs=0.2)


@pytest.mark.slow
def test_effects_of_covariates_are_estimated_where_the_model_multiplies() -> None:
    base = oral(1.0, 2.0, 25.0, (0.1, 0.1, 0.1), 0.1, 0.2)
    model = base.replace(
        parameters=[*base.parameters, *parameters(("WT", 70.0, "kg"), ("standard", 70.0, "kg"), ("power", 0.0, ""))],
        derived=[*base.derived, Derived("clearance", "CL*(WT/standard)**power", "L/h")],
        processes=[base.processes[0], Process("elimination", "central ->", "clearance/V*central")],
    )
    data = individual_data(simulated(weight=True))
    fit = im.estimate(model, data, parameters=["power"], iterations=QUICK, draws=300)
    assert "stochastic Newton" not in fit.summary()  # the mean of individual clearances tells of it
    by_focei = im.estimate(model, data, method="focei", parameters=["power"], rtol=1e-7)
    k = fit.names.index("power")
    assert fit["power"] == pytest.approx(by_focei["power"], abs=0.25 * fit.standard_errors[k])
    assert fit.intervals()[k, 0] < 0.75 < fit.intervals()[k, 1]


@pytest.mark.slow
def test_the_fitted_model_is_simulated_as_it_was_fitted() -> None:
    fit = fitted()
    model = fit.model()
    declared = {p.name: p.value for p in model.parameters}
    assert [declared[n] for n in ("ka", "CL", "V")] == pytest.approx(list(fit.values[:3]))
    assert [v.spread for v in model.variability] == pytest.approx(list(fit.values[3:6]))
    assert model.observed[0].proportional == pytest.approx(fit["proportional(cp)"])
    drawn = fit.population().draw(4000, seed=1).values
    np.testing.assert_allclose(np.log(drawn).mean(axis=0), np.log(fit.values[:3]), atol=0.03)
    np.testing.assert_allclose(np.log(drawn).std(axis=0), fit.values[3:6], rtol=0.05)


def test_residuals_of_a_right_model_are_standard_normal() -> None:
    table = fitted().residuals(simulations=500)
    n = len(table)
    for name in ("CWRES", "NPDE"):
        assert abs(table[name].mean()) < 3 / np.sqrt(n) * 1.5  # residuals of one individual are correlated
        assert abs(table[name].var() - 1) < 3 * np.sqrt(2 / n) * 1.5
    assert table["IWRES"].std() < table["CWRES"].std() * 1.2


def test_cwres_of_a_linear_model_are_its_whitened_residuals() -> None:
    table = line_data(6)
    fit = im.estimate(lines(), table, method="focei", parameters={"slope": "linear"})
    level, slope, omega, error = fit.values
    t = np.arange(1.0, 6.0)
    values, vectors = np.linalg.eigh(omega**2 + error**2 * np.eye(5))
    root = (vectors / np.sqrt(values)) @ vectors.T
    expected = (table.DV.to_numpy().reshape(6, 5) - level - slope * t) @ root
    np.testing.assert_allclose(fit.residuals(simulations=0)["CWRES"], expected.ravel(), atol=1e-5)


@pytest.mark.parametrize(
    "planned", [(0.25, 0.5, 1, 2, 3.5, 5, 7, 9, 12, 24), (2, 4, 6, 8, 10, 12), (5, 35, 95, 185, 365)]
)
def test_visits_that_people_kept_roughly_are_not_cut(planned: tuple[float, ...]) -> None:
    """Equal numbers in each bin would cut a visit in two, and a percentile would jump inside it."""
    kept = np.array(planned) * (1 + 0.03 * np.random.default_rng(0).uniform(-1, 1, (30, len(planned))))
    bins = time_bins(kept.ravel(), 10).reshape(kept.shape)
    assert all(len(set(visit)) == 1 for visit in bins.T)
    assert len(set(bins[0])) == len(planned)
    spread = np.bincount(time_bins(np.random.default_rng(1).uniform(0, 10, 300), 10))
    assert spread.min() > 10


def test_a_predictive_check_of_a_right_model_holds_the_data_and_of_a_wrong_one_does_not() -> None:
    fit = fitted()
    assert fit.predictive_check(simulations=200).inside > 0.8
    assert fit.predictive_check(simulations=200, prediction_corrected=True).inside > 0.8
    wrong = im.estimate(
        oral(1.0, 1.0, 25.0, (0.1, 0.1, 0.1), 0.1, 0.2), individual_data(simulated()), iterations=(1, 1), draws=50,
        fixed=("ka", "CL", "V", "omega(ka)", "omega(CL)", "omega(V)"),
    )  # fmt: skip
    assert wrong.predictive_check(simulations=200).inside < 0.6


def test_figures_show_what_their_arrays_say() -> None:
    fit = fitted()
    assert len(fit.plot.convergence().axes) == len(fit.names)
    curves = fit.plot.individuals(most=6)
    assert len(curves.axes) == 6
    assert len(curves.axes[0].lines[2].get_xdata()) == 8
    shown = fit.plot.predictive_check(simulations=50).axes[0].lines[0].get_ydata()
    assert np.asarray(shown).size == 24 * 8
    assert len(fit.plot.covariates("WT").axes) == 3
    assert len(fit.plot.residuals().axes) == 3


def test_estimates_are_told_in_words() -> None:
    text = fitted().summary()
    for part in ("SAEM, 60 + 60 iterations", "AIC", "BIC", "CL = ", "with 95 % confidence, RSE", "shrinkage", "CV"):
        assert part in text
    table = fitted().table()
    assert list(table.index) == list(fitted().names)
    assert table.loc["CL", "unit"] == "L/h"
    assert table.loc["additive(cp)", "unit"] == "mg/L"


def test_data_without_variability_say_so() -> None:
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"ID": np.repeat(np.arange(20), 6), "TIME": np.tile(np.arange(1.0, 7.0), 20)})
    table["DV"] = 10 * np.exp(-0.3 * table.TIME) * np.exp(0.1 * rng.standard_normal(120))
    model = decay(additive=1.0).replace(observed=[Observed("a", lognormal=0.2)])
    fit = im.estimate(model, table, iterations=(150, 50), draws=300)
    assert fit["omega(ke)"] < 0.03
    assert "omega(ke) is near 0" in fit.summary() or "shrinkage of ke" in fit.summary()


def test_numbers_that_the_data_cannot_tell_apart_are_told() -> None:
    """One observation an individual: variability between individuals and the error of measurement are one."""
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"ID": np.arange(40), "TIME": 1.0, "DV": 5 + rng.standard_normal(40)})
    fit = im.estimate(lines(slope=False), table, method="focei")
    assert not np.isfinite(fit.condition) or fit.condition > 1e3
    assert "can't be told apart" in fit.summary() or "hard to tell apart" in fit.summary()


def test_a_random_effect_without_effect_is_refused() -> None:
    base = oral()
    model = base.replace(
        parameters=[*base.parameters, *parameters(("unused", 1.0, ""))],
        variability=[*base.variability, Variability("unused", sd=0.3)],
    )
    with pytest.raises(StudyError, match="'unused' moves no observation"):
        im.estimate(model, simulated())


def test_additive_effects_that_leave_a_parameters_bounds_are_rejected_draws() -> None:
    model = decay(additive=0.3)
    bounded = model.replace(
        parameters=[model.parameters[0].__class__("ke", 0.5, "1/h", source="assumed: a test", bounds=(0.3, 2.0))],
        variability=[Variability("ke", sd=0.3, scale="linear")],
    )
    fit = im.estimate(bounded, WANG, iterations=(20, 20), draws=200)
    assert (fit.individuals()["ke"] >= 0.3).all()
    assert np.isfinite(fit.likelihood.minus2ll)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "saemm"}, "unknown method 'saemm'.*saem"),
        ({"fixed": ["omga(ke)"]}, r"nothing estimated is called 'omga\(ke\)'.*omega\(ke\)"),
        ({"parameters": ["kee"]}, "unknown name 'kee'.*ke"),
        ({"iterations": (0, 5)}, "two numbers above 0"),
        ({"fixed": ["ke", "omega(ke)", "additive(a)"]}, "nothing is left to estimate"),
    ],
)
def test_what_cannot_be_asked_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        im.estimate(decay(additive=0.3), WANG, **options)


def test_more_numbers_than_observations_are_refused() -> None:
    with pytest.raises(StudyError, match="2 observations can't fix 3 numbers"):
        im.estimate(decay(additive=0.3), WANG[WANG.ID == 1])


# Published fits, where the reference data lie beside the checkout -----------------------------------------------------


@cache
def theophylline() -> IndividualData:
    return individual_data(DATA / "theo_sd.csv", routes="depot")


@needs_shared
def test_focei_of_theophylline_is_that_of_nlmixr2() -> None:
    fit = im.estimate(oral(1.0, 1.5, 25.0, (0.3, 0.3, 0.3), 1.0), theophylline(), method="focei")
    assert fit.likelihood.objective == pytest.approx(116.8034, abs=0.002)
    np.testing.assert_allclose(fit.values[:3], [1.5902, 2.7515, 31.809], rtol=1e-3)
    np.testing.assert_allclose(fit.values[3:6] ** 2, [0.40236, 0.06910, 0.01916], rtol=0.01)
    relative = fit.standard_errors[:3] / fit.values[:3]
    np.testing.assert_allclose(relative, [0.195, 0.0751, 0.0435], rtol=0.15)


@needs_shared
@pytest.mark.slow
def test_saem_of_theophylline_reaches_the_exact_optimum_from_five_seeds() -> None:
    for seed in range(5):
        fit = im.estimate(oral(1.0, 1.5, 25.0, (0.3, 0.3, 0.3), 1.0), theophylline(), seed=seed, draws=50)
        exact = likelihood_value(fit.predict, fit.point, "quadrature", nodes=7)
        assert exact.minus2ll < 360.70 + 0.1
        np.testing.assert_allclose(np.log(fit.values[:3]), np.log([1.583, 2.750, 31.62]), atol=0.02)
        np.testing.assert_allclose(fit.values[3:6] ** 2, [0.405, 0.0703, 0.0185], rtol=0.05)
        np.testing.assert_allclose(fit.standard_errors[:3] / fit.values[:3], [0.193, 0.084, 0.046], rtol=0.1)


@needs_shared
@pytest.mark.slow
def test_focei_of_phenobarbital_is_that_of_nonmem() -> None:
    start = intravenous(0.00469307, 1.00916, (0.0309626, 0.031128), 0.013241**0.5)
    fit = im.estimate(start, DATA / "pheno_sd.csv", method="focei")
    assert fit.likelihood.objective == pytest.approx(730.8947, abs=0.01)
    expected = [0.00581756, 1.44555, 0.111053**0.5, 0.201526**0.5, 0.0164177**0.5]
    np.testing.assert_allclose(fit.values, expected, rtol=5e-3)


@needs_shared
@pytest.mark.slow
def test_saem_of_warfarin_reaches_the_optimum_of_monolix_in_spite_of_a_lag_time() -> None:
    table = pd.read_csv(DATA / "mlx_warfarin_data.csv", encoding="utf-8-sig", na_values=".")
    table = table[(table.dvid == 1) | table.amt.notna()].drop(columns=["dvid"])
    base = oral(1.0, 0.2, 10.0, (0.25, 0.25, 0.25), 1.0, 0.2, "sds")
    model = base.replace(
        parameters=[*base.parameters, *parameters(("Tlag", 0.5, "h"))],
        variability=[*base.variability, Variability("Tlag", sd=0.5)],
    )
    data = individual_data(table, routes=im.fitting.Route("depot", lag="Tlag"))
    fit = im.estimate(model, data, iterations=(150, 100), draws=4000, seed=1)
    assert fit.likelihood.minus2ll - 3 * fit.likelihood.standard_error < 657.4 + 0.5
    assert fit["V"] == pytest.approx(7.96, rel=0.02)
    assert fit["CL"] == pytest.approx(0.1325, rel=0.02)
    assert abs(np.log(fit["ka"] / 1.456)) < 0.57 / 1.456
    assert abs(np.log(fit["Tlag"] / 0.764)) < 0.42 / 0.764


@needs_shared
@pytest.mark.slow
def test_saem_of_counts_and_of_a_dose_response_are_those_of_monolix() -> None:
    """Within 0.2 standard errors of Monolix's estimates for the counts; the dose response reaches its likelihood."""
    counts = Model(
        name="counts",
        time_unit="day",
        states=[State("N", 0.0, "")],
        parameters=parameters(("rate", 1.0, "1/day")),
        processes=[Process("events", "-> N", "rate")],
        variability=[Variability("rate", sd=0.5)],
        observed=[Observed("N", counts="poisson")],
    )
    data = individual_data(DATA / "mlx_count1_data.txt", columns={"DV": "Y"})
    fit = im.estimate(counts, data, iterations=(60, 60), draws=50)
    assert fit["rate"] == pytest.approx(0.47218, abs=0.2 * 0.053)
    assert fit["omega(rate)"] == pytest.approx(1.0615, abs=0.2 * 0.087)
    exact = likelihood_value(fit.predict, fit.point, "quadrature")
    assert exact.minus2ll == pytest.approx(7679.728, abs=0.1)
    response = Model(
        name="response",
        axis="dose",
        states=[],
        parameters=parameters(
            ("Emax", 80.0, ""), ("EC50", 20.0, ""), ("S0", 20.0, ""), ("beta", 0.0, ""), ("gender", 0.0, "")
        ),
        derived=[Derived("EC", "EC50*exp(beta*gender)"), Derived("effect", "S0 + Emax*t/(EC + t)")],
        variability=[Variability("Emax", sd=0.5), Variability("EC50", sd=0.5), Variability("S0", sd=0.5)],
        observed=[Observed("effect", additive=8.0)],
    )  # fmt: skip
    data = individual_data(DATA / "PD1.saemix.tab", columns={"ID": "subject", "TIME": "dose", "DV": "response"})
    fit = im.estimate(response, data, parameters=["beta"], draws=4000)
    assert fit.likelihood.minus2ll - 3 * fit.likelihood.standard_error < 2453.6
    for name, value, se in (("Emax", 107.2, 6.2), ("EC50", 11.36, 0.93), ("beta", 0.406, 0.095), ("S0", 23.3, 1.03)):
        assert abs(fit[name] - value) < 0.5 * se


@needs_shared
@pytest.mark.slow
def test_theophylline_with_weight_reaches_the_exact_optimum() -> None:
    table = pd.read_csv(DATA / "theo_sd.csv")
    base = oral(1.0, 1.0, 20.0, (0.3, 0.3, 0.3), 1.0)
    model = base.replace(
        parameters=[*base.parameters, *parameters(("WT", 70.0, "kg"), ("beta", 0.0, "1/kg"))],
        derived=[*base.derived, Derived("clearance", "CL*exp(beta*WT)", "L/h")],
        processes=[base.processes[0], Process("elimination", "central ->", "clearance/V*central")],
    )
    data = individual_data(table[(table.EVID != 0) | (table.TIME != 0)], routes="depot")
    fit = im.estimate(model, data, parameters={"beta": "linear"}, iterations=(120, 100), draws=50)
    exact = likelihood_value(fit.predict, fit.point, "quadrature", nodes=7)
    assert exact.minus2ll < 344.747 + 0.1


@pytest.mark.slow
@pytest.mark.soak
def test_intervals_hold_the_truth_in_nine_to_ten_of_ten_sets() -> None:
    """100 sets drawn from a known model: each number lies in its 95 % interval in 90 to 99 % of them, on the whole."""
    truth = np.array([1.5, 2.75, 31.8, 0.2**0.5, 0.3, 0.2, 0.15])
    inside = []
    for repeat in range(100):
        rng = np.random.default_rng(1000 + repeat)
        t, rows = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0]), []
        for i in range(40):
            ka, cl, v = truth[:3] * np.exp(rng.standard_normal(3) * truth[3:6])
            y = oral_curve(ka, cl, v, 320.0, t) * (1 + 0.15 * rng.standard_normal(8))
            rows.append({"ID": i, "TIME": 0.0, "AMT": 320.0, "EVID": 1})
            rows += [{"ID": i, "TIME": a, "DV": b, "EVID": 0} for a, b in zip(t, y, strict=True)]
        model = oral(1.2, 2.2, 28.0, (0.1, 0.1, 0.1), 0.0, 0.2)
        fit = im.estimate(model, pd.DataFrame(rows), iterations=(60, 60), draws=50, seed=repeat)
        ends = fit.intervals()
        inside.append((ends[:, 0] <= truth) & (truth <= ends[:, 1]))
    shares = np.mean(inside, axis=0)
    assert 0.90 <= shares.mean() <= 0.99
    assert shares.min() >= 0.85
