"""State events of random systems: engines agree with SciPy's, and a run has the same bits wherever it is computed.

The systems are those of `event_models`: thresholds on one state and on several, delays, priorities, cascades, doses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.program.llvm.compile import available
from immunode.solve import solve
from immunode.solve.compiled import engine as compiled_engine
from immunode.solve.numpy import engine as numpy_engine
from immunode.solve.outcome import Outcome
from immunode.solve.status import Status
from immunode.solve.tape import Steps
from immunode.solve.triggers.settling import PATIENCE
from tests.libraries import needs
from tests.solve.event_models import random_system

Array = NDArray[np.float64]
GRID = np.linspace(0.0, 10.0, 21)
ENGINES = ["numpy", pytest.param("compiled", marks=[needs("llvmlite"), pytest.mark.slow])]
NEAR = 1e-7
"""Largest difference at rtol 1e-11, in parts of a state or of a thousandth: 9e-9 is seen, where a hundred events follow
each other."""


class Heard:
    """Counts the jumps of one run."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, runs: NDArray[np.intp], t: Array, before: Array, after: Array, p: Array) -> None:
        self.times += t.tolist()


def countable(times: list[float], until: float) -> list[float]:
    """Return times before `until`, but of twenty and more that crowd within 1e-6 none.

    How often events fire that come sooner and sooner is a matter of rounding.
    """
    near = [np.searchsorted(times, np.array(times) + side) for side in (-1e-6, 1e-6)]
    return [t for t, n in zip(times, near[1] - near[0], strict=True) if t < until and n < PATIENCE]


def agrees(seed: int, engine: str, delays: bool = True, doses: bool = False) -> int:
    """Compare one system with SciPy's engine; return how many events it had."""
    functions = random_system(seed, delays, doses)
    values = np.array(functions.program.values)[:, None]
    mine, theirs = Heard(), Heard()
    batch = solve(functions, values, times=GRID, engine=engine, rtol=1e-11, on_jump=mine)
    truth = solve(functions, values, times=GRID, engine="scipy", rtol=1e-11, on_jump=theirs)
    assert batch.status.tolist() == truth.status.tolist() == [Status.OK]
    assert np.max(np.abs(batch.y - truth.y) / (np.abs(truth.y) + 1e-3)) < NEAR, seed
    # one that comes at the very end may come just behind it
    at_end = GRID[-1] - 1e-6
    counted = [countable(heard.times, at_end) for heard in (mine, theirs)]
    assert len(counted[0]) == len(counted[1]), seed
    assert counted[0] == pytest.approx(counted[1], abs=1e-7), seed
    return len(counted[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_random_systems_agree_with_scipy(engine: str) -> None:
    assert sum(agrees(seed, engine) for seed in (3, 10, 31)) > 50
    assert sum(agrees(seed, engine, delays=False) for seed in (12, 19, 33)) > 20


CROWDED = 192
"""In this system an event comes sooner and sooner: each takes 0.3 of what x0 is above 1/3, where the others come in."""


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("first", range(8, 200, 16))
def test_many_more_random_systems_agree_with_scipy(first: int, engine: str) -> None:
    for seed in set(range(first, first + 16)) - {CROWDED}:
        agrees(seed, engine, delays=seed % 2 == 0, doses=seed % 3 == 0)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [*ENGINES, "scipy"])
def test_events_without_end_are_told_and_the_run_is_right_until_then(engine: str) -> None:
    """The true run goes on behind their last; LSODA gets past them at some tolerances, by its roundings."""
    functions, method = random_system(CROWDED, delays=True, doses=True), "DOP853" if engine == "scipy" else "tsit5"
    values, heard = np.array(functions.program.values)[:, None], Heard()
    times = [0.0, 0.45, 10.0]
    batch = solve(functions, values, times=times, engine=engine, method=method, rtol=1e-11, on_jump=heard)
    assert batch.status.tolist() == [Status.TOO_MANY_STEPS]
    assert "fires ever sooner" in batch.reasons[0]
    assert heard.times[-1] - heard.times[-1000] < 1e-9
    assert np.isnan(batch.y[2]).all()
    # x0 + x2 has come to 3.5894 w where x0 is 1/3
    w = values[functions.program.parameters.index("w"), 0]
    assert batch.reached[0] == pytest.approx(heard.times[-1], abs=1e-9)
    assert batch.last[0, 0] == pytest.approx(1 / 3, abs=1e-8)
    assert batch.last[2, 0] == pytest.approx(3.5894 * w - 1 / 3, abs=1e-8)


def same(one: Outcome, lanes: Any, other: Outcome) -> bool:
    """Whether runs `lanes` of `one` are the runs of `other`, bit for bit."""
    names = ("y", "status", "reached", "steps", "rejected", "trouble", "method_index")
    return all(
        np.array_equal(np.asarray(getattr(one, name))[..., lanes], getattr(other, name), equal_nan=name != "status")
        for name in names
    )


def drawn(functions: Any, n: int) -> Array:
    spread = np.random.default_rng(4).uniform(0.7, 1.4, (len(functions.program.values), n))
    return np.array(functions.program.values)[:, None] * spread


SEEDS = (12, 3)
"""One whose events come at once, and one in which some wait."""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_is_the_same_alone_in_a_block_and_in_any_order(
    seed: int, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = random_system(seed)
    values = drawn(functions, 120)
    options: dict[str, Any] = {"times": GRID, "engine": engine, "rtol": 1e-7}
    whole = solve(functions, values, **options)
    assert (whole.status == Status.OK).all()
    order = np.random.default_rng(0).permutation(120)
    assert same(whole, order, solve(functions, values[:, order], **options))
    for run in (0, 51, 119):
        assert same(whole, np.array([run]), solve(functions, values[:, [run]], **options))
    some = np.arange(17, 30)
    assert same(whole, some, solve(functions, values[:, some], **options))
    if engine == "numpy":
        monkeypatch.setattr(numpy_engine, "MOST_LANES", 56)
    else:
        monkeypatch.setattr(compiled_engine, "PART", 40)
        monkeypatch.setattr(compiled_engine, "threads_at_hand", lambda: 3)
    assert same(whole, slice(None), solve(functions, values, **options))


class Book:
    """Writes down where steps begin and end, and the states there."""

    states = (0, 1)
    whole_steps = False

    def __init__(self) -> None:
        self.steps: list[tuple[float, float, float, float, float]] = []

    def hear(self, steps: Steps) -> None:
        for k in np.flatnonzero(steps.run >= 0).tolist():
            b = [float(steps.row(0, j)[k]) for j in (0, 4)]
            self.steps.append((float(steps.t[k]), float(steps.h[k]), *b, float(steps.p[-1, steps.column[k]])))

    def forget(self, runs: Any) -> None:
        self.steps.clear()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", SEEDS)
def test_listeners_hear_of_steps_that_end_at_events(seed: int, engine: str) -> None:
    """Steps follow each other without gaps, and where one ends and the next begins states differ at events only."""
    functions = random_system(seed)
    values = np.array(functions.program.values)[:, None]
    book, heard = Book(), Heard()
    solve(functions, values, times=GRID, engine=engine, rtol=1e-8, listener=book, on_jump=heard)
    t, h, begin, end, _ = np.array(book.steps).T
    assert t[1:] == pytest.approx(t[:-1] + h[:-1], abs=1e-12)
    assert t[-1] + h[-1] == pytest.approx(GRID[-1])
    jumps = t[1:][np.abs(begin[1:] - end[:-1]) > 1e-9]
    times = np.unique(heard.times)
    assert len(times) > 5
    assert all(np.min(np.abs(times - jump)) < 1e-9 for jump in jumps)
    assert all(np.min(np.abs(t - time)) < 1e-9 for time in times[times < GRID[-1] - 1e-6])


def test_auto_takes_many_runs_with_state_events_side_by_side() -> None:
    functions = random_system(1)
    batch = solve(functions, drawn(functions, 12), times=GRID)
    assert batch.engine == ("compiled" if available() else "numpy")
    assert "12 runs side by side" in batch.reason
