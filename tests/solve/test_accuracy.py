"""Errors of whole runs stay near the tolerances where the system makes the errors of steps grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.solve.accuracy.rehearsal import MOST, RUNS, factor_needed
from immunode.solve.compiled import engine as compiled_engine
from immunode.solve.engine import Request
from immunode.solve.outcome import Outcome
from tests.libraries import needs

Array = NDArray[np.float64]
Build = Callable[..., Functions]
RTOL = 1e-6
TIMES = np.linspace(0.0, 12.0, 61)
engines = pytest.mark.parametrize("engine", ["numpy", pytest.param("compiled", marks=needs("llvmlite"))])


def growing(build: Build) -> Functions:
    """Return a system whose solution is x = 1/(2 + sin t) at every k; an error grows as exp(k t)."""
    rate = "k*(x - 1/(2 + sin(t))) - cos(t)/(2 + sin(t))**2"
    return build({"x": 0.5}, {"k": 0.6}, {"x": rate}, name="growing")


def errors(made: Outcome) -> Any:
    """Return the error of every run in tolerances."""
    exact = 1.0 / (2.0 + np.sin(TIMES))[:, None, None]
    return np.max(np.abs(made.y - exact) / (RTOL * exact), axis=(0, 1))


@engines
def test_errors_that_grow_are_kept_small(build: Build, engine: str) -> None:
    values = np.linspace(0.55, 0.65, 12)[None]
    functions = growing(build)
    plain = solve(functions, values, times=TIMES, engine=engine, method="tsit5", rtol=RTOL)
    made = solve(functions, values, times=TIMES, engine=engine, rtol=RTOL)
    assert set(made.methods) == {"tsit5"}
    assert errors(plain).max() > 10.0
    assert errors(made).max() < 5.0
    assert "tolerances of its steps are divided by" in made.reason
    assert "divided" not in plain.reason


@engines
def test_errors_that_fade_cost_nothing(build: Build, engine: str) -> None:
    """The bits are those of the plain method."""
    functions = build({"x": 0.5}, {"k": 1.0}, {"x": "k*(2 - x)"}, name="fading")
    values = np.linspace(0.8, 1.2, 12)[None]
    made, plain = (
        solve(functions, values, times=TIMES, engine=engine, method=method, rtol=RTOL) for method in ("auto", "tsit5")
    )
    assert np.array_equal(made.y, plain.y)
    assert "divided" not in made.reason


@engines
def test_a_run_is_the_same_alone_and_in_any_order(build: Build, engine: str) -> None:
    functions, order = growing(build), np.random.default_rng(0).permutation(40)
    values = np.linspace(0.5, 0.8, 40)[None]
    whole = solve(functions, values, times=TIMES, engine=engine, rtol=RTOL)
    turned = solve(functions, values[:, order], times=TIMES, engine=engine, rtol=RTOL)
    assert np.array_equal(turned.y, whole.y[:, :, order])
    for run in (0, 17, 39):
        alone = solve(functions, values[:, [run]], times=TIMES, engine=engine, rtol=RTOL)
        assert np.array_equal(alone.y[:, :, 0], whole.y[:, :, run])


@engines
def test_tolerances_given_are_divided_too(build: Build, engine: str) -> None:
    values = np.full((1, 12), 0.6)
    made = solve(growing(build), values, times=TIMES, engine=engine, rtol=RTOL, atol=[1e-9])
    assert errors(made).max() < 5.0
    assert "divided" in made.reason


def needed(build: Build, error: Callable[[float], Any], rtol: float = RTOL, once: bool = False) -> float:
    """Return the factor for a method whose run at a tolerance has an error, (n_times, 1, n_runs) or alike."""
    functions = growing(build)

    def run(request: Request, factors: Sequence[float]) -> list[Array]:
        assert request.values.shape == (1, RUNS)
        return [np.ones((len(request.times), 1, RUNS)) + error(request.rtol / factor) for factor in factors]

    asked = Request(functions=functions, values=np.ones((1, 1)), times=TIMES, t0=0.0, rtol=rtol, max_steps=100)
    return factor_needed(asked, 100, run, once)


def test_the_factor_follows_the_error(build: Build) -> None:
    """Errors of r tolerances that shrink as the tolerances do ask for about r/2, in powers of two."""
    assert [needed(build, lambda rtol, r=r: r * rtol) for r in (0.5, 1.9, 3.0, 12.0, 100.0)] == [1, 1, 2, 8, 64]


def test_errors_that_shrink_slower_are_looked_at_again(build: Build) -> None:
    """Ten tolerances that go with the root of the tolerance ask for more than 8."""
    assert needed(build, lambda rtol: 10.0 * RTOL * (rtol / RTOL) ** 0.5) == 16.0
    assert needed(build, lambda rtol: 10.0 * RTOL * (rtol / RTOL) ** 0.5, once=True) == 4.0


def test_what_no_tolerance_helps_is_left_alone(build: Build) -> None:
    """A run at a border between two fates, or one that has ended, does not make the others slow."""
    one, other = np.zeros(RUNS), np.zeros(RUNS)
    one[3], other[5] = 1e3, np.nan
    assert needed(build, lambda rtol: one * rtol + other) == 1.0
    # an error that stays whatever the tolerance is followed to the end, no further
    noise = iter(range(100))
    assert needed(build, lambda rtol: 20.0 * RTOL * (-1.0) ** next(noise)) == MOST


def test_no_tolerance_goes_below_what_numbers_hold(build: Build) -> None:
    assert needed(build, lambda rtol: 100.0 * rtol, rtol=1e-12) == 8.0
    assert needed(build, lambda rtol: 100.0 * rtol, rtol=1e-13) == 1.0


def test_with_the_end_alone_asked_for_the_end_alone_is_looked_at(build: Build) -> None:
    looks: list[int] = []

    def run(request: Request, factors: Sequence[float]) -> list[Array]:
        looks.append(len(request.times))
        return [np.ones((len(request.times), 1, RUNS)) for _ in factors]

    for times in (TIMES, TIMES[-1:]):
        asked = Request(functions=growing(build), values=np.ones((1, 1)), times=times, t0=0.0, rtol=RTOL, max_steps=100)
        assert factor_needed(asked, 100, run) == 1.0
    assert looks == [128, 1]


@needs("llvmlite")
def test_the_runs_around_are_made_once(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[float] = []
    whole = compiled_engine.factor_needed
    monkeypatch.setattr(compiled_engine, "_pilots", {})
    monkeypatch.setattr(compiled_engine, "factor_needed", lambda *asked: made.append(whole(*asked)) or made[-1])
    for n in (1, 40):
        solve(growing(build), np.full((1, n), 0.6), times=TIMES, engine="compiled", rtol=RTOL)
    assert len(made) == 1


def test_numpy_makes_them_at_every_tolerance(build: Build) -> None:
    values = np.full((1, 12), 0.6)
    reasons = [solve(growing(build), values, times=TIMES, engine="numpy", rtol=r).reason for r in (1e-4, 1e-6, 1e-8)]
    assert ["divided" in reason for reason in reasons] == [True, True, True]
