"""Tops and turns inside steps, and what a run's endpoints do not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import immunode as im
from immunode.model import Model
from immunode.program.llvm import compile as llvm_compile
from immunode.solve.tape import THROUGH_FIVE, TO_BERNSTEIN, Steps, bernstein
from immunode.study.endpoints.steps.inside import Inside, StateInside, ThresholdInside
from immunode.study.endpoints.steps.turning_points import turns
from immunode.study.step_peaks import extremes

ENGINES = ["scipy", "numpy", *(["compiled"] if llvm_compile.available() else [])]
coefficient = st.floats(-10, 10, width=32)


@given(st.lists(coefficient, min_size=5, max_size=5), st.floats(0, 1))
def test_powers_values_and_bernstein_coefficients_are_one_quartic(powers: list[float], x: float) -> None:
    b = TO_BERNSTEIN @ powers
    value = sum(c * x**k for k, c in enumerate(powers))
    assert float(bernstein(b[:, None], x)[0]) == pytest.approx(value, abs=1e-12)
    at_nodes = np.array([sum(c * (i / 4) ** k for k, c in enumerate(powers)) for i in range(5)])
    np.testing.assert_allclose(THROUGH_FIVE @ at_nodes, b, atol=1e-11)


@given(st.lists(coefficient, min_size=5, max_size=5))
def test_the_top_of_a_quartic_is_its_highest_value_and_within_its_bounds(b: list[float]) -> None:
    column = np.array(b)[:, None]
    x, value = StateInside(column).top()
    fine = bernstein(np.repeat(column, 20001, axis=1), np.linspace(0, 1, 20001))
    # the slope is at most 4 * 20, samples are 5e-5 apart, and the top is flat: 4 * 3 * 40 / 8 * 5e-5**2
    assert fine.max() - 1e-12 <= value[0] <= fine.max() + 2e-7
    assert value[0] <= max(b) + 1e-12
    assert float(bernstein(column, x)[0]) == pytest.approx(value[0], abs=1e-12)


class _Known(Inside):
    """sin(w x + s) as a quantity that is known by its values only."""

    def __init__(self, w: np.ndarray, s: np.ndarray) -> None:
        self.w, self.s, self.n = w, s, len(w)

    def at(self, x: np.ndarray | float) -> np.ndarray:
        return np.sin(self.w * x + self.s)

    def only(self, which: np.ndarray) -> Inside:
        return _Known(self.w[which], self.s[which])

    def join(self, others: list[_Known]) -> Inside:
        raise AssertionError


def test_the_top_of_any_smooth_quantity_is_found_to_eight_digits() -> None:
    w = np.linspace(1.0, 6.0, 50)
    s = np.pi / 2 - 0.37 * w
    x, value = _Known(w, s).top()
    np.testing.assert_allclose(x, 0.37, atol=1e-8)
    np.testing.assert_allclose(value, 1.0, rtol=1e-15)


def test_turns_are_exact_and_a_short_excursion_is_seen() -> None:
    w, s = np.full(3, 2 * np.pi), np.array([0.0, 0.0, np.pi / 2 - 2 * np.pi * 0.53])
    # the last: above the level only in 1/400 of the step, around x = 0.53
    levels = np.array([0.5, 0.5, np.cos(2 * np.pi / 800)])
    for strict in (True, False):
        found = turns(ThresholdInside(_Known(w, s), levels, strict))
        assert found.first[0] == pytest.approx(1 / 12, abs=1e-14)
        assert found.share[0] == pytest.approx(1 / 3, abs=1e-14)
    assert found.first[2] == pytest.approx(0.53 - 1 / 800, abs=1e-9)
    assert found.share[2] == pytest.approx(1 / 400, abs=1e-9)


def test_long_steps_cut_into_parts_are_the_same_quartics() -> None:
    rng = np.random.default_rng(0)
    b = rng.normal(size=(5, 4))
    table = np.concatenate([b, b.max(axis=0)[None], b.min(axis=0)[None]])
    run = np.array([0, 1, -1, 2])
    steps = Steps(
        run, run, np.array([0.0, 1.0, 5.0, 2.0]), np.array([1.0, 2.5, 9.0, 1.0]), np.empty((0, 3)), table, {7: 0}
    )
    cut = steps.split(1.0)
    assert cut.run.tolist() == [0, 1, 1, 1, -1, 2]
    np.testing.assert_allclose(cut.t[1:4], [1.0, 1.0 + 2.5 / 3, 1.0 + 5 / 3])
    for j in range(3):
        x = np.array([0.3])
        np.testing.assert_allclose(
            bernstein(cut.gather(7, np.array([1 + j])), x), bernstein(b[:, [1]], (j + x) / 3), atol=1e-13
        )
    np.testing.assert_array_equal(cut.gather(7, np.array([0, 5])), b[:, [0, 3]])
    assert steps.split(3.0) is steps


ENDS = [
    "peak(B)",
    "time_of_peak(B)",
    "trough(B)",
    "auc(B)",
    "auc(leave)",
    "peak(ratio)",
    "time_of_peak(ratio)",
    "time_to(B > 0.2*a)",
    "time_to(B**1.3 > exp(-a) and A < 0.9)",
    "fraction_of_time(B > 0.3)",
    "fraction_of_time(ratio*tanh(b) > 0.2)",
    "final(B)",
]


@pytest.fixture(scope="module")
def rich(hump: Model) -> Model:
    """Return the model with a quantity that is no polynomial of its states."""
    return hump.replace(
        states=[im.State("A", 1.0), im.State("B", 0.0, typical=1.0)],
        derived=[im.Derived("ratio", "B**1.5/(0.1 + A**2 + B)")],
        time_unit="",
        parameters=[im.Parameter(p.name, p.value, "", source=p.source) for p in hump.parameters],
    )


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_has_the_same_bits_in_any_company(rich: Model, engine: str) -> None:
    design = im.sobol(im.space(rich), n=29, seed=3)
    whole = im.sweep(rich, design, endpoints=ENDS, engine=engine, until=12)
    assert (whole.status == "ok").all()
    for block in (1, 7):
        part = im.sweep(rich, design, endpoints=ENDS, engine=engine, until=12, block=block)
        assert part.values.tobytes() == whole.values.tobytes()


@pytest.mark.parametrize(
    "engine", [pytest.param(engine, marks=[pytest.mark.slow] * (engine == "numpy")) for engine in ENGINES]
)
@settings(max_examples=8, deadline=None)
@given(a=st.floats(0.05, 40), b=st.floats(0.05, 40), points=st.integers(2, 60))
def test_a_peak_is_at_least_every_output(rich: Model, engine: str, a: float, b: float, points: int) -> None:
    times = np.linspace(0, 12, points)
    out = im.sweep(
        rich, im.from_table({"a": [a], "b": [b]}), endpoints=ENDS, engine=engine, times=times, keep=["B", "ratio"]
    )
    row = out.table().iloc[0]
    for name in ("B", "ratio"):
        seen = out.kept[name][0]
        # an output is computed by another formula for the same polynomial
        assert row[f"peak({name})"] >= np.nanmax(seen) - 1e-12 * abs(np.nanmax(seen))
    assert row["trough(B)"] <= out.kept["B"][0].min() + 1e-15
    many = im.sweep(
        rich, im.from_table({"a": [a], "b": [b]}), endpoints=ENDS, engine=engine, times=np.linspace(0, 12, 2001)
    )
    assert many.values.tobytes() == out.values.tobytes()


def test_a_quantity_of_time_alone_is_looked_at_often_while_states_rest() -> None:
    model = Model(
        name="clock",
        time_unit="",
        horizon=1000.0,
        states=[im.State("x", 1.0)],
        derived=[im.Derived("bell", "exp(-((t - 123.4)/20)**2)")],
        readouts=["bell"],
    )
    ends = ["peak(bell)", "time_of_peak(bell)", "auc(bell)", "fraction_of_time(sin(t/50) > 0)"]
    for engine in ENGINES:
        row = im.sweep(model, im.from_table({"x(0)": [1.0]}), endpoints=ends, engine=engine).table().iloc[0]
        assert row["peak(bell)"] == pytest.approx(1.0, rel=1e-12)
        assert row["time_of_peak(bell)"] == pytest.approx(123.4, rel=1e-6)
        assert row["auc(bell)"] == pytest.approx(20 * np.sqrt(np.pi), rel=1e-6)
        # 1000/50 = 20 = 3 whole turns and 20 - 6 pi = 1.15 of a rising half
        assert row["fraction_of_time(sin(t/50) > 0)"] == pytest.approx((3 * np.pi + 20 - 6 * np.pi) / 20, rel=1e-9)


def test_a_peak_right_at_the_end_counts_a_dose_given_then(decay: Model) -> None:
    for engine in ENGINES:
        out = im.sweep(
            decay,
            im.grid({"graft.start": [8.0]}),
            arms=["graft"],
            until=8,
            endpoints=["peak(A)", "final(A)"],
            engine=engine,
        )
        row = out.table().iloc[0]
        assert row["final(A)"] == pytest.approx(8 * np.exp(-4) + 10, rel=1e-5)
        assert row["peak(A)"] == row["final(A)"]


def test_a_quantity_that_is_no_number_for_a_while_has_the_peak_of_the_rest() -> None:
    model = Model(
        name="dip",
        time_unit="",
        horizon=4.0,
        states=[im.State("x", 1.0)],
        parameters=[im.Parameter("k", 1.0, "", source="assumed: a test")],
        processes=[im.Process("fall", "x ->", "k")],
        derived=[im.Derived("root", "sqrt(x)*(2 - x)"), im.Derived("never", "sqrt(x - 9)")],
    )
    for engine in ENGINES:
        row = im.sweep(
            model, im.grid(k=[1.0]), endpoints=["peak(root)", "time_of_peak(root)", "peak(never)"], engine=engine
        ).table()
        # sqrt(x)*(2 - x) is largest at x = 2/3, which is at t = 1/3
        assert row["peak(root)"][0] == pytest.approx(np.sqrt(2 / 3) * 4 / 3, rel=1e-9)
        assert row["time_of_peak(root)"][0] == pytest.approx(1 / 3, rel=1e-6)
        assert np.isnan(row["peak(never)"][0])


def test_the_peaks_of_one_run_do_not_depend_on_its_output_times(hump: Model) -> None:
    one = im.simulate(hump, times=[0.0, 12.0])
    _, top, time = extremes(one, ["B"])["B"]
    # a = 1, b = 0.5: B is largest at ln(a/b)/(a - b), b**(b/(1 - b))
    assert top == pytest.approx(0.5, rel=1e-5)
    assert time == pytest.approx(2 * np.log(2), rel=1e-5)


LEVEL = -2 * np.log(0.7)
ROUGH = {
    "kink": ("t/(0.05 + abs(X - 0.7))", {"peak": 20 * LEVEL, "time_of_peak": LEVEL}),
    "spike": ("1/((X - 0.25)**2 + 1e-6)", {"peak": 1e6, "time_of_peak": -2 * np.log(0.25)}),
    "deep": ("cos(5*t)/(0.001 + abs(X - 0.7))", {"trough": np.cos(5 * LEVEL) / 0.001}),
    "pole": ("1/(X - 0.3)", {"peak": np.inf, "trough": -np.inf, "auc": np.nan}),
    "double": ("1/abs(X - 0.3)", {"peak": np.inf, "auc": np.nan}),
    "logged": ("log(abs(X - 0.3))", {"trough": -np.inf}),
    "step": ("piecewise(1, X > 0.15, 0)", {"auc": -2 * np.log(0.15), "peak": 1.0, "trough": 0.0}),
    "cut": ("1 + sqrt(X - 0.3)", {"trough": 1.0, "peak": 1 + np.sqrt(0.7)}),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rtol", [1e-6, 1e-8])
def test_kinks_poles_jumps_and_borders_inside_steps_are_closed_in_on(engine: str, rtol: float) -> None:
    model = Model(
        name="rough",
        time_unit="",
        horizon=8.0,
        states=[im.State("X", 1.0)],
        parameters=[im.Parameter("k", 0.5, "", source="assumed: a test")],
        processes=[im.Process("fall", "X ->", "k*X")],
        derived=[im.Derived(name, text) for name, (text, _) in ROUGH.items()],
    )
    exact = {f"{kind}({name})": value for name, (_, ends) in ROUGH.items() for kind, value in ends.items()}
    row = im.sweep(model, im.grid(k=[0.5]), endpoints=list(exact), engine=engine, rtol=rtol).table().iloc[0]
    # quantities fall off from their tops a thousand times as fast as the state: ten tolerances of time, and of X
    np.testing.assert_allclose([row[end] for end in exact], list(exact.values()), rtol=20 * rtol)


def test_a_peak_at_the_end_of_a_stretch_without_numbers_has_its_time() -> None:
    model = Model(
        name="late",
        time_unit="",
        horizon=3.0,
        states=[im.State("X", 1.0)],
        parameters=[im.Parameter("k", 1.0, "", source="assumed: a test")],
        processes=[im.Process("rise", "-> X", "k")],
        derived=[im.Derived("root", "sqrt(X - 1.5)")],
    )
    for engine in ENGINES:
        for until in (1.0, 3.0):
            ends = ["peak(root)", "time_of_peak(root)"]
            row = im.sweep(model, im.grid(k=[1.0]), until=until, endpoints=ends, engine=engine).values[0]
            np.testing.assert_allclose(row, [np.sqrt(until - 0.5), until], rtol=1e-9)
