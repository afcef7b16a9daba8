"""Priors of population models: the mode of the posterior against independent optima."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit
from immunode.distributions import lognormal, normal, uniform
from immunode.errors import StudyError
from immunode.fitting import InverseWishart
from immunode.model import Correlation, Model, Variability
from tests.analysis.test_population_changes import EACH, OCCASIONS, N, level, levels
from tests.analysis.test_population_estimation import line_data, lines

T = np.arange(1.0, 6.0)


def generalized(y: np.ndarray, omega: np.ndarray, error: float, mean: np.ndarray, design: np.ndarray) -> float:
    """-2 log likelihood of y = design*(mean + effects) + error, summed over individuals."""
    v = design @ omega @ design.T + error**2 * np.eye(len(design))
    gap = y - design @ mean
    return len(y) * float(np.linalg.slogdet(2 * np.pi * v)[1]) + float(np.sum(gap * np.linalg.solve(v, gap.T).T))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["focei", "laplace", "saem"])
def test_normal_priors_on_typical_values_give_the_ridge_estimate(method: str) -> None:
    """With known variances the posterior of level and slope is normal: its mean is a closed form."""
    from scipy.stats import norm

    table = line_data()
    y, design = table.DV.to_numpy().reshape(-1, 5), np.stack([np.ones(5), T], axis=1)
    v = 0.5**2 * np.ones((5, 5)) + np.eye(5)
    weight, mean = np.diag([1 / 0.1**2, 1 / 0.02**2]), np.array([4.0, 0.5])
    precision = len(y) * design.T @ np.linalg.solve(v, design) + weight
    expected = np.linalg.solve(precision, design.T @ np.linalg.solve(v, y.sum(axis=0)) + weight @ mean)
    fit = im.estimate(
        lines(), table, method=method, parameters={"slope": "linear"}, fixed=["omega(level)", "additive(x)"],
        priors={"level": normal(4.0, 0.1), "slope": normal(0.5, 0.02)}, iterations=(60, 200), draws=100,
    )  # fmt: skip
    se = np.sqrt(np.diag(np.linalg.inv(precision)))
    assert np.all(np.abs(fit.values - expected) < (0.05 if method == "saem" else 2e-3) * se)
    np.testing.assert_allclose(fit.standard_errors, se, rtol=0.02)
    penalty = -2 * (norm.logpdf(fit["level"], 4.0, 0.1) + norm.logpdf(fit["slope"], 0.5, 0.02))
    assert fit.penalty == pytest.approx(penalty)
    assert fit.penalized == pytest.approx(fit.likelihood.minus2ll + penalty)


@cache
def believed(method: str) -> PopulationFit:
    """A log-normal prior on the typical value, half-normal ones on omega and on the error."""
    return im.estimate(
        level(), levels().drop(columns="OCC"), method=method, iterations=(60, 200), draws=100,
        priors={"level": lognormal(3.0, sd=0.05), "omega(level)": normal(0, 0.1, low=0),
                "lognormal(y)": normal(0, 0.02, low=0)},
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("method", ["focei", "saem"])
def test_priors_on_spreads_and_errors_give_the_independent_optimum(method: str) -> None:
    from scipy.optimize import minimize
    from scipy.stats import halfnorm, norm

    z = np.log(levels().DV.to_numpy()).reshape(N, OCCASIONS * EACH)
    ones = np.ones((OCCASIONS * EACH, 1))

    def objective(x: np.ndarray) -> float:
        omega, error = np.exp(x[1:])
        own = generalized(z, np.array([[omega**2]]), float(error), x[:1], ones)
        believed = norm.logpdf(x[0], np.log(3.0), 0.05) + halfnorm.logpdf(omega, scale=0.1)
        return float(own - 2 * (believed + halfnorm.logpdf(error, scale=0.02)))

    best = minimize(objective, [1.2, -1.0, -1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9})
    expected = np.array([np.exp(best.x[0]), *np.exp(best.x[1:])])
    fit = believed(method)
    tolerance = {"focei": 2e-3, "saem": 0.1}[method] * fit.standard_errors
    assert np.all(np.abs(fit.values - expected) < tolerance)
    constant = 2 * z.sum()
    assert abs(fit.penalized - constant - best.fun) < 1e-3 + 4 * fit.likelihood.standard_error


def test_a_fit_with_priors_is_not_compared_by_its_likelihood() -> None:
    fit = believed("focei")
    assert np.isnan(fit.aic)
    assert np.isnan(fit.bic)
    text = fit.summary()
    for part in ("with priors (mode of the posterior)", "penalized objective", "no AIC, BIC or likelihood-ratio test"):
        assert part in text
    assert "prior of level: lognormal, median 3" in text
    assert "AIC " not in text.replace("no AIC", "")
    assert fit.recipe["priors"] == fit.priors
    free = im.estimate(level(), levels().drop(columns="OCC"), method="focei")
    assert free.penalty == 0
    assert free.likelihood.minus2ll < fit.likelihood.minus2ll
    assert np.isfinite(free.aic)


def test_constants_of_all_priors_are_those_of_scipy() -> None:
    from scipy import stats

    from immunode.analysis.mixed_effects.prior_densities import Part, Priors, _log_density
    from immunode.analysis.mixed_effects.results.prior_constants import prior_constant
    from immunode.distributions import loguniform, uniform

    structure = believed("focei").predict.structure

    def whole(density: object, value: np.ndarray) -> float:
        constant = prior_constant(Priors(structure, (Part("level", "fixed", (0,), density),)))
        return float(_log_density(density, value)) - constant / 2

    x = np.array(2.5)
    assert whole(lognormal(3.0, sd=0.2), x) == pytest.approx(stats.norm.logpdf(np.log(2.5), np.log(3.0), 0.2))
    assert whole(uniform(1.0, 5.0), x) == pytest.approx(-np.log(4.0))
    assert whole(loguniform(1.0, 5.0), x) == pytest.approx(-np.log(np.log(5.0)))
    cut = stats.truncnorm((4.0 - 3.0) / 0.5, np.inf, 3.0, 0.5)
    assert whole(normal(3.0, 0.5, low=4.0), np.array(4.2)) == pytest.approx(cut.logpdf(4.2))
    mode, at = np.array([[0.09, 0.02], [0.02, 0.04]]), np.array([[0.1, 0.03], [0.03, 0.05]])
    prior = InverseWishart(mode, 7.0)
    expected = stats.invwishart(7.0, prior.scale).logpdf(at)
    assert whole(prior, at) == pytest.approx(expected)


def slopes() -> Model:
    """y = (level + eta) + (slope + eta)*t, with a correlation."""
    base = lines()
    return base.replace(
        variability=[Variability("level", sd=0.5, scale="linear"), Variability("slope", sd=0.2, scale="linear")],
        correlations=[Correlation("level", "slope", 0.3)],
    )


@pytest.mark.parametrize("method", ["focei", "saem"])
def test_an_inverse_wishart_prior_on_a_block_gives_the_independent_optimum(method: str) -> None:
    from scipy.optimize import minimize

    rng = np.random.default_rng(8)
    effects = rng.multivariate_normal([5.0, 0.7], [[1.0, 0.15], [0.15, 0.09]], 15)
    y = effects[:, :1] + effects[:, 1:] * T + 0.3 * rng.standard_normal((15, 5))
    table = pd.DataFrame({"ID": np.repeat(np.arange(15), 5), "TIME": np.tile(T, 15), "DV": y.ravel()})
    mode, degrees, design = np.array([[0.3, 0.0], [0.0, 0.02]]), 20.0, np.stack([np.ones(5), T], axis=1)
    scale = mode * (degrees + 3)

    def objective(x: np.ndarray) -> float:
        root = np.array([[np.exp(x[2]), 0.0], [x[3], np.exp(x[4])]])
        omega = root @ root.T
        own = generalized(y, omega, 0.3, x[:2], design)
        return own + (degrees + 3) * np.linalg.slogdet(omega)[1] + np.trace(scale @ np.linalg.inv(omega))

    best = minimize(objective, [5, 0.7, 0, 0, -1], method="Nelder-Mead", options={"xatol": 1e-8, "maxiter": 9000})
    root = np.array([[np.exp(best.x[2]), 0.0], [best.x[3], np.exp(best.x[4])]])
    omega = root @ root.T
    sd = np.sqrt(np.diag(omega))
    expected = np.array([*best.x[:2], sd[0], omega[0, 1] / sd.prod(), sd[1]])
    fit = im.estimate(
        slopes().with_values({"slope": 0.5}).replace(observed=[im.Observed("x", additive=0.3)]), table, method=method,
        fixed=["additive(x)"], priors={"omega(level, slope)": InverseWishart(mode, degrees)}, iterations=(60, 200),
        draws=100,
    )  # fmt: skip
    assert fit.names == ("level", "slope", "omega(level)", "corr(level, slope)", "omega(slope)")
    tolerance = {"focei": 2e-3, "saem": 0.1}[method] * fit.standard_errors
    assert np.all(np.abs(fit.values - expected) < tolerance)


def test_what_cannot_be_believed_is_refused() -> None:
    table = line_data(6)
    for priors, message in (
        ({"levl": normal(0, 1)}, "nothing estimated is called 'levl'.*level"),
        ({"level": InverseWishart([[1.0]], 3)}, "'level' takes a distribution"),
        ({"level": 3.0}, "'level' takes a distribution"),
    ):
        with pytest.raises(StudyError, match=message):
            im.estimate(lines(), table, method="focei", priors=priors)
    with pytest.raises(StudyError, match="takes InverseWishart"):
        im.estimate(slopes(), table, method="focei", priors={"omega(level, slope)": uniform(0, 1)})
    with pytest.raises(StudyError, match="has 2 random effects, its mode 1"):
        im.estimate(slopes(), table, method="focei", priors={"omega(level, slope)": InverseWishart([[1.0]], 3)})
    with pytest.raises(StudyError, match="positive definite"):
        InverseWishart([[1.0, 2.0], [2.0, 1.0]], 5)
    with pytest.raises(StudyError, match="above 1"):
        InverseWishart(np.eye(2), 1)
