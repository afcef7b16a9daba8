"""A run that fails is a status, a last good time and NaN; never an exception, and never for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.model import Requirement
from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.solve.outcome import INPUT_IS_NAN
from immunode.solve.status import Status

Array = NDArray[np.float64]
Build = Callable[..., Functions]
WAYS = [
    ("numpy", "tsit5"),
    ("numpy", "rodas5p"),
    ("numpy", "dop853"),
    ("scipy", "LSODA"),
    ("scipy", "BDF"),
    ("scipy", "Radau"),
]
ways = pytest.mark.parametrize(("engine", "method"), [*WAYS, ("scipy", "DOP853")])


@ways
def test_blow_up_ends_at_its_time(build: Build, engine: str, method: str) -> None:
    """x' = x^2 from 1 is infinite at t = 1."""
    functions = build({"z": 1.0, "x": 1.0}, {"k": 1.0}, {"z": "-z", "x": "k*x**2"})
    batch = solve(functions, [[1.0, 0.1]], times=[0, 0.5, 2], engine=engine, method=method, max_steps=5000)
    assert batch.status[0] in (Status.NOT_FINITE, Status.STEP_TOO_SMALL, Status.TOO_MANY_STEPS, Status.SOLVER_FAILED)
    assert batch.status[1] == Status.OK
    assert batch.reached[0] == pytest.approx(1.0, abs=1e-3)
    assert batch.y[1, 1, 0] == pytest.approx(2.0, rel=1e-4)
    assert np.isnan(batch.y[2, :, 0]).all()
    assert functions.program.states[batch.trouble[0]] == "x"
    assert "look at 'x'" in batch.reasons[0]


@ways
def test_a_slope_that_is_nan_from_the_start(build: Build, engine: str, method: str) -> None:
    functions = build({"y": 1.0, "x": 1.0}, {"k": 1.0}, {"y": "1", "x": "sqrt(k - 2*x)"})
    batch = solve(functions, [[1.0, 9.0]], times=[0, 1], engine=engine, method=method)
    assert batch.status.tolist() == [Status.NOT_FINITE, Status.OK]
    assert batch.reached[0] == 0
    assert batch.y[0, :, 0].tolist() == [1, 1]
    assert functions.program.states[batch.trouble[0]] == "x"


@ways
def test_leaving_the_domain_on_the_way(build: Build, engine: str, method: str) -> None:
    """x' = -1 - 0 log(x) is not defined below x = 0, which is reached at t = 1."""
    functions = build({"x": 1.0}, {"k": 0.0}, {"x": "-1 - k*log(x)"})
    batch = solve(functions, [[0.0]], times=[0, 0.5, 3], engine=engine, method=method, max_steps=5000)
    assert batch.status[0] != Status.OK
    assert batch.reached[0] == pytest.approx(1.0, abs=1e-2)
    assert batch.y[1, 0, 0] == pytest.approx(0.5)


@ways
def test_nan_is_refused(decay: Functions, engine: str, method: str) -> None:
    batch = solve(decay, [[np.nan, 1.0]], times=[0, 1], engine=engine, method=method)
    assert batch.status.tolist() == [Status.REFUSED, Status.OK]
    assert batch.message_index[0] == INPUT_IS_NAN
    assert np.isnan(batch.y[:, :, 0]).all()
    assert batch.steps[0] == 0


@ways
@pytest.mark.parametrize("k", [np.inf, -np.inf, 1e300, -1e300])
def test_infinite_rates_end(decay: Functions, engine: str, method: str, k: float) -> None:
    batch = solve(decay, [[k, 1.0]], times=[0, 1], engine=engine, method=method, max_steps=2000)
    assert batch.status[1] == Status.OK
    if not np.isfinite(k) or k < 0:
        assert batch.status[0] != Status.OK
        assert np.isnan(batch.y[1, 0, 0])


def test_a_requirement_that_fails_is_told(build: Build) -> None:
    needs = [Requirement("k > 0", "k must be positive"), Requirement("k < 5", "k must be below 5")]
    functions = build({"x": 1.0}, {"k": 1.0}, {"x": "-k*x"}, requirements=needs)
    batch = solve(functions, [[1.0, -1.0, 7.0]], times=[0, 1], engine="numpy")
    assert batch.status.tolist() == [Status.OK, Status.REFUSED, Status.REFUSED]
    assert batch.message_index.tolist() == [-1, 0, 1]
    assert batch.reasons == {1: "refused: k must be positive", 2: "refused: k must be below 5"}


@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
@pytest.mark.parametrize("limit", [1, 7, 20])
def test_steps_end_at_their_limit_exactly(relaxation: Functions, method: str, limit: int) -> None:
    batch = solve(relaxation, [[1.0, 50.0]], times=[0, 100], engine="numpy", method=method, max_steps=limit)
    assert batch.status.tolist() == [Status.TOO_MANY_STEPS] * 2
    assert batch.steps.tolist() == [limit] * 2
    assert (batch.reached > 0).any() or limit == 1


@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
def test_a_limit_that_is_just_enough_is_enough(relaxation: Functions, method: str) -> None:
    free = solve(relaxation, [[1.0]], times=[0, 10], engine="numpy", method=method)
    needed = int(free.steps[0])
    tight = solve(relaxation, [[1.0]], times=[0, 10], engine="numpy", method=method, max_steps=needed)
    short = solve(relaxation, [[1.0]], times=[0, 10], engine="numpy", method=method, max_steps=needed - 1)
    assert tight.status.tolist() == [Status.OK]
    assert np.array_equal(tight.y, free.y)
    assert short.status.tolist() == [Status.TOO_MANY_STEPS]


def test_all_runs_may_fail(decay: Functions) -> None:
    batch = solve(decay, np.full((1, 30), np.nan), times=[0, 1], engine="numpy")
    assert set(batch.status) == {Status.REFUSED}


def test_words_for_every_status(decay: Functions) -> None:
    assert [s.label for s in Status] == [
        "ok",
        "refused",
        "not finite",
        "step too small",
        "too many steps",
        "solver failed",
        "no steady state",
        "sliding",
    ]
    batch = solve(decay, [[-1e6]], times=[0, 1], engine="numpy", method="tsit5", max_steps=10)
    assert batch.reasons[0].startswith("the limit of steps was reached at t = ")


def test_a_failed_run_does_not_slow_the_others(predator: Functions, sets: Any) -> None:
    """Passes of the block are what costs time; absurd runs are let go of, they do not add any."""
    values = sets(predator, 64, keep=["n"])
    plain = solve(predator, values, times=[0, 40], engine="numpy", method="tsit5")
    values[:, ::8] *= -1
    mixed = solve(predator, values, times=[0, 40], engine="numpy", method="tsit5", max_steps=int(plain.steps.max()))
    good = np.arange(64) % 8 > 0
    assert np.array_equal(mixed.y[..., good], plain.y[..., good])
    assert mixed.steps.max() == plain.steps[good].max() or mixed.steps.max() <= plain.steps.max()
