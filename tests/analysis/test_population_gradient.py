"""The gradient of FOCEI: against closed forms, and an implementation of its own of a model with one random effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.methods.conditional_fit import Objective
from immunode.analysis.mixed_effects.prior_densities import make_priors
from immunode.analysis.mixed_effects.problem import prepared
from immunode.model import Model, PatientClass
from tests.population_models import WANG, decay, lines

STEP = 1e-4


def objective_of(model: Model, data: pd.DataFrame, parameters: tuple[str, ...] = ()) -> tuple[Objective, np.ndarray]:
    """Return the objective and the vector of the declared numbers."""
    predict = prepared(model, data, parameters, (), 1e-11, "compiled", "exact")
    s = predict.structure
    start = np.zeros((len(predict.rows), s.n_effects))
    x = s.vector(s.declared)
    return Objective(predict, "focei", make_priors(s, {}), x, start), x


def wang(x: np.ndarray, rates: int = 1) -> float:
    """FOCEI's -2 log L of Wang's decay. x : logs of rates, of omega and of the error; logit of the first share."""
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    omega, sigma = np.exp(x[rates]), np.exp(x[rates + 1])
    shares = np.array([1.0]) if rates == 1 else np.array([1 / (1 + np.exp(-x[-1])), 1 / (1 + np.exp(x[-1]))])
    total = 0.0
    for _, rows in WANG.groupby("ID"):
        t, y = rows.TIME.to_numpy(), rows.DV.to_numpy()
        logs = []
        for log_rate, share in zip(x[:rates], shares, strict=True):

            def value(eta: float, log_rate: float = log_rate, t: np.ndarray = t, y: np.ndarray = y) -> float:
                f = 10 * np.exp(-np.exp(log_rate + eta) * t)
                r = (sigma * f) ** 2
                return float(np.sum(0.5 * (np.log(2 * np.pi * r) + (y - f) ** 2 / r)) + 0.5 * (eta / omega) ** 2)

            eta = minimize_scalar(value, bounds=(-1.5, 1.5), method="bounded", options={"xatol": 1e-13}).x
            for _ in range(3):  # Newton steps end what a search by values leaves
                ends = [value(eta + h) for h in (-1e-4, 0.0, 1e-4)]
                eta -= (ends[2] - ends[0]) / 2e-4 / ((ends[2] - 2 * ends[1] + ends[0]) / 1e-8)
            # f' = -ke t f and R'/R = 2 f'/f, so f'^2/R + (R'/R)^2/2 = (ke t)^2 (1/sigma^2 + 2)
            hessian = np.sum((np.exp(log_rate + eta) * t) ** 2) * (1 / sigma**2 + 2) + omega**-2
            logs.append(np.log(share) - value(eta) - 0.5 * np.log(omega**2 * hessian))
        total -= 2 * float(logsumexp(logs))
    return total


def by_differences(function: object, x: np.ndarray) -> np.ndarray:
    assert callable(function)
    h = 1e-3  # fourth order
    unit = h * np.eye(len(x))
    ends = [[function(x + k * one) for k in (-2, -1, 1, 2)] for one in unit]
    return np.array([(a - 8 * b + 8 * c - d) / (12 * h) for a, b, c, d in ends])


@pytest.mark.parametrize("rates", [1, 2])
def test_the_gradient_is_that_of_an_independent_implementation(rates: int) -> None:
    """Wang's decay, also with two classes, and its second derivatives."""
    model = decay(proportional=0.3)
    if rates == 2:
        quick = PatientClass("quick", 0.4, {"ke": 0.8})
        model = model.replace(classes=[PatientClass("slow", 0.6, {"ke": 0.45}), quick])
    objective, x = objective_of(model, WANG)
    assert objective.exact
    value, gradient = objective.look(x)
    assert value == pytest.approx(wang(x, rates), abs=1e-6)
    expected = by_differences(lambda z: wang(z, rates), x)
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)
    assert np.abs(expected).min() > 1e-2
    if rates == 1:
        bends = by_differences(lambda z: by_differences(lambda u: wang(u), z)[0], x)
        np.testing.assert_allclose(objective.hessian(x)[0], bends, rtol=2e-3, atol=2e-2)


def test_the_gradient_by_a_fixed_effect_that_no_center_tells_of_is_that_of_a_normal_density() -> None:
    """y = level_i + slope*t, exact by FOCEI; the slope takes runs of its own."""
    rng = np.random.default_rng(2)
    t = np.arange(1.0, 5.0)
    y = 5 + rng.standard_normal((12, 1)) + 0.7 * t + 0.4 * rng.standard_normal((12, 4))
    data = pd.DataFrame({"ID": np.repeat(np.arange(12), 4), "TIME": np.tile(t, 12), "DV": y.ravel()})

    def closed(x: np.ndarray) -> float:
        v = np.exp(2 * x[2]) * np.ones((4, 4)) + np.exp(2 * x[3]) * np.eye(4)
        gap = y - 3 * x[0] - 0.2 * np.exp(x[1] - np.log(0.2)) * t
        return float(12 * np.linalg.slogdet(2 * np.pi * v)[1] + np.sum(gap * np.linalg.solve(v, gap.T).T))

    objective, x = objective_of(lines(), data, ("slope",))
    value, gradient = objective.look(x)
    assert value == pytest.approx(closed(x), abs=1e-7)
    np.testing.assert_allclose(gradient, by_differences(closed, x), rtol=1e-5)
    np.testing.assert_allclose(objective.scores(x).sum(axis=0), -gradient / 2, rtol=1e-10)


def test_one_gradient_takes_a_few_runs_for_each_random_effect_and_not_for_each_number() -> None:
    """Of 4 numbers 1 has a random effect: the mode, its 2 shifts, and nothing for omega and error."""
    objective, x = objective_of(decay(proportional=0.3), WANG)
    objective.look(x)  # searches start from here on
    before = objective.predict.rows_run
    objective.look(x)
    assert objective.predict.rows_run - before <= 10 * (2 + 2)


def test_the_fit_is_that_of_differences() -> None:
    exact, other = (
        im.estimate(decay(proportional=0.3), WANG, method="focei", derivatives=d) for d in ("exact", "differences")
    )
    assert exact.likelihood.minus2ll == pytest.approx(other.likelihood.minus2ll, abs=1e-4)
    assert np.all(np.abs(exact.values - other.values) < 0.01 * other.standard_errors)
    np.testing.assert_allclose(exact.standard_errors, other.standard_errors, rtol=0.02)
