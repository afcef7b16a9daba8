"""Derivatives of predictions by random effects, integrated along with the runs: against closed forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import immunode as im
from immunode.analysis.mixed_effects.predictions import Predictions
from immunode.analysis.mixed_effects.problem import population_likelihood, prepared
from immunode.analysis.mixed_effects.records.individual_records import Route, individual_data
from immunode.errors import StudyError
from immunode.model import Derived, Event, Model, Observed, Variability
from tests.population_models import WANG, decay, oral, oral_curve, parameters

TIMES = np.array([0.5, 2.0, 6.0, 13.0, 20.0])
ETA = np.array([[0.2, -0.1, 0.15, 0.3], [-0.4, 0.3, 0.0, -0.2]])


def two_individuals(second_dose: float = 12.0) -> pd.DataFrame:
    rows = []
    for i in range(2):
        rows += [{"ID": i, "TIME": t, "AMT": 300.0 + 20 * i, "EVID": 1} for t in (0.0, second_dose)]
        rows += [{"ID": i, "TIME": t, "DV": 1.0, "EVID": 0} for t in TIMES]
    return pd.DataFrame(rows).sort_values(["ID", "TIME"])


def lagged() -> Model:
    """Two doses after a lag, with random effects on a log, a logit and an additive scale."""
    base = oral()
    return base.replace(
        parameters=[*base.parameters, *parameters(("F", 0.7, ""), ("Tlag", 0.3, "h"), ("shift", 0.0, "h"))],
        variability=[
            Variability("ka", sd=0.5), Variability("CL", sd=0.3), Variability("F", sd=0.4, scale="logit"),
            Variability("Tlag", sd=0.2), Variability("V", shares="CL", sd=0.15),
        ],
    )  # fmt: skip


def closed_form(eta: np.ndarray) -> np.ndarray:
    """Predictions of `lagged`, (n_rows, n_times)."""
    rows = []
    for i, (a, b, c, d) in enumerate(eta):
        odds, v = 0.7 / 0.3 * np.exp(c), 31.8 * np.exp(0.5 * b)
        lag, dose = 0.3 * np.exp(d), (300.0 + 20 * (i % 2)) * odds / (1 + odds)
        whole = [oral_curve(1.5 * np.exp(a), 2.75 * np.exp(b), v, dose, TIMES - start - lag) for start in (0.0, 12.0)]
        rows.append(sum(whole))
    return np.array(rows)


def differences(f: Callable[[np.ndarray], np.ndarray], eta: np.ndarray, h: float) -> np.ndarray:
    """Five-point central differences, (n_rows, n_effects, ...): of fourth order."""
    parts = []
    for step in h * np.eye(eta.shape[1]):
        far, near = f(eta + 2 * step) - f(eta - 2 * step), f(eta + step) - f(eta - step)
        parts.append((8 * near - far) / (12 * h))
    return np.stack(parts, axis=1)


def lagged_predictions(derivatives: str) -> Predictions:
    data = individual_data(two_individuals(), routes=Route("depot", factor="F", lag="Tlag"))
    return prepared(lagged(), data, (), (), 1e-9, "auto", derivatives)


def test_slopes_are_those_of_the_closed_form_also_by_lag_and_bioavailability() -> None:
    predict = lagged_predictions("exact")
    f, slopes = predict.with_slopes(np.arange(2), predict.structure.declared, ETA)
    np.testing.assert_allclose(f, closed_form(ETA), rtol=1e-7)
    expected = differences(closed_form, ETA, 1e-3)
    np.testing.assert_allclose(slopes, expected, rtol=1e-6, atol=1e-8)
    assert np.abs(expected[:, 3]).max() > 0.01  # the lag does move predictions


def test_second_derivatives_are_those_of_the_closed_form() -> None:
    predict = lagged_predictions("exact")
    second = predict.curvatures(np.arange(2), predict.structure.declared, ETA)
    expected = differences(lambda eta: differences(closed_form, eta, 2e-3), ETA, 2e-3)
    np.testing.assert_allclose(second, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(second, second.swapaxes(1, 2))


def test_a_likelihood_is_the_same_by_exact_derivatives_and_by_differences_and_says_which() -> None:
    values = {}
    for derivatives in ("exact", "differences"):
        found = population_likelihood(decay(additive=0.3), WANG, "laplace", derivatives=derivatives)
        values[derivatives] = found.minus2ll
        assert ("integrated along" in found.derivatives) == (derivatives == "exact")
    assert values["exact"] == pytest.approx(values["differences"], abs=1e-5)


def test_a_parameter_at_its_limit_no_longer_moves() -> None:
    model = decay(additive=0.3).replace(variability=[Variability("ke", sd=0.2, high=0.6)])
    predict = prepared(model, WANG, (), (), 1e-9, "auto", "exact")
    _, slopes = predict.with_slopes(np.arange(2), predict.structure.declared, np.array([[0.1], [0.3]]))
    assert slopes[0, 0, 1] != 0.0
    assert slopes[1, 0, 1] == 0.0


def test_counts_have_the_slopes_of_their_increase() -> None:
    model = decay(additive=0.3).replace(observed=[Observed("a", counts="poisson")])
    table = WANG.assign(TIME=WANG.TIME + 0.5, DV=np.rint(WANG.DV))
    slopes = []
    for derivatives in ("exact", "differences"):
        predict = prepared(model, table, (), (), 1e-9, "auto", derivatives)
        slopes.append(predict.with_slopes(np.arange(10), predict.structure.declared, np.zeros((10, 1)))[1])
    np.testing.assert_allclose(slopes[0], slopes[1], rtol=1e-5)


def test_a_model_with_an_event_on_a_state_falls_back_to_differences_and_says_why() -> None:
    model = decay(additive=0.3).replace(
        parameters=parameters(("ke", 0.5, "1/h"), ("low", 4.0, "mg")),
        events=[Event("refill", {"a": "a + low"}, when="a < low")],
    )
    found = population_likelihood(model, WANG, "focei")
    assert "differences" in found.derivatives
    assert "fires on a state" in found.derivatives
    with pytest.raises(StudyError, match=r"derivatives='exact': .*'refill'"):
        population_likelihood(model, WANG, "focei", derivatives="exact")


def test_unknown_derivatives_are_refused() -> None:
    with pytest.raises(StudyError, match=r"'auto', 'exact' or 'differences', got 'excat'"):
        im.estimate(decay(additive=0.3), WANG, derivatives="excat")


def test_a_derived_quantity_that_a_covariate_moves_has_exact_slopes() -> None:
    base = oral()
    model = base.replace(
        parameters=[*base.parameters, *parameters(("WT", 70.0, "kg"), ("standard", 70.0, "kg"))],
        derived=[Derived("volume", "V*WT/standard", "L"), Derived("cp", "central/volume", "mg/L")],
        processes=[base.processes[0], base.processes[1].__class__("elimination", "central ->", "CL/volume*central")],
    )
    table = two_individuals().assign(WT=lambda t: 60 + 20 * t.ID)
    data = individual_data(table, routes="depot")
    results = []
    for derivatives in ("exact", "differences"):
        predict = prepared(model, data, (), (), 1e-9, "auto", derivatives)
        results.append(predict.with_slopes(np.arange(2), predict.structure.declared, ETA[:, :3]))
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-5, atol=1e-7)
