"""State events beside delays in machine code: closed forms, SciPy's engine, and the same bits in any company."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.errors import EngineError
from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import solve
from immunode.solve.choice import choose_engine
from immunode.solve.compiled import engine as compiled_engine
from immunode.solve.compiled.past import ring
from immunode.solve.outcome import Outcome
from immunode.solve.status import Status
from tests.libraries import needs
from tests.solve.test_state_events_everywhere import same

Array = NDArray[np.float64]
pytestmark = [needs("llvmlite"), pytest.mark.slow]
METHODS = pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
K, LOW = 0.7, 0.4


def system(
    name: str, rates: dict[str, str], events: list[Event], start: dict[str, float], switches: Any = ()
) -> Functions:
    """Return a system with the parameters k = 0.7 and tau = 1.3."""
    model = Model(
        name=name,
        states=[State(n, v, typical=1.0) for n, v in start.items()],
        parameters=[Parameter("k", K), Parameter("tau", 1.3)],
        processes=[Process(f"change_{n}", f"-> {n}", rate) for n, rate in rates.items()],
        events=events,
        switches=[Switch(n) for n in switches],
    )
    return compile_numpy(lower(model))


SEEN = {"x": "-k*x", "z": "k*delay(x, tau)"}
REFILL = Event("refill", {"x": "x + 1"}, when=f"x < {LOW}")


def run(functions: Functions, values: Any, times: Any, rtol: float, **more: Any) -> Outcome:
    values = np.asarray(values, dtype=float)
    return solve(functions, values, times=times, rtol=rtol, **{"engine": "compiled", **more})


def refilled(t: Array) -> tuple[Array, Array]:
    """Return x at t >= 0 where it is refilled, just after events, and what it has lost until then."""
    first, period = math.log(1 / LOW) / K, math.log((LOW + 1) / LOW) / K
    n = np.floor((t - first) / period + 1e-9) + 1
    x = np.where(n > 0, (LOW + 1) * np.exp(-K * (t - first - (n - 1) * period)), np.exp(-K * t))
    return x, 1 + n - x


@METHODS
def test_jumps_of_a_state_are_seen_again_after_each_lag(method: str) -> None:
    """With the lag 0, z takes in what x loses; the longest one is beyond the end."""
    functions = system("seen", SEEN, [REFILL], {"x": 1.0, "z": 0.0})
    times, lags = np.linspace(0, 12, 47), np.array([0.0, 0.31, 1.3, 4.7, 30.0])
    batch = run(functions, [[K] * 5, lags], times, 1e-9, method=method)
    assert batch.status.tolist() == [Status.OK] * 5
    x = refilled(times)[0]
    for k, lag in enumerate(lags.tolist()):
        z = np.where(times < lag, K * times, K * lag + refilled(np.maximum(times - lag, 0))[1])
        assert np.max(np.abs(batch.y[:, 0, k] - x)) < 5e-8
        assert np.max(np.abs(batch.y[:, 1, k] - z)) < 5e-8


@METHODS
def test_a_condition_on_a_delayed_state_turns_exactly_when_that_does(method: str) -> None:
    """x(t - tau) falls below 1/2 at tau + ln(2)/k; then x is set to 3, which is seen to fall back later again."""
    late = system("late", SEEN, [Event("refill", {"x": "3"}, when="delay(x, tau) < 0.5")], {"x": 1.0, "z": 0.0})
    heard: list[float] = []
    batch = run(
        late, [[K], [1.3]], [1.0, 12.0], 1e-10, method=method, on_jump=lambda r, t, *_: heard.extend(t.tolist())
    )
    first, apart = 1.3 + math.log(2) / K, 1.3 + math.log(6) / K
    assert heard == pytest.approx([first, first + apart, first + 2 * apart], abs=2e-9)
    assert batch.y[-1, 0, 0] == pytest.approx(3 * math.exp(-K * (12 - heard[-1])), rel=1e-8)


@METHODS
def test_a_dose_fires_when_it_is_given_and_when_it_is_seen_again(method: str) -> None:
    """At t = 2 x rises by 5, at 3.3 that is seen: each counts once, at that moment."""
    events = [
        Event("dose", {"x": "x + 5"}, at=2.0),
        Event("now", {"n": "n + 1"}, when="x > 3"),
        Event("echo", {"m": "m + 1"}, when="delay(x, tau) > 3"),
    ]
    functions = system("echo", {"x": "-k*x", "n": "0", "m": "0"}, events, {"x": 1.0, "n": 0.0, "m": 0.0})
    batch = run(functions, [[K], [1.3]], [1.99, 2.0, 3.29, 3.3, 9.0], 1e-9, method=method)
    assert batch.y[:, 1, 0].tolist() == [0, 1, 1, 1, 1]
    assert batch.y[:, 2, 0].tolist() == [0, 0, 0, 1, 1]


def _busy() -> Functions:
    """Thresholds on states now and delayed, switches, priorities, doses, and a lag within the model's own."""
    rates = {"x": "1.2*(1 - 0.4*u) - k*delay(x, tau)", "y": "0.2*delay(y, 1.1) - y + x", "w": "delay(y, 0.3) - w"}
    events = [
        Event("cut", {"x": "0.4*x"}, when="x > 1.3"),
        Event("turn", {"u": "1 - u", "y": "y + 0.1"}, when="delay(x, tau) > 0.9"),
        Event("down", {"y": "0.1"}, when="y > 1.1", priority="2"),
        Event("up", {"x": "x + 0.05", "w": "0.5*w"}, when="y < 0.3", priority="1"),
        Event("dose", {"x": "x + 0.5"}, at=0.9, every=1.3, count=9),
        Event("switch", {"u": "1 - u"}, at=2.0, every=2.0, count=4),
    ]
    return system("busy", rates, events, {"x": 0.5, "y": 0.0, "w": 0.2}, ("u",))


class Log:
    """The jumps of every run, each as all its numbers."""

    def __init__(self, n: int) -> None:
        self.of: list[list[tuple[float, ...]]] = [[] for _ in range(n)]

    def __call__(self, runs: NDArray[np.intp], t: Array, before: Array, after: Array, p: Array) -> None:
        for k, number in enumerate(runs.tolist()):
            self.of[number].append((float(t[k]), *before[:, k], *after[:, k], *p[:, k]))


def test_a_busy_system_agrees_with_scipy() -> None:
    """Doses come a lag apart, so that one is seen again when the next one is given, and conditions turn at both."""
    functions, grid, theirs = _busy(), np.linspace(0, 7, 15), Log(1)
    values = [[K], [1.3]]
    truth = run(functions, values, grid, 1e-11, engine="scipy", method="DOP853", on_jump=theirs)
    assert len(theirs.of[0]) > 20
    for engine, method in (("compiled", "tsit5"), ("compiled", "rodas5p"), ("numpy", "tsit5"), ("numpy", "rodas5p")):
        mine = Log(1)
        got = run(functions, values, grid, 1e-10, engine=engine, method=method, on_jump=mine)
        assert got.status.tolist() == truth.status.tolist() == [Status.OK]
        assert np.max(np.abs(got.y - truth.y)) < 5e-9
        assert np.array(mine.of[0]) == pytest.approx(np.array(theirs.of[0]), abs=5e-9)


@METHODS
def test_a_run_is_the_same_alone_in_a_block_and_in_any_order(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rings begin with room for eight steps only, so kernels are left and resumed."""
    functions, grid = _busy(), np.linspace(0, 12, 13)
    monkeypatch.setattr(ring, "FIRST_STEPS", 8)
    spread = np.random.default_rng(4).uniform(0.8, 1.3, (2, 90))
    values = np.array([[K], [1.3]]) * spread

    def jumps(columns: Any) -> tuple[Outcome, list[list[tuple[float, ...]]]]:
        log = Log(len(columns))
        return run(functions, values[:, columns], grid, 1e-7, method=method, on_jump=log), log.of

    whole, told = jumps(np.arange(90))
    assert (whole.status == Status.OK).all()
    assert sum(map(len, told)) > 2048
    assert same(whole, slice(None), run(functions, values, grid, 1e-7, method=method))
    for some in (np.random.default_rng(0).permutation(90), [0], [51], np.arange(17, 30)):
        part, theirs = jumps(some)
        assert same(whole, some, part)
        assert theirs == [told[k] for k in some]
    monkeypatch.setattr(compiled_engine, "PART", 40)
    monkeypatch.setattr(compiled_engine, "threads_at_hand", lambda: 3)
    assert same(whole, slice(None), jumps(np.arange(90))[0])


def test_what_a_kernel_can_not_execute_ends_its_run_or_is_computed_elsewhere() -> None:
    """Where x begins below 1 two events call each other without end at t = ln(1/x); the other run never gets there."""
    events = [Event("a", {"u": "1"}, when="x > 1 and u < 0.5"), Event("b", {"u": "0"}, when="u > 0.5")]
    functions = system("endless", {"x": "tau*x", "z": "k*delay(x, 0.5)"}, events, {"x": 1e-3, "z": 0.0}, ("u",))
    batch = run(functions, [[K, K], [1.0, 0.1]], [0.0, 10.0], 1e-8)
    assert [Status(int(s)) for s in batch.status] == [Status.SOLVER_FAILED, Status.OK]
    assert batch.reached[0] == pytest.approx(math.log(1e3), rel=1e-6)
    assert "engine='scipy'" in batch.reasons[0]
    assert batch.y[-1, 0, 1] == pytest.approx(1e-3 * math.e, rel=1e-6)


@pytest.mark.parametrize("most", [60, 100])
def test_auto_leaves_a_run_to_scipy_where_more_happens_at_one_moment_than_a_kernel_executes(most: int) -> None:
    """Where x rises above 1, two events call each other `most` times; ten of the twelve runs never get there."""
    events = [
        Event("a", {"u": "1", "n": "n + 1"}, when=f"x > 1 and u < 0.5 and n < {most / 2}"),
        Event("b", {"u": "0"}, when="u > 0.5"),
    ]
    rates = {"x": "tau*x", "z": "k*delay(x, 0.5)", "n": "0"}
    functions = system("at_once", rates, events, {"x": 1e-3, "z": 0.0, "n": 0.0}, ("u",))
    tau = np.array([0.1] * 5 + [1.0, 0.9] + [0.2] * 5)
    values = np.array([[K] * 12, tau])
    batch = run(functions, values, [0.0, 6.0, 10.0], 1e-8, engine="auto")
    assert batch.engine == "compiled"
    assert (batch.status == Status.OK).all()
    left = most > 64
    assert ("2 of 12 runs were made anew by scipy LSODA" in batch.reason) == left
    assert [name == "LSODA" for name in batch.methods] == [left and k in (5, 6) for k in range(12)]
    assert batch.y[-1, 2].tolist() == [0.0] * 5 + [most / 2] * 2 + [0.0] * 5
    assert batch.y[-1, 0] == pytest.approx(1e-3 * np.exp(10 * tau), rel=1e-5)
    assert batch.y[-1, 1] == pytest.approx(K * 1e-3 * (0.5 + (np.exp(9.5 * tau) - 1) / tau), rel=1e-5)
    others = np.delete(np.arange(12), [5, 6])
    # what was made anew leaves the bits of the others alone
    assert same(batch, others, run(functions, values[:, others], [0.0, 6.0, 10.0], 1e-8, engine="auto"))


def test_auto_takes_machine_code_where_nothing_waits_and_numpy_elsewhere() -> None:
    rates, start = {"x": "k - 0.1*delay(x, tau)"}, {"x": 0.0}
    plain = system("plain", rates, [Event("back", {"x": "0"}, when="x > 3")], start)
    assert choose_engine(plain, 100)[0] == "compiled"
    waits = system("waits", rates, [Event("back", {"x": "0"}, when="x > 3", delay=1.0)], start)
    tied = [Event(n, {"x": "0"}, when="x > 3", priority="k") for n in ("back", "home")]
    for functions in (waits, system("tied", rates, tied, start)):
        assert choose_engine(functions, 100) == ("numpy", "numpy: event 'back' fires on a state, beside delays")
        with pytest.raises(EngineError, match=r"engine 'compiled' can't find state events \('back'\) beside delays"):
            run(functions, [[1.0], [1.0]], [1.0], 1e-6)
