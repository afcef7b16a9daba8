"""Doses at known times beside events that fire on states, all inside one call of a kernel.

What fires is looked at before a dose, between two at one time, and behind the last; see `triggers.settling`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import solve
from immunode.solve.compiled import engine as compiled_engine
from immunode.solve.compiled.watch.driver import EventDriver
from immunode.solve.status import Status
from tests.libraries import needs
from tests.solve.event_models import random_system
from tests.solve.test_state_events_everywhere import GRID, SEEDS, Book, Heard, agrees, drawn, same

Array = NDArray[np.float64]
pytestmark = [needs("llvmlite"), pytest.mark.slow]
METHODS = ["tsit5", "rodas5p", "dop853"]
SEED = 10
"""110 jumps, most of them at doses or right behind them."""


class Log:
    """The jumps of every run: time, states before and after, parameters after."""

    def __init__(self, n: int) -> None:
        self.of: list[list[tuple[float, ...]]] = [[] for _ in range(n)]

    def __call__(self, runs: NDArray[np.intp], t: Array, before: Array, after: Array, p: Array) -> None:
        for k, run in enumerate(runs.tolist()):
            self.of[run].append((float(t[k]), *before[:, k], *after[:, k], *p[:, k]))


@pytest.mark.parametrize("seed", [7, SEED])
def test_random_systems_with_doses_agree_with_scipy(seed: int) -> None:
    assert agrees(seed, "compiled", delays=False, doses=True) > 50


@pytest.mark.parametrize("method", METHODS)
def test_doses_do_not_leave_the_kernel(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver is asked for nothing: no lane is left to it."""
    left = []
    monkeypatch.setattr(EventDriver, "settle", lambda self, landed: left.append(landed))
    functions = random_system(SEED, delays=False, doses=True)
    heard = Heard()
    batch = solve(
        functions, drawn(functions, 20), times=GRID, engine="compiled", method=method, rtol=1e-7, on_jump=heard
    )
    assert batch.status.tolist() == [Status.OK] * 20
    assert len(heard.times) > 20 * 35
    assert not left


@pytest.mark.parametrize("method", METHODS)
def test_a_run_and_its_jumps_are_the_same_alone_in_a_block_and_in_any_order(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are more jumps than the log has room for, so kernels are left and resumed between the doses of a moment."""
    functions = random_system(SEED, delays=False, doses=True)
    values = drawn(functions, 120)
    options: dict[str, Any] = {"times": GRID, "engine": "compiled", "method": method, "rtol": 1e-7}

    def jumps(columns: Any, **more: Any) -> tuple[Any, list[list[tuple[float, ...]]]]:
        log = Log(len(columns))
        return solve(functions, values[:, columns], on_jump=log, **options, **more), log.of

    whole, told = jumps(np.arange(120))
    assert (whole.status == Status.OK).all()
    assert sum(map(len, told)) > 8192
    assert same(whole, slice(None), solve(functions, values, **options))
    for some in (np.random.default_rng(0).permutation(120), [0], [51], [119], np.arange(17, 30)):
        part, theirs = jumps(some)
        assert same(whole, some, part)
        assert theirs == [told[k] for k in some]
    monkeypatch.setattr(compiled_engine, "PART", 40)
    monkeypatch.setattr(compiled_engine, "threads_at_hand", lambda: 3)
    threaded, theirs = jumps(np.arange(120))
    assert same(whole, slice(None), threaded)
    assert theirs == told


@pytest.mark.parametrize("method", METHODS)
def test_listeners_hear_of_steps_with_the_switches_of_their_time(method: str) -> None:
    """Where a step ends and the next one begins, states and switches differ at jumps only."""
    functions = random_system(SEED, delays=False, doses=True)
    book, log = Book(), Log(1)
    values = np.array(functions.program.values)[:, None]
    solve(functions, values, times=GRID, engine="compiled", method=method, rtol=1e-8, listener=book, on_jump=log)
    t, h, begin, end, switch = np.array(book.steps).T
    assert t[1:] == pytest.approx(t[:-1] + h[:-1], abs=1e-12)
    times = np.array([jump[0] for jump in log.of[0]])
    jumps = t[1:][np.abs(begin[1:] - end[:-1]) > 1e-9]
    assert len(jumps) > 30
    assert all(np.min(np.abs(times - jump)) < 1e-9 for jump in jumps)
    last = {jump[0]: jump[-1] for jump in log.of[0]}
    held = [next((last[k] for k in sorted(last, reverse=True) if k <= time + 1e-12), 0.0) for time in t]
    assert switch.tolist() == held
    assert len(set(held)) == 2


def _tied() -> Functions:
    """Every dose brings x to a level at which one of two equals is called, which calls off the other."""
    events = [
        Event(name, {name: f"{name} + 1", "x": "0"}, when="x >= 2", priority="1", persistent=False) for name in "ab"
    ]
    model = Model(
        name="tied",
        states=[State("x", 0.0), State("a", 0.0), State("b", 0.0)],
        processes=[Process("rise", "-> x", "0.1")],
        events=[*events, Event("dose", {"x": "x + 2"}, at=1.0, every=1.0, count=40)],
    )
    return compile_numpy(lower(model))


def test_what_is_left_to_the_driver_at_a_dose_finds_the_dose_applied() -> None:
    """Which of two equals goes first is drawn, in every engine alike; at each of 40 doses, the last at the end."""
    log = {engine: Log(1) for engine in ("scipy", "compiled")}
    times = [0.0, 0.5, 1.0, 20.5, 40.0]
    ends = [solve(_tied(), np.empty((0, 1)), times=times, engine=name, on_jump=log[name]).y for name in log]
    assert ends[0][-1, 1:, 0].sum() == 40
    assert ends[1] == pytest.approx(ends[0], abs=1e-9)
    mine, theirs = (np.array(log[name].of[0]) for name in ("compiled", "scipy"))
    assert len(theirs) == 80
    assert mine == pytest.approx(theirs, abs=1e-9)


def test_an_event_that_a_dose_calls_off_does_not_fire_and_one_that_persists_does() -> None:
    """At t = 1, 2, ... a dose lifts x above 5 and the next one takes it back: only what persists has turned."""
    events = [
        Event("kept", {"n": "n + x"}, when="x > 5"),
        Event("lost", {"m": "m + 1"}, when="x > 5", persistent=False),
        Event("up", {"x": "x + 10"}, at=1.0, every=1.0, count=9),
        Event("down", {"x": "x - 10", "on": "1"}, at=1.0, every=1.0, count=9),
    ]
    model = Model(
        name="undone",
        states=[State("x", 1.0), State("n", 0.0), State("m", 0.0), State("z", 0.0)],
        parameters=[Parameter("k", 0.5)],
        processes=[Process("loss", "x ->", "k*x"), Process("gain", "-> z", "k*on")],
        switches=[Switch("on")],
        events=events,
    )
    y = solve(compile_numpy(lower(model)), [[0.5]], times=[0.0, 0.5, 1.0, 9.5], engine="compiled", rtol=1e-9).y[..., 0]
    assert y[-1, 0] == pytest.approx(np.exp(-0.5 * 9.5), rel=1e-8)
    assert y[-1, 1] == pytest.approx(np.exp(-0.5 * np.arange(1, 10)).sum(), rel=1e-8)
    assert y[:, 2].tolist() == [0, 0, 0, 0]
    assert y[-1, 3] == pytest.approx(0.5 * 8.5, rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_events_that_wait_and_doses_are_left_to_the_driver_or_not_alike(seed: int) -> None:
    """Seeds with delays between trigger and execution, and without: both agree with SciPy's engine."""
    assert agrees(seed, "compiled", doses=True) > 30
