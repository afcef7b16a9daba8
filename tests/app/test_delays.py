"""Delay equations in the page: the same numbers as closed forms and as SciPy's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.app.lab import make_lab
from immunode.solve.failures import _REFUSALS, ENDLESS_LAG
from tests.app.labs import load_lab


def decay(lag: float = 1.0, history: str = "", **more: Any) -> im.Model:
    """Return y' = -y(t - lag), of which the pieces between multiples of the lag are polynomials."""
    return im.Model(
        name="decay",
        time_unit="",
        horizon=4.0,
        states=[im.State("y", 1.0, source="assumed: test", **({"history": history} if history else {}))],
        parameters=[im.Parameter("tau", lag, source="assumed: test")],
        processes=[im.Process("loss", "y ->", "delay(y, tau)")],
        **more,
    )


def steps_of(t: np.ndarray, lag: float) -> np.ndarray:
    """Return the solution by steps with history 1: the sum of (-1)^k (t - (k - 1) lag)^k / k! over k lag <= t + lag."""
    total = np.ones_like(t)
    factorial = 1.0
    for k in range(1, 12):
        factorial *= k
        total += np.where(t >= (k - 1) * lag, (-1) ** k * np.clip(t - (k - 1) * lag, 0, None) ** k / factorial, 0.0)
    return total


@pytest.mark.parametrize("lag", [0.4, 1.0, 9.0])
def test_the_page_solves_a_delay_equation_as_its_closed_form_does(node: Any, lag: float) -> None:
    run = node.runs(make_lab(decay()), [{"tau": lag}])[0]
    assert run["status"] == "ok"
    t = np.linspace(0.0, 4.0, 101)
    # rtol 1e-9, and what is interpolated one order below
    np.testing.assert_allclose(np.array(run["y"])[:, 0], steps_of(t, lag), rtol=0, atol=2e-8)


def test_a_history_is_looked_up_before_the_start(node: Any) -> None:
    """y' = -y(t - 1) with y = t before 0 and 1 at 0: y = 1 - (t - 1)^2/2 + 1/2 up to 1."""
    run = node.runs(make_lab(decay(history="t")), [{}])[0]
    t = np.linspace(0.0, 4.0, 101)[:26]
    np.testing.assert_allclose(np.array(run["y"])[:26, 0], 1.5 - (t - 1) ** 2 / 2, rtol=0, atol=1e-9)


def test_a_dose_comes_back_a_lag_later(node: Any) -> None:
    """What is put in at 1.5 jumps there, and bends the curve at 2.5: each as SciPy's engine has it."""
    model = decay(interventions=[im.Intervention("shot", im.transfer("y", 2.0), im.schedules.at_times(1.5))])
    lab = make_lab(model)
    run = node.runs(lab, [{"shot.strength": 1.0}])[0]
    t = np.linspace(0.0, 4.0, 101)
    # until 1.5 without; the dose adds 2 at once, and -2 (t - 2.5) from 2.5 on, until 3.5, when that acts in turn
    late = np.clip(t - 2.5, 0, None)
    added = np.where(t >= 1.5, 2.0, 0.0) - 2 * late + np.clip(t - 3.5, 0, None) ** 2
    np.testing.assert_allclose(np.array(run["y"])[:, 0], steps_of(t, 1.0) + added, rtol=0, atol=2e-8)


def test_a_lag_of_nothing_is_refused(node: Any) -> None:
    assert node.runs(make_lab(decay()), [{"tau": 0.0}])[0]["status"] == "a delay of 0"


def test_a_lag_without_end_is_refused_in_plain_words(node: Any) -> None:
    model = im.Model(
        name="decay",
        time_unit="",
        horizon=4.0,
        states=[im.State("y", 1.0, source="assumed: test")],
        parameters=[im.Parameter("j", 1.0, source="assumed: test"), im.Parameter("k", 1.0, source="assumed: test")],
        processes=[im.Process("loss", "y ->", "delay(y, j/k)")],
    )
    lab = make_lab(model)
    endless, unknown = node.runs(lab, [{"k": 0.0}, {"j": 0.0, "k": 0.0}])
    assert endless["status"] == "refused"
    assert lab.data["requirements"][endless["failed"]] == "the lag of delay(y, j/k) is infinite"
    assert unknown["status"] == _REFUSALS[ENDLESS_LAG]


def test_influenza_with_delays_is_scipys(node: Any) -> None:
    model = im.load_model("myers2021")
    lab = load_lab("myers2021")
    run = node.runs(lab, [{}])[0]
    t = np.linspace(0.0, model.horizon, 101)
    frame = im.simulate(model, times=t, rtol=1e-10, engine="scipy").to_frame()
    assert run["status"] == "ok"
    for i, state in enumerate(s.name for s in model.states):
        ours, theirs = np.array(run["y"])[:, i], frame.loc[t, state].to_numpy()
        assert np.max(np.abs(ours - theirs)) < 1e-6 * np.max(np.abs(theirs)), state


def test_a_delayed_state_is_no_quantity_to_choose() -> None:
    kinds = {q["name"]: q["kind"] for q in load_lab("myers2021").data["quantities"]}
    assert kinds["delay(I2, tau_E)"] == "delayed"
    assert json.dumps(kinds).count("delayed") == 2
