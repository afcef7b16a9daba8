"""Where LSODA runs out of steps another method takes over, run by run, and the result says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.model.declaration import Event, Model, Process, State
from immunode.program.llvm_compile import available
from immunode.program.lower import lower
from immunode.program.numpy_source import Functions, compile_numpy
from immunode.solve import second_try, solve
from immunode.solve.engine import Request
from immunode.solve.scipy_engine import ScipyEngine
from immunode.solve.status import Status

TIMES = [0.0, 1.0, 10.0]


def test_a_run_that_takes_too_many_steps_is_made_anew(build: Callable[..., Functions]) -> None:
    """One step less than LSODA needs is given; rodas5p needs fewer."""
    functions = build({"x": 1.0}, {"k": 3.0}, {"x": "-k*x"})
    easy = solve(functions, [[3.0]], times=TIMES)
    assert easy.engine == "scipy"
    few = int(easy.steps[0]) - 1
    batch = solve(functions, [[3.0]], times=TIMES, max_steps=few)
    assert batch.status.tolist() == [Status.OK]
    assert batch.engine == ("compiled" if available() else "numpy")
    assert batch.method.tolist() == ["rodas5p"]
    assert "LSODA took too many steps, so the run was made anew" in batch.reason
    assert batch.y[:, 0, 0] == pytest.approx(np.exp(-3 * np.array(TIMES)), rel=1e-4, abs=1e-8)


def test_only_the_lost_runs_are_made_anew(build: Callable[..., Functions]) -> None:
    functions = build({"x": 1.0}, {"k": 1.0}, {"x": "-k*x"})
    values = np.array([[0.0, 3.0, 0.0]])
    # a loose tolerance: there Radau takes fewer steps than LSODA
    alone = solve(functions, values, times=TIMES, engine="scipy", rtol=1e-3)
    few = int(alone.steps[1]) - 1
    batch = solve(functions, values, times=TIMES, engine="scipy", rtol=1e-3, max_steps=few)
    assert batch.method.tolist() == ["LSODA", "Radau", "LSODA"]
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
    batch = solve(functions, np.empty((0, 1)), **options)
    assert batch.status.tolist() == [Status.OK]
    assert batch.method.tolist() != ["LSODA"]
    assert heard == pytest.approx(range(1, 10), abs=1e-6)


def test_runs_of_restarts_go_to_a_method_that_starts_quickly() -> None:
    """More than a jump in ten steps: DOP853, else Radau."""
    model = Model(
        name="clock",
        states=[State("x", 0.0)],
        processes=[Process("run", "-> x", "1")],
        events=[Event("strike", {"x": "0"}, when="x >= 1")],
    )
    functions = compile_numpy(lower(model))
    asked: list[bool] = []

    def second(restarts: bool) -> tuple[ScipyEngine, str]:
        asked.append(restarts)
        return ScipyEngine(), "DOP853"

    request = Request(functions, np.empty((0, 1)), np.array([50.0]), 0.0, None, 1e-6, None, 60, None, "auto")
    second_try.solve_twice(request, ScipyEngine(), "", second)
    assert asked == [True]
