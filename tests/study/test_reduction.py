from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from immunode.model.expression import parse
from immunode.study import fraction_of_time, peak, time_of_peak, time_to, trough
from immunode.study.recorder import Samples
from immunode.study.reduction import evaluate, reduce_samples


def samples(t: np.ndarray, x: np.ndarray, segment: np.ndarray | None = None) -> Samples:
    columns = [np.asarray(a, float).reshape(len(t), -1) for a in (t, x)]
    return Samples(columns[0], np.zeros(columns[0].shape, int) if segment is None else segment, {"x": columns[1]})


def test_a_parabola_is_met_exactly_between_outputs() -> None:
    t = np.array([0.0, 1.0, 2.5, 3.0])
    found = samples(t, 5 - (t - 1.4) ** 2)
    assert reduce_samples(peak("x"), found, {})[0] == pytest.approx(5, rel=1e-14)
    assert reduce_samples(time_of_peak("x"), found, {})[0] == pytest.approx(1.4, rel=1e-14)


def test_the_error_of_a_peak_falls_with_the_third_power_of_the_spacing() -> None:
    def error(n: int) -> float:
        t = np.linspace(0, 4, n)
        return abs(reduce_samples(peak("x"), samples(t, t * np.exp(-t)), {})[0] - np.exp(-1))

    # off the grid at 1.0 for both; two spacings cut by 4 leave at most 1/4**3, with a factor 4 to spare
    assert error(4 * 22 + 2) < error(24) / 16


def test_a_peak_at_a_jump_is_taken_as_it_is() -> None:
    t = np.array([0.0, 1.0, 1.0, 2.0])
    x = np.array([3.0, 1.0, 9.0, 4.0])
    found = samples(t, x, np.array([0, 0, 1, 1]).reshape(-1, 1))
    assert reduce_samples(peak("x"), found, {})[0] == 9
    assert reduce_samples(time_of_peak("x"), found, {})[0] == 1
    assert reduce_samples(trough("x"), found, {})[0] == 1


def test_a_peak_at_either_end_stays_there() -> None:
    t = np.array([0.0, 1.0, 2.0])
    for x, when in (([3.0, 2.0, 1.0], 0), ([1.0, 2.0, 3.0], 2), ([2.0, 2.0, 2.0], 0)):
        assert reduce_samples(time_of_peak("x"), samples(t, np.array(x)), {})[0] == when


def test_time_to_is_interpolated_and_infinite_where_it_never_comes() -> None:
    t = np.array([0.0, 1.0, 2.0])
    x = np.array([[0.0, 0.0, 7.0], [2.0, 1.0, 7.0], [4.0, 1.5, 7.0]])
    found = samples(np.repeat(t, 3).reshape(3, 3), x)
    np.testing.assert_allclose(reduce_samples(time_to("x > 3"), found, {}), [1.5, np.inf, 0.0])


def test_conditions_may_hold_parameters_that_differ_from_run_to_run() -> None:
    t = np.repeat([0.0, 1.0, 2.0], 2).reshape(3, 2)
    found = Samples(t, np.zeros(t.shape, int), {"x": t.copy()})
    np.testing.assert_allclose(reduce_samples(time_to("x >= 2*k"), found, {"k": np.array([0.25, 0.75])}), [0.5, 1.5])


def test_the_share_of_time_is_interpolated() -> None:
    t = np.array([0.0, 1.0, 4.0])
    found = samples(t, np.array([0.0, 2.0, -4.0]))
    # above 0 on (0, 2): from 0 at t = 0 to the crossing at t = 2
    assert reduce_samples(fraction_of_time("x > 0"), found, {})[0] == pytest.approx(0.5)
    assert reduce_samples(fraction_of_time("not x > 0"), found, {})[0] == pytest.approx(0.5)
    assert reduce_samples(fraction_of_time("x > 1 and x < 1"), found, {})[0] == 0
    assert reduce_samples(fraction_of_time("x > 1 or x <= 1"), found, {})[0] == pytest.approx(1)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_every_run_is_reduced_to_the_same_bits_alone_and_among_others(width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.repeat(np.sort(rng.uniform(0, 9, 50)), width).reshape(50, width)
    x = rng.lognormal(0, 1, (50, width))
    k = rng.uniform(0.5, 2, width)
    ends = [peak("x"), time_of_peak("x"), trough("x"), time_to("x**1.3 > exp(k)"), fraction_of_time("x*tanh(k) > 1")]
    whole = Samples(t, np.zeros(t.shape, int), {"x": x})
    for i in {0, width // 2, width - 1}:
        one = Samples(t[:, [i]].copy(), np.zeros((50, 1), int), {"x": x[:, [i]].copy()})
        for end in ends:
            alone, among = reduce_samples(end, one, {"k": k[[i]]}), reduce_samples(end, whole, {"k": k})
            assert alone[0].tobytes() == among[i].tobytes()


def test_the_sign_of_a_zero_does_not_depend_on_the_neighbors() -> None:
    x = np.where(np.random.default_rng(0).random((201, 33)) < 0.5, -0.0, 0.0)
    whole = Samples(np.repeat(np.arange(201.0)[:, None], 33, axis=1), np.zeros(x.shape, int), {"x": x})
    for end in (trough("x"), peak("x")):
        among = reduce_samples(end, whole, {})
        for i in range(33):
            one = Samples(whole.t[:, [i]].copy(), np.zeros((201, 1), int), {"x": x[:, [i]].copy()})
            assert np.signbit(reduce_samples(end, one, {})[0]) == np.signbit(among[i])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("hill(x, 2, 3)", 27 / (8 + 27)),
        ("hill(0 - x, 2, 3)", 0.0),
        ("michaelis(x, 1)", 0.75),
        ("piecewise(1, x < 2, 5, x < 4, 9)", 5),
        ("min(x, 1, 2) + max(x, t)", 1 + 4),
        ("-x**2/3 + abs(0 - x)", 0.0),
        ("log(exp(x)) - sqrt(x*x)", 0.0),
    ],
)
def test_expressions_have_the_value_that_they_have_in_rates(text: str, value: float) -> None:
    assert float(evaluate(parse(text), {"x": np.float64(3)}.__getitem__, 4.0)) == pytest.approx(value, abs=1e-14)
