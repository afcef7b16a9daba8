"""What happens within a short time is not stepped over: where parameters tell when, or as far as `max_step` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import immunode as im
from immunode.catalogue import list_models, load_model
from immunode.errors import EngineError
from immunode.exchange.sbml import read_sbml
from immunode.exchange.sbml.writing.writer import write_sbml
from immunode.model import Model, Parameter, Process, State
from immunode.model.serial import from_json, to_json
from immunode.model.views.pulses import narrow_pulses
from immunode.model.views.report import check
from immunode.program.llvm.compile import available
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve
from immunode.solve.status import Status
from immunode.study.arms import Arms
from tests.clock import cpu_below

WAYS = [("numpy", "tsit5"), ("numpy", "rodas5p")]
WAYS += [("scipy", method) for method in ("LSODA", "BDF", "Radau", "DOP853")]
WAYS += [("compiled", "tsit5"), ("compiled", "rodas5p")] if available() else []
ways = pytest.mark.parametrize(("engine", "method"), WAYS)


def pulse(rate: str = "100*exp(-((t - peak)/width)**2)", **more: Any) -> Model:
    """Return x' = rate - x/1000, to 1,000."""
    return Model(
        name="pulse",
        states=[State("x", 0.0)],
        parameters=[
            Parameter("peak", 500.0, source="assumed: test"),
            Parameter("width", 0.05, source="assumed: test"),
        ],
        processes=[Process("make", "-> x", rate), Process("lose", "x ->", "0.001*x")],
        horizon=1000.0,
        **more,
    )


@ways
def test_a_narrow_pulse_is_seen_wherever_its_parameters_put_it(engine: str, method: str) -> None:
    """It was stepped over: x(1000) was 0 with status ok. Its integral is 100 width sqrt(pi)."""
    functions = compile_numpy(lower(pulse()))
    values = np.array([[500.0, 333.3, 700.0], [0.05, 0.05, 1e-3]])
    batch = solve(functions, values, times=[0, 1000], engine=engine, method=method)
    exact = 100 * values[1] * np.sqrt(np.pi) * np.exp(-0.001 * (1000 - values[0]))
    assert batch.y[-1, 0] == pytest.approx(exact, rel=2e-5)


@pytest.mark.sampled
@ways
def test_steps_are_no_longer_than_a_model_says(engine: str, method: str) -> None:
    rate = "sin(0.1*t)**2000"
    for longest in (1.0, 0.5):
        functions = compile_numpy(lower(pulse(rate, max_step=longest)))
        batch = solve(functions, [[500.0], [0.05]], times=[0, 100.0], engine=engine, method=method)
        assert batch.steps[0] >= 100 / longest
    # three pulses, at 5 pi (2k + 1), each of integral 10 sqrt(2 pi/2000) (1 - 1/8000)
    at = 5 * np.pi * np.array([1, 3, 5])
    exact = np.sum(10 * np.sqrt(np.pi / 1000) * (1 - 1 / 8000) * np.exp(-0.001 * (100 - at)))
    assert batch.y[-1, 0, 0] == pytest.approx(exact, rel=1e-4)


def test_the_longest_step_is_kept_by_json_and_sbml_and_shown(tmp_path: Path) -> None:
    model = pulse(max_step=0.25)
    assert from_json(Model, to_json(model)).max_step == 0.25
    assert read_sbml(write_sbml(model, tmp_path / "pulse.xml")).max_step == 0.25
    assert "steps of at most 0.25" in str(repr(model))
    with pytest.raises(ValueError, match="pulse: max_step is -1, but it can't be below 0"):
        pulse(max_step=-1.0)


def test_check_tells_of_a_pulse_that_long_steps_may_pass_over() -> None:
    rate = "100*sin(0.003*t)**20000"
    found = [str(f) for f in check(pulse(rate)).findings]
    assert any("process 'make': the rate has a pulse of about" in f and "Model(max_step=" in f for f in found)
    assert not any("pulse of about" in str(f) for f in check(pulse(rate, max_step=1.0)).findings)
    assert not any("pulse of about" in str(f) for f in check(pulse("1 + sin(t)")).findings)
    assert not any("pulse of about" in str(f) for f in check(pulse("piecewise(1, t < 0.1, 0)")).findings)


@pytest.mark.parametrize(
    ("rate", "time", "width"),
    [
        # where two grids of 20,001 times miss it, and its value is 0 at all of them
        ("exp(-1e9*(t - 500.0213)*(t - 500.0213))", 500.0213, 2 * np.sqrt(np.log(2) / 1e9)),
        ("max(0, sin(0.1*t) - 0.9999)", 5 * np.pi, 0.2),
        ("exp(-1000*abs(sin(0.01*t)))", 100 * np.pi, 0.2 * np.log(2)),
        ("sin(0.1*t)**20000", 5 * np.pi, 0.2 * np.sqrt(np.log(2))),
        # beside what is wide, and upon a slow wave
        ("exp(-(t - 100)**2/20000) + exp(-1000*(t - 500)*(t - 500))", 500.0, 2 * np.sqrt(np.log(2) / 1000)),
        ("0.5*sin(0.02*t) + sin(0.1*t)**20000", 5 * np.pi, 0.2 * np.sqrt(np.log(2))),
        # times a state that starts at 0
        ("x*sin(0.1*t)**20000", 5 * np.pi, 0.2 * np.sqrt(np.log(2))),
        # downwards
        ("2 - sin(0.1*t)**20000", 5 * np.pi, 0.2 * np.sqrt(np.log(2))),
    ],
)
def test_one_pulse_is_measured_wherever_it_lies(rate: str, time: float, width: float) -> None:
    first = narrow_pulses(pulse(rate))[0]
    assert first.time == pytest.approx(time, rel=1e-6)
    assert first.width == pytest.approx(width, rel=0.05)


def test_every_pulse_of_a_train_is_found() -> None:
    found = narrow_pulses(pulse("sin(0.1*t)**2000"))
    assert [p.time for p in found] == pytest.approx(5 * np.pi * np.arange(1, 64, 2), abs=1e-5)


@pytest.mark.parametrize(
    "rate",
    [
        "1 + sin(6.283*t)", "sin(6.283*t)**4", "exp(-5*t)", "sin(0.01*t)", "t", "exp(-(t - 500)**2/20000)",
        "piecewise(1, t > 500 and t < 501, 0)", "tanh((t - 500)/0.01)", "hill(sin(6.283*t)**2, 0.5, 2)",
    ],
)  # fmt: skip
def test_rhythms_decays_and_conditions_are_no_pulses(rate: str) -> None:
    assert narrow_pulses(pulse(rate)) == ()


@pytest.mark.slow
def test_no_model_of_the_collection_has_a_narrow_pulse_with_any_intervention() -> None:
    for entry in list_models():
        model = load_model(entry.name)
        arms = [model, *(Arms({"one": [i.name]}).compose(model)["one"] for i in model.interventions)]
        assert [arm.applied for arm in arms if narrow_pulses(arm)] == [], entry.name


def test_a_decay_from_the_start_needs_no_stop() -> None:
    assert not lower(pulse("exp(-0.3*t)*sin(t - 5)")).breaks
    assert len(lower(pulse("exp(-(t - 5)) + tanh(t - 5) + exp(-(t - peak)**2)")).breaks) == 2


def test_a_limit_of_steps_that_max_step_exceeds_is_told() -> None:
    """200 steps of 5 would do, but the first ones are shorter."""
    functions = compile_numpy(lower(pulse(max_step=5.0)))
    batch = solve(functions, [[500.0], [0.05]], times=[1000.0], engine="numpy", max_steps=200)
    assert batch.status[0] == Status.TOO_MANY_STEPS
    assert "raise the model's max_step, which is 5" in batch.reasons[0]


@pytest.mark.parametrize("engine", ["auto", "scipy", "numpy", "compiled"])
def test_steps_too_short_to_get_to_the_end_are_refused_before_anything_runs(engine: str) -> None:
    """5/1e-12 = 5e12 steps are needed, and 100,000 is the limit."""
    model = im.Model(
        "slow",
        max_step=1e-12,
        states=[im.State("x", 1.0)],
        parameters=[im.Parameter("k", 0.5, bounds=(0.1, 1.0))],
        processes=[im.Process("loss", "x ->", "k*x")],
    )
    message = r"slow: .*1e-12 .*max_step.* over 5 .*5e\+12 steps.* 100,000"
    with cpu_below(5), pytest.raises(EngineError, match=message):
        im.simulate(model, until=5, engine=engine)
    with cpu_below(5), pytest.raises(EngineError, match=message):
        im.sweep(model, n=4, until=5, engine=engine)
    assert im.simulate(model.replace(max_step=1e-3), until=5, engine=engine).final("x") == pytest.approx(
        np.exp(-2.5), rel=1e-5
    )
