"""A run that one method can't finish is made anew by the others, run by run, and the result says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.catalogue import load_model
from immunode.model import Event, Model, Parameter, Process, State
from immunode.program.llvm.compile import available
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import choice, dispatch, solve
from immunode.solve.compiled import kernels
from immunode.solve.engine import Request
from immunode.solve.outcome import Outcome
from immunode.solve.scipy.engine import ScipyEngine
from immunode.solve.status import Status
from immunode.study.design.design import sobol
from immunode.study.design.ranges import space
from immunode.study.endpoints import final
from immunode.study.sweeps import sweep

TIMES = [0.0, 1.0, 10.0]


@pytest.mark.usefixtures("unmade")
def test_a_run_that_takes_too_many_steps_is_made_anew(build: Callable[..., Functions]) -> None:
    """One step less than LSODA needs is given; the methods of one step need fewer."""
    functions = build({"x": 1.0}, {"k": 3.0}, {"x": "-k*x"})
    easy = solve(functions, [[3.0]], times=TIMES)
    assert easy.engine == "scipy"
    few = int(easy.steps[0]) - 1
    batch = solve(functions, [[3.0]], times=TIMES, max_steps=few)
    assert batch.status.tolist() == [Status.OK]
    assert batch.engine == ("compiled" if available() else "numpy")
    assert batch.methods[0] in ("tsit5", "rodas5p", "dop853")
    assert "LSODA ended as 'too many steps', so the run was made anew" in batch.reason
    assert batch.y[:, 0, 0] == pytest.approx(np.exp(-3 * np.array(TIMES)), rel=1e-4, abs=1e-8)


def test_only_the_lost_runs_are_made_anew(build: Callable[..., Functions]) -> None:
    functions = build({"x": 1.0}, {"k": 1.0}, {"x": "-k*x"})
    values = np.array([[0.0, 3.0, 0.0]])
    # a loose tolerance: there Radau takes fewer steps than LSODA
    alone = solve(functions, values, times=TIMES, engine="scipy", rtol=1e-3)
    few = int(alone.steps[1]) - 1
    batch = solve(functions, values, times=TIMES, engine="scipy", rtol=1e-3, max_steps=few)
    assert batch.methods.tolist() == ["LSODA", "Radau", "LSODA"]
    assert batch.status.tolist() == [Status.OK] * 3
    assert np.array_equal(batch.y[:, :, [0, 2]], alone.y[:, :, [0, 2]])
    assert "1 of 3 runs were made anew by scipy Radau" in batch.reason


def test_a_method_that_was_asked_for_is_kept(build: Callable[..., Functions]) -> None:
    functions = build({"x": 1.0}, {"k": 3.0}, {"x": "-k*x"})
    batch = solve(functions, [[3.0]], times=TIMES, method="LSODA", max_steps=5)
    assert batch.status.tolist() == [Status.TOO_MANY_STEPS]


def test_jumps_are_told_once_and_by_the_try_that_counts() -> None:
    """A clock that starts anew at 1 fires at t = 1, 2, ..., 9; restarts use up the steps of LSODA."""
    model = Model(
        name="clock",
        states=[State("x", 0.0)],
        processes=[Process("run", "-> x", "1")],
        events=[Event("strike", {"x": "0"}, when="x >= 1")],
    )
    functions = compile_numpy(lower(model))
    heard: list[float] = []

    def told(runs: Any, t: Any, *rest: Any) -> None:
        heard.extend(t.tolist())

    easy = solve(functions, np.empty((0, 1)), times=[0.0, 9.5])
    heard.clear()
    options: dict[str, Any] = {"times": [0.0, 9.5], "max_steps": int(easy.steps[0]) - 1, "on_jump": told}
    options["on_restart"] = lambda runs: heard.clear()
    batch = solve(functions, np.empty((0, 1)), **options)
    assert batch.status.tolist() == [Status.OK]
    assert batch.methods.tolist() != ["LSODA"]
    assert heard == pytest.approx(range(1, 10), abs=1e-6)


def test_runs_of_restarts_go_to_a_method_that_starts_quickly_whatever_runs_beside_them() -> None:
    """More than a jump in ten steps: DOP853, else Radau; the second run has no jumps and a fast exchange."""
    model = Model(
        name="clock",
        states=[State("x", 0.0), State("z", 0.0)],
        parameters=[Parameter("k", 1.0, source="assumed: test"), Parameter("f", 0.0, source="assumed: test")],
        processes=[Process("run", "-> x", "k"), Process("follow", "-> z", "f*(sin(300*t) - z)")],
        events=[Event("strike", {"x": "0"}, when="x >= 1")],
    )
    functions = compile_numpy(lower(model))
    values = np.array([[1.0, 0.0], [0.0, 1.0]])
    options: dict[str, Any] = {"times": [0.0, 40.0], "max_steps": 140, "engine": "scipy"}
    batch = solve(functions, values, **options)
    assert batch.methods[0] == "DOP853"
    for run in range(2):
        alone = solve(functions, values[:, [run]], **options)
        assert np.array_equal(alone.y[:, :, 0], batch.y[:, :, run], equal_nan=True)
        assert alone.methods[0] == batch.methods[run]


ENGINES = ["numpy", pytest.param("compiled", marks=pytest.mark.skipif(not available(), reason="needs llvmlite"))]


RUNS = np.array([[1e5, 0.0, 1e5, 0.0], [1.0, 10.0, 20.0, 2.0]])
"""Runs of a pendulum (speed m) with a follower (rate k): rodas5p, tsit5, neither, and both finish in 400 steps."""
SHORT: dict[str, Any] = {"times": [10.0, 20.0], "rtol": 1e-4, "max_steps": 400}


@pytest.fixture(scope="module")
def pendulum(build: Callable[..., Functions]) -> Functions:
    rates = {"x": "m*z", "z": "-m*sin(x)", "u": "k*(x**2 - u)"}
    return build({"x": 1.0, "z": 0.0, "u": 1.0}, {"k": 1e5, "m": 1.0}, rates)


@pytest.mark.parametrize("engine", ENGINES)
def test_auto_fails_only_where_all_its_methods_fail(engine: str, pendulum: Functions) -> None:
    made = {method: solve(pendulum, RUNS, method=method, engine=engine, **SHORT) for method in ("tsit5", "rodas5p")}
    assert (made["tsit5"].status == Status.OK).tolist() == [False, True, False, True]
    assert (made["rodas5p"].status == Status.OK).tolist() == [True, False, False, True]
    auto = solve(pendulum, RUNS, engine=engine, **SHORT)
    assert (auto.status == Status.OK).tolist() == [True, True, False, True]
    assert auto.methods[:2].tolist() == ["rodas5p", "tsit5"]
    assert np.array_equal(auto.y[:, :, 1], made["tsit5"].y[:, :, 1])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_second_try_does_not_look_at_the_neighbors(engine: str, pendulum: Functions) -> None:
    batch = solve(pendulum, RUNS, engine=engine, **SHORT)
    for run in range(4):
        alone = solve(pendulum, RUNS[:, [run]], engine=engine, **SHORT)
        assert np.array_equal(alone.y[:, :, 0], batch.y[:, :, run], equal_nan=True)
        assert (alone.status[0], alone.steps[0]) == (batch.status[run], batch.steps[run])


@pytest.mark.slow
def test_the_flu_is_computed_at_the_tightest_tolerance() -> None:
    """18 of 32 runs ended in "too many steps"."""
    model = load_model("hancioglu2007")
    made = sweep(model, sobol(space(model), n=32, seed=1), endpoints=[final("V")], rtol=1e-12)
    assert set(made.status) == {"ok"}


def test_the_words_of_a_failure_can_be_followed(build: Callable[..., Functions]) -> None:
    """A method that was named is kept, and the message says what else there is; "auto" has tried all there is."""
    functions = build({"x": 1.0}, {"k": 3.0}, {"x": "-k*x"})
    named = solve(functions, [[3.0]], times=TIMES, method="LSODA", max_steps=5)
    assert "method='LSODA' was asked for: leave it at 'auto'" in named.reasons[0]
    free = solve(functions, [[3.0]], times=TIMES, max_steps=3)
    words = free.reasons[0]
    assert "method=" not in words
    assert "max_steps" not in words
    assert words.endswith("relax rtol, or end the run earlier")


def test_later_tries_of_scipy_are_short_but_on_runs_of_restarts(
    build: Callable[..., Functions], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that no method finishes must end soon, not after three times the limit; its message names engine="auto"."""
    limits: list[tuple[str, int]] = []
    engine_solve = ScipyEngine.solve

    def noted(self: ScipyEngine, request: Request, reason: str) -> Outcome:
        limits.append((request.method, request.max_steps))
        return engine_solve(self, request, reason)

    monkeypatch.setattr(ScipyEngine, "solve", noted)
    monkeypatch.setattr(dispatch, "SECOND_TRIES", 60)
    functions = build({"x": 1.0}, {"k": 300.0}, {"x": "sin(k*t)"})
    batch = solve(functions, [[300.0]], times=[0.0, 1e4], engine="scipy", max_steps=200)
    assert limits == [("auto", 200), ("Radau", 60), ("DOP853", 60)]
    assert batch.status[0] == Status.TOO_MANY_STEPS
    assert "engine='auto'" in batch.reasons[0]
    limits.clear()
    solve(functions, [[300.0]], times=[0.0, 1e4], engine="scipy", method="Radau", max_steps=200)
    assert limits == [("Radau", 200)]


def test_auto_leaves_a_long_run_to_machine_code_soon(build: Callable[..., Functions]) -> None:
    if not available():
        pytest.skip("no machine code here")
    functions = build({"x": 1.0}, {"k": 300.0}, {"x": "sin(k*t)"})
    batch = solve(functions, [[300.0]], times=[0.0, 30.0])
    # LSODA takes 20,000 steps for it
    assert batch.engine == "compiled"
    assert batch.status[0] == Status.OK
    assert batch.y[-1, 0, 0] == pytest.approx(1 + (1 - np.cos(9000)) / 300, abs=1e-4)


@pytest.mark.skipif(not available(), reason="llvmlite is not installed")
@pytest.mark.usefixtures("unmade")
def test_a_run_of_many_events_is_left_to_machine_code_and_at_once_when_made_again(
    build: Callable[..., Functions], monkeypatch: pytest.MonkeyPatch
) -> None:
    """x rises by 1 per unit of time and is set to 0 at 1/k, a thousand times; its integral is half of that."""
    monkeypatch.setattr(dispatch, "_too_long", set())
    monkeypatch.setattr(dispatch, "MOST_PATIENCE", 100)
    saw = build(
        {"x": 0.0, "z": 0.0},
        {"k": 100.0},
        {"x": "1", "z": "x"},
        events=[Event("back", {"x": "0"}, when="x > 1/k")],
        typical={"x": 0.01, "z": 1.0},
        name="sawtooth",
    )
    first = solve(saw, [[100.0]], times=[0.0, 10.005])
    assert "LSODA ended as 'too many steps', so the run was made anew by compiled" in first.reason
    assert first.y[-1, :, 0] == pytest.approx([0.005, 1000 * 0.5e-4 + 0.5 * 0.005**2], rel=1e-6)
    # the kernel that the next process looks for
    assert kernels.at_hand(saw.program)
    monkeypatch.setattr(ScipyEngine, "solve", _forbidden)
    again = solve(saw, [[100.0]], times=[0.0, 10.005])
    assert "LSODA has ended as 'too many steps' before" in again.reason
    assert (again.y == first.y).all()


def _forbidden(*_: object) -> Outcome:
    raise AssertionError("not to be called")


@pytest.mark.skipif(not available(), reason="llvmlite is not installed")
@pytest.mark.usefixtures("unmade")  # else another test may have settled which engine this program has
def test_few_runs_that_machine_code_can_not_finish_go_to_lsoda(
    build: Callable[..., Functions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "at_hand", lambda program: True)
    monkeypatch.setattr("immunode.solve.compiled.engine.CompiledRuns.waiting", lambda self: _all_fail(self))
    functions = build({"x": 1.0}, {"k": 3.0}, {"x": "-k*x"})
    batch = solve(functions, [[3.0]], times=TIMES)
    assert batch.methods.tolist() == ["LSODA"]
    assert "made anew by scipy LSODA" in batch.reason
    assert batch.y[:, 0, 0] == pytest.approx(np.exp(-3 * np.array(TIMES)), rel=1e-4, abs=1e-8)


def _all_fail(runs: Any) -> Any:
    """Let every run end after one step as if it had taken them all."""
    waiting = np.arange(runs.n)
    runs.steps[waiting] = 1
    runs.fail(waiting, Status.TOO_MANY_STEPS)
    return waiting[:0]
