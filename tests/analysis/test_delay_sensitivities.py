"""Exact derivatives of delay equations, by rates, lags, initial values and doses: closed forms, and differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import immunode as im
from immunode.errors import ModelError, StudyError
from immunode.model import Derived, Event, Model, Parameter, Process, State
from immunode.program.model_functions import functions
from immunode.solve import solve
from tests.libraries import needs

Array = NDArray[np.float64]
TIMES = np.linspace(0.25, 6.0, 24)
ENGINES = [
    ("numpy", "tsit5"),
    ("numpy", "rodas5p"),
    ("scipy", "DOP853"),
    pytest.param("compiled", "tsit5", marks=needs("llvmlite")),
    pytest.param("compiled", "rodas5p", marks=needs("llvmlite")),
]


def number(name: str, value: float) -> Parameter:
    return Parameter(name, value, "", "", "assumed: a test")


def model(states: list[State], rates: dict[str, str], parameters: dict[str, float], **more: Any) -> Model:
    return Model(
        name="looks_back",
        states=states,
        processes=[Process(f"move_{name}", f"-> {name}", rate) for name, rate in rates.items()],
        parameters=[number(name, value) for name, value in parameters.items()],
        horizon=6.0,
        **more,
    )


@pytest.mark.parametrize(("engine", "method"), ENGINES)
def test_the_derivatives_of_the_method_of_steps_are_met(engine: str, method: str) -> None:
    """x' = -k x(t - tau) from a past of 1: x is the sum of (-k)^j (t - (j - 1) tau)^j / j! over the steps begun."""
    k, tau = 0.9, 1.3
    decay = model([State("x", 1.0)], {"x": "-k*delay(x, tau)"}, {"k": k, "tau": tau})

    def terms(t: float) -> list[tuple[int, float]]:
        return [(j, t - (j - 1) * tau) for j in range(1, math.floor(t / tau) + 2)]

    by_k = [sum((-1) ** j * k ** (j - 1) * s**j / math.factorial(j - 1) for j, s in terms(t)) for t in TIMES]
    by_tau = [sum((-k) ** j * (1 - j) * s ** (j - 1) / math.factorial(j - 1) for j, s in terms(t)) for t in TIMES]
    slopes = im.sensitivity.sensitivities(
        decay, ["k", "tau", "x(0)"], times=TIMES, engine=engine, method=method, rtol=1e-9
    )
    assert np.max(np.abs(slopes.of("x", "k") - by_k)) < 1e-7
    assert np.max(np.abs(slopes.of("x", "tau") - by_tau)) < 1e-7
    # the equation is linear
    assert np.max(np.abs(slopes.of("x", "x(0)") - slopes.values[:, 0])) < 1e-7


def differences(system: Model, names: list[str], quantities: list[str]) -> Array:
    """Return central differences at a tight tolerance, (n_names, n_quantities, n_times)."""
    ready = functions(system)
    declared = np.array(ready.program.values)
    rows = [ready.program.parameters.index(name) for name in names]
    steps = 1e-4 * declared[rows]
    values = np.repeat(declared[:, None], 2 * len(rows), axis=1)
    for k, row in enumerate(rows):
        values[row, 2 * k : 2 * k + 2] += np.array([1.0, -1.0]) * steps[k]
    batch = solve(ready, values, times=TIMES, engine="numpy", method="tsit5", rtol=1e-11)
    p = ready.parameters(values)
    seen = np.array([np.concatenate([y, ready.observe(t, y, p)]) for t, y in zip(TIMES, batch.y, strict=True)])
    wanted = seen[:, [ready.program.quantities.index(q) for q in quantities]]
    return np.asarray(((wanted[..., ::2] - wanted[..., 1::2]) / (2.0 * steps)).transpose(2, 1, 0))


def agree(system: Model, names: list[str], quantities: list[str], engine: str, method: str) -> None:
    slopes = im.sensitivity.sensitivities(
        system, names, times=TIMES, quantities=quantities, engine=engine, method=method, rtol=1e-9
    )
    wanted = differences(system, names, quantities)
    for i, name in enumerate(names):
        for j, quantity in enumerate(quantities):
            # differences are off by the square of their step
            assert slopes.of(quantity, name) == pytest.approx(wanted[i, j], abs=2e-6, rel=2e-6), (name, quantity)


FEEDBACK = model(
    [State("x", 1.0, history="0.6 + 0.3*sin(a*t)", typical=1.0), State("y", "0.5*a", typical=1.0)],
    {
        "x": "a*hill(delay(y, tau), h, 3) - 0.4*x*delay(x, far)",
        "y": "0.8*delay(x*y/(1 + delay(x, far)), tau) - 0.7*y",
    },
    {"a": 1.4, "h": 0.6, "tau": 0.63, "far": 1.43, "tell": 0.3},
    derived=[Derived("late", "delay(x, tau + tell)*y")],
)
"""Lags that share a parameter, a delay in a delay, a history that does not lead to the start and moves with a rate."""


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "method"), [ENGINES[0], pytest.param(*ENGINES[2], marks=pytest.mark.slow)])
def test_differences_say_the_same_by_rates_and_lags(engine: str, method: str) -> None:
    agree(FEEDBACK, ["a", "h", "tau", "far", "tell"], ["x", "y", "late"], engine, method)


@needs("llvmlite")
@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
def test_differences_say_the_same_in_machine_code(method: str) -> None:
    agree(FEEDBACK, ["a", "tau", "far"], ["x", "y"], "compiled", method)


DOSED = model(
    [State("x", 1.0, typical=1.0), State("y", 0.5, typical=1.0)],
    {"x": "k*delay(y, tau)/(1 + x) - delay(x, 0.7)", "y": "0.3*x - y + piecewise(k, t > late, 0)"},
    {"k": 0.7, "tau": 0.9, "size": 0.8, "when": 0.55, "late": 1.15},
    events=[Event("dose", {"x": "x + size*(1 + y)"}, at=0.5, every=1.7, count=3)],
)


@pytest.mark.parametrize(("engine", "method"), [ENGINES[0]])
def test_doses_are_seen_again_in_derivatives(engine: str, method: str) -> None:
    agree(DOSED, ["k", "size", "late"], ["x", "y"], engine, method)


def test_a_jump_that_would_be_seen_at_a_time_that_moves_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match=r"no derivatives by 'tau': the lag of 'delay\(y, tau\)' .*event 'dose'"):
        im.sensitivity.sensitivities(DOSED, ["tau"], times=TIMES)
    timed = model(
        [State("x", 1.0)],
        {"x": "-k*delay(x, 1)"},
        {"k": 0.7, "when": 0.55},
        events=[Event("dose", {"x": "x + 1"}, at="when")],
    )
    with pytest.raises(ModelError, match=r"no derivatives by 'when': the time of event 'dose' depends"):
        im.sensitivity.sensitivities(timed, ["when"], times=TIMES)
    switched = model([State("x", 1.0)], {"x": "-delay(x, tau) + piecewise(1, t > k, 0)"}, {"k": 0.7, "tau": 1.0})
    with pytest.raises(ModelError, match=r"no derivatives by the lag of 'delay\(x, tau\)': its slope depends on"):
        im.sensitivity.sensitivities(switched, ["tau"], times=TIMES)


def test_a_history_and_another_initial_value_are_refused_beside_a_lag() -> None:
    told = model([State("x", 1.0, history="1 - t")], {"x": "-k*delay(x, tau)"}, {"k": 0.7, "tau": 1.0})
    given = im.sensitivity.sensitivities(told, ["k"], times=TIMES, initial={"x": 2.0})
    assert given.of("x", "k")[0] == pytest.approx(-0.25 * (2.0 - 0.125), rel=1e-5)
    with pytest.raises(StudyError, match=r"state 'x' has a history, so it can't be given another initial value"):
        im.sensitivity.sensitivities(told, ["tau"], times=TIMES, initial={"x": 2.0})
