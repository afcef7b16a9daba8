from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.errors import ModelError
from immunode.model import Compartment, Event, Model, Parameter, Process, State, Switch, Variant
from immunode.model.copies import find
from tests.clock import least_cpu

Make = Callable[..., Model]


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"value": math.nan}, "parameter 'x', value: nan is not a finite number"),
        ({"value": math.inf}, "inf is not a finite number"),
        ({"value": "3"}, "a number is needed, but str was found: '3'"),
        ({"value": True}, "a number is needed, but bool was found"),
        ({"value": None}, "a number is needed, but NoneType was found"),
        ({"value": 1j}, "a number is needed, but complex was found"),
        ({"bounds": (2.0, 3.0)}, r"its value 1 is outside its bounds \(2, 3\)"),
        ({"bounds": (3.0, 0.0)}, r"bounds \(3, 0\) are the wrong way round"),
        ({"bounds": (0.0, math.inf)}, "bounds: inf is not a finite number"),
        ({"bounds": (0.0,)}, r"bounds are a pair"),
        ({"bounds": 3.0}, r"bounds are a pair"),
        ({"evidence": "fited"}, "evidence 'fited'; did you mean 'fitted'"),
        ({"unit": 3}, "unit= is text, but int was found"),
        ({"meaning": None}, "meaning= is text, but NoneType was found"),
    ],
)
def test_parameters_are_checked(make: Make, parameter: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=f"kuznetsov1994.*{message}"):
        make(parameters=[*make().parameters, Parameter(**{"name": "x", "value": 1.0, **parameter})])


def test_numbers_of_numpy_are_numbers(make: Make) -> None:
    model = make(parameters=[*make().parameters, Parameter("x", np.float64(2)), Parameter("y", np.int64(2))])  # type: ignore[arg-type]
    assert model == make(parameters=[*make().parameters, Parameter("x", 2.0), Parameter("y", 2)])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "a model needs a name"),
        ({"name": 3}, "a model needs a name"),
        ({"title": None}, "title: text is needed"),
        ({"horizon": -1}, "the horizon is -1"),
        ({"horizon": 0}, "the horizon is 0"),
        ({"horizon": math.nan}, "horizon: nan"),
        ({"horizon": "500"}, "horizon: a number is needed"),
        ({"status": "publishd"}, "status 'publishd'; did you mean 'published'"),
        ({"states": "E"}, "states: a list is needed, but str was found"),
        ({"states": {"E": 1}}, "states: a list is needed, but dict was found"),
        ({"processes": [Parameter("k", 1.0)]}, "processes: only Process belongs here, but Parameter was found"),
        ({"readouts": [3]}, "readouts: only names belong here"),
        ({"interventions": ["anti_tnf"]}, "interventions: str is no intervention"),
        ({"switches": [Switch("on", math.nan)]}, "switch 'on', initial value: nan"),
        ({"compartments": [Compartment("c", 0.0)]}, "compartment 'c', volume: it is 0"),
        ({"variants": [Variant("v", {"s": math.nan})]}, "variant 'v', value of 's': nan"),
        ({"variants": [Variant("v", initial={"T": math.inf})]}, "variant 'v', initial value of 'T': inf"),
        ({"events": [Event("e", {"T": "T"}, at=math.nan)]}, "event 'e', at: nan"),
        ({"events": [Event("e", {"T": "T"}, at=0, every=0, count=2)]}, "every=0, but it must be above 0"),
        ({"events": [Event("e", {"T": "T"}, at=0, every=1, count=0)]}, "count=0, but it must be a whole number"),
        ({"events": [Event("e", {"T": "T"}, at=0, every=1, count=1.5)]}, "count=1.5"),  # type: ignore[arg-type]
        ({"processes": [Process("p1", "T ->", 3)]}, "processes 'p1': rate= is text, but int was found"),  # type: ignore[arg-type]
    ],
)
def test_records_are_checked(make: Make, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        make(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"initial": math.nan}, "state 'E', initial value: nan"),
        ({"initial": None}, "state 'E', initial value: a number is needed"),
        ({"typical": -1.0}, "the typical size is -1"),
    ],
)
def test_states_are_checked(make: Make, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        make(states=[State(**{"name": "E", "initial": 1.0, "unit": "cell", **changes}), make().states[1]])


def test_other_values_give_a_new_model(model: Model) -> None:
    changed = model.with_values(s=2.0, d=3)
    assert [p.value for p in changed.parameters if p.name in ("s", "d")] == [2.0, 3]
    assert model.parameters[0].value == 1.3e4
    assert model.with_values({"s": 2.0}, d=3) == changed


def test_bounds_widen_for_a_value_outside(model: Model) -> None:
    assert model.with_values(s=2e5).parameters[0].bounds == (0, 2e5)
    assert model.with_values(s=50).parameters[0].bounds == (0, 1e5)


def test_other_initial_values_give_a_new_model(model: Model) -> None:
    assert [s.initial for s in model.with_initial(E="s/d", T=3).states] == ["s/d", 3]
    assert model.states[0].initial == 3.2e5


def test_a_variant_sets_values_and_initial_values(model: Model) -> None:
    escaping = model.variant("escaping")
    assert escaping == model.with_values(p=0.1).with_initial(T=1e8).replace(variant_name="escaping")
    assert escaping.label == f"{model.name}, variant escaping"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.with_values(S=1.0), "unknown parameter 'S'; did you mean 's'"),
        (lambda m: m.with_values(E=1.0), "unknown parameter 'E'; E is a state: use with_initial"),
        (lambda m: m.with_values(s=math.nan), "value of 's': nan is not a finite number"),
        (lambda m: m.with_values(s="3"), "a number is needed"),
        (lambda m: m.with_initial(s=1.0), "unknown state 's'; s is a parameter: use with_values"),
        (lambda m: m.with_initial(tumor=1.0), "unknown state 'tumor'; did you mean 'T'"),
        (lambda m: m.with_initial(E=math.inf), "initial value of 'E': inf"),
        (lambda m: m.with_initial(E="n*"), "state 'E', initial value: can't read"),
        (lambda m: m.variant("escapin"), "unknown variant 'escapin'; did you mean 'escaping'"),
        (lambda m: m.intervention("x"), "unknown intervention 'x'; the model has no interventions"),
        (lambda m: find(m, "state", m.states, "effector"), "unknown state 'effector'; did you mean 'E'"),
    ],
)
def test_names_that_are_not_there_are_told_with_the_nearest(
    model: Model, change: Callable[[Model], Any], message: str
) -> None:
    with pytest.raises(ModelError, match=f"kuznetsov1994.*{message}"):
        change(model)


def test_a_record_is_found_by_its_name(model: Model) -> None:
    assert find(model, "process", model.processes, "killing") is model.processes[5]


def test_checking_a_model_of_twelve_states_takes_milliseconds() -> None:
    n = 12
    parts: dict[str, Any] = {
        "time_unit": "day",
        "states": [State(f"x{i}", 1.0, "nM") for i in range(n)],
        "parameters": [
            Parameter(f"{k}{i}", 1.0, u) for i in range(n) for k, u in (("k", "1/day"), ("c", "nM"), ("h", ""))
        ],
        "processes": [
            Process(f"{kind}{i}", f"{arrow}", rate)
            for i in range(n)
            for kind, arrow, rate in (
                ("make", f"-> x{i}", f"k{i}*c{i}*hill(x{(i + 1) % n}, c{i}, h{i})/(1 + x{(i + 2) % n}/c{i})"),
                ("lose", f"x{i} ->", f"k{i}*x{i}"),
            )
        ],
    }
    # measured 4 ms on one busy core; the bound leaves a factor of ten
    assert least_cpu(lambda: Model(name="again", **parts)) < 0.04


def test_other_values_are_not_read_again(model: Model) -> None:
    # measured 0.1 ms
    assert least_cpu(lambda: model.with_values(s=0.5), 20) < 0.005
