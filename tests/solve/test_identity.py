"""A run has the same bits alone, in any block, at any place and in any company."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.solve.numpy import engine as numpy_engine
from immunode.solve.outcome import Outcome
from immunode.solve.status import Status

Array = NDArray[np.float64]
GRID = np.linspace(0.0, 40.0, 33)
METHODS = ["auto", "tsit5", "rodas5p"]


def run(functions: Functions, values: Array, **options: Any) -> Outcome:
    return solve(functions, values, **{"times": GRID, "engine": "numpy", **options})


def same(one: Outcome, lanes: Any, other: Outcome) -> bool:
    """Whether runs `lanes` of `one` are the runs of `other`, bit for bit."""
    return all(
        np.array_equal(np.asarray(getattr(one, name))[..., lanes], getattr(other, name), equal_nan=name != "status")
        for name in ("y", "status", "reached", "steps", "rejected", "trouble", "method_index")
    )


@pytest.fixture(scope="module")
def values(predator: Functions, sets: Callable[..., Array]) -> Array:
    # counts stay whole numbers: a schedule rounds them
    return sets(predator, 1000, keep=["n"])


@pytest.mark.parametrize("method", METHODS)
def test_runs_are_the_same_alone_in_seven_and_in_a_thousand(predator: Functions, values: Array, method: str) -> None:
    whole = run(predator, values, method=method)
    assert set(whole.status) == {Status.OK}
    for run_number in (0, 517, 999):
        lanes = np.array([run_number])
        assert same(whole, lanes, run(predator, values[:, lanes], method=method))
    seven = np.arange(301, 308)
    assert same(whole, seven, run(predator, values[:, seven], method=method))


@pytest.mark.parametrize("method", METHODS)
def test_order_does_not_matter(predator: Functions, values: Array, method: str) -> None:
    whole = run(predator, values, method=method)
    order = np.random.default_rng(0).permutation(1000)
    assert same(whole, order, run(predator, values[:, order], method=method))


@pytest.mark.sampled
@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
@pytest.mark.parametrize("width", [8, 56, 600])
def test_width_of_the_block_does_not_matter(
    predator: Functions, values: Array, method: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = values[:, : 40 if width == 8 else 700]
    whole = run(predator, some, method=method)
    monkeypatch.setattr(numpy_engine, "MOST_LANES", width)
    assert same(whole, slice(None), run(predator, some, method=method))


@pytest.mark.slow
def test_runs_that_turn_stiff_on_their_way_are_the_same_alone(relaxation: Functions) -> None:
    values, times = np.logspace(1, 5, 40)[None], np.linspace(0, 8, 9)
    whole = run(relaxation, values, rtol=1e-5, times=times)
    assert set(whole.methods) == {"tsit5", "rodas5p"}
    for number in range(0, 40, 6):
        assert same(whole, np.array([number]), run(relaxation, values[:, [number]], rtol=1e-5, times=times))


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_absurd_runs_leave_the_others_alone(predator: Functions, values: Array, method: str) -> None:
    """1 % absurd sets: NaN, infinite, negative, 1e12-fold, and one that blows up."""
    rng = np.random.default_rng(3)
    absurd = rng.choice(1000, 10, replace=False)
    bad = values.copy()
    rows = {name: i for i, name in enumerate(predator.program.parameters)}
    bad[rows["r"], absurd[0]] = np.nan
    bad[rows["s"], absurd[1]] = np.inf
    bad[:, absurd[2]] *= -1
    bad[rows["a"], absurd[3]] *= 1e12
    bad[rows["d"], absurd[4]] *= 1e12
    bad[rows["b"], absurd[5]] *= -1
    bad[rows["eta"], absurd[6]] = -50
    bad[rows["r"], absurd[7]] *= 1e12
    bad[rows["mu"], absurd[8]] = -1e12
    bad[:, absurd[9]] = 1e300
    whole = run(predator, values, method=method, max_steps=3000)
    mixed = run(predator, bad, method=method, max_steps=3000)
    good = np.setdiff1d(np.arange(1000), absurd)
    assert same(whole, good, run(predator, bad[:, good], method=method, max_steps=3000))
    assert np.array_equal(mixed.y[..., good], whole.y[..., good])
    assert np.array_equal(mixed.steps[good], whole.steps[good])
    assert mixed.status[absurd[0]] == Status.REFUSED
    failed = mixed.status[absurd] != Status.OK
    assert failed.sum() >= 5
    for number in absurd[failed]:
        late = mixed.reached[number] < GRID
        assert np.isnan(mixed.y[late][..., number]).all()
        # what was reached before is kept, except where the run never started
        if mixed.status[number] != Status.REFUSED:
            assert np.isfinite(mixed.y[~late][..., number]).all()


@pytest.mark.parametrize("name", ["exp", "log", "power", "tanh", "sqrt", "sin", "cos", "sinh", "arctan", "divide"])
def test_numpy_gives_a_lane_the_same_bits_anywhere(name: str) -> None:
    """Blocks are multiples of 8 lanes; then no value depends on its place, its neighbors, or the width."""
    rng = np.random.default_rng(5)
    x, e = np.exp(rng.normal(0, 4, 4096)), rng.uniform(-3, 3, 4096)
    # neighbors from which library code takes a slow path
    special = rng.choice(4096, 200, replace=False)
    poisoned = x.copy()
    poisoned[special] = rng.choice([np.nan, np.inf, 0.0, -1.0, 1e308, 1e-310], 200)
    clean = np.setdiff1d(np.arange(4096), special)

    def apply(a: Array, b: Array) -> Array:
        function = getattr(np, name)
        with np.errstate(all="ignore"):
            return np.asarray(function(a, b) if function.nin == 2 else function(a))

    whole = apply(x, e)
    assert np.array_equal(apply(poisoned, e)[clean], whole[clean])
    for start in (0, 1, 3, 7, 8, 100):
        for width in (8, 16, 56, 1024):
            part = slice(start, start + width)
            assert np.array_equal(apply(x[part].copy(), e[part].copy()), whole[part])
            assert np.array_equal(apply(x[part], e[part]), whole[part])


def test_sums_over_states_and_stages_do_not_depend_on_the_width() -> None:
    rng = np.random.default_rng(6)
    table, weights = rng.normal(size=(9, 5, 4096)), rng.normal(size=9)
    whole = np.einsum("i,ir->r", weights, table.reshape(9, -1)).reshape(5, -1)
    squares = np.add.reduce(table, axis=0)
    for width in (8, 16, 56, 1024):
        part = np.ascontiguousarray(table[:, :, 40 : 40 + width])
        narrow = np.einsum("i,ir->r", weights, part.reshape(9, -1)).reshape(5, -1)
        assert np.array_equal(narrow, whole[:, 40 : 40 + width])
        assert np.array_equal(np.add.reduce(part, axis=0), squares[:, 40 : 40 + width])
