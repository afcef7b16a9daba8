"""Covariates and random effects that change within an individual: against closed forms and independent quadrature."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.problem import population_likelihood
from immunode.errors import DoseError, StudyError
from immunode.model import Derived, Model, Observed, Process, State, Variability
from immunode.pk import OccasionVariability
from tests.analysis.test_population_likelihood import exact
from tests.population_models import decay, intravenous, parameters

QUICK = (60, 60)


def decay_along_x(**error: float) -> Model:
    """Decay at the rate ke*X; what is seen is a*X."""
    base = decay(additive=1.0)
    return base.replace(
        parameters=[*base.parameters, *parameters(("X", 1.0, ""))],
        processes=[Process("elimination", "a ->", "ke*X*a")],
        derived=[Derived("seen", "a*X", "mg")],
        observed=[Observed("seen", **error)],
    )


X_DATA = pd.DataFrame(
    {
        "ID": np.repeat([1, 2, 3], 4),
        "TIME": np.tile([0.5, 1.0, 2.0, 3.0], 3),
        "X": [1.0, 1.0, 2.0, 0.5, 0.7, 1.5, 1.5, 1.5, 1.2, 1.2, 1.2, 1.2],
        "DV": [7.1, 6.2, 8.5, 1.6, 5.5, 9.0, 4.1, 1.8, 8.1, 6.1, 3.4, 1.9],
    }
)


@pytest.mark.parametrize("carried", ["last", "next"])
def test_a_covariate_that_changes_has_the_likelihood_of_its_closed_form(carried: str) -> None:
    """The rate is ke*X(t), so a = 10*exp(-ke*integral of X); also what is seen depends on X at its time."""
    from scipy.stats import norm

    def density(rows: pd.DataFrame, eta: float) -> float:
        t, x = rows.TIME, rows.X
        between = x[:-1] if carried == "last" else x[1:]
        area = x[0] * t[0] + np.concatenate([[0.0], np.cumsum(between * np.diff(t))])
        return float(np.prod(norm.pdf(rows.DV, 10 * np.exp(-0.5 * np.exp(eta) * area) * x, 0.3)))

    data = im.individual_data(X_DATA, carried=carried)
    found = population_likelihood(decay_along_x(additive=0.3), data, "quadrature", nodes=31)
    assert found.minus2ll == pytest.approx(exact(X_DATA, density, 0.2), abs=1e-5)


def test_a_dose_sees_the_covariate_of_its_row() -> None:
    """The dose at 2 comes with a new V; without it the value before holds on."""
    model = intravenous(1.0, 10.0, (0.04, 0.04), additive=0.1)
    model = model.replace(
        parameters=[*model.parameters, *parameters(("F", 1.0, ""))],
    )
    table = pd.DataFrame(
        {"ID": 1, "TIME": [0.0, 1.0, 2.0, 2.0, 3.0], "AMT": [100.0, 0.0, 0.0, 50.0, 0.0], "EVID": [1, 0, 0, 1, 0],
         "DV": [0.0, 9.0, 8.0, 0.0, 11.0], "F": [1.0, 1.0, 1.0, 0.5, 0.5]}
    )  # fmt: skip
    data = im.individual_data(table, routes=im.fitting.Route("A", factor="F"))
    course = [10 * np.exp(-0.1), 10 * np.exp(-0.2), 10 * np.exp(-0.3) + 2.5 * np.exp(-0.1)]
    np.testing.assert_allclose(predicted(model, data), course, rtol=1e-6)


def predicted(model: Model, data: im.fitting.IndividualData) -> np.ndarray:
    from immunode.analysis.mixed_effects.problem import prepared

    p = prepared(model, data, (), (), 1e-9, "auto")
    return p(np.arange(p.n), p.structure.declared, np.zeros((p.n, p.structure.n_effects)))[p.table.used]


@cache
def treated(n: int = 40) -> pd.DataFrame:
    """Elimination along a weight that grows in steps: CL = 2*(W/70)**0.75."""
    rng, rows = np.random.default_rng(21), []
    t = np.arange(1.0, 13.0)
    for i in range(n):
        weight = 50 * np.exp(0.3 * rng.standard_normal()) * np.repeat([1.0, 1.6, 2.4], 4)
        cl, v = 2.0 * np.exp(0.3 * rng.standard_normal()), 20.0 * np.exp(0.2 * rng.standard_normal())
        rates = cl * (weight / 70) ** 0.75 / v
        y = 5.0 * (20 / v) * np.exp(-np.cumsum(rates)) * np.exp(0.1 * rng.standard_normal(12))
        rows.append({"ID": i, "TIME": 0.0, "AMT": 100.0, "EVID": 1, "W": weight[0], "DV": 0.0})
        rows += [{"ID": i, "TIME": a, "EVID": 0, "W": w, "DV": b} for a, w, b in zip(t, weight, y, strict=True)]
    return pd.DataFrame(rows)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["saem", pytest.param("focei", marks=pytest.mark.slow)])
def test_the_effect_of_a_covariate_that_changes_is_found(method: str) -> None:
    model = growing()
    data = im.individual_data(treated(), carried="next")
    fit = im.estimate(model, data, method=method, parameters=["power"], iterations=QUICK, draws=200)
    truth = {"CL": 2.0, "V": 20.0, "omega(CL)": 0.3, "omega(V)": 0.2, "power": 0.75, "lognormal(cp)": 0.1}
    ends = dict(zip(fit.names, fit.intervals(), strict=True))
    assert sum(ends[name][0] < value < ends[name][1] for name, value in truth.items()) >= 5  # 95 % of each
    far = [abs(fit[name] - value) / fit.standard_errors[fit.names.index(name)] for name, value in truth.items()]
    assert max(far) < 3
    assert ends["power"][1] - ends["power"][0] < 0.5
    assert "W changes within individuals: each value holds since the row before" in fit.notes


def growing() -> Model:
    model = intravenous(1.5, 15.0, (0.04, 0.04), additive=1.0)
    return model.replace(
        parameters=[*model.parameters, *parameters(("W", 70.0, "kg"), ("standard", 70.0, "kg"), ("power", 0.3, ""))],
        derived=[*model.derived, Derived("clearance", "CL*(W/standard)**power", "L/h")],
        processes=[Process("elimination", "A ->", "clearance/V*A")],
        observed=[Observed("cp", lognormal=0.2)],
    )


# Occasions ------------------------------------------------------------------------------------------------------------

N, OCCASIONS, EACH = 30, 3, 4


def level(omega: float = 0.4, gamma: float = 0.3, sigma: float = 0.2) -> Model:
    """log y = log level + eta + kappa of the occasion + error: estimates have closed forms."""
    return Model(
        name="level",
        time_unit="h",
        states=[],
        parameters=parameters(("level", 3.0, "mg/L")),
        derived=[Derived("y", "level", "mg/L")],
        variability=[Variability("level", sd=omega)],
        observed=[Observed("y", lognormal=sigma)],
    )


@cache
def levels() -> pd.DataFrame:
    rng = np.random.default_rng(9)
    z = np.log(5) + 0.5 * rng.standard_normal((N, 1, 1)) + 0.3 * rng.standard_normal((N, OCCASIONS, 1))
    z = z + 0.15 * rng.standard_normal((N, OCCASIONS, EACH))
    return pd.DataFrame(
        {
            "ID": np.repeat(np.arange(N), OCCASIONS * EACH),
            "TIME": np.tile(np.arange(float(OCCASIONS * EACH)), N),
            "OCC": np.tile(np.repeat(np.arange(OCCASIONS), EACH), N),
            "DV": np.exp(z).ravel(),
        }
    )


def nested_estimates(z: np.ndarray) -> tuple[float, float, float, float]:
    """Maximum-likelihood mean, omega, gamma and sigma of a balanced nested design (Searle et al. 1992, chapter 4)."""
    n, k, m = z.shape
    cells, people = z.mean(axis=2), z.mean(axis=(1, 2))
    error2 = float(((z - cells[:, :, None]) ** 2).sum() / (n * k * (m - 1)))
    between = float(m * ((cells - people[:, None]) ** 2).sum() / (n * (k - 1)))
    among = float(k * m * ((people - people.mean()) ** 2).sum() / n)
    omega2, gamma2 = (among - between) / (k * m), (between - error2) / m
    return float(np.exp(z.mean())), omega2**0.5, gamma2**0.5, error2**0.5


def test_occasions_have_the_likelihood_of_their_closed_form() -> None:
    """Normal on the logarithm: omega^2 for all, gamma^2 in an occasion, sigma^2 for itself; every method is exact."""
    table = levels()
    one = np.kron(np.eye(OCCASIONS), np.ones((EACH, EACH)))
    v = 0.4**2 * np.ones_like(one) + 0.3**2 * one + 0.2**2 * np.eye(len(one))
    z = np.log(table.DV.to_numpy().reshape(N, -1))
    gaps = z - np.log(3.0)
    expected = N * np.linalg.slogdet(2 * np.pi * v)[1] + np.sum(gaps * np.linalg.solve(v, gaps.T).T) + 2 * z.sum()
    for method in ("focei", "laplace", "quadrature"):
        found = population_likelihood(level(), table, method, nodes=3, occasions=[OccasionVariability("level", sd=0.3)])
        assert found.minus2ll == pytest.approx(expected, abs=2e-5)


def test_the_fitted_model_differs_between_occasions_as_was_estimated() -> None:
    """Covariance of log y: omega^2 for all times, and gamma^2 more within an occasion (3 of 4 hours each)."""
    fit = im.estimate(level(), levels(), method="focei", occasions=[OccasionVariability("level", sd=0.2)])
    model = fit.model()
    assert Model.from_json(model.to_json()) == model
    times = [0.0, 2.0, 4.5, 6.5, 9.0]
    y = im.sweep(model, im.population(model).draw(4000, seed=1), times=times, keep=["y"]).trajectories("y")
    same = np.equal.outer([0, 0, 1, 1, 2], [0, 0, 1, 1, 2])
    expected = fit["omega(level)"] ** 2 + same * fit["omega_occasion(level)"] ** 2
    np.testing.assert_allclose(np.cov(np.log(y).T), expected, atol=4 * 0.4 * np.sqrt(2 / 4000))
    shifted = levels().assign(TIME=lambda d: d.TIME + 0.1 * (d.ID == 3) * (d.OCC == 1))
    moved = im.estimate(level(), shifted, method="focei", occasions=[OccasionVariability("level", sd=0.2)])
    assert any("occasions of level begin at different times" in note and "0, 4, 8 h" in note for note in moved.notes)


def test_focei_and_saem_of_occasions_are_their_closed_form() -> None:
    expected = nested_estimates(np.log(levels().DV.to_numpy()).reshape(N, OCCASIONS, EACH))
    occasions = [OccasionVariability("level", sd=0.2)]
    fit = im.estimate(level(), levels(), method="focei", occasions=occasions)
    assert fit.names == ("level", "omega(level)", "omega_occasion(level)", "lognormal(y)")
    np.testing.assert_allclose(fit.values, expected, rtol=3e-3)
    by_saem = im.estimate(level(), levels(), occasions=occasions, iterations=(80, 80), draws=100, seed=1)
    assert np.all(np.abs(by_saem.values - expected) < 0.15 * fit.standard_errors)
    assert fit.occasions[0].sd == pytest.approx(expected[2], rel=3e-3)
    assert not any("not used: OCC" in note for note in fit.notes)
    assert fit.table().loc["omega_occasion(level)", "cv_percent"] == pytest.approx(
        100 * np.sqrt(np.expm1(fit.values[2] ** 2))
    )


def two_levels() -> Model:
    base = level()
    return base.replace(
        parameters=parameters(("first", 3.0, "mg/L"), ("second", 6.0, "mg/L")),
        derived=[Derived("y", "first", "mg/L"), Derived("z", "second", "mg/L")],
        variability=[Variability("first", sd=0.4)],
        observed=[Observed("y", lognormal=0.2), Observed("z", lognormal=0.2)],
    )


PAIR = [OccasionVariability("first", sd=0.3), OccasionVariability("second", sd=0.4, correlations={"first": 0.3})]


@cache
def two_outputs() -> pd.DataFrame:
    """Both change together between occasions: correlation 0.8 of effects with SD 0.25 and 0.5."""
    rng, rows = np.random.default_rng(12), []
    gamma = np.array([[0.0625, 0.1], [0.1, 0.25]])
    for i in range(N):
        eta = 0.5 * rng.standard_normal()
        for k in range(OCCASIONS):
            kappa = rng.multivariate_normal([0, 0], gamma)
            for code, mean in (("y", np.log(5) + eta + kappa[0]), ("z", np.log(8) + kappa[1])):
                y = np.exp(mean + 0.15 * rng.standard_normal(2))
                rows += [{"ID": i, "TIME": 2.0 * k + j, "OCC": k, "DVID": code, "DV": v} for j, v in enumerate(y)]
    return pd.DataFrame(rows).sort_values(["ID", "TIME"], kind="stable", ignore_index=True)


def closed_form_of_two(x: np.ndarray) -> float:
    """-2 log L. x : logs of levels; omega, both gammas, their correlation; logs of both errors."""
    table = two_outputs()
    z = np.log(table.DV.to_numpy().reshape(N, -1))
    one = table[table.ID == 0]
    occ, second = one.OCC.to_numpy(), (one.DVID == "z").to_numpy().astype(int)
    gamma = np.array([[x[3] ** 2, x[5] * x[3] * x[4]], [x[5] * x[3] * x[4], x[4] ** 2]])
    v = x[2] ** 2 * np.outer(1 - second, 1 - second) + np.diag(np.exp(2 * x[6:8])[second])
    v = v + (occ[:, None] == occ) * gamma[second[:, None], second]
    gap = z - x[:2][second]
    return float(N * np.linalg.slogdet(2 * np.pi * v)[1] + np.sum(gap * np.linalg.solve(v, gap.T).T) + 2 * z.sum())


@pytest.mark.slow
def test_correlated_occasions_are_those_of_their_closed_form() -> None:
    """Likelihood, FOCEI (exact here) and SAEM against a normal density maximized apart."""
    from scipy.optimize import minimize

    start = np.array([np.log(3), np.log(6), 0.4, 0.3, 0.4, 0.3, np.log(0.2), np.log(0.2)])
    found = population_likelihood(two_levels(), two_outputs(), "focei", occasions=PAIR)
    assert found.minus2ll == pytest.approx(closed_form_of_two(start), abs=2e-5)
    best = minimize(closed_form_of_two, start, tol=1e-9)
    expected = [*np.exp(best.x[:2]), best.x[2], best.x[3], best.x[5], best.x[4], *np.exp(best.x[6:])]
    fit = im.estimate(two_levels(), two_outputs(), method="focei", occasions=PAIR, parameters=["second"])
    assert fit.names == (
        "first", "second", "omega(first)", "omega_occasion(first)", "corr_occasion(first, second)",
        "omega_occasion(second)", "lognormal(y)", "lognormal(z)",
    )  # fmt: skip
    assert np.all(np.abs(fit.values - expected) < 5e-3 * fit.standard_errors)
    by_saem = im.estimate(
        two_levels(), two_outputs(), occasions=PAIR, parameters=["second"], iterations=(80, 80), draws=50, seed=1
    )
    assert np.all(np.abs(by_saem.values - expected) < 0.2 * fit.standard_errors)
    assert fit.occasions[1].correlations == (("first", pytest.approx(fit["corr_occasion(first, second)"])),)
    ties = [(c.first, c.second, c.value) for c in fit.model().correlations]
    both = pytest.approx(fit["corr_occasion(first, second)"])
    assert ties == [(f"first_eta_{k}", f"second_eta_{k}", both) for k in (1, 2, 3)]
    with pytest.raises(StudyError, match="'first' differs between occasions in this model already"):
        population_likelihood(fit.model(), two_outputs(), "focei", occasions=fit.occasions)
    again = population_likelihood(fit.model(), two_outputs(), "focei")
    assert again.minus2ll == pytest.approx(fit.likelihood.minus2ll, abs=1e-6)


def test_wrong_correlations_of_occasions_are_refused() -> None:
    def estimated(correlations: dict[str, float], every: str = "") -> None:
        second = OccasionVariability("second", sd=0.4, every=every, correlations=correlations)
        im.estimate(two_levels(), two_outputs(), occasions=[PAIR[0], second])

    for wrong, message in (
        ({"frist": 0.3}, "correlated with that of 'frist', which has none; did you mean 'first'"),
        ({"second": 0.3}, "can't be correlated with itself"),
        ({"first": 1.0}, "must lie inside -1 and 1"),
    ):
        with pytest.raises(DoseError, match=message):
            estimated(wrong)
    with pytest.raises(DoseError, match="whose occasions are others"):
        estimated({"first": 0.3}, every="2 h")


def test_individuals_may_have_different_numbers_of_occasions() -> None:
    """A missing occasion has no data: the likelihood is that of the others."""
    table = levels()
    table = table[(table.ID % 3 > 0) | (table.OCC < 1)]
    expected = 0.0
    for _, rows in table.groupby("ID"):
        occ, z = rows.OCC.to_numpy(), np.log(rows.DV.to_numpy())
        v = 0.4**2 + 0.3**2 * (occ[:, None] == occ) + 0.2**2 * np.eye(len(z))
        gap = z - np.log(3.0)
        expected += np.linalg.slogdet(2 * np.pi * v)[1] + gap @ np.linalg.solve(v, gap) + 2 * z.sum()
    found = population_likelihood(level(), table, "focei", occasions=[OccasionVariability("level", sd=0.3)])
    assert found.minus2ll == pytest.approx(expected, abs=2e-5)


@pytest.mark.slow
def test_occasions_between_doses_have_the_likelihood_of_an_independent_quadrature() -> None:
    """Clearance differs between two doses; three random effects by a product of Gauss-Hermite rules around 0."""
    from scipy.stats import norm

    model = intravenous(2.0, 20.0, (0.09, 0.04), additive=0.2)
    table = pd.DataFrame(
        {"ID": 1, "TIME": [0.0, 2.0, 8.0, 10.0, 11.0, 16.0], "AMT": [100.0, 0, 0, 100.0, 0, 0],
         "EVID": [1, 0, 0, 1, 0, 0], "DV": [0, 4.1, 2.2, 0, 5.9, 4.0]}
    )  # fmt: skip
    model = model.replace(variability=[Variability("CL", sd=0.3)])
    x, w = np.polynomial.hermite_e.hermegauss(120)
    w = w / w.sum()
    e, a, b = np.meshgrid(0.3 * x, 0.4 * x, 0.4 * x, indexing="ij")
    first, second = 2.0 * np.exp(e + a) / 20.0, 2.0 * np.exp(e + b) / 20.0
    rest = 5 * np.exp(-10 * first)
    courses = [5 * np.exp(-2 * first), 5 * np.exp(-8 * first), (rest + 5) * np.exp(-second),
               (rest + 5) * np.exp(-6 * second)]  # fmt: skip
    density = np.prod([norm.pdf(y, f, 0.2) for y, f in zip([4.1, 2.2, 5.9, 4.0], courses, strict=True)], axis=0)
    expected = -2 * np.log(np.einsum("ijk,i,j,k", density, w, w, w))
    one = [OccasionVariability("CL", sd=0.4)]
    for data in (table, table.assign(OCC=[1, 1, 1, 2, 2, 2])):
        found = population_likelihood(model, data, "quadrature", nodes=15, occasions=one)
        assert found.minus2ll == pytest.approx(expected, abs=1e-5)
    periods = [OccasionVariability("CL", sd=0.4, every="10 h")]
    assert population_likelihood(model, table, "quadrature", nodes=15, occasions=periods).minus2ll == pytest.approx(
        expected, abs=1e-5
    )


@pytest.mark.slow
def test_occasions_of_a_drug_in_the_model_are_estimated() -> None:
    """A model whose doses are its own declares a random effect for each dose; they have one standard deviation."""
    base = intravenous(2.0, 20.0, (0.09, 0.04), additive=0.2)
    model = base.replace(
        states=[State("A", 100.0, "mg")],
        parameters=[*base.parameters, *parameters(("CL_eta_1", 0.0, ""), ("CL_eta_2", 0.0, ""), ("middle", 10.0, "h"))],
        derived=[*base.derived, Derived("now", "CL*exp(piecewise(CL_eta_1, t < middle, CL_eta_2))", "L/h")],
        processes=[Process("elimination", "A ->", "now/V*A")],
        variability=[
            *base.variability,
            *(Variability(f"CL_eta_{k}", sd=0.2, scale="linear", occasion=k) for k in (1, 2)),
        ],
    )
    rng, t, rows = np.random.default_rng(3), np.array([1.0, 4.0, 9.0, 11.0, 14.0, 19.0]), []
    for i in range(25):
        e, v = 0.2 * rng.standard_normal(), 20 * np.exp(0.2 * rng.standard_normal())
        rates = 2.0 * np.exp(e + 0.4 * rng.standard_normal(2)) / v
        area = np.where(t < 10, rates[0] * t, 10 * rates[0] + rates[1] * (t - 10))
        y = 100 / v * np.exp(-area) + 0.02 * rng.standard_normal(6)
        rows += [{"ID": i, "TIME": a, "DV": b} for a, b in zip(t, y, strict=True)]
    fit = im.estimate(model, pd.DataFrame(rows), method="focei")
    k = fit.names.index("omega_occasion(CL)")
    assert fit.intervals()[k, 0] < 0.4 < fit.intervals()[k, 1]
    assert fit.intervals()[k, 1] < 0.8
    spreads = {v.parameter: v.spread for v in fit.model().variability}
    assert spreads["CL_eta_1"] == spreads["CL_eta_2"] == pytest.approx(fit.values[k])


def test_what_cannot_be_an_occasion_is_refused() -> None:
    table = levels()
    for occasions, message in (
        ([OccasionVariability("levl", sd=0.1)], "no parameter 'levl'.*level"),
        ([OccasionVariability("level", sd=0.1)] * 2, "'level' is given twice"),
    ):
        with pytest.raises(StudyError, match=message):
            im.estimate(level(), table, occasions=occasions)
    many = table[table.ID == 0].assign(OCC=np.arange(12))
    many = pd.concat([many, many.assign(TIME=many.TIME + 20, OCC=many.OCC + 20)])
    with pytest.raises(StudyError, match="ID 0 has 24 of them"):
        im.estimate(level(), many, occasions=[OccasionVariability("level", sd=0.1)])
    with pytest.raises(StudyError, match="column X: the covariate has no value"):
        im.estimate(decay_along_x(additive=0.3), X_DATA.assign(X=X_DATA.X.where(X_DATA.ID != 2)))
    with pytest.raises(StudyError, match="carried is 'last' or 'next'"):
        im.individual_data(table, carried="forward")
