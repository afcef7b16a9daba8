"""A run that slides along a jump of its rates is refused soon, by every engine and in the same words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from immunode.program.llvm.compile import available
from immunode.program.nonsmooth import has_jumps
from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.solve.engine import Request
from immunode.solve.numpy.engine import NumpyEngine
from immunode.solve.sliding import solve_or_slide
from immunode.solve.status import Status
from tests.clock import cpu_below

Build = Callable[..., Functions]
WAYS = [("numpy", "tsit5"), ("numpy", "rodas5p"), ("scipy", "LSODA"), ("scipy", "BDF"), ("scipy", "DOP853")]
WAYS += [("scipy", "auto"), ("numpy", "auto"), ("auto", "auto")]
if available():
    WAYS += [("compiled", "tsit5"), ("compiled", "rodas5p"), ("compiled", "auto")]
ways = pytest.mark.parametrize(("engine", "method"), WAYS)


@pytest.fixture(scope="module")
def switch(build: Build) -> Functions:
    """x rises with 1 below 1, and with b above it: for b < 0 it can't leave 1; z is another state on its way."""
    return build({"x": 0.0, "z": 1.0}, {"b": 0.5}, {"x": "piecewise(1, x < 1, b)", "z": "-z"})


@pytest.mark.sampled
@ways
def test_sliding_is_told_within_seconds_and_in_the_same_words(switch: Functions, engine: str, method: str) -> None:
    with cpu_below(5):  # 235 s in SciPy's engine, 48 s in NumPy's, before
        batch = solve(switch, [[-1.0, 0.5]], times=[0, 0.5, 10], engine=engine, method=method)
    assert batch.status.tolist() == [Status.SLIDING, Status.OK]
    assert batch.reached[0] == pytest.approx(1.0, abs=0.1)
    assert batch.y[:, 0, 0] == pytest.approx([0, 0.5, np.nan], rel=1e-5, nan_ok=True)
    assert batch.y[2, 0, 1] == pytest.approx(1 + 0.5 * 9, rel=1e-5)
    words = batch.reasons[0]
    assert words.startswith("a condition in a rate switches back and forth without end at t = 1.")
    assert words.endswith("make it gradual, with hill or tanh, or declare events")


@pytest.mark.slow
@pytest.mark.sampled
@ways
def test_a_run_that_needs_many_steps_does_not_slide(build: Build, engine: str, method: str) -> None:
    """A pendulum passes a bend of its damping at every turn, and takes more steps than sliding is looked for after."""
    functions = build({"x": 1.0, "z": 0.0}, {}, {"x": "z", "z": "-x - piecewise(0.01, z > 0, 0.02)*z"})
    batch = solve(functions, np.empty((0, 2)), times=[100.0, 400.0], engine=engine, method=method)
    assert batch.status.tolist() == [Status.OK] * 2
    assert batch.steps.min() > 500
    assert np.ptp(batch.y, axis=2).max() == 0


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
def test_looking_for_it_changes_no_number(build: Build, method: str) -> None:
    rates = {"x": "z", "z": "-x - piecewise(0.01, z > 0, b)*z"}
    pendulum = build({"x": 1.0, "z": 0.0}, {"b": 0.02}, rates)
    values = np.array([[0.02, 0.1, 0.05]])
    times = np.array([5.0, 100.0])
    request = Request(
        functions=pendulum, values=values, times=times, t0=0.0, rtol=1e-8, max_steps=100_000, method=method
    )
    made, direct = solve_or_slide(NumpyEngine(), request, ""), NumpyEngine().solve(request, "")
    assert made.steps.min() > 500
    assert made.status.tolist() == [Status.OK] * 3
    assert np.array_equal(made.y, direct.y)


def test_a_state_at_rest_beside_its_switch_is_no_sliding(build: Build) -> None:
    """Rounding flips the condition again and again, but the rate does not jump."""
    rates = {"x": "-piecewise(x, x > 0, 0)", "u": "w*v", "v": "-w*u"}
    functions = build({"x": 1.0, "u": 1.0, "v": 0.0}, {"w": 40.0}, rates)
    assert has_jumps(functions.program)
    batch = solve(functions, np.full((1, 10), 40.0), times=[0, 100])
    assert batch.status.tolist() == [Status.OK] * 10


def test_smooth_models_are_not_looked_at(decay: Functions, build: Build) -> None:
    assert not has_jumps(decay.program)
    assert not has_jumps(build({"x": 1.0}, {"k": 1.0}, {"x": "-hill(x, k, 2)*max(x, 0)"}).program)
    assert not has_jumps(build({"x": 1.0}, {"k": 1.0}, {"x": "-piecewise(x, t < k, 2*x)"}).program)
