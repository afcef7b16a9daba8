"""Samples of population posteriors: gradients against differences, moments against closed forms and quadrature."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import immunode as im
from immunode.analysis.mixed_effects.methods.joint_posterior import JointPosterior
from immunode.analysis.mixed_effects.prior_densities import make_priors
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit
from immunode.distributions import lognormal, normal
from immunode.errors import EngineError, StudyError
from immunode.fitting import InverseWishart
from immunode.pk import OccasionVariability
from tests.analysis.test_population_changes import growing, level, levels, treated
from tests.analysis.test_population_estimation import line_data, lines
from tests.analysis.test_population_structures import block_model, boluses

T = np.arange(1.0, 6.0)


def density_of(fit: PopulationFit) -> JointPosterior:
    scale = np.sqrt(np.diag(fit.vector_covariance))
    return JointPosterior(
        fit.predict, fit.point, fit.modes, scale, fit.beliefs or make_priors(fit.predict.structure, {})
    )


@pytest.mark.parametrize("kind", ["block and priors", "a number without effect", "occasions"])
def test_the_gradient_is_that_of_differences(kind: str) -> None:
    if kind == "block and priors":
        beliefs = {
            "CL": lognormal(2.0, sd=0.3), "V": normal(20, 3), "lognormal(cp)": normal(0, 0.3, low=0),
            "omega(CL, V)": InverseWishart(np.diag([0.1, 0.05]), 8),
        }  # fmt: skip
        fit = im.estimate(block_model(), boluses(n=10), method="focei", priors=beliefs)
    elif kind == "occasions":
        fit = im.estimate(level(), levels(), method="focei", occasions=[OccasionVariability("level", sd=0.3)])
    else:
        data = im.individual_data(treated(8), carried="next")
        fit = im.estimate(growing(), data, method="focei", parameters=["power"])
    density = density_of(fit)
    q = 0.4 * np.random.default_rng(1).standard_normal(density.size)
    value, gradient = density(q)
    assert np.isfinite(value)
    some = [*range(len(density.x)), *range(len(density.x), density.size, 7)]
    step = 1e-5
    for k in some:
        shift = step * (np.arange(density.size) == k)
        change = (density(q + shift)[0] - density(q - shift)[0]) / (2 * step)
        assert gradient[k] == pytest.approx(change, abs=2e-4 * max(1.0, np.abs(gradient).max()))


def test_the_density_has_its_priors_and_their_change_of_coordinates() -> None:
    """Differences of log densities against those written out: flat in omega, log-normal and half-normal priors."""
    table = levels().drop(columns="OCC")
    free = density_of(im.estimate(level(), table, method="focei"))
    beliefs = {"level": lognormal(3.0, sd=0.2), "omega(level)": normal(0, 0.1, low=0)}
    believed = density_of(im.estimate(level(), table, method="focei", priors=beliefs))
    z = np.array([[0.1, -0.3, 0.2], [-0.2, 0.25, -0.1]])
    gaps = []
    for x in z:
        point = free.structure.point(x)
        omega = float(np.sqrt(point.omega[0, 0]))
        gaps.append(believed._log_prior(point) - free._log_prior(point))
        expected = -0.5 * ((x[0] - np.log(3.0)) / 0.2) ** 2 - 0.5 * (omega / 0.1) ** 2
        gaps[-1] -= expected
        assert free._log_prior(point) == pytest.approx(np.log(omega))
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-9)


@pytest.mark.slow
def test_samples_of_typical_values_have_their_closed_form() -> None:
    """With known variances the posterior is normal."""
    pytest.importorskip("nutpie")
    table = line_data()
    y, design = table.DV.to_numpy().reshape(-1, 5), np.stack([np.ones(5), T], axis=1)
    v = 0.5**2 * np.ones((5, 5)) + np.eye(5)
    weight, mean = np.diag([1 / 0.1**2, 1 / 0.02**2]), np.array([4.0, 0.5])
    precision = len(y) * design.T @ np.linalg.solve(v, design) + weight
    expected = np.linalg.solve(precision, design.T @ np.linalg.solve(v, y.sum(axis=0)) + weight @ mean)
    sd = np.sqrt(np.diag(np.linalg.inv(precision)))
    fit = im.estimate(
        lines(), table, method="focei", parameters={"slope": "linear"}, fixed=["omega(level)", "additive(x)"],
        priors={"level": normal(4.0, 0.1), "slope": normal(0.5, 0.02)},
    )  # fmt: skip
    found = fit.posterior(200, tune=100, seed=2)
    told = found.table()
    error = sd / np.sqrt(told["effective"])
    assert np.all(np.abs(told["mean"] - expected) < 4 * error)
    np.testing.assert_allclose(told["sd"], sd, rtol=0.2)
    assert told["r_hat"].max() < 1.05
    assert found.divergences == 0
    assert found.effects.shape == (2, 200, 30, 1)
    assert "2 chains of 200 draws (NUTS), seed 2" in repr(found)


@pytest.mark.slow
def test_samples_of_a_spread_have_the_moments_of_a_quadrature() -> None:
    """Only omega is open, flat in itself: its posterior is the exact likelihood of normal data, integrated."""
    pytest.importorskip("nutpie")
    table = levels().drop(columns="OCC")[lambda t: t.ID < 8]
    z = np.log(table.DV.to_numpy()).reshape(8, -1) - np.log(3.0)
    grid = np.linspace(0.02, 4.0, 4000)
    logs = []
    for omega in grid:
        v = omega**2 * np.ones((12, 12)) + 0.2**2 * np.eye(12)
        logs.append(-0.5 * (8 * np.linalg.slogdet(v)[1] + np.sum(z * np.linalg.solve(v, z.T).T)))
    share = np.exp(np.array(logs) - max(logs))
    share /= share.sum()
    mean = float(share @ grid)
    sd = float(np.sqrt(share @ (grid - mean) ** 2))
    fit = im.estimate(level(), table, method="focei", fixed=["level", "lognormal(y)"])
    told = fit.posterior(300, tune=100, seed=3).table().loc["omega(level)"]
    assert abs(told["mean"] - mean) < 4 * sd / np.sqrt(told["effective"])
    assert told["sd"] == pytest.approx(sd, rel=0.25)


def test_what_the_sampler_needs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = im.estimate(level(), levels().drop(columns="OCC"), method="focei")
    with pytest.raises(StudyError, match="chains must be 1 or more, got 0"):
        fit.posterior(chains=0)
    monkeypatch.setitem(sys.modules, "nutpie", None)
    with pytest.raises(EngineError, match=r"immunode\[nuts\]"):
        fit.posterior()
