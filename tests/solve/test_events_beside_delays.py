"""State events beside delays: against closed forms, the suite of SBML's own cases elsewhere, and between engines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import immunode as im
from immunode.model import Event, Model, Parameter, Process, State
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import solve
from tests.solve.delay_models import random_delay_system

Array = NDArray[np.float64]
WAYS = [("scipy", "DOP853"), ("numpy", "tsit5"), ("numpy", "rodas5p")]
LOW = 0.4


def model(events: list[Event], **more: Any) -> Model:
    """Return x' = -k x, z' = k x(t - tau), with events."""
    parts: dict[str, Any] = {
        "states": [State("x", 1.0, typical=1.0), State("z", 0.0, typical=1.0)],
        "processes": [Process("loss", "x ->", "k*x"), Process("seen", "-> z", "k*delay(x, tau)")],
        "parameters": [
            Parameter("k", 0.7, "1/day", source="assumed: a test"),
            Parameter("tau", 1.3, "day", source="assumed: a test"),
        ],
    }
    return Model(name="watched", time_unit="day", horizon=12.0, events=events, **(parts | more))


REFILLED = model([Event("refill", {"x": "x + 1"}, when=f"x < {LOW}")])


def refilled(t: Array, k: float) -> tuple[Array, Array]:
    """Return x of `REFILLED` at t >= 0, just after events, and what it has lost until then."""
    first, period = math.log(1 / LOW) / k, math.log((LOW + 1) / LOW) / k
    n = np.floor((t - first) / period + 1e-9) + 1
    x = np.where(n > 0, (LOW + 1) * np.exp(-k * (t - first - (n - 1) * period)), np.exp(-k * t))
    return x, 1 + n - x


def on(functions: Functions, values: Array, times: Array, engine: str, method: str, rtol: float, **more: Any) -> Any:
    return solve(functions, values, times=times, engine=engine, method=method, rtol=rtol, atol=1e-2 * rtol, **more)


@pytest.mark.parametrize(("engine", "method"), WAYS)
def test_jumps_of_a_state_are_seen_again_after_each_lag(engine: str, method: str) -> None:
    """The lags are swept; the longest is beyond the end, and with 0 z takes in what x loses."""
    functions, times = compile_numpy(lower(REFILLED)), np.linspace(0, 12, 47)
    lags = np.array([0.0, 0.31, 1.3, 4.7, 30.0])[: 3 if engine == "scipy" else 5]
    values = np.repeat([[0.7], [0.0]], len(lags), axis=1)
    values[1] = lags
    outcome = on(functions, values, times, engine, method, 1e-9)
    assert (outcome.status == 0).all()
    x, _ = refilled(times, 0.7)
    for run, lag in enumerate(lags):
        since = np.maximum(times - lag, 0)
        z = np.where(times < lag, 0.7 * times, 0.7 * lag + refilled(since, 0.7)[1])
        assert np.max(np.abs(outcome.y[:, 0, run] - x)) < 5e-8
        assert np.max(np.abs(outcome.y[:, 1, run] - z)) < 5e-8


@pytest.mark.parametrize(("engine", "method"), WAYS)
def test_a_condition_on_a_delayed_state_turns_exactly_when_that_does(engine: str, method: str) -> None:
    """x(t - tau) falls below 0.5 at tau + ln(2)/k; then x is set to 3, which is seen to fall back later again."""
    late = model([Event("refill", {"x": "3"}, when="delay(x, tau) < 0.5")])
    seen: list[float] = []
    outcome = on(
        compile_numpy(lower(late)),
        np.array([[0.7], [1.3]]),
        np.array([1.0, 12.0]),
        engine,
        method,
        1e-10,
        on_jump=lambda runs, t, *_: seen.extend(t.tolist()),
    )
    first = 1.3 + math.log(2) / 0.7
    second = first + 1.3 + math.log(6) / 0.7
    assert seen == pytest.approx([first, second, second + second - first], abs=2e-9)
    assert outcome.y[-1, 0, 0] == pytest.approx(3 * math.exp(-0.7 * (12 - seen[-1])), rel=1e-8)


@pytest.mark.parametrize("engine", ["scipy", "numpy"])
def test_a_dose_seen_again_fires_at_that_moment_and_the_value_after_it_is_shown(engine: str) -> None:
    events = [
        Event("dose", {"x": "x + 5"}, at=2.0),
        Event("echo", {"z": "z + 10"}, when="delay(x, tau) > 3"),
    ]
    times, source = [3.25, 3.5, 3.75], "assumed: a test"
    lag = [Parameter("k", 0.7, "1/day", source=source), Parameter("tau", 1.5, "day", source=source)]
    run = im.simulate(model(events, parameters=lag), times=times, engine=engine, rtol=1e-9)
    without = im.simulate(model(events[:1], parameters=lag), times=times, rtol=1e-9)
    assert run["z"] - without["z"] == pytest.approx([0.0, 10.0, 10.0], abs=1e-6)


def test_events_that_wait_are_carried_out_between_the_breaking_points() -> None:
    """An event that comes a day after its condition, with the value of when it fired; its jump is seen tau later."""
    waits = model([Event("refill", {"x": "2*x"}, when=f"x < {LOW}", delay=1.0, from_trigger=True)])
    fired, k, tau = math.log(1 / LOW) / 0.7, 0.7, 1.3
    times = np.array([fired + 0.99, fired + 1.01, fired + 1 + tau + 0.5])
    run = im.simulate(waits, times=times, engine="numpy", rtol=1e-9)
    after = 2 * LOW
    assert run["x"] == pytest.approx([LOW * math.exp(-k * 0.99), after * math.exp(-k * 0.01), run["x"][2]], abs=1e-7)
    lost = 1 - LOW * math.exp(-k) + after * (1 - math.exp(-k * 0.5))
    assert run["z"][2] == pytest.approx(k * tau + lost, abs=1e-7)


def test_a_run_is_the_same_to_the_bit_alone_and_among_others() -> None:
    functions = random_delay_system(4, watched=True)
    values = np.array(functions.program.values)[:, None] * np.linspace(0.9, 1.4, 21)
    times = np.linspace(0, 3, 9)
    for method in ("tsit5", "rodas5p"):
        together = on(functions, values, times, "numpy", method, 1e-6)
        for run in (0, 20):
            alone = on(functions, values[:, [run]], times, "numpy", method, 1e-6)
            assert (alone.y[:, :, 0] == together.y[:, :, run]).all()


def test_peaks_are_taken_from_steps_that_events_cut_short() -> None:
    design = pd.DataFrame({"tau": [0.5, 1.3]})
    endpoints = ["peak(x)", "auc(x)"]
    swept = im.sweep(REFILLED, design, times=[0, 11], endpoints=endpoints, engine="numpy", rtol=1e-8)
    table = swept.table()
    assert table["peak(x)"].tolist() == pytest.approx([1 + LOW] * 2, abs=1e-6)
    assert table["auc(x)"].tolist() == pytest.approx([float(refilled(np.array(11.0), 0.7)[1]) / 0.7] * 2, rel=1e-6)


@pytest.mark.parametrize(
    ("seed", "until"), [(10, 3.0), (5, 3.0), *(pytest.param(k, 8.0, marks=pytest.mark.slow) for k in (0, 3, 4, 8))]
)
def test_random_systems_agree_with_scipy(seed: int, until: float) -> None:
    """Events on states now and delayed, some of them late; SciPy's method has another order and other steps."""
    functions = random_delay_system(seed, watched=True)
    times, jumps = np.linspace(0, until, 17), dict.fromkeys(("scipy", "tsit5", "rodas5p"), 0)
    own = len(functions.program.states) - len(functions.program.delays)
    values = np.array(functions.program.values)[:, None]

    def found(engine: str, method: str, name: str) -> Array:
        def count(runs: Array, *_: Any) -> None:
            jumps[name] += len(runs)

        outcome = on(functions, values, times, engine, method, 1e-10, on_jump=count)
        assert outcome.status[0] == 0
        return np.asarray(outcome.y[:, :own, 0])

    wanted = found("scipy", "DOP853", "scipy")
    for method in ("tsit5", "rodas5p"):
        off = np.abs(found("numpy", method, method) - wanted) / (1e-3 + np.abs(wanted))
        assert np.max(off) < 1e-8
        assert jumps[method] == jumps["scipy"] > 3
