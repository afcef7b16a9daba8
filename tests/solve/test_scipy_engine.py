"""The reference engine: SciPy's solvers between events, events on states by root finding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.model import Event
from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.solve.status import Status

Array = NDArray[np.float64]
Build = Callable[..., Functions]
METHODS = ["LSODA", "BDF", "Radau", "DOP853"]
methods = pytest.mark.parametrize("method", METHODS)


@pytest.mark.sampled
@methods
def test_solution_is_within_some_tolerances(predator: Functions, method: str) -> None:
    values, times = np.array(predator.program.values)[:, None], np.linspace(0, 60, 61)
    expected = solve(predator, values, times=times, engine="numpy", method="rodas5p", rtol=1e-11).y
    got = solve(predator, values, times=times, engine="scipy", method=method, rtol=1e-7).y
    # SciPy's methods keep the error of a step; over a wave it grows by some tens
    assert np.abs(got - expected).max() / np.abs(expected).max() < 1e-5


@pytest.fixture(scope="module")
def topped_up(build: Build) -> Functions:
    """x' = -x, set to 1 whenever it falls below 1/2: every log 2."""
    return build({"x": 1.0, "n": 0.0}, {"k": 1.0}, {"x": "-k*x", "n": "0*x"}, [
        Event("top up", {"x": "1", "n": "n + 1"}, when="x < 0.5")
    ])  # fmt: skip


@methods
def test_state_events_fire_at_their_root(topped_up: Functions, method: str) -> None:
    heard: list[float] = []
    batch = solve(
        topped_up,
        [[1.0]],
        times=[0, 1, 10],
        method=method,
        rtol=1e-9,
        on_jump=lambda runs, t, before, after, p: heard.extend(t.tolist()),
    )
    assert batch.status.tolist() == [Status.OK]
    assert heard == pytest.approx(np.log(2) * np.arange(1, 15), abs=1e-7)
    assert batch.y[-1, :, 0] == pytest.approx([np.exp(-(10 - 14 * np.log(2))), 14], abs=1e-7)


def test_an_event_that_leaves_its_condition_true_fires_once(build: Build) -> None:
    functions = build(
        {"x": 1.0, "n": 0.0}, {"k": 1.0}, {"x": "-k*x", "n": "0*x"}, [Event("low", {"n": "n + 1"}, when="x < 0.5")]
    )
    assert solve(functions, [[1.0]], times=[0, 5]).y[-1, 1, 0] == 1


def test_a_condition_that_holds_from_the_start_does_not_fire(build: Build) -> None:
    functions = build({"x": 0.3}, {"k": 1.0}, {"x": "-k*x"}, [Event("low", {"x": "9"}, when="x < 0.5")])
    assert solve(functions, [[1.0]], times=[0, 1]).y[-1, 0, 0] == pytest.approx(0.3 * np.exp(-1), rel=1e-5)


def test_a_jump_over_the_threshold_fires_at_once(build: Build) -> None:
    """A dose at t = 2 lifts x above 3, which resets it and sets off a third event."""
    events = [
        Event("dose", {"x": "x + 5"}, at=2),
        Event("cap", {"x": "1", "n": "n + 1"}, when="x > 3"),
        Event("second", {"n": "n + 10"}, when="n > 0.5"),
    ]
    functions = build({"x": 1.0, "n": 0.0}, {"k": 0.0}, {"x": "k*x", "n": "k*x"}, events)
    batch = solve(functions, [[0.0]], times=[0, 2, 3])
    assert batch.y[:, :, 0].tolist() == [[1, 0], [1, 11], [1, 11]]


def test_a_short_excursion_is_seen(build: Build) -> None:
    """x = sin(t)^2 - 0.99 is positive for 0.2 in 3.14; the tolerance allows steps of about 1."""
    functions = build(
        {"x": 0.0, "n": 0.0},
        {"k": 1.0},
        {"x": "k*sin(2*t)", "n": "0*x"},
        [Event("up", {"n": "n + 1"}, when="x > 0.99")],
    )
    assert solve(functions, [[1.0]], times=[0, 20], rtol=1e-4).y[-1, 1, 0] == 6


def test_events_for_ever_end_at_the_limit(build: Build) -> None:
    """Two events that undo each other at once."""
    events = [Event("a", {"x": "2"}, when="x < 1"), Event("b", {"x": "0"}, when="x > 1.5")]
    functions = build({"x": 1.2}, {"k": 1.0}, {"x": "-k"}, events)
    batch = solve(functions, [[1.0]], times=[0, 5])
    assert batch.status.tolist() == [Status.TOO_MANY_STEPS]
    assert batch.reached[0] == pytest.approx(0.2)


def test_switches_set_by_state_events_hold(build: Build) -> None:
    events = [Event("on", {"flow": "1"}, when="x > 2"), Event("dose", {"x": "x + 1"}, at=5)]
    functions = build({"x": 0.0}, {"k": 1.0}, {"x": "k*(1 - flow)"}, events, ["flow"])
    batch = solve(functions, [[1.0]], times=[0, 3, 5, 7])
    assert batch.y[:, 0, 0] == pytest.approx([0, 2, 3, 3])


def test_lsoda_goes_on_where_a_trial_step_left_the_domain(build: Build) -> None:
    """sqrt(x) with x rising slowly from 0 and a kick: LSODA's long trial steps reach below 0, the solution does not."""
    functions = build({"x": 1.0}, {"k": 1.0}, {"x": "-k*sqrt(x)*x + 1e-9"})
    batch = solve(functions, [[1e3]], times=np.linspace(0, 50, 5), engine="scipy")
    assert batch.status.tolist() == [Status.OK]
    assert (batch.y > 0).all()


def test_limit_of_steps(relaxation: Functions) -> None:
    batch = solve(relaxation, [[10.0]], times=[0, 100], engine="scipy", max_steps=20)
    assert batch.status.tolist() == [Status.TOO_MANY_STEPS]
    assert batch.steps.tolist() == [20]


def test_a_listener_gets_its_own_arrays(topped_up: Functions) -> None:
    kept: list[Any] = []
    solve(topped_up, [[1.0]], times=[0, 2], on_jump=lambda *heard: kept.append(heard))
    assert [k[2][0, 0] < k[3][0, 0] for k in kept] == [True, True]
    assert kept[0][3][1, 0] == 1
