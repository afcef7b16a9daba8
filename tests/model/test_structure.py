from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from immunode.errors import ModelError
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
    Variant,
)
from immunode.model.checks.structure import find_circle

Make = Callable[..., Model]


def test_an_unknown_name_is_told_with_the_nearest(killing: Make) -> None:
    with pytest.raises(
        ModelError,
        match=r"kuznetsov1994.* 'killing'.* 'tumor' .*'n\*E\*tumor'.*'T'",
    ):
        killing("n*E*tumor")


def test_a_text_that_is_no_expression_is_told_with_its_place(killing: Make) -> None:
    with pytest.raises(ModelError, match=r"^kuznetsov1994, process 'killing': name '__import__'"):
        killing("__import__('os')")
    with pytest.raises(ModelError, match=r"process 'killing': 'E > T' must be a value"):
        killing("E > T")


def test_arrows_move_states_only(killing: Make) -> None:
    with pytest.raises(ModelError, match=r"unknown state 'TT' in the arrow 'TT ->'; did you mean 'T'"):
        killing("n*E*T", "TT ->")
    with pytest.raises(ModelError, match=r"'T -> s' .*parameter 's'"):
        killing("n*E*T", "T -> s")
    with pytest.raises(ModelError, match=r"moves the derived quantity 'burden'"):
        killing("n*E*T", "-> burden")
    with pytest.raises(ModelError, match=r"process 'killing': an arrow has one '->'"):
        killing("n*E*T", "T")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("t", "t is time"),
        ("exp", "exp is a function"),
        ("piecewise", "is a function"),
        ("lambda", "write lambda_"),
        ("k-1", "letters"),
        ("2k", "letters"),
        ("", "letters"),
        ("κ", "letters"),
        ("__k", "two underscores"),
        ("drug..dose", "single dots"),
        ("E", "the name 'E' is used twice, by a state and a parameter"),
        ("burden", "the name 'burden' is used twice, by a parameter and a derived quantity"),
    ],
)
def test_names_that_cannot_be_used_are_refused(make: Make, name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        make(parameters=[*make().parameters, Parameter(name, 1.0)])


def test_dotted_names_are_names(make: Make) -> None:
    base = make()
    model = make(
        parameters=[*base.parameters, Parameter("anti_tnf.strength", 1.0)],
        derived=[*base.derived, Derived("anti_tnf.level", "anti_tnf.strength*burden")],
    )
    assert model.derived[1].name == "anti_tnf.level"


def test_names_are_unique_in_their_kind(make: Make) -> None:
    base = make()
    with pytest.raises(ModelError, match="two processes have the name 'killing'"):
        make(processes=[*base.processes, base.processes[5]])
    with pytest.raises(ModelError, match="two variants have the name 'escaping'"):
        make(variants=[Variant("escaping"), Variant("escaping")])
    with pytest.raises(ModelError, match="two units have the name 'U'"):
        make(units=[Unit("U"), Unit("U")])
    with pytest.raises(ModelError, match="two events have the name 'e'"):
        make(events=[Event("e", {"T": "T"}, at=1), Event("e", {"T": "T"}, at=2)])
    with pytest.raises(ModelError, match="process 'burden': a derived quantity has this name"):
        make(processes=[*base.processes, Process("burden", "T ->", "d*T")])


@pytest.mark.parametrize(
    ("derived", "circle"),
    [
        ([Derived("x", "y"), Derived("y", "z"), Derived("z", "2*x")], "x -> y -> z -> x"),
        ([Derived("x", "x + 1")], "x -> x"),
        ([Derived("a1", "b1"), Derived("b1", "c1 + d1"), Derived("c1", "1"), Derived("d1", "b1")], "b1 -> d1 -> b1"),
    ],
)
def test_a_circle_of_derived_quantities_is_named(make: Make, derived: list[Derived], circle: str) -> None:
    with pytest.raises(ModelError, match=f"kuznetsov1994: {circle} depends on itself"):
        make(derived=derived, readouts=[])


def test_a_circle_through_an_effect_is_named(make: Make) -> None:
    with pytest.raises(ModelError, match="burden -> g -> burden depends on itself"):
        make(effects=[Effect("g", "scale", "1/(1 + burden)", by="x")])


def test_long_chains_are_no_circle_and_no_burden() -> None:
    chain = {f"x{i}": [f"x{i + 1}"] for i in range(3_000)}
    assert find_circle(chain) == []
    assert find_circle({**chain, "x3000": ["x2999"]}) == ["x2999", "x3000", "x2999"]


def test_initial_values_depend_on_parameters_only(make: Make) -> None:
    other = make().states[1]
    assert make(states=[State("E", "s/d", "cell"), other]).states[0].initial == "s/d"
    for text, kind in (("T", "state 'T'"), ("burden*g", "derived quantity 'burden'"), ("s*t", "t")):
        with pytest.raises(ModelError, match=rf"state 'E', initial value: .* uses (the )?{kind}"):
            make(states=[State("E", text, "cell"), other])


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, "give either at= .* or when="),
        ({"at": 1, "when": "T > g"}, "give either at= .* or when="),
        ({"at": 1, "count": 3}, "count=3 needs every="),
        ({"when": "T > g", "every": 1}, r"every= and count= go with at= only"),
        ({"when": "T"}, "'T' must be a condition"),
        ({"when": "T > x"}, "unknown name 'x'"),
        ({"at": "T"}, "uses the state 'T', but it may use parameters only"),
        ({"at": "t"}, "uses t, but it may use parameters only"),
        ({"at": 0, "every": "burden", "count": 2}, "uses the derived quantity 'burden'"),
        ({"at": 1, "changes": {}}, "it changes nothing"),
        ({"at": 1, "changes": {"X": "1"}}, "can't change 'X'; states and switches can be changed; known: 'E', 'T'"),
        ({"at": 1, "changes": {"s": "2*s"}}, "'s' is a parameter, which never changes: declare it as a Switch"),
        ({"at": 1, "changes": {"T": "2*x"}}, "new value of 'T': unknown name 'x'"),
    ],
)
def test_events_are_checked(make: Make, event: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=rf"kuznetsov1994, event 'dose'.*{message}"):
        make(events=[Event(**{"name": "dose", "changes": {"T": "2*T"}, **event})])


def test_events_may_change_switches(make: Make) -> None:
    base = make()
    model = make(
        switches=[Switch("on")],
        events=[Event("start", {"on": 1}, at="1/d"), Event("stop", {"on": "0"}, when="T > g")],  # type: ignore[dict-item]
        processes=[*base.processes, Process("more", "-> E", "on*s")],
    )
    assert model.events[0].changes == (("on", "1"),)


def test_delay_and_priority_go_with_a_condition(make: Make) -> None:
    with pytest.raises(ModelError, match=r"event 'x': delay=, priority=.* go with when= only"):
        make(events=[Event("x", {"T": "1"}, at=3, delay=1)])
    with pytest.raises(ModelError, match=r"event 'x', delay: unknown name 'gg'"):
        make(events=[Event("x", {"T": "1"}, when="T > g", delay="gg")])
    with pytest.raises(ModelError, match="event 'x': delay=-1, but it can't be below 0"):
        make(events=[Event("x", {"T": "1"}, when="T > g", delay=-1)])
    with pytest.raises(ModelError, match=r"event 'x'.*persistent=.*'no'"):
        make(events=[Event("x", {"T": "1"}, when="T > g", persistent="no")])  # type: ignore[arg-type]


def test_effects_and_requirements_are_checked(make: Make) -> None:
    with pytest.raises(ModelError, match="effect of 'x' on 'q': no such parameter"):
        make(effects=[Effect("q", "scale", "2", by="x")])
    with pytest.raises(ModelError, match="effect of 'x' on 'T': no such parameter"):
        make(effects=[Effect("T", "scale", "2", by="x")])
    with pytest.raises(ModelError, match="how='scal'; did you mean 'scale'"):
        make(effects=[Effect("s", "scal", "2", by="x")])
    with pytest.raises(ModelError, match="unknown name 'y'"):
        make(effects=[Effect("s", "scale", "y", by="x")])
    with pytest.raises(ModelError, match="requirement 's': 's' must be a condition"):
        make(requirements=[Requirement("s", "...")])
    with pytest.raises(ModelError, match="requirement 'T > g': 'T > g' uses the state 'T'"):
        make(requirements=[Requirement("T > g", "...")])


def test_references_are_checked(make: Make) -> None:
    base = make()
    with pytest.raises(ModelError, match="readouts: unknown quantity 'burdn'; did you mean 'burden'"):
        make(readouts=["burdn"])
    with pytest.raises(ModelError, match=r"variant 'v': unknown parameter 'E'.*initial="):
        make(variants=[Variant("v", {"E": 1.0})])
    with pytest.raises(ModelError, match=r"variant 'v': unknown state 's'.*values="):
        make(variants=[Variant("v", initial={"s": 1.0})])
    with pytest.raises(ModelError, match="variant 'v', initial value of 'T': unknown name 'q'"):
        make(variants=[Variant("v", initial={"T": "q"})])
    with pytest.raises(ModelError, match=r"alias 'tumor'.*'escapin'; did you mean 'escaping'"):
        make(aliases={"tumor": "escapin"})
    with pytest.raises(ModelError, match=r"state 'E'.*'blod'.*'blood'"):
        make(
            compartments=[Compartment("blood", 5.0)], states=[State("E", 1, "cell", compartment="blod"), base.states[1]]
        )
    assert make(readouts=["killing", "E"], aliases={"tumor": "escaping", "other": ""}).readouts == ("killing", "E")


def test_messages_stay_short(killing: Make) -> None:
    for rate in ("x" * 15_000, "n*E*T + " * 40 + "tumor", "n*E*T*(" + "1 + " * 100 + "E)"):
        with pytest.raises(ModelError) as caught:
            killing(rate)
        assert len(str(caught.value)) < 500
