"""Random systems with doses, infusions and windows: all engines agree, and a run has the same bits in any company."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from immunode.model import Event
from immunode.program.llvm.compile import available
from immunode.program.llvm.source import prepared
from immunode.program.numpy.functions import Functions
from immunode.solve import Status, solve
from immunode.solve.compiled import actions as actions_module
from immunode.solve.compiled import engine as compiled_engine
from immunode.solve.compiled import jump_log, kernels
from immunode.solve.compiled.actions import kernel_actions
from immunode.solve.outcome import Outcome
from immunode.solve.tape import Steps
from immunode.solve.thread_limits import threads_at_most
from tests.libraries import needs
from tests.solve.dosed_models import END, Dosed, dosed_model

Array = NDArray[np.float64]
Build = Callable[..., Functions]
GRID = np.linspace(0.0, END, 41)
METHODS = ("tsit5", "rodas5p")
BATCH = [
    pytest.param(engine, method, marks=needs("llvmlite") if engine == "compiled" else ())
    for engine in ("numpy", "compiled")
    for method in METHODS
]
batch_engines = pytest.mark.parametrize(("engine", "method"), BATCH)
FEW, MANY = range(4), range(4, 200)
RTOL = 1e-8


def run(dosed: Dosed, runs: Any = slice(None), **options: Any) -> Outcome:
    return solve(dosed.functions, dosed.values[:, runs], **{"times": GRID, **options})


def same(one: Outcome, runs: Any, other: Outcome) -> bool:
    """Whether `runs` of `one` are the runs of `other`, bit for bit."""
    names = ("y", "status", "reached", "steps", "rejected", "trouble", "method_index")
    return all(
        np.ascontiguousarray(np.asarray(getattr(one, n))[..., runs]).tobytes()
        == np.ascontiguousarray(getattr(other, n)).tobytes()
        for n in names
    )


class Jumps:
    """Keeps what `on_jump` tells, run by run."""

    def __init__(self) -> None:
        self.by_run: dict[int, list[tuple[float, Array, Array, Array]]] = {}

    def __call__(self, runs: Any, t: Array, before: Array, after: Array, p: Array) -> None:
        for k, number in enumerate(runs.tolist()):
            jump = (float(t[k]), before[:, k].copy(), after[:, k].copy(), p[:, k].copy())
            self.by_run.setdefault(number, []).append(jump)


@lru_cache(maxsize=8)
def exactly(seed: int) -> tuple[Dosed, Outcome, Jumps]:
    """Return a system, what SciPy makes of it, and the jumps."""
    dosed, told = dosed_model(seed, 5), Jumps()
    return dosed, run(dosed, engine="scipy", method="DOP853", rtol=1e-11, atol=1e-13, on_jump=told), told


def agree(seed: int, engine: str, method: str) -> None:
    dosed, exact, told = exactly(seed)
    heard = Jumps()
    found = run(dosed, engine=engine, method=method, rtol=RTOL, on_jump=heard)
    assert set(found.status) == {Status.OK} == set(exact.status)
    # local errors of some hundred steps and starts add up
    np.testing.assert_allclose(found.y, exact.y, rtol=200 * RTOL, atol=200 * RTOL)
    assert heard.by_run.keys() == told.by_run.keys()
    for number, jumps in told.by_run.items():
        mine = heard.by_run[number]
        assert [j[0] for j in mine] == [j[0] for j in jumps]
        for side in (1, 2, 3):
            expected = np.array([j[side] for j in jumps])
            np.testing.assert_allclose([j[side] for j in mine], expected, rtol=200 * RTOL, atol=200 * RTOL)


@pytest.mark.parametrize("seed", FEW)
@batch_engines
def test_engines_agree_with_scipy_far_below_its_tolerance(seed: int, engine: str, method: str) -> None:
    agree(seed, engine, method)


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("seed", MANY)
def test_engines_agree_on_many_more(seed: int) -> None:
    for engine in ("numpy", *(("compiled",) if available() else ())):
        for method in METHODS:
            agree(seed, engine, method)


@pytest.mark.parametrize("seed", [1, 4])
@batch_engines
def test_a_run_is_the_same_alone_in_a_block_and_in_any_order(seed: int, engine: str, method: str) -> None:
    dosed = dosed_model(seed, 100)
    whole = run(dosed, engine=engine, method=method)
    for runs in ([0], [57], [99], np.arange(20, 37), np.random.default_rng(0).permutation(100)):
        assert same(whole, runs, run(dosed, runs, engine=engine, method=method))


@needs("llvmlite")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("threads", "part"), [(2, 16), (3, 7)])
def test_threads_and_parts_do_not_matter(method: str, threads: int, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dosed = dosed_model(2, 60)
    whole = run(dosed, engine="compiled", method=method)
    monkeypatch.setattr(compiled_engine, "PART", part)
    with threads_at_most(threads):
        assert same(whole, slice(None), run(dosed, engine="compiled", method=method))


class Heard:
    """A listener that keeps the parameters of every step."""

    def __init__(self) -> None:
        self.states = (0,)
        self.whole_steps = False
        self.steps: list[tuple[int, float, float, Array, float]] = []

    def hear(self, steps: Steps) -> None:
        for k in np.flatnonzero(steps.run >= 0).tolist():
            ends = float(steps.row(0, 4)[k])
            at = steps.p[:, steps.column[k]].copy()
            self.steps.append((int(steps.run[k]), float(steps.t[k]), float(steps.h[k]), at, ends))

    def forget(self, runs: Any) -> None:
        raise AssertionError(runs)


@pytest.mark.parametrize("room", [None, 1])
@batch_engines
def test_steps_have_the_switches_that_held_during_them(
    engine: str, method: str, room: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log with little room is emptied often, in the middle of what happens at one time."""
    if room:
        monkeypatch.setattr(jump_log, "BYTES", room)
    dosed = dosed_model(3, 30)
    program = dosed.functions.program
    jumps, heard = Jumps(), Heard()
    plain = run(dosed, engine=engine, method=method)
    watched = run(dosed, engine=engine, method=method, on_jump=jumps, listener=heard)
    assert same(plain, slice(None), watched)
    start = dosed.functions.parameters(dosed.values)
    turned = 0
    for number in range(30):
        mine = [step for step in heard.steps if step[0] == number]
        assert np.allclose(np.diff([step[1] for step in mine]), [step[2] for step in mine][:-1])
        for _, t, h, p, _ in mine:
            held = [j[3] for j in jumps.by_run.get(number, []) if j[0] <= t + 0.5 * h]
            expected = held[-1] if held else start[:, number]
            assert p.tobytes() == expected.tobytes(), (number, t)
            turned += bool(held) and expected[-2:].any()
    assert turned > 100
    assert len(program.switches) == 2


@needs("llvmlite")
@pytest.mark.parametrize("method", METHODS)
def test_what_is_outside_kernels_is_served_between_their_calls(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that are too much code, beside which a kernel would take long to make."""
    dosed = dosed_model(5, 30)
    program = dosed.functions.program
    assert kernel_actions(program, prepared(program)) is not None
    inside, jumps = run(dosed, engine="compiled", method=method, rtol=RTOL), Jumps()
    for cache in (kernels.kernel, kernels._named, actions_module.kernel_actions):
        cache.cache_clear()  # type: ignore[attr-defined]
    monkeypatch.setattr(actions_module, "MOST_NODES", 3)
    assert kernel_actions(program, prepared(program)) is None
    outside = run(dosed, engine="compiled", method=method, rtol=RTOL, on_jump=jumps)
    for cache in (kernels.kernel, kernels._named, actions_module.kernel_actions):
        cache.cache_clear()  # type: ignore[attr-defined]
    np.testing.assert_allclose(inside.y, outside.y, rtol=200 * RTOL, atol=200 * RTOL)
    assert jumps.by_run


@batch_engines
@pytest.mark.parametrize("limit", [1, 9, 30])
def test_steps_end_at_their_limit_between_doses(build: Build, engine: str, method: str, limit: int) -> None:
    dose = Event("dose", {"x": "x + 1"}, at=0.5, every=0.25, count=1000)
    functions = build({"x": 1.0}, {"k": 1.0}, {"x": "-k*x"}, [dose])
    batch = solve(functions, [[1.0, 0.5]], times=GRID, engine=engine, method=method, max_steps=limit)
    assert batch.status.tolist() == [Status.TOO_MANY_STEPS] * 2
    assert batch.steps.tolist() == [limit] * 2
    late = batch.reached[0] < GRID
    assert np.isnan(batch.y[late][..., 0]).all()
    assert np.isfinite(batch.y[~late][..., 0]).all()


@batch_engines
def test_a_dose_that_is_no_number_ends_its_run_there(build: Build, engine: str, method: str) -> None:
    dose = Event("dose", {"x": "log(k - 2)"}, at=3.0, every=1.0, count=5)
    functions = build({"z": 1.0, "x": 1.0}, {"k": 1.0}, {"z": "-z", "x": "-k*x"}, [dose])
    batch = solve(functions, [[1.0, 2.5]], times=GRID, engine=engine, method=method)
    assert batch.status.tolist() == [Status.NOT_FINITE, Status.OK]
    assert batch.reached[0] == 3.0
    assert functions.program.states[batch.trouble[0]] == "x"
    # the last one comes at t = 7
    assert batch.y[14, 1, 1] == np.log(0.5)


@pytest.mark.parametrize(
    "engine", [pytest.param("numpy", marks=pytest.mark.slow), pytest.param("compiled", marks=needs("llvmlite"))]
)
def test_runs_that_turn_stiff_between_doses_go_on_with_theirs(build: Build, engine: str) -> None:
    """The switch makes the oscillator stiff at t = 2; doses come before and after."""
    events = [
        Event("stiff", {"mu": "strength"}, at=2.0),
        Event("push", {"y": "y + 0.001"}, at=0.7, every=1.1, count="n"),
    ]
    rates = {"x": "y", "y": "(1 + mu)*((1 - x**2)*y - x)"}
    functions = build({"x": 2.0, "y": -0.66}, {"strength": 1.0, "n": 6.0}, rates, events, ["mu"], name="stiffening")
    values = np.array([np.logspace(0, 5, 24), np.arange(24.0) % 9])
    grid = np.linspace(0, 12, 25)
    whole = solve(functions, values, times=grid, engine=engine, method="auto", rtol=1e-6)
    assert set(whole.status) == {Status.OK}
    assert set(whole.methods) == {"tsit5", "rodas5p"}
    stiff = solve(functions, values, times=grid, engine=engine, method="rodas5p", rtol=1e-8)
    np.testing.assert_allclose(whole.y[:, 0], stiff.y[:, 0], atol=1e-3)
    for runs in ([3], [23], np.arange(9, 20)):
        assert same(whole, runs, solve(functions, values[:, runs], times=grid, engine=engine, method="auto", rtol=1e-6))
