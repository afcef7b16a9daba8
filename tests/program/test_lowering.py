"""What a model means, once it is numbers: signs, volumes, effects, events and the Jacobian."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import ModelError
from immunode.model import Compartment, Derived, Effect, Event, Model, Parameter, Process, Requirement, State, Switch
from immunode.program import Functions, compile_numpy, lower


def parameter(name: str, value: float, unit: str = "") -> Parameter:
    return Parameter(name, value, unit, source="assumed: a test")


def evaluated(model: Model, n_runs: int = 3, **states: float) -> tuple[Functions, np.ndarray, np.ndarray, np.ndarray]:
    """Return functions, p, c and y of a model at its declared values, with some states set."""
    functions = compile_numpy(lower(model))
    values = np.repeat(np.array(functions.program.values)[:, None], n_runs, axis=1)
    p = functions.parameters(values)
    y = functions.initial(p)
    for name, value in states.items():
        y[functions.program.states.index(name)] = value
    return functions, p, functions.prepare(p), y


def test_a_process_takes_and_makes_with_its_counts() -> None:
    model = Model(
        name="m",
        states=[State("A", 3.0), State("B", 1.0)],
        parameters=[parameter("k", 0.5)],
        processes=[Process("join", "2 A -> B", "k*A**2")],
    )
    functions, _, c, y = evaluated(model)
    assert functions.rhs(0.0, y, c)[:, 0] == pytest.approx([-9.0, 4.5], rel=1e-15)


def test_a_concentration_changes_by_rate_over_volume() -> None:
    model = Model(
        name="m",
        time_unit="h",
        compartments=[Compartment("blood", "V"), Compartment("tissue", 2.0)],
        states=[State("C", 4.0, "mg/L", compartment="blood"), State("X", 1.0, "mg/L", compartment="tissue")],
        parameters=[parameter("V", 5.0, "L"), parameter("Q", 1.5, "L/h")],
        processes=[Process("exchange", "C -> X", "Q*(C - X)")],
    )
    functions, _, c, y = evaluated(model)
    assert functions.rhs(0.0, y, c)[:, 0] == pytest.approx([-4.5 / 5, 4.5 / 2], rel=1e-15)


def test_effects_follow_the_composition_rule() -> None:
    effects = [
        Effect("k", "scale", "2"), Effect("k", "scale", "1 - 0.25"), Effect("k", "add", "0.3*a"),
        Effect("k", "set", "5", weight="0.5"),
    ]  # fmt: skip
    model = Model(
        name="m",
        states=[State("A", 1.0)],
        parameters=[parameter("k", 3.0), parameter("a", 10.0)],
        processes=[Process("up", "-> A", "k")],
        derived=[Derived("twice", "2*k")],
        effects=effects,
    )
    functions, p, c, y = evaluated(model)
    expected = (3 + 0.5 * (5 - 3)) * 2 * 0.75 + 0.3 * 10
    assert functions.rhs(0.0, y, c)[0, 0] == pytest.approx(expected, rel=1e-15)
    observed = dict(zip(functions.program.quantities[1:], functions.observe(0.0, y, p)[:, 0], strict=True))
    assert observed["twice"] == pytest.approx(2 * expected, rel=1e-15)
    assert observed["k.effective"] == pytest.approx(expected, rel=1e-15)


def test_an_event_reads_all_values_from_before_it() -> None:
    swap = Event("swap", {"A": "B", "B": "A", "on": "on + A"}, at="start", every="gap", count=3)
    model = Model(
        name="m",
        states=[State("A", 1.0), State("B", 2.0)],
        parameters=[parameter("start", 4.0), parameter("gap", 7.0)],
        switches=[Switch("on", 0.5)],
        events=[swap],
    )
    functions, p, _, y = evaluated(model)
    first, every, count = functions.break_times(p)
    assert (first[0, 0], every[0, 0], count[0, 0]) == (4.0, 7.0, 3.0)
    functions.apply(0, 4.0, y, p)
    assert y[:, 0].tolist() == [2.0, 1.0]
    assert p[2, 0] == 1.5


def test_at_one_time_switches_change_before_states() -> None:
    model = Model(
        name="m",
        states=[State("A", 1.0)],
        switches=[Switch("on")],
        events=[
            Event("dose", {"A": "A + on"}, at=3),
            Event("mixed", {"A": "A + 1", "on": "on"}, at=3),
            Event("open", {"on": "on + 1"}, at=3),
        ],
    )
    assert [b.name for b in lower(model).breaks] == ["open", "dose", "mixed"]


def test_a_condition_of_an_event_is_1_where_it_holds() -> None:
    model = Model(
        name="m",
        states=[State("T", 1.0), State("E", 1.0)],
        events=[Event("rescue", {"E": "E + 5"}, when="T > 3 and E < 2")],
    )
    functions, p, _, y = evaluated(model, T=2.0)
    assert functions.triggers(0.0, y, p)[0, 0] == 0.0
    y[0] = 4.0
    assert functions.triggers(0.0, y, p)[0, 0] == 1.0
    functions.fire(0, 0.0, y, p)
    assert y[1, 0] == 6.0


def test_requirements_are_judged_run_by_run() -> None:
    model = Model(
        name="m",
        states=[State("T", 1.0)],
        parameters=[parameter("dose", 1.0)],
        requirements=[Requirement("dose >= 0", "a dose can't be negative")],
        processes=[Process("up", "-> T", "dose")],
    )
    functions = compile_numpy(lower(model))
    p = functions.parameters(np.array([[1.0, -1.0, np.nan]]))
    assert functions.requirements(p).tolist() == [[True, False, False]]


def test_the_jacobian_is_exact_and_holds_no_entry_that_is_zero_by_structure() -> None:
    model = Model(
        name="m",
        states=[State("A", 1.2), State("B", 0.4), State("C", 2.0)],
        parameters=[parameter("k", 0.7), parameter("n", 1.6)],
        derived=[Derived("signal", "hill(A, k, n)")],
        processes=[
            Process("one", "A -> B", "k*A*signal + t*A"),
            Process("two", "B ->", "exp(-B)*sqrt(A)"),
            Process("three", "-> C", "k"),
        ],
    )
    functions, _, c, y = evaluated(model)
    program = functions.program
    assert [(i, j) for i, j, _ in program.jacobian] == [(0, 0), (1, 0), (1, 1)]
    exact = functions.jacobian(2.0, y, c)[:, 0]
    for (i, j, _), value in zip(program.jacobian, exact, strict=True):
        h = 1e-6
        up, down = y.copy(), y.copy()
        up[j] += h
        down[j] -= h
        numeric = (functions.rhs(2.0, up, c) - functions.rhs(2.0, down, c))[i, 0] / (2 * h)
        assert value == pytest.approx(numeric, rel=1e-8)
    assert functions.time_derivative is not None
    assert functions.time_derivative(2.0, y, c)[:, 0] == pytest.approx([-1.2, 1.2, 0.0])


def test_an_integral_is_a_state_whose_rate_is_the_quantity() -> None:
    model = Model(
        name="m",
        states=[State("A", 2.0)],
        parameters=[parameter("k", 0.5)],
        processes=[Process("loss", "A ->", "k*A")],
        derived=[Derived("square", "A*A")],
    )
    program = lower(model, ("square", "loss", "A"))
    functions = compile_numpy(program)
    p = functions.parameters(np.array([[0.5]]))
    y = functions.initial(p)
    assert program.states[1:] == ("integral(square)", "integral(loss)", "integral(A)")
    assert functions.rhs(0.0, y, functions.prepare(p))[:, 0].tolist() == [-1.0, 4.0, 1.0, 2.0]
    with pytest.raises(ModelError, match="no quantity 'squar' to integrate; did you mean 'square'"):
        lower(model, ("squar",))


def test_initial_values_may_be_expressions_of_declared_values() -> None:
    model = Model(
        name="m",
        states=[State("A", "s/d")],
        parameters=[parameter("s", 3.0), parameter("d", 4.0)],
        processes=[Process("supply", "-> A", "s"), Process("loss", "A ->", "d*A")],
    )
    functions, _, c, y = evaluated(model)
    assert y[0, 0] == 0.75
    assert functions.rhs(0.0, y, c)[0, 0] == 0.0
