"""Conditions on time inside rates: break points on every engine, whatever the step size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import immunode as im
from immunode.model import Derived, Event, Model, Parameter, Process, State
from immunode.program.lowering import lower
from immunode.program.numpy.functions import Functions, compile_numpy
from immunode.solve import solve
from tests.libraries import needs

Array = NDArray[np.float64]
K, A, W = range(3)
VALUES = np.array([[3.0, 2.0, 1.0], [40.3, 50.0, 7.0], [0.1, 0.01, 1.0]])
"""k, a, w of three runs."""
TIMES = [0.0, 7.0, 40.3, 60.0, 200.0]


def toy(rate: str, derived: tuple[Derived, ...] = ()) -> Model:
    """x' = rate, beside a slow decay that lets a solver take steps of 100."""
    return Model(
        name="toy",
        states=[State("x", 0.0), State("y", 1.0)],
        parameters=[Parameter(n, v) for n, v in zip("kaw", VALUES[:, 0], strict=True)],
        processes=[Process("give", "-> x", rate), Process("fade", "y ->", "0.01*y")],
        derived=derived,
    )


def functions(rate: str, derived: tuple[Derived, ...] = ()) -> Functions:
    return compile_numpy(lower(toy(rate, derived)))


def window(p: Array, t: Array) -> Array:
    return p[K] * np.clip(t - p[A], 0.0, p[W])


_RATES: dict[str, Callable[[Array, Array], Array]] = {
    "piecewise(k, t >= a and t < a + w, 0)": window,
    "piecewise(k, t > a and t <= a + w, 0)": window,
    "piecewise(0, t < a, k, t < a + w, 0)": window,
    "piecewise(0, t < a or not t < a + w, k)": window,
    "piecewise(k, 2*t - 2*a >= 0 and not (t - a)/w > 1, 0)": window,
    "piecewise(piecewise(k, t - a < w, 0), a < t, 0)": window,
    "k*piecewise(1, t < w, 0)": lambda p, t: p[K] * np.minimum(t, p[W]),
    "piecewise(1e6, t == a, k)": lambda p, t: p[K] * t,
    "piecewise(k, t > 0, 1e9)": lambda p, t: p[K] * t,
    "piecewise(k, (3 - k)*t >= (3 - k)*a, 0)": lambda p, t: np.where(
        p[K] == 3, p[K] * t, p[K] * np.clip(t - p[A], 0, None)
    ),
    "piecewise(k, (1.5 - k)*t >= (1.5 - k)*a, 0)": lambda p, t: p[K] * (
        np.minimum(t, p[A]) if p[K] > 1.5 else np.clip(t - p[A], 0, None)
    ),
}  # fmt: skip


@pytest.mark.parametrize("rate", _RATES)
@pytest.mark.parametrize("engine", ["scipy", "numpy/tsit5", "numpy/rodas5p"])
def test_a_dose_written_as_a_condition_on_time_is_never_stepped_over(rate: str, engine: str) -> None:
    """Rates are constant between break points, so that every method is exact but for rounding."""
    name, _, method = engine.partition("/")
    batch = solve(functions(rate), VALUES, times=TIMES, engine=name, method=method or "auto", rtol=1e-6)
    expected = [[_RATES[rate](VALUES[:, i], np.array(t)) for i in range(3)] for t in TIMES]
    assert batch.status.tolist() == [0, 0, 0]
    # 1e6 over the next number above 50, or 1e9 over what counts as the start, is all that is let in
    assert batch.y[:, 0] == pytest.approx(np.array(expected), rel=1e-9, abs=1e-4 if "1e" in rate else 1e-11)


def test_the_compiled_engine_agrees() -> None:
    pytest.importorskip("llvmlite")
    for rate in ("piecewise(k, t >= a and t < a + w, 0)", "piecewise(k, (1.5 - k)*t > (1.5 - k)*a, 0)"):
        made = functions(rate)
        batch = solve(made, VALUES, times=TIMES, engine="compiled")
        expected = [[_RATES[rate.replace(" > (", " >= (")](VALUES[:, i], np.array(t)) for i in range(3)] for t in TIMES]
        assert batch.y[:, 0] == pytest.approx(np.array(expected), rel=1e-9, abs=1e-11)


def test_values_at_the_break_itself_follow_the_sign() -> None:
    """At t = a: `<` and `>` are false, `<=` and `>=` true; before and after all agree in pairs."""
    signs = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
    derived = tuple(Derived(name, f"piecewise(1, t {sign} a, 0)") for name, sign in signs.items())
    one = im.simulate(toy("0", derived), times=[0.0, 40.0, 40.3, 41.0])
    assert {name: one[name].tolist() for name in signs} == {
        "lt": [1, 1, 0, 0], "le": [1, 1, 1, 0], "gt": [0, 0, 0, 1], "ge": [0, 0, 1, 1]
    }  # fmt: skip


def test_a_condition_that_holds_from_the_start_holds_at_the_start() -> None:
    derived = (Derived("on", "piecewise(1, t >= 0, 0)"), Derived("past", "piecewise(1, t > -3, 0)"))
    one = im.simulate(toy("0", derived), times=[0.0, 1.0])
    assert one["on"].tolist() == [1, 1]
    assert one["past"].tolist() == [1, 1]


def test_a_condition_in_a_derived_quantity_of_a_derived_quantity_is_found() -> None:
    derived = (Derived("clock", "t - a"), Derived("on", "piecewise(1, clock >= 0 and clock < w, 0)"))
    batch = solve(functions("k*on", derived), VALUES, times=TIMES, engine="numpy")
    expected = [[window(VALUES[:, i], np.array(t)) for i in range(3)] for t in TIMES]
    assert batch.y[:, 0] == pytest.approx(np.array(expected), rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("engine", ["scipy", "numpy", pytest.param("compiled", marks=needs("llvmlite"))])
def test_conditions_that_no_formula_solves_are_watched(engine: str) -> None:
    """sin t > 0.99 for 2 arccos 0.99 in each of three turns; x - t > -3 until the dose of 5 that is half gone."""
    made = functions("piecewise(1, sin(t) > 0.99, 0)")
    batch = solve(made, VALUES[:, :1], times=[0.0, 20.0], rtol=1e-8, engine=engine)
    assert batch.y[-1, 0, 0] == pytest.approx(3 * 2 * np.arccos(0.99), abs=1e-9)


def test_a_limit_that_an_event_moves_is_watched() -> None:
    """x' = 1 while t < x + 2 ... x = t until the event at t = 1 sets x = -5; then t > x + 2 for good."""
    model = Model(
        name="toy",
        states=[State("x", 0.0)],
        processes=[Process("up", "-> x", "piecewise(1, t < x + 2, 0)")],
        events=[Event("down", {"x": "-5"}, at=1)],
    )
    y = solve(compile_numpy(lower(model)), np.empty((0, 1)), times=[0.0, 0.5, 1.0, 4.0], rtol=1e-9).y[:, 0, 0]
    assert y == pytest.approx([0, 0.5, -5, -5], abs=1e-9)


def test_equal_moments_share_a_switch_and_plain_models_have_none() -> None:
    program = lower(toy("piecewise(k, t < a, 2*k)*piecewise(1, t >= a, 3)"))
    assert len(program.switches) == len(program.breaks) == 1
    assert lower(toy("k")).switches == ()


def test_a_sweep_over_the_start_of_a_window_is_exact_run_by_run() -> None:
    design = im.from_table({"a": [1.0, 10.0, 60.0, 199.0, 500.0]})
    out = im.sweep(toy("piecewise(k, t >= a and t < a + w, 0)"), design, until=200, endpoints=[im.final("x")])
    assert out.table()["final(x)"].to_numpy() == pytest.approx([0.3, 0.3, 0.3, 0.3, 0.0], abs=1e-10)
