"""Standard errors of population estimates: against a likelihood in closed form."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.results.population_fit import PopulationFit
from immunode.analysis.mixed_effects.uncertainty import inverse_information
from immunode.errors import StudyError
from tests.population_models import WANG, decay, line_data, lines

TIMES = np.arange(1.0, 6.0)


@cache
def fitted(method: str, way: str) -> PopulationFit:
    return im.estimate(
        lines(), line_data(), method=method, standard_errors=way, parameters={"slope": "linear"},
        iterations=(80, 120), draws=300, seed=2,
    )  # fmt: skip


def individual_log_likelihoods(values: np.ndarray) -> np.ndarray:
    """log L of each individual of `line_data`, (n,): a normal density. values : level, slope, omega, error."""
    level, slope, omega, error = values
    rest = line_data().DV.to_numpy().reshape(-1, 5) - level - slope * TIMES
    v = omega**2 + error**2 * np.eye(5)
    return -0.5 * (np.einsum("ni,ij,nj->n", rest, np.linalg.inv(v), rest) + np.linalg.slogdet(2 * np.pi * v)[1])


def closed_form(values: np.ndarray, way: str) -> np.ndarray:
    """Standard errors from first and second differences of the closed form."""
    h, f = 1e-4 * np.abs(values), individual_log_likelihoods
    step = np.diag(h)
    scores = np.array([(f(values + s) - f(values - s)) / (2 * s.sum()) for s in step])
    curvature = np.empty((4, 4))
    for i in range(4):
        for j in range(4):
            signs = [(a, b) for a in (1, -1) for b in (1, -1)]
            ends = [a * b * f(values + a * step[i] + b * step[j]).sum() for a, b in signs]
            curvature[i, j] = -sum(ends) / (4 * h[i] * h[j])
    inverse = np.linalg.inv(curvature)
    return np.sqrt(np.diag(inverse @ (scores @ scores.T) @ inverse if way == "sandwich" else inverse))


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("method", "way", "tolerance", "words"),
    [
        ("focei", "curvature", 1e-3, "the curvature of -2LL"),
        ("focei", "sandwich", 1e-3, "the sandwich of individual scores and the curvature"),
        ("saem", "louis", 0.02, "Louis's identity, 2000 draws"),
        ("saem", "sandwich", 0.02, "the sandwich of individual scores and Louis's identity"),
        ("saem", "linearized", 0.02, "the model linearized at the modes"),
    ],
)
def test_standard_errors_are_those_of_the_closed_form(method: str, way: str, tolerance: float, words: str) -> None:
    """A linear model: FOCEI is exact, and so is Louis's identity but for its draws."""
    fit = fitted(method, way)
    np.testing.assert_allclose(fit.standard_errors, closed_form(fit.values, way), rtol=tolerance)
    assert words in fit.summary()
    assert 1.0 < fit.condition < 10.0


def test_the_ways_differ_where_they_should() -> None:
    """The data hold 30 individuals: the sandwich is not the curvature, so a mix-up would show."""
    values = fitted("focei", "curvature").values
    assert np.abs(closed_form(values, "sandwich") / closed_form(values, "curvature") - 1).max() > 0.1


def test_two_condition_numbers_are_told() -> None:
    fit = fitted("focei", "curvature")
    values = np.linalg.eigvalsh(fit.covariance)
    assert fit.covariance_condition == pytest.approx(values[-1] / values[0], rel=1e-6)
    assert f"covariance {fit.covariance_condition:.3g}" in fit.summary()


def test_estimates_outside_a_flat_direction_keep_their_standard_errors() -> None:
    """Two numbers of which only the sum is known, and a third that is known by itself."""
    covariance, condition = inverse_information(np.array([[4.0, 4.0, 0.0], [4.0, 4.0, 0.0], [0.0, 0.0, 25.0]]))
    assert condition == np.inf
    assert np.isnan(covariance[:2]).all()
    assert covariance[2, 2] == pytest.approx(0.04)


def test_one_observation_an_individual_fixes_the_mean_but_not_what_varies() -> None:
    """Variability and error are one there, so they have no standard error; the mean has its own."""
    y = 5 + np.random.default_rng(5).standard_normal(40)
    table = pd.DataFrame({"ID": np.arange(40), "TIME": 1.0, "DV": y})
    fit = im.estimate(lines(slope=False), table, method="focei", standard_errors="linearized")
    assert fit.condition == np.inf
    assert np.isnan(fit.standard_errors[1:]).all()
    assert fit.standard_errors[0] == pytest.approx(y.std() / np.sqrt(40), rel=1e-3)


@pytest.mark.parametrize(
    ("method", "way", "message"),
    [
        ("saem", "luis", r"unknown standard_errors 'luis'.*louis"),
        ("saem", "curvature", r"'curvature' do not belong to method='saem'; take 'louis'"),
        ("focei", "louis", r"'louis' do not belong to method='focei'; take 'curvature'"),
    ],
)
def test_ways_that_a_method_has_not_are_refused(method: str, way: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        im.estimate(decay(additive=0.3), WANG, method=method, standard_errors=way)
