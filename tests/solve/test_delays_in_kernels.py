"""Delay equations in machine code: the same as elsewhere, the same bits in any company, and memory that grows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import immunode as im
from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import solve
from immunode.solve.compiled import engine as compiled_engine
from immunode.solve.compiled.past import ring
from immunode.solve.outcome import Outcome
from immunode.solve.status import Status
from tests.libraries import needs
from tests.solve.delay_models import random_delay_system

pytestmark = needs("llvmlite")
Array = NDArray[np.float64]
GRID = np.linspace(0.0, 10.0, 21)


def number(name: str, value: float) -> Parameter:
    return Parameter(name, value, "", "", "assumed: a test")


def functions(states: list[State], rates: dict[str, str], parameters: dict[str, float], **more: Any) -> Functions:
    model = Model(
        name="looks_back",
        states=states,
        processes=[Process(f"move_{name}", f"-> {name}", rate) for name, rate in rates.items()],
        parameters=[number(name, value) for name, value in parameters.items()],
        **more,
    )
    return compile_numpy(lower(model))


def dosed(**more: Any) -> Functions:
    """x is lost as it was; doses and a switch that turns, all of which are seen again."""
    return functions(
        [State("x", 1.0, typical=1.0), State("y", 0.5, typical=1.0, history="0.5 + 0.1*sin(t)")],
        {"x": "hill(delay(y, tau), 0.5, 2)*(1 + u) - k*delay(x, tau)", "y": "0.3*x - y*delay(y, far)"},
        {"k": 0.7, "tau": 0.9, "far": 2.2},
        switches=[Switch("u", 0.0)],
        events=[
            Event("dose", {"x": "x + 1"}, at=0.5, every=1.7, count=4),
            Event("turn", {"u": "1 - u"}, at=1.2, every=3.1, count=2),
        ],
        **more,
    )


def same(one: Outcome, lanes: Any, other: Outcome) -> bool:
    """Whether runs `lanes` of `one` are the runs of `other`, bit for bit."""
    return all(
        np.array_equal(np.asarray(getattr(one, name))[..., lanes], getattr(other, name))
        for name in ("y", "status", "reached", "steps", "rejected", "method_index")
    )


def values_of(ready: Functions, n: int) -> Array:
    spread = np.random.default_rng(5).uniform(np.log(0.5), np.log(2.0), (len(ready.program.values), n))
    return np.array(ready.program.values)[:, None] * np.exp(spread)


@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
def test_bits_depend_on_no_neighbor_order_thread_or_size_of_memory(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = dosed()
    values = values_of(ready, 150)

    def run(which: Any) -> Outcome:
        return solve(ready, values[:, which], times=GRID, engine="compiled", method=method)

    whole = run(slice(None))
    assert set(whole.status) == {Status.OK}
    order = np.random.default_rng(0).permutation(150)
    assert same(whole, order, run(order))
    for one in (0, 77, 149):
        assert same(whole, [one], run([one]))
    monkeypatch.setattr(compiled_engine, "PART", 7)
    monkeypatch.setattr(compiled_engine, "threads_at_hand", lambda: 3)
    assert same(whole, slice(None), run(slice(None)))
    monkeypatch.setattr(ring, "FIRST_STEPS", 2)
    monkeypatch.setattr(ring, "FIRST_POINTS", 1)
    assert same(whole, slice(None), run(slice(None)))


def agrees(seed: int, other: str = "scipy", rtol: float = 1e-11) -> None:
    """Compare one system with another engine at a tight tolerance."""
    ready = random_delay_system(seed)
    values = np.array(ready.program.values)[:, None]
    method = {"scipy": "DOP853", "numpy": "tsit5"}[other]
    truth = solve(ready, values, times=GRID, engine=other, method=method, rtol=rtol)
    for engine, method in (("numpy", "tsit5"), ("compiled", "tsit5"), ("compiled", "rodas5p")):
        if engine == other:
            continue
        batch = solve(ready, values, times=GRID, engine=engine, method=method, rtol=rtol)
        assert batch.status.tolist() == truth.status.tolist() == [Status.OK]
        assert np.max(np.abs(batch.y - truth.y) / (np.abs(truth.y) + 1e-3)) < NEAR, (seed, engine, method)


NEAR = 2e-9
"""Largest difference at rtol 1e-11, in parts of a state or of a thousandth: 1.3e-10 is seen in thirty systems."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 4])
def test_random_systems_agree_with_the_numpy_engine(seed: int) -> None:
    agrees(seed, "numpy")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [4, 9])
def test_random_systems_agree_between_the_engines(seed: int) -> None:
    agrees(seed)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("first", range(10, 210, 20))
def test_many_more_random_systems_agree_between_the_engines(first: int) -> None:
    for seed in range(first, first + 20):
        agrees(seed)


def test_many_doses_are_all_seen_again() -> None:
    """z takes in x of 7.3 days ago: 100 doses, one every tenth of a day, each of which decays at once."""
    ready = functions(
        [State("x", 0.0, typical=1.0), State("z", 0.0, typical=1.0)],
        {"x": "-k*x", "z": "k*delay(x, tau)"},
        {"k": 3.0, "tau": 7.3},
        events=[Event("dose", {"x": "x + 1"}, at=0.1, every=0.1, count=100)],
    )
    times = np.linspace(0.0, 19.0, 39)
    run = solve(ready, np.array([[3.0, 3.0], [7.3, 2.05]]), times=times, engine="compiled", method="tsit5", rtol=1e-8)
    given = 0.1 * np.arange(1, 101)[:, None]
    for lane, tau in enumerate((7.3, 2.05)):
        wanted = np.sum(1.0 - np.exp(-3.0 * np.maximum(times - tau - given, 0.0)), axis=0)
        assert np.max(np.abs(run.y[:, 1, lane] - wanted)) < 1e-5


@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
def test_a_system_too_large_for_code_without_loops(method: str) -> None:
    """A ring of 20 in which each follows the one before as it was: 40 rows with the delayed ones, all alike."""
    n = 20
    names = [f"x{i}" for i in range(n)]
    rates = {name: f"k*delay({names[i - 1]}, tau) - k*{name}*{name}" for i, name in enumerate(names)}
    states = [State(name, 0.3, typical=1.0) for name in names]
    ready = functions(states, rates, {"k": 1.0, "tau": 1.3})
    one = functions([State("x", 0.3, typical=1.0)], {"x": "k*delay(x, tau) - k*x*x"}, {"k": 1.0, "tau": 1.3})
    values = np.array([[1.0, 0.4], [1.3, 0.0]])
    run = solve(ready, values, times=GRID, engine="compiled", method=method, rtol=1e-8)
    wanted = solve(one, values, times=GRID, engine="numpy", method="tsit5", rtol=1e-9)
    assert np.max(np.abs(run.y[:, :n] - wanted.y[:, :1])) < 1e-6


def test_peaks_and_integrals_are_taken_from_the_same_steps() -> None:
    """x = cos t, of a history that says so."""
    model = Model(
        name="wave",
        states=[State("x", 1.0, history="cos(w*t)", typical=1.0)],
        processes=[Process("loss", "x ->", "w*delay(x, quarter)")],
        parameters=[number("w", 1.0), number("quarter", np.pi / 2)],
        horizon=20,
    )
    for method in ("tsit5", "rodas5p"):
        result = im.sweep(
            model, im.from_table({"w": [1.0] * 20}), until=20, engine="compiled", method=method, rtol=1e-8,
            endpoints=[im.trough("x"), im.auc("x")],
        )  # fmt: skip
        table = result.table()
        assert table["trough(x)"].to_numpy() == pytest.approx(-1.0, abs=1e-6)
        assert table["auc(x)"].to_numpy() == pytest.approx(np.sin(20.0), abs=1e-5)


def test_jumps_and_steps_are_told_as_by_the_numpy_engine() -> None:
    ready = dosed()
    values = values_of(ready, 20)
    heard: dict[str, list[tuple[float, ...]]] = {}
    for engine in ("numpy", "compiled"):
        jumps: list[tuple[float, ...]] = []

        def listen(runs: Any, t: Array, before: Array, after: Array, p: Array, jumps: Any = jumps) -> None:
            jumps += [(r, round(s, 9), *b, *a) for r, s, b, a in zip(runs, t, before.T, after.T, strict=True)]

        solve(ready, values, times=GRID, engine=engine, method="tsit5", rtol=1e-9, on_jump=listen)
        heard[engine] = sorted(jumps)
    one, other = (np.array(heard[engine]) for engine in ("numpy", "compiled"))
    assert len(one) == len(other) == 20 * 6
    assert np.max(np.abs(one - other)) < 1e-6


def test_a_run_that_ends_early_says_why_and_leaves_the_others_alone() -> None:
    ready = functions([State("x", 1.0)], {"x": "k*delay(x, tau)*x"}, {"k": 1.0, "tau": 1.0})
    values = np.array([[0.1, 5.0, 0.1, np.nan, 0.1], [1.0, 1.0, 2.0, 1.0, -1.0]])
    run = solve(ready, values, times=GRID, engine="compiled", method="tsit5", max_steps=2000)
    assert [Status(s).label for s in run.status] == ["ok", run_label(run, 1), "ok", "refused", "refused"]
    assert run_label(run, 1) != "ok"
    alone = solve(ready, values[:, [0, 2]], times=GRID, engine="compiled", method="tsit5", max_steps=2000)
    assert same(run, [0, 2], alone)


def run_label(run: Outcome, lane: int) -> str:
    return Status(int(run.status[lane])).label
