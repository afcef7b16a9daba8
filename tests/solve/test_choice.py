"""Which engine and method are taken, and that the result says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.errors import EngineError
from immunode.program.llvm.compile import available
from immunode.program.numpy.functions import Functions
from immunode.solve import choice, choose_engine, solve
from immunode.solve.compiled.kernels import making_seconds
from immunode.solve.status import Status
from immunode.solve.step_size import absolute_tolerance

BLOCKS = "compiled" if available() else "numpy"


@pytest.mark.usefixtures("unmade")
def test_few_runs_go_to_scipy_and_many_to_blocks(decay: Functions) -> None:
    one = solve(decay, [[1.0]], times=[0, 1])
    assert one.engine == "scipy"
    assert one.reason.startswith("scipy: fewer than 10 runs")
    many = solve(decay, np.ones((1, 30)), times=[0, 1])
    assert many.engine == BLOCKS
    assert "30 runs side by side" in many.reason


@pytest.mark.skipif(BLOCKS == "numpy", reason="llvmlite is not installed")
def test_few_runs_take_machine_code_that_is_at_hand(build: Callable[..., Functions]) -> None:
    functions = build({"x": 1.0}, {"k": 0.731}, {"x": "-k*x - 0.0137*x**2"}, name="never_compiled_before")
    solve(functions, np.ones((1, 30)), times=[0, 1])
    one = solve(functions, [[1.0]], times=[0, 1])
    assert (one.engine, one.reason.split(";")[0]) == ("compiled", "compiled: its machine code is at hand")
    reference = solve(functions, [[1.0]], times=[0, 1], engine="scipy", rtol=1e-10)
    assert one.y[-1, 0, 0] == pytest.approx(reference.y[-1, 0, 0], rel=1e-6)


@pytest.mark.skipif(BLOCKS == "numpy", reason="llvmlite is not installed")
@pytest.mark.usefixtures("unmade")
def test_machine_code_is_made_once_scipy_has_taken_as_long(build: Callable[..., Functions], decay: Functions) -> None:
    assert choose_engine(decay, 1)[0] == "scipy"
    choice.spent(decay, making_seconds(decay.program) + 1.0)
    other = build({"x": 1.0}, {"k": 2.0}, {"x": "-k*x"})
    assert other.program != decay.program
    assert choose_engine(other, 1) == (
        "compiled",
        "compiled: runs by scipy have taken as long as making machine code does",
    )
    # what was run before gives the same bits again
    assert choose_engine(decay, 1)[0] == "scipy"


def test_a_method_brings_its_engine(decay: Functions) -> None:
    assert solve(decay, np.ones((1, 30)), times=[0, 1], method="Radau").engine == "scipy"
    one = solve(decay, [[1.0]], times=[0, 1], method="tsit5")
    assert (one.engine, one.methods.tolist()) == (BLOCKS, ["tsit5"])


def test_a_system_that_is_not_stiff_starts_explicit(predator: Functions) -> None:
    values = np.array(predator.program.values)[:, None].repeat(20, axis=1)
    batch = solve(predator, values, times=[0, 50])
    assert set(batch.methods) == {"tsit5"}
    assert "not stiff" in batch.reason


def test_a_stiff_system_starts_with_the_stiff_method(build: Callable[..., Functions]) -> None:
    functions = build({"x": 1.0, "z": 1.0}, {"k": 1e5}, {"x": "-x", "z": "k*(x**2 - z)"})
    batch = solve(functions, np.full((1, 20), 1e5), times=[0, 50])
    assert set(batch.methods) == {"rodas5p"}
    assert "stiff" in batch.reason.split(";")[1]
    assert batch.steps.max() < 200


@pytest.mark.slow
def test_a_run_that_is_stiff_among_others_changes_over(relaxation: Functions) -> None:
    batch = solve(relaxation, [[*[1.0] * 15, 1e4]], times=np.linspace(0, 3, 4), rtol=1e-6)
    assert batch.methods.tolist() == ["tsit5"] * 15 + ["rodas5p"]
    assert "1 of 16 runs became stiff and went on with rodas5p" in batch.reason
    expected = solve(relaxation, [[1e4]], times=np.linspace(0, 3, 4), engine="scipy", method="Radau", rtol=1e-10)
    # sharp flanks: an error in time of 1e-5 is one of 1e-5 in x between them
    assert batch.y[:, 0, 15] == pytest.approx(expected.y[:, 0, 0], abs=1e-4)


def test_a_steady_state_is_left_to_the_method_that_takes_the_fewest_steps(build: Callable[..., Functions]) -> None:
    """Near a steady state an explicit method can only jitter at its limit of stability."""
    functions = build({"x": 1.001, "y": 1.0}, {"k": 2.0}, {"x": "k*(y - x)", "y": "k*(1 - x)*y"})
    batch = solve(functions, np.full((1, 12), 2.0), times=np.linspace(0, 200, 11))
    assert "runs around the declared values are stiff, or cheaper with rodas5p" in batch.reason
    assert np.abs(batch.y[-1] - 1).max() < 1e-9


def test_the_pilot_run_does_not_look_at_the_sweep(relaxation: Functions) -> None:
    """Whatever the runs are, the first method is that of the declared values."""
    stiff = solve(relaxation, np.full((1, 20), 1e6), times=[0, 0.1])
    mild = solve(relaxation, np.ones((1, 20)), times=[0, 0.1])
    assert stiff.reason.split(";")[1] == mild.reason.split(";")[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "nmpy"}, "unknown engine 'nmpy'; did you mean 'numpy'"),
        ({"engine": "numpy", "method": "rodas5"}, "engine 'numpy': unknown method 'rodas5'; did you mean 'rodas5p'"),
        ({"engine": "scipy", "method": "tsit5"}, "engine 'scipy': unknown method 'tsit5'"),
        ({"times": [0, 2, 1]}, "times must be finite, increasing"),
        ({"times": [-1, 2]}, "not before t0 = 0"),
        ({"times": []}, "times must be finite"),
        ({"values": [1.0]}, r"values must have shape \(1, n_runs\), not \(1,\)"),
        ({"values": [[1.0], [2.0]]}, r"values must have shape \(1, n_runs\)"),
        ({"initial": [[1.0, 2.0]]}, "initial has 2 runs, values 1"),
        ({"rtol": 0.0}, "rtol must lie between 0 and 1"),
        ({"atol": -1.0}, "atol must not be negative"),
        ({"atol": [1.0, 2.0]}, "atol must be a number"),
    ],
)
def test_what_can_not_be_asked(decay: Functions, options: dict[str, Any], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        solve(decay, **{"values": [[1.0]], "times": [0, 1], **options})


@pytest.mark.parametrize("engine", ["numpy", "scipy"])
def test_initial_values_given_for_some_runs(decay: Functions, engine: str) -> None:
    batch = solve(decay, [[0.0, 0.0]], times=[0, 1], initial=[[np.nan, 7.0]], engine=engine)
    assert batch.y[-1, 0].tolist() == [1, 7]


def test_default_tolerance_follows_the_size_of_each_state(build: Callable[..., Functions]) -> None:
    functions = build({"a": 5.0, "b": 0.0, "c": 0.0}, {"k": 1.0}, {"a": "-k", "b": "k", "c": "k"}, typical={"c": 1e4})
    y0 = np.array([[5.0, -50.0], [0.0, 0.0], [0.0, 0.0]])
    found = absolute_tolerance(functions.program, y0, 1e-6, None)
    assert found == pytest.approx(1e-9 * np.array([[5, 50], [1e-6, 1e-6], [1e4, 1e4]]))
    assert absolute_tolerance(functions.program, y0, 1e-6, [1, 2, 3]).tolist() == [[1, 1], [2, 2], [3, 3]]


@pytest.mark.parametrize("engine", ["numpy", "scipy"])
def test_results_do_not_depend_on_units(build: Callable[..., Functions], engine: str) -> None:
    """The same system in units 1e9 times smaller gives 1e9 times larger numbers, with the default tolerance."""
    rates = {"x": "-k*x + y/10", "y": "k*x*scale/(scale + y) - y/5"}
    small = build({"x": 1.0, "y": 0.5}, {"k": 1.0, "scale": 2.0}, rates)
    large = build({"x": 1e9, "y": 0.5e9}, {"k": 1.0, "scale": 2e9}, rates)
    times = np.linspace(0, 20, 5)
    one = solve(small, [[1.0], [2.0]], times=times, engine=engine)
    two = solve(large, [[1.0], [2e9]], times=times, engine=engine)
    assert two.y == pytest.approx(1e9 * one.y, rel=1e-9)
    assert set(two.status) == {Status.OK}
