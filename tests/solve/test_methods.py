"""Both methods converge as fast as they should, at the ends of steps and inside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.solve.numpy.lane_table import LaneTable
from immunode.solve.numpy.methods import Explicit, Method, Stiff

Array = NDArray[np.float64]
LANES = np.arange(8)
METHODS: list[type[Method]] = [Explicit, Stiff]
# y' = y cos t: time occurs, and the solution is exp(sin t)
END = 3.0


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Engines call methods with warnings off: a first step has none before it, an idle lane divides by zero."""
    with np.errstate(all="ignore"):
        yield


@pytest.fixture(scope="module")
def timed(build: Callable[..., Functions]) -> Functions:
    return build({"y": 1.0, "z": 1.0}, {"k": 1.0}, {"y": "k*y*cos(t)", "z": "-k*y*z**2"})


def exact(t: float) -> float:
    return float(np.exp(np.sin(t)))


def errors(functions: Functions, kind: type[Method], n: int) -> tuple[float, float]:
    """Errors of y after `n` equal steps to END, and the largest inside the first step of that size at t = 0.5."""
    h = END / n
    p = functions.parameters(np.array(functions.program.values)[:, None].repeat(8, axis=1))

    def at(t: float, y: float) -> tuple[Method, LaneTable]:
        method = kind(functions)
        block = LaneTable(8, 2, len(functions.prepare(p)), *method.rows())
        method.attach(block)
        block.c[:] = functions.prepare(p)
        block.y[:] = np.array([[y], [1.0]])
        block.t[:] = t
        method.start(LANES, functions.rhs(block.t, block.y, block.c))
        return method, block

    method, block = at(0.0, 1.0)
    for _ in range(n):
        method.attempt(np.full(8, h))
        method.accept()
        block.t += h
    at_end = abs(float(block.y[0, 0]) - exact(END))
    method, block = at(0.5, exact(0.5))
    method.attempt(np.full(8, h))
    inside = np.array([c[0, 0] for c in method.dense(LANES)])
    x = np.linspace(0, 1, 11)
    return at_end, float(np.abs(x[:, None] ** np.arange(5) @ inside - np.exp(np.sin(0.5 + h * x))).max())


@pytest.mark.parametrize("kind", METHODS)
def test_observed_order_is_five(timed: Functions, kind: type[Method]) -> None:
    steps = np.array([32, 64, 128])
    found = np.array([errors(timed, kind, int(n))[0] for n in steps])
    slope = -np.polyfit(np.log(steps), np.log(found), 1)[0]
    assert slope == pytest.approx(5, abs=0.2)


@pytest.mark.parametrize("kind", METHODS)
def test_order_inside_a_step_is_four(timed: Functions, kind: type[Method]) -> None:
    """The error of one step is then O(h^5)."""
    steps = np.array([8, 16, 32])
    found = np.array([errors(timed, kind, int(n))[1] for n in steps])
    slope = -np.polyfit(np.log(steps), np.log(found), 1)[0]
    assert slope > 4.8


@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
def test_steps_grow_with_the_fifth_root_of_the_tolerance(predator: Functions, method: str) -> None:
    rtol = np.array([1e-5, 1e-6, 1e-7, 1e-8])
    values = np.array(predator.program.values)[:, None]
    steps = [
        solve(predator, values, times=[0, 100], engine="numpy", method=method, rtol=r).steps[0] for r in rtol.tolist()
    ]
    # accepted and rejected steps, and restarts at three doses: the slope is a little flatter than 1/5
    assert -np.polyfit(np.log(rtol), np.log(steps), 1)[0] == pytest.approx(0.2, abs=0.04)


@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
def test_error_and_work_are_bounded_by_the_tolerance(predator: Functions, method: str, rtol: float) -> None:
    values, times = np.array(predator.program.values)[:, None], np.linspace(0, 60, 61)
    expected = solve(predator, values, times=times, engine="scipy", method="DOP853", rtol=1e-12).y
    got = solve(predator, values, times=times, engine="numpy", method=method, rtol=rtol)
    error = np.abs(got.y - expected).max(axis=0) / np.abs(expected).max(axis=0)
    assert error.max() < 6 * rtol
    assert got.steps[0] < 60 * (1e-4 / rtol) ** 0.2 * 4


def test_fast_states_are_as_good_inside_long_steps_as_at_their_ends(build: Callable[..., Functions]) -> None:
    """A ligand bound by much antibody: without the correction of the extension its error is 40 times the tolerance."""
    functions = build(
        {"drug": 100.0, "ligand": 0.1, "complex": 0.0},
        {"on": 120.0, "off": 2.5, "make": 10.0, "decay": 10.0, "clear": 0.02, "use": 0.8},
        {
            "drug": "-clear*drug",
            "ligand": "make - decay*ligand - on*drug*ligand + off*complex",
            "complex": "on*drug*ligand - (off + use)*complex",
        },
    )
    values, times = np.array(functions.program.values)[:, None], np.linspace(0, 200, 401)
    expected = solve(functions, values, times=times, engine="scipy", method="Radau", rtol=1e-11).y[:, 1, 0]
    got = solve(functions, values, times=times, engine="numpy", method="rodas5p", rtol=1e-6)
    error = np.abs(got.y[:, 1, 0] / expected - 1)
    assert error.max() < 1e-5
    assert got.steps[0] < 150


def test_stiff_method_needs_few_steps_where_the_explicit_one_can_not_go(relaxation: Functions) -> None:
    times = np.linspace(0, 2, 201)
    batch = solve(relaxation, [[1e6]], times=times, engine="numpy", method="rodas5p", rtol=1e-6)
    expected = solve(relaxation, [[1e6]], times=times, engine="scipy", method="Radau", rtol=1e-9)
    assert batch.steps[0] < 1000
    assert batch.y[:, 0] == pytest.approx(expected.y[:, 0], abs=1e-4)


def test_a_matrix_that_can_not_be_factorized_rejects_the_step(build: Callable[..., Functions]) -> None:
    """x' = k x with a first step of 1/(gamma k) or so: the pivot vanishes there, the run does not."""
    functions = build({"x": 1.0}, {"k": 2.0}, {"x": "k*x"})
    p = functions.parameters(np.full((1, 8), 2.0))
    method = Stiff(functions)
    block = LaneTable(8, 1, 1, *method.rows())
    method.attach(block)
    block.c[:], block.y[:] = functions.prepare(p), 1.0
    h = np.full(8, 1 / (2.0 * method.tableau.gamma))
    h[4:] /= 10
    error = method.attempt(h)
    assert not np.isfinite(error[0, :4]).any()
    assert np.isfinite(error[0, 4:]).all()
