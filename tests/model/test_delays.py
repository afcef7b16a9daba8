"""`delay(x, tau)` in texts: read, checked, shown, and taken out."""

from __future__ import annotations

from typing import Any

import pytest

import immunode as im
from immunode.errors import ModelError, UnitError
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse, to_text
from immunode.model import Derived, Model, Parameter, Process, State
from immunode.model.delays import first_delay, without_delays


def model(rate: str = "k*delay(x, tau)", **more: Any) -> Model:
    given: dict[str, Any] = {
        "states": [State("x", 1.0, "cell")],
        "parameters": [
            Parameter("tau", 1.0, "day", "", "assumed: a test"),
            Parameter("k", 1.0, "1/day", "", "assumed: a test"),
        ],
        "processes": [Process("loss", "x ->", rate)],
    }
    return Model(name="d", title="d", time_unit="day", horizon=10.0, **(given | more))


def test_a_delay_is_read_written_and_counts_as_its_argument_where_no_past_is_known() -> None:
    text = "k*delay(x*y, 2*tau)"
    assert to_text(parse(text)) == text
    assert evaluate(parse(text), {"k": 2.0, "x": 3.0, "y": 4.0, "tau": 1.0}) == 24.0


def test_delay_stays_a_name_for_a_parameter() -> None:
    assert parse("delay(x, delay)") == ("call", "delay", ("name", "x"), ("name", "delay"))
    assert im.load_model("chatterjee2017").values["delay"] == 0.0


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ("k*delay(x)", "takes 2 arguments; 1 found"),
        ("k*delay(y, tau)", "unknown name 'y'"),
        ("k*delay(x, tau*x/x)", "lag of 'delay.*' depends on the state 'x'; a lag stays the same through a run"),
        ("k*delay(x, t)", "depends on time; a lag stays the same"),
        ("k*delay(x, delay(tau, tau))", "depends on a delay"),
        ("k*x*piecewise(1, delay(x, tau) > x, 0)*delay(x > x, tau)", "condition"),
    ],
)
def test_a_wrong_delay_is_refused_in_one_line(rate: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        model(rate)


def test_a_lag_below_0_is_refused_before_anything_runs() -> None:
    with pytest.raises(ModelError, match=r"lag '-1' of a delay is below 0"):
        im.simulate(model("k*delay(x, -1)"))


def test_the_unit_of_a_delay_is_that_of_what_is_delayed_and_its_lag_is_a_time() -> None:
    with pytest.raises(UnitError, match=r"'delay.x, k.' has a lag in 1/day, but it must be in day"):
        model("k*delay(x, k)")
    hours = [Parameter("tau", 24.0, "h", "", "assumed: a test"), Parameter("k", 1.0, "1/day", "", "assumed: a test")]
    with pytest.raises(UnitError, match=r"lag in h, but it must be in day; they differ by a factor of 24"):
        model(parameters=hours)
    with pytest.raises(UnitError, match=r"'late': .* is in cell, but it is declared as in 1/day"):
        model(derived=[Derived("late", "delay(x, tau)", "1/day")])


def test_a_history_has_the_unit_of_its_state_and_knows_time_and_parameters_only() -> None:
    assert model(states=[State("x", 1.0, "cell", history="x0*(1 + k*t)")], parameters=_with_x0()).states[0].history
    with pytest.raises(UnitError, match=r"history: 'k\*t' is a plain number, but the state is in cell"):
        model(states=[State("x", 1.0, "cell", history="k*t")])
    with pytest.raises(ModelError, match="history: 'x' uses the state 'x'"):
        model(states=[State("x", 1.0, "cell", history="x")])
    with pytest.raises(ModelError, match="has a delay, and parameters have no past"):
        model(states=[State("x", "delay(tau, tau)", "cell")])


def _with_x0() -> list[Parameter]:
    return [*model().parameters, Parameter("x0", 1.0, "cell", "", "assumed: a test")]


def test_equations_show_the_time_that_is_looked_back_at() -> None:
    assert model().equations() == "dx/dt = −k·x(t − τ)"
    assert r"x\left(t - \tau\right)" in model().equations("latex")
    two = model("k*delay(x*x/x, tau + tau)")
    assert "(x·x/x)(t − (τ + τ))" in two.equations()


def test_without_its_delays_a_model_has_the_same_steady_states() -> None:
    assert first_delay(model()) == "delay(x, tau)"
    plain = without_delays(model("k*delay(x*delay(x, tau)/x, tau)"))
    assert plain.processes[0].rate == "k*(x*x/x)"
    assert first_delay(plain) == ""
    assert without_delays(plain) is plain


def test_a_model_with_a_delay_and_a_history_goes_through_json() -> None:
    old = model(states=[State("x", 1.0, "cell", history="x0*(1 + k*t)")], parameters=_with_x0())
    assert Model.from_json(old.to_json()) == old
