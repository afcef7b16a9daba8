"""Breaks are hit exactly, whatever their number and whichever run they belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.model import Event
from immunode.program.numpy.functions import Functions
from immunode.solve import solve
from immunode.solve.outcome import BAD_SCHEDULE, DOSE_BEFORE_START
from immunode.solve.status import Status

Array = NDArray[np.float64]
Build = Callable[..., Functions]
WAYS = [("numpy", "tsit5"), ("numpy", "rodas5p"), ("numpy", "dop853"), ("scipy", "LSODA"), ("scipy", "DOP853")]
ways = pytest.mark.parametrize(("engine", "method"), WAYS)


def table(functions: Functions, n_runs: int = 1, /, **changes: Any) -> Array:
    values = np.array(functions.program.values)[:, None].repeat(n_runs, axis=1)
    for name, value in changes.items():
        values[functions.program.parameters.index(name)] = value
    return values


def after_doses(t: Array, first: float, gap: float, n: int, k: float = 0.5, size: float = 2.0) -> Array:
    times = first + gap * np.arange(n)
    return np.asarray(sum((np.where(t >= s, size * np.exp(-k * (t - s)), 0.0) for s in times), np.zeros_like(t)))


@ways
def test_doses_at_times_that_differ_by_run(dosed: Functions, engine: str, method: str) -> None:
    rng = np.random.default_rng(2)
    first, gap = rng.uniform(0.1, 3, 12), rng.uniform(0.2, 4, 12)
    count = rng.integers(0, 6, 12)
    times = np.linspace(0, 20, 41)
    values = table(dosed, 12, first=first, gap=gap, n=count)
    batch = solve(dosed, values, times=times, engine=engine, method=method, rtol=1e-9)
    for i in range(12):
        expected = after_doses(times, first[i], gap[i], count[i])
        # local errors at rtol 1e-9 add up over some tens of steps
        assert batch.y[:, 0, i] == pytest.approx(expected, abs=1e-7)


@ways
def test_output_at_the_time_of_a_dose_is_the_value_after_it(dosed: Functions, engine: str, method: str) -> None:
    batch = solve(dosed, table(dosed, k=0.0), times=[0, 1, 2, 4, 7, 8], engine=engine, method=method)
    assert batch.y[:, 0, 0].tolist() == [0, 2, 2, 4, 6, 6]


@ways
def test_doses_at_the_start_and_at_the_end_count(dosed: Functions, engine: str, method: str) -> None:
    values = table(dosed, k=0.0, first=0.0, gap=5.0)
    batch = solve(dosed, values, times=[0, 5, 10], engine=engine, method=method)
    assert batch.y[:, 0, 0].tolist() == [2, 4, 6]


@ways
def test_only_the_start_is_asked_for(dosed: Functions, engine: str, method: str) -> None:
    batch = solve(dosed, table(dosed, first=0.0), times=[0.0], engine=engine, method=method)
    assert batch.y.tolist() == [[[2.0]]]
    assert batch.status.tolist() == [Status.OK]


@ways
def test_a_pulse_of_0_02_days_in_365_is_not_missed(build: Build, engine: str, method: str) -> None:
    pulse = [Event("on", {"flow": "rate"}, at="start"), Event("off", {"flow": "0"}, at="start + 0.02")]
    functions = build({"x": 0.0}, {"rate": 50.0, "start": 200.0}, {"x": "flow"}, pulse, ["flow"])
    start = np.array([0.0, 17.3, 200.0, 364.99])
    batch = solve(functions, table(functions, 4, start=start), times=[0, 365], engine=engine, method=method)
    assert batch.y[-1, 0] == pytest.approx([1, 1, 1, 0.5], rel=1e-9)


@ways
def test_switches_changed_before_the_start_hold_at_the_start(build: Build, engine: str, method: str) -> None:
    steps = Event("up", {"flow": "flow + 1"}, at="first", every="gap", count="n")
    functions = build({"x": 0.0}, {"first": -5.0, "gap": 2.0, "n": 4.0}, {"x": "flow"}, [steps], ["flow"])
    batch = solve(functions, table(functions), times=[0, 1, 2], engine=engine, method=method)
    # up at -5, -3, -1 and 1
    assert batch.y[:, 0, 0] == pytest.approx([0, 3, 7], rel=1e-12)


@pytest.mark.parametrize("engine", ["numpy", "scipy"])
def test_a_dose_before_the_start_is_refused(dosed: Functions, engine: str) -> None:
    values = table(dosed, 3, first=[-1.0, 0.0, 1.0])
    batch = solve(dosed, values, times=[0, 10], engine=engine)
    assert batch.status.tolist() == [Status.REFUSED, Status.OK, Status.OK]
    assert batch.message_index[0] == DOSE_BEFORE_START
    assert "before the start" in batch.reasons[0]
    assert np.isnan(batch.y[:, :, 0]).all()


@pytest.mark.parametrize("engine", ["numpy", "scipy"])
def test_a_start_later_than_zero(dosed: Functions, engine: str) -> None:
    batch = solve(dosed, table(dosed, first=12.0, k=0.0), times=[10, 12, 30], t0=10.0, engine=engine)
    assert batch.y[:, 0, 0].tolist() == [0, 2, 6]


@ways
def test_events_at_one_time_fire_in_their_order(build: Build, engine: str, method: str) -> None:
    events = [Event("double", {"x": "2*x"}, at=3), Event("add", {"x": "x + 1"}, at=3)]
    first = build({"x": 5.0}, {"k": 0.0}, {"x": "k"}, events)
    second = build({"x": 5.0}, {"k": 0.0}, {"x": "k"}, events[::-1], name="toy2")
    found = [solve(f, [[0.0]], times=[0, 4], engine=engine, method=method).y[-1, 0, 0] for f in (first, second)]
    assert found == [11, 12]


@ways
def test_an_event_may_fire_several_times_at_once(dosed: Functions, engine: str, method: str) -> None:
    batch = solve(dosed, table(dosed, k=0.0, gap=0.0), times=[0, 1, 2], engine=engine, method=method)
    assert batch.y[:, 0, 0].tolist() == [0, 6, 6]


@ways
def test_breaks_that_differ_by_rounding_only(build: Build, engine: str, method: str) -> None:
    events = [
        Event("on", {"flow": "1"}, at="first", every="gap", count=30),
        Event("off", {"flow": "0"}, at="first + gap", every="gap", count=30),
    ]
    functions = build({"x": 0.0}, {"first": 0.3, "gap": 0.1}, {"x": "1 + flow - x"}, events, ["flow"])
    batch = solve(functions, table(functions), times=[0, 2, 6], engine=engine, method=method)
    assert batch.status.tolist() == [Status.OK]
    assert np.isfinite(batch.y).all()


@ways
def test_listeners_hear_every_jump_from_both_sides(dosed: Functions, engine: str, method: str) -> None:
    heard: list[tuple[int, float, float, float, float]] = []

    def listen(runs: Any, t: Array, before: Array, after: Array, p: Array) -> None:
        heard.extend(zip(runs.tolist(), t.tolist(), before[0].tolist(), after[0].tolist(), p[1].tolist(), strict=True))

    values = table(dosed, 3, k=0.0, first=[0.0, 2.0, 9.0], size=[1.0, 2.0, 3.0], n=2.0)
    solve(dosed, values, times=[0, 10], engine=engine, method=method, on_jump=listen)
    assert sorted(heard) == [
        (0, 0.0, 0.0, 1.0, 1.0),
        (0, 3.0, 1.0, 2.0, 1.0),
        (1, 2.0, 0.0, 2.0, 2.0),
        (1, 5.0, 2.0, 4.0, 2.0),
        (2, 9.0, 0.0, 3.0, 3.0),
    ]


@pytest.mark.parametrize("engine", ["numpy", "scipy"])
@pytest.mark.parametrize(("name", "value"), [("first", np.inf), ("n", 0.0)])
def test_a_dose_that_never_comes(dosed: Functions, engine: str, name: str, value: float) -> None:
    batch = solve(dosed, table(dosed, **{name: value}), times=[0, 10], engine=engine)
    assert batch.status.tolist() == [Status.OK]
    assert batch.y[-1, 0, 0] == 0


@pytest.mark.parametrize("engine", ["numpy", "scipy"])
def test_a_negative_interval_is_refused(dosed: Functions, engine: str) -> None:
    batch = solve(dosed, table(dosed, gap=-1.0), times=[0, 10], engine=engine)
    assert batch.status.tolist() == [Status.REFUSED]
    assert batch.message_index.tolist() == [BAD_SCHEDULE]


@pytest.mark.parametrize("engine", ["numpy", "scipy"])
def test_a_million_doses_are_refused_before_the_run_starts(dosed: Functions, engine: str) -> None:
    batch = solve(dosed, table(dosed, gap=1e-9, n=1e12), times=[0, 10], engine=engine, max_steps=500)
    assert batch.status.tolist() == [Status.REFUSED]
    assert batch.steps.tolist() == [0]
