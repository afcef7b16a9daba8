"""Fits with noise that is an expression or has a Laplace distribution, with priors, and with data at rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from immunode.analysis.fitting.fits import fit
from immunode.analysis.fitting.measurements import observable
from immunode.distributions import normal
from immunode.errors import StudyError
from immunode.model import Model, Parameter, Process, State

TIMES = np.linspace(0.5, 10, 40)
TRUE = 8.0 * np.exp(-0.4 * TIMES)


def decay() -> Model:
    """x' = -k x, with two parameters of the noise."""
    rows = [("x0", 8.0, "", (0.1, 100)), ("k", 0.4, "1/day", (0.01, 10)), ("flat", 0.1, "", (1e-4, 10))]
    rows.append(("part", 0.1, "", (1e-4, 10)))
    return Model(
        name="decay",
        time_unit="day",
        states=[State("x", "x0", "")],
        parameters=[Parameter(n, v, u, source="assumed: a test", bounds=b) for n, v, u, b in rows],
        processes=[Process("loss", "x ->", "k*x")],
    )


def data(seed: int = 1, laplace: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    noise = 0.2 * rng.laplace(size=40) if laplace else (0.05 + 0.1 * TRUE) * rng.standard_normal(40)
    return pd.DataFrame({"time": TIMES, "observable": "x", "value": TRUE + noise})


def least(cost: Callable[[np.ndarray], float], *starts: list[float]) -> tuple[np.ndarray, float]:
    """Return the least of a function of logarithms by another method, Nelder and Mead's, and where it is."""
    from scipy.optimize import minimize

    options = {"maxiter": 8000, "xatol": 1e-10, "fatol": 1e-10}
    found = [minimize(cost, np.log(start), method="Nelder-Mead", options=options) for start in starts]
    best = min(found, key=lambda one: one.fun)
    return np.exp(best.x), float(best.fun)


@pytest.mark.parametrize("told", ["column", "observable"])
def test_a_size_that_is_an_expression_is_fitted_with_the_rest(told: str) -> None:
    measured = data()

    def cost(p: np.ndarray) -> float:
        x0, k, flat, part = np.exp(p)
        y = x0 * np.exp(-k * TIMES)
        size = flat + part * y
        return float((((measured["value"] - y) / size) ** 2 + np.log(2 * np.pi * size**2)).sum())

    names = ["x0", "k", "flat", "part"]
    best, lowest = least(cost, [8, 0.4, 0.05, 0.05], [8, 0.4, 0.1, 0.1])
    if told == "column":
        found = fit(decay(), measured.assign(sd="flat + part*x"), names, starts=4)
    else:
        found = fit(decay(), measured, names, starts=4, observables={"x": observable("x", sd="flat + part*x")})
    assert found.minus_2_log_likelihood == pytest.approx(lowest, abs=1e-3)
    np.testing.assert_allclose(list(found.values.values()), best, rtol=5e-3)
    # what changes the noise only is told by the data as well
    assert "does not change" not in found.identifiability()
    assert np.isfinite(found.table()[["low", "high"]].to_numpy(float)).all()


def test_a_laplace_noise_is_fitted_by_its_own_likelihood() -> None:
    measured = data(laplace=True)

    def cost(p: np.ndarray) -> float:
        x0, k, flat = np.exp(p)
        return float((2 * np.abs(measured["value"] - x0 * np.exp(-k * TIMES)) / flat + 2 * np.log(2 * flat)).sum())

    best, lowest = least(cost, [8, 0.4, 0.1], [8, 0.4, 0.3])
    found = fit(decay(), measured.assign(sd="flat", noise="laplace"), ["x0", "k", "flat"], starts=4)
    assert found.minus_2_log_likelihood == pytest.approx(lowest, abs=0.01)
    np.testing.assert_allclose(list(found.values.values()), best, rtol=0.01)


def test_a_prior_draws_the_mode() -> None:
    measured = data()

    def cost(p: np.ndarray) -> float:
        x0, k = np.exp(p)
        return float((((measured["value"] - x0 * np.exp(-k * TIMES)) / 0.5) ** 2).sum() + ((k - 0.3) / 0.005) ** 2)

    best, _ = least(cost, [8, 0.4])
    found = fit(decay(), measured.assign(sd=0.5), ["x0", "k"], starts=3, priors={"k": normal(0.3, 0.005)})
    np.testing.assert_allclose(list(found.values.values()), best, rtol=1e-4)
    # the likelihood at the mode, without the prior
    y = found.values["x0"] * np.exp(-found.values["k"] * TIMES)
    expected = (((measured["value"] - y) / 0.5) ** 2 + np.log(2 * np.pi * 0.25)).sum()
    assert found.minus_2_log_likelihood == pytest.approx(expected, rel=1e-6)


def test_data_at_rest_are_fitted() -> None:
    """x' = s - k x rests at s/k; the approach tells k, the rest their ratio."""
    model = Model(
        name="making",
        time_unit="day",
        states=[State("x", 1.0, "")],
        parameters=[
            Parameter("s", 1.0, "1/day", source="assumed: a test", bounds=(0.01, 100)),
            Parameter("k", 1.0, "1/day", source="assumed: a test", bounds=(0.01, 100)),
        ],
        processes=[Process("making", "-> x", "s"), Process("loss", "x ->", "k*x")],
    )
    times = np.array([1.0, 2.0, 4.0, np.inf])
    y = np.append(4 - 3 * np.exp(-0.5 * times[:-1]), 4.0)
    found = fit(model, pd.DataFrame({"time": times, "observable": "x", "value": y, "sd": 0.1}), ["s", "k"], starts=3)
    assert found.values == pytest.approx({"s": 2.0, "k": 0.5}, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noise": "cauchy"}, "unknown noise 'cauchy' in the data"),
        ({"noise": "laplace"}, "'x' has laplace noise, whose size must be given"),
        ({"sd": "flat + prt"}, "unknown name 'prt' in the sd 'flat [+] prt'; did you mean 'part'"),
        ({"sd": [{}] * 40}, "neither a number nor text"),
    ],
)
def test_what_a_noise_can_not_be_is_said(change: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        fit(decay(), data().assign(**change), ["x0", "k"], starts=1)


def test_a_prior_of_what_is_not_fitted_and_missing_data_are_said() -> None:
    with pytest.raises(StudyError, match="a prior of 'kk', which is not fitted; did you mean 'k'"):
        fit(decay(), data(), ["x0", "k"], priors={"kk": normal(0, 1)})
    with pytest.raises(StudyError, match="data are missing"):
        fit(decay())
