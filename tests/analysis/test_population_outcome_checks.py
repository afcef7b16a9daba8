"""Simulated events and categories against closed forms, and their predictive checks and residuals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.problem import prepared
from immunode.analysis.mixed_effects.results.event_curves import cumulative_events, kaplan_meier
from immunode.analysis.mixed_effects.results.outcome_checks import (
    OutcomeCheck,
    outcome_check,
    outcome_residuals,
    simulated_events,
)
from immunode.analysis.mixed_effects.structure import Point
from immunode.errors import StudyError
from immunode.model import Derived, Observed
from tests.analysis.test_population_outcomes import event_times, growing_risk, pain
from tests.population_models import parameters

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def watched(n: int = 100, end: float = 60.0, mean: float = 20.0, sd: float = 0.5, seed: int = 6) -> pd.DataFrame:
    """Return times of first events, exponential for each individual, until the end of observation."""
    rng = np.random.default_rng(seed)
    t = rng.exponential(mean * np.exp(sd * rng.standard_normal(n)))
    return pd.DataFrame({"ID": np.arange(n), "TIME": np.minimum(t, end), "DV": (t < end).astype(int)})


def scores(n: int = 200, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    period = np.tile([0.0, 0.0, 1.0, 1.0], (n, 1))
    latent = rng.logistic(1.2 * period - 1.1 * rng.standard_normal((n, 1)))
    values = np.digitize(latent, [-1.0, 0.5, 2.0]).ravel()
    time = np.tile(np.arange(4.0), n)
    return pd.DataFrame({"ID": np.repeat(np.arange(n), 4), "TIME": time, "PERIOD": period.ravel(), "DV": values})


def at_declared(model: im.Model, table: pd.DataFrame) -> tuple[Predictions, Point]:
    predict = prepared(model, table, (), (), 1e-6, "auto")
    return predict, predict.structure.declared


def test_kaplan_and_meier_is_the_product_of_its_definition() -> None:
    """The data of Kaplan and Meier's own example: deaths at 0.8, 3.1, 5.4, 9.2, losses at 1.0, 2.7, 7.0, 12.1."""
    time = np.array([0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1])
    event = np.array([1, 0, 0, 1, 1, 0, 1, 0], bool)
    curve = kaplan_meier(time, event, np.array([0.0, 0.8, 3.0, 3.1, 5.4, 9.2, 12.1]))
    np.testing.assert_allclose(curve, [1, 7 / 8, 7 / 8, 7 / 10, 21 / 40, 21 / 80, 21 / 80])


def test_the_mean_number_of_events_counts_those_who_are_watched() -> None:
    counts = np.array([[0.0, 1, 2, 2], [0, 0, 1, 1], [0, 1, 1, 1]])
    grid = np.array([0.0, 1.0, 2.0, 3.0])
    found = cumulative_events(counts, np.array([3.0, 2.0, 1.0]), grid)
    np.testing.assert_allclose(found, [0.0, 2 / 3, 2 / 3 + 2 / 2, 2 / 3 + 1.0])


@pytest.mark.parametrize("sd", [1e-6, 0.8])
def test_simulated_events_of_a_constant_hazard_are_exponential_for_each(sd: float) -> None:
    """The share without an event is the mean of exp(-t/Te) over the population: by quadrature."""
    predict, point = at_declared(event_times(20.0, sd), watched())
    grid = np.linspace(0.0, 60.0, 120)
    times, h = simulated_events(predict, point, "hazard", grid, np.random.default_rng(1), 200)
    expected = np.exp(-grid[:, None] / (20.0 * np.exp(sd * NODES))) @ WEIGHTS
    left = (times.ravel()[:, None] > grid[::10]).mean(axis=0)
    np.testing.assert_allclose(left, expected[::10], atol=4 * 0.5 / np.sqrt(times.size))
    np.testing.assert_allclose(np.exp(-h).mean(axis=(0, 1)), expected, atol=4 * 0.3 / np.sqrt(times.size))


def test_simulated_events_follow_a_hazard_that_changes() -> None:
    from scipy.integrate import quad

    table = watched(40, 10.0)
    predict, point = at_declared(growing_risk(), table)
    point = replace(point, omega=1e-12 * np.eye(1))
    grid = np.linspace(0.0, 10.0, 101)
    times, _ = simulated_events(predict, point, "risk", grid, np.random.default_rng(2), 500)
    for t in (2.0, 5.0, 9.0):
        total = quad(lambda s: 0.2 * np.exp(-2 * np.exp(-0.3 * s)), 0, t)[0]
        assert np.mean(times > t) == pytest.approx(np.exp(-total), abs=4 * 0.5 / np.sqrt(times.size))


def test_the_check_of_events_holds_right_data_and_not_wrong_ones() -> None:
    predict, point = at_declared(event_times(20.0, 0.5), watched())
    right = outcome_check(predict, point, "hazard", 200, 12, np.random.default_rng(1))
    assert right.labels == ("without an event",)
    assert right.inside > 0.8
    expected = np.exp(-right.time[:, None] / (20.0 * np.exp(0.5 * NODES))) @ WEIGHTS
    np.testing.assert_allclose(right.middle[0], expected, atol=0.02)
    # a binomial share of 100 individuals, all watched to the end
    middle = len(expected) // 2
    width = right.high[0, middle] - right.low[0, middle]
    assert width == pytest.approx(2 * 1.96 * np.sqrt(expected[middle] * (1 - expected[middle]) / 100), rel=0.2)
    wrong, point = at_declared(event_times(60.0, 0.5), watched())
    assert outcome_check(wrong, point, "hazard", 200, 12, np.random.default_rng(1)).inside < 0.2


def test_events_that_come_again_have_their_mean_number() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for i in range(80):
        t = rng.exponential(20.0, 30).cumsum()
        end = 30.0 + 30.0 * (i % 2)
        rows += [(i, x, 1) for x in t[t < end]] + [(i, end, 0)]
    table = pd.DataFrame(rows, columns=["ID", "TIME", "DV"])
    predict, point = at_declared(event_times(20.0, 1e-6), table)
    check = outcome_check(predict, point, "hazard", 200, 12, np.random.default_rng(1))
    assert check.labels[1] == "events of an individual, mean number"
    np.testing.assert_allclose(check.middle[1], check.time / 20.0, atol=0.12)
    assert check.inside > 0.8


def test_simulated_shares_of_categories_are_those_of_the_logistic() -> None:
    """At random effects of 0 the shares have a closed form; else it is averaged by quadrature."""
    table = scores()
    for sd in (1e-6, 1.1):
        predict, point = at_declared(pain(-1.0, 1.5, 1.5, -1.2, sd), table)
        check = outcome_check(predict, point, "score", 400, 12, np.random.default_rng(1))
        eta = sd * NODES
        cuts = np.array([-1.0, 0.5, 2.0])[:, None] + eta
        for j, period in enumerate((0.0, 0.0, 1.0, 1.0)):
            below = 1 / (1 + np.exp(1.2 * period - cuts)) @ WEIGHTS
            expected = np.diff([0.0, *below, 1.0])
            np.testing.assert_allclose(check.middle[:, j], expected, atol=0.006)
            width = 2 * 1.96 * np.sqrt(expected * (1 - expected) / 200)
            np.testing.assert_allclose(check.high[:, j] - check.low[:, j], width, rtol=0.25)
    assert check.inside > 0.8
    wrong, point = at_declared(pain(-3.0, 1.5, 1.5, -1.2, 1.1), table)
    assert outcome_check(wrong, point, "score", 200, 12, np.random.default_rng(1)).inside < 0.5


@pytest.mark.slow
def test_residuals_of_a_right_model_have_their_distributions() -> None:
    from scipy import stats

    predict, point = at_declared(event_times(20.0, 0.5), watched(300, np.inf))
    found = outcome_residuals(predict, point, "hazard", 2000, np.random.default_rng(1))
    assert stats.kstest(found.cox_snell, "expon").pvalue > 0.01
    assert abs(found.martingale.sum()) < 3 * np.sqrt(300)
    own = np.exp(-found.time.to_numpy()[:, None] / (20.0 * np.exp(0.5 * NODES))) @ WEIGHTS
    np.testing.assert_allclose(np.exp(-found.cox_snell), own, atol=4 * 0.2 / np.sqrt(2000))
    predict, point = at_declared(pain(-1.0, 1.5, 1.5, -1.2, 1.1), scores(400))
    found = outcome_residuals(predict, point, "score", 1000, np.random.default_rng(1))
    assert stats.kstest(found.residual[found.time == 2.0], "norm").pvalue > 0.01
    wrong, point = at_declared(pain(-3.0, 1.5, 1.5, -1.2, 1.1), scores(400))
    found = outcome_residuals(wrong, point, "score", 1000, np.random.default_rng(1))
    assert stats.kstest(found.residual[found.time == 2.0], "norm").pvalue < 1e-6


def test_individuals_without_records_of_events_take_no_part_in_their_curve() -> None:
    """Every third has a concentration only; the curve and the residuals are those of the others."""
    model = event_times(20.0, 0.5)
    model = model.replace(
        derived=[*model.derived, Derived("level", "Te/day", "")],
        parameters=[*model.parameters, *parameters(("day", 1.0, "day"))],
        observed=[*model.observed, Observed("level", proportional=0.1)],
    )
    events = watched(60).assign(DVID="hazard")
    events = events[events.ID % 3 != 0]
    levels = pd.DataFrame({"ID": np.arange(60), "TIME": 0.0, "DV": 20.0, "DVID": "level"})
    table = pd.concat([levels, events]).sort_values(["ID", "TIME"])
    predict, point = at_declared(model, table)
    check = outcome_check(predict, point, "hazard", 50, 12, np.random.default_rng(1))
    first = events.TIME.to_numpy()
    np.testing.assert_allclose(check.observed[0], kaplan_meier(first, events.DV.to_numpy() == 1, check.time))
    found = outcome_residuals(predict, point, "hazard", 100, np.random.default_rng(1))
    assert list(found.ID) == [str(i) for i in events.ID]


def test_a_fit_draws_its_check_of_events() -> None:
    fit = im.estimate(event_times(30.0, 0.3), watched(), method="laplace")
    check = fit.predictive_check(simulations=50)
    assert isinstance(check, OutcomeCheck)
    figure = fit.plot.predictive_check(simulations=50)
    drawn = next(line for line in figure.axes[0].lines if line.get_gid() == "data")
    np.testing.assert_allclose(drawn.get_ydata(), 100 * check.observed[0])
    assert fit.outcome_residuals(simulations=50)["event"].sum() == (watched().DV == 1).sum()
    with pytest.raises(StudyError, match="no output 'hazzard'; did you mean 'hazard'"):
        fit.predictive_check("hazzard")
