"""Derivatives by parameters as states of a program: closed forms, events whose times move, refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm, expm_frechet

from immunode.errors import ModelError
from immunode.model import Event, Model, Parameter, Process, State, Switch
from immunode.program import compile_numpy, lower
from immunode.program.model_functions import functions
from immunode.program.sensitivity import slope_name
from immunode.solve import solve

Array = NDArray[np.float64]
WAYS = [("scipy", "auto"), ("numpy", "tsit5"), ("numpy", "rodas5p"), ("compiled", "tsit5"), ("compiled", "rodas5p")]
engines = pytest.mark.parametrize("engine", WAYS, ids="-".join)
explicit = pytest.mark.parametrize("engine", [way for way in WAYS if way[1] != "rodas5p"], ids="-".join)
Way = tuple[str, str]


def model(
    states: Mapping[str, float | str],
    parameters: Mapping[str, float],
    rates: Mapping[str, str],
    events: Sequence[Event] = (),
    switches: Sequence[Switch] = (),
    **more: Any,
) -> Model:
    return Model(
        name="toy",
        states=[State(n, v) for n, v in states.items()],
        parameters=[Parameter(n, v, source="assumed: test") for n, v in parameters.items()],
        processes=[Process(f"change_{n}", f"-> {n}", rate) for n, rate in rates.items()],
        events=list(events),
        switches=list(switches),
        **more,
    )


def slopes(m: Model, by: Sequence[str], times: Array, engine: Way) -> dict[tuple[str, str], Array]:
    """Return the derivative of each state by each parameter over time, at the declared values."""
    f = compile_numpy(lower(m, (), tuple(by)))
    out = solve(f, np.array(f.program.values)[:, None], times=times, engine=engine[0], method=engine[1], rtol=1e-10)
    assert out.status[0] == 0, out.reasons
    rows = {name: i for i, name in enumerate(f.program.states)}
    zero = np.zeros(len(times))
    return {
        (s.name, k): out.y[:, rows[slope_name(s.name, k)], 0] if slope_name(s.name, k) in rows else zero
        for s in m.states
        for k in by
    }


@engines
def test_decay_from_an_expression_has_its_closed_form(engine: Way) -> None:
    m = model({"x": "2*a"}, {"k": 0.5, "a": 3.0}, {"x": "-k*x"})
    t = np.linspace(0, 6, 13)
    s = slopes(m, ["k", "a", "x(0)"], t, engine)
    assert s["x", "k"] == pytest.approx(-6 * t * np.exp(-0.5 * t), rel=1e-8, abs=1e-9)
    assert s["x", "a"] == pytest.approx(2 * np.exp(-0.5 * t), rel=1e-8)
    assert s["x", "x(0)"] == pytest.approx(np.exp(-0.5 * t), rel=1e-8)


@engines
def test_doses_move_with_amount_time_and_interval(engine: Way) -> None:
    dose = Event("dose", {"x": "x + size"}, at="first", every="gap", count="n")
    m = model({"x": 1.0}, {"k": 0.5, "size": 2.0, "first": 1.0, "gap": 3.0, "n": 3.0}, {"x": "-k*x"}, [dose])
    t = np.array([0.0, 0.5, 2.0, 5.0, 8.0, 12.0])
    s = slopes(m, ["k", "size", "first", "gap"], t, engine)
    after = [np.maximum(t - 1 - 3 * j, 0.0) for j in range(3)]
    given = [np.where(t > 1 + 3 * j, np.exp(-0.5 * a), 0.0) for j, a in enumerate(after)]
    assert s["x", "size"] == pytest.approx(sum(given), rel=1e-8)
    assert s["x", "first"] == pytest.approx(sum(0.5 * 2 * g for g in given), rel=1e-8)
    assert s["x", "gap"] == pytest.approx(sum(0.5 * 2 * j * g for j, g in enumerate(given)), rel=1e-8)
    fall = -t * np.exp(-0.5 * t) - sum(2 * a * g for a, g in zip(after, given, strict=True))
    assert s["x", "k"] == pytest.approx(fall, rel=1e-8, abs=1e-10)


@pytest.mark.sampled
@explicit
def test_two_compartments_with_absorption_and_lag_follow_the_derivative_of_the_exponential(engine: Way) -> None:
    values = {"ka": 1.1, "CL": 0.3, "V": 2.0, "Q": 0.6, "Vp": 3.0, "dose": 10.0, "F": 0.7, "lag": 0.8}
    rates = {
        "depot": "-ka*depot",
        "central": "ka*depot - CL/V*central - Q/V*central + Q/Vp*outer",
        "outer": "Q/V*central - Q/Vp*outer",
    }
    oral = Event("oral", {"depot": "depot + F*dose"}, at="lag")
    m = model(dict.fromkeys(rates, 0.0), values, rates, [oral])
    t = np.array([0.5, 1.0, 2.0, 5.0, 11.0])
    by = list(values)
    s = slopes(m, by, t, engine)

    a, start = np.real(flows(values)), np.array([7.0, 0.0, 0.0])
    # the entries of the matrix are quotients of first degree: complex steps are exact
    step = {k: np.imag(flows(values, k)) * 1e30 for k in by}
    for i, state in enumerate(rates):
        for k in by:
            expected = []
            for tau in t - 0.8:
                if tau < 0:
                    expected.append(0.0)
                    continue
                y, bent = expm(a * tau) @ start, expm_frechet(a * tau, step[k] * tau, compute_expm=False) @ start
                own = {"dose": y / 10.0, "F": y / 0.7, "lag": -a @ y}.get(k, bent)
                expected.append(float(own[i]))
            assert s[state, k] == pytest.approx(expected, rel=1e-7, abs=1e-8), (state, k)


def flows(values: Mapping[str, float], moved: str = "") -> NDArray[np.complex128]:
    """Return the matrix of the two compartments, one of its values moved by an imaginary step of 1e-30."""
    v = {k: x + (1e-30j if k == moved else 0j) for k, x in values.items()}
    there, back = v["Q"] / v["V"], v["Q"] / v["Vp"]
    return np.array([[-v["ka"], 0, 0], [v["ka"], -v["CL"] / v["V"] - there, back], [0, there, -back]])


def infusion(start: float) -> Model:
    """x' = rate - k x while an infusion of `dose` over `over` runs; the rate is kept in a switch."""
    events = [
        Event("begins", {"rate": "dose/over"}, at="start"),
        Event("ends", {"rate": 0.0}, at="start + over"),
    ]
    values = {"k": 0.4, "dose": 6.0, "over": 2.0, "start": start}
    return model({"x": 0.5}, values, {"x": "rate - k*x"}, events, [Switch("rate")])


@engines
def test_an_infusion_moves_with_its_dose_its_length_and_its_start(engine: Way) -> None:
    t = np.array([0.5, 1.5, 2.9, 4.0, 9.0])
    s = slopes(infusion(1.0), ["dose", "over", "start", "k"], t, engine)

    def course(k: float, dose: float, over: float, start: float) -> Array:
        run = np.clip(t - start, 0, over)
        left = np.clip(t - start - over, 0, None)
        return 0.5 * np.exp(-k * t) + dose / over / k * (1 - np.exp(-k * run)) * np.exp(-k * left)

    point = {"k": 0.4, "dose": 6.0, "over": 2.0, "start": 1.0}
    for name, value in point.items():
        h = 1e-4 * value
        ends = [course(**{**point, name: value + j * h}) for j in (-2, -1, 1, 2)]
        slope = (8 * (ends[2] - ends[1]) - (ends[3] - ends[0])) / (12 * h)
        assert s["x", name] == pytest.approx(slope, rel=1e-7, abs=1e-8), name


@explicit
def test_a_window_that_opened_before_the_run_does_not_move_it(engine: Way) -> None:
    s = slopes(infusion(-1.0), ["start", "over"], np.array([0.5, 3.0]), engine)
    # the infusion runs until 1, which moves by as much as its start and its length do
    left = 3.0 * np.exp(-0.4 * 2.0)
    assert s["x", "start"] == pytest.approx([0.0, left], rel=1e-8)
    grown = -6 / 2.0**2 * (1 - np.exp(-0.4 * np.array([0.5, 1.0]))) / 0.4 * np.exp(-0.4 * np.array([0.0, 2.0]))
    assert s["x", "over"] == pytest.approx(grown + np.array([0.0, left]), rel=1e-8)


@engines
def test_a_condition_on_time_moves_with_its_parameter(engine: Way) -> None:
    m = model({"x": 0.0}, {"k": 0.5, "late": 2.0}, {"x": "piecewise(1, t > late, 0) - k*x"})
    s = slopes(m, ["late"], np.array([1.0, 3.0, 5.0]), engine)
    assert s["x", "late"] == pytest.approx([0.0, -np.exp(-0.5), -np.exp(-1.5)], rel=1e-8)


@engines
def test_states_reset_by_an_event_forget_their_derivatives(engine: Way) -> None:
    reset = Event("reset", {"x": "base"}, at=2.0)
    m = model({"x": 1.0}, {"k": 0.5, "base": 4.0}, {"x": "-k*x"}, [reset])
    s = slopes(m, ["k", "base"], np.array([1.0, 3.0]), engine)
    assert s["x", "k"] == pytest.approx([-np.exp(-0.5), -4 * np.exp(-0.5)], rel=1e-8)
    assert s["x", "base"] == pytest.approx([0.0, np.exp(-0.5)], rel=1e-8)


@explicit
def test_a_kink_is_crossed_with_the_derivative_of_each_side(engine: Way) -> None:
    # x = t, y' = max(x - c, 0): y = (t - c)^2/2 after c, so dy/dc = -(t - c)
    m = model({"x": 0.0, "y": 0.0}, {"c": 2.0, "one": 1.0}, {"x": "one", "y": "max(x - c, 0)"})
    s = slopes(m, ["c"], np.array([1.0, 3.0, 6.0]), engine)
    assert s["y", "c"] == pytest.approx([0.0, -1.0, -4.0], rel=1e-5, abs=1e-9)


def test_an_exponent_has_a_derivative_where_its_base_is_zero() -> None:
    m = model({"x": 0.0, "y": 0.0}, {"n": 1.7, "K": 2.0}, {"x": "1 - x", "y": "x**n + hill(x, K, n)"})
    s = slopes(m, ["n", "K"], np.array([0.0, 1e-6, 3.0]), WAYS[1])
    assert np.isfinite(s["y", "n"]).all()
    assert np.isfinite(s["y", "K"]).all()
    assert s["y", "n"][-1] != 0


def test_what_does_not_move_is_left_out() -> None:
    m = model({"drug": 1.0, "x": 1.0}, {"CL": 1.0, "k": 0.5}, {"drug": "-CL*drug", "x": "-k*x*drug"})
    program = lower(m, (), ("CL", "k"))
    assert program.states == ("drug", "x", "d(drug)/d(CL)", "d(x)/d(CL)", "d(x)/d(k)")
    assert program.slopes == 3


def test_the_jacobian_is_that_of_the_whole_program() -> None:
    rates = {"x": "s + r*x*hill(y, K, m) - mu*x*y", "y": "a*y*(1 - y/b) - x*y + exp(-x)*tanh(y)**1.5"}
    values = {"s": 0.2, "r": 1.1, "K": 2.0, "m": 1.3, "mu": 0.3, "a": 1.6, "b": 9.0}
    f = compile_numpy(lower(model({"x": 0.7, "y": 3.0}, values, rates), (), ("r", "K", "m", "a")))
    rng = np.random.default_rng(3)
    p = f.parameters(np.repeat(np.array(f.program.values)[:, None], 8, axis=1))
    y, c = rng.uniform(0.5, 2.0, (len(f.program.states), 8)), f.prepare(p)
    entries = {(i, j): row for (i, j, _), row in zip(f.program.jacobian, f.jacobian(0.0, y, c), strict=True)}
    for j in range(len(y)):
        h = 1e-4 * np.eye(len(y))[j][:, None]
        far, near = ((f.rhs(0.0, y + w * h, c) - f.rhs(0.0, y - w * h, c)) / (2e-4 * w) for w in (2, 1))
        for i, column in enumerate((4 * near - far) / 3):
            assert entries.get((i, j), np.zeros(8)) == pytest.approx(column, rel=1e-7, abs=1e-9), (i, j)


def test_what_can_not_be_differentiated_is_refused_with_the_reason() -> None:
    fires = Event("relapse", {"x": "x + 1"}, when="x < 0.5")
    with pytest.raises(ModelError, match="event 'relapse' fires on a state"):
        lower(model({"x": 1.0}, {"k": 0.5}, {"x": "-k*x"}, [fires]), (), ("k",))
    dying = Model(
        name="toy",
        states=[State("x", 1.0, extinct_below=0.1)],
        parameters=[Parameter("k", 0.5, source="assumed: test")],
        processes=[Process("loss", "x ->", "k*x")],
    )
    with pytest.raises(ModelError, match="'x' is set to 0 below a limit"):
        lower(dying, (), ("k",))
    with pytest.raises(ModelError, match="starts at its steady state"):
        functions(model({"x": 1.0}, {"k": 0.5}, {"x": "1 - k*x"}, start="steady state"), (), ("k",))
    with pytest.raises(ModelError, match=r"'kk'.*did you mean 'k'"):
        lower(model({"x": 1.0}, {"k": 0.5}, {"x": "-k*x"}), (), ("kk",))
