from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immunode.errors import UnitError
from immunode.model import (
    Compartment,
    Derived,
    Effect,
    Event,
    Model,
    Parameter,
    Process,
    Requirement,
    State,
    Switch,
    Unit,
)
from immunode.model.checks.units import unit_of
from immunode.model.units import convert, parse_time
from tests.clock import PATIENCE

Make = Callable[..., Model]


def test_a_rate_in_another_unit_of_time_is_an_error_not_a_conversion(make: Make) -> None:
    others = make().parameters[:7]
    with pytest.raises(
        UnitError,
        match=r"kuznetsov1994.* 'killing'.*'n\*E\*T' .*cell/h.* T .*cell/day"
        r".*factor of 24",
    ):
        make(parameters=[*others, Parameter("n", 1e-7, "1/(cell h)")])


def test_a_rate_of_another_kind_is_an_error(killing: Make) -> None:
    with pytest.raises(UnitError, match=r"process 'killing'.* in cell, .*state T.*cell/day"):
        killing("n*E*T*t")


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ("n*E*T + E", r"'n\*E\*T \+ E' brings together what is in cell/day and what is in cell"),
        ("n*E*T*exp(T)", r"'exp\(T\)' needs plain numbers, but found one in cell"),
        ("n*E*T*sin(t)", r"'sin\(t\)' needs plain numbers"),
        ("n*E*T*hill(T, d, 2)", r"'hill\(T, d, 2\)' brings together what is in cell and what is in 1/day"),
        ("n*E*T*hill(T, g, E)", r"'hill\(T, g, E\)' needs plain numbers"),
        ("n*E*T*michaelis(T, a)", "brings together"),
        ("n*E*max(T, 1)", r"'max\(T, 1\)' brings together what is in cell and what is a plain number"),
        ("n*E*T**b", "write a number as exponent"),
        ("n*E*piecewise(T, E > d, g)", "'E > d' brings together"),
        ("n*E*piecewise(T, E > T, 1)", "brings together"),
        ("n*E*T*sqrt(T)", r"is in cell\*\*"),
    ],
)
def test_units_that_do_not_fit_inside_a_rate_are_told(killing: Make, rate: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        killing(rate)


@pytest.mark.parametrize(
    "rate",
    [
        "n*E*max(T, 0)",
        "n*E*piecewise(T, E > 0, 0)",
        "n*E*T*(T/g)**(E/T)",
        "n*E*T**2/sqrt(T**2)",
        "n*E*(T**3)**(1/3)",
        "n*E*T**0.5*T**0.5",
        "0",
        "n*E*T + 0",
        "n*E*T*hill(T, g, 2.5)*michaelis(E, g)",
        "n*E*T*exp(-T/g)*abs(-1)*tanh(t*d)",
        "a*T*not_used",
    ],
)
def test_units_that_fit_are_accepted(killing: Make, rate: str) -> None:
    extra = {"parameters": [*killing("n*E*T").parameters, Parameter("not_used", 1.0)]}
    assert killing(rate, **extra).processes[5].rate == rate


def test_every_place_of_an_expression_is_checked(make: Make) -> None:
    base = make()
    dose = [*base.parameters, Parameter("dose", 1.0, "mg")]
    cases: list[tuple[dict[str, Any], str]] = [
        (
            {"derived": [Derived("u", "T", "mL")], "readouts": []},
            "derived quantity 'u': 'T' is in cell, but it is declared",
        ),
        ({"events": [Event("e", {"T": "T + dose"}, at=1)]}, "event 'e', new value of 'T'"),
        ({"events": [Event("e", {"T": "2*T"}, at="dose")]}, "event 'e', at: 'dose' is in mg, but it must be in day"),
        ({"events": [Event("e", {"T": "2*T"}, at=0, every="dose", count=2)]}, "event 'e', every"),
        (
            {"events": [Event("e", {"T": "2*T"}, at=0, every=1, count="dose")]},
            "count: 'dose' is in mg, but .* plain number",
        ),
        ({"events": [Event("e", {"T": "2*T"}, when="T > dose")]}, "event 'e', when"),
        ({"states": [State("E", "dose", "cell"), base.states[1]]}, "state 'E', initial value: 'dose' is in mg"),
        ({"switches": [Switch("on", "dose", "cell")]}, "switch 'on', initial value"),
        (
            {"effects": [Effect("s", "scale", "dose", by="x")]},
            "effect of 'x' on 's': 'dose' is in mg, but .* plain number",
        ),
        ({"effects": [Effect("s", "add", "dose", by="x")]}, "must be in cell/day"),
        ({"effects": [Effect("s", "set", "2*s1", "dose", by="x")]}, "a weight must be a plain number"),
        ({"requirements": [Requirement("dose > s1", "...")]}, "requirement: 'dose > s1'"),
    ]
    for changes, message in cases:
        with pytest.raises(UnitError, match=message):
            make(**{"parameters": [*dose, Parameter("s1", 1.0, "cell/day")], **changes})


def test_all_problems_are_told_at_once(make: Make) -> None:
    with pytest.raises(UnitError) as caught:
        make(time_unit="h")
    lines = str(caught.value).splitlines()
    assert len(lines) == 6
    assert lines[-1] == "... and 1 more"


def test_the_unit_of_time_must_be_one(make: Make) -> None:
    with pytest.raises(UnitError, match="time_unit: 'cell' is not a unit of time"):
        make(time_unit="cell")
    with pytest.raises(UnitError, match="time_unit: unknown unit 'dya'; did you mean 'day'"):
        make(time_unit="dya")
    with pytest.raises(UnitError, match="clock: 'mg' is not a unit of time"):
        Model(name="m", clock="mg")


def test_a_unit_of_the_model_is_a_base_unit() -> None:
    def made(unit: str) -> Model:
        return Model(
            name="m",
            time_unit="h",
            units=[Unit("N_unit")],
            states=[State("N", 1.0, "N_unit")],
            parameters=[Parameter("k", 1.0, unit)],
            processes=[Process("loss", "N ->", "k*N")],
        )

    assert made("1/h").units[0].name == "N_unit"
    with pytest.raises(UnitError, match="is in N_unit\\*\\*2/h, but state N changes in N_unit/h"):
        made("N_unit/h")


def test_a_concentration_in_a_compartment_moves_in_amounts() -> None:
    def made(rate_unit: str, **state: Any) -> Model:
        return Model(
            name="m",
            time_unit="h",
            compartments=[Compartment("blood", "V", "L")],
            states=[State("C", 1.0, **{"unit": "mg/L", "compartment": "blood", **state}), State("G", 0.0, "mg")],
            parameters=[Parameter("CL", 1.0, rate_unit), Parameter("V", 3.0, "L")],
            processes=[Process("loss", "C -> G", "CL*C")],
        )

    assert made("L/h").name == "m"
    with pytest.raises(UnitError, match="but the amount of state C changes in mg/h"):
        made("1/h")
    assert made("1/h", unit="mg", amount=True).name == "m"


def test_all_states_that_a_process_moves_must_be_of_one_unit(make: Make) -> None:
    base = make()
    with pytest.raises(UnitError, match=r"'shed'.*'d\*T' .*cell/day.* V .*PFU/day"):
        make(
            states=[*base.states, State("V", 0.0, "PFU")],
            processes=[*base.processes, Process("shed", "T -> V", "d*T")],
        )


def test_times_are_read_in_the_unit_of_the_model(model: Model) -> None:
    assert parse_time("52 weeks", model) == 364.0
    assert parse_time("24 h", model) == pytest.approx(1.0, rel=1e-15)
    assert parse_time("36hours", model) == pytest.approx(1.5, rel=1e-15)
    assert parse_time(180, model) == parse_time("180", model) == 180.0
    assert parse_time("-1 week", model) == -7.0


def test_a_dimensionless_model_needs_a_clock_for_calendar_times() -> None:
    with pytest.raises(UnitError, match=r"m: '2 weeks' has a unit, but the model's time has none"):
        parse_time("2 weeks", Model(name="m"))
    assert parse_time("2 weeks", Model(name="m", clock="day")) == 14.0
    assert parse_time(2, Model(name="m")) == 2.0


@pytest.mark.parametrize("text", ["week 2", "", "2 cells", "1e999 day", "two weeks", "2 weeeks", "1 day 2 h"])
def test_what_is_no_time_is_refused(model: Model, text: str) -> None:
    with pytest.raises(UnitError, match="kuznetsov1994: "):
        parse_time(text, model)


@given(st.floats(-1e6, 1e6), st.sampled_from(["h", "day", "week", "min"]), st.sampled_from(["h", "day", "week", "min"]))
def test_conversion_and_back_is_nothing(value: float, a: str, b: str) -> None:
    assert convert(convert(value, a, b), b, a) == pytest.approx(value, rel=1e-14)  # two roundings


def test_conversion_between_kinds_is_refused() -> None:
    assert convert(1.0, "mg", "ug") == pytest.approx(1000.0, rel=1e-15)
    with pytest.raises(UnitError, match="can't convert 'mg' to 'mL': they measure different things"):
        convert(1.0, "mg", "mL")
    with pytest.raises(UnitError, match="'mg/kg' to 'a plain number'"):
        convert(1.0, "mg/kg", "")


def test_the_unit_of_an_expression_is_found(model: Model) -> None:
    assert unit_of(model, "n*E*T") == "cell/day"
    assert unit_of(model, "T/g") == ""
    with pytest.raises(UnitError, match="unknown name 'x' in 'x\\*T'"):
        unit_of(model, "x*T")


def test_a_model_in_common_units_needs_neither_pint_nor_sympy() -> None:
    code = """
import sys
from immunode.model import Model, Parameter, Process, State
Model(name="m", time_unit="day", states=[State("C", 1.0, "mg/L")], parameters=[Parameter("k", 1.0, "1/day")],
      processes=[Process("loss", "C ->", "k*C")])
print([name for name in ("pint", "sympy", "numpy", "rich", "pandas") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert done.stdout.strip() == "[]"
