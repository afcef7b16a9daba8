from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from immunode.errors import DoseError, UnitError
from immunode.intervention import Intervention, Schedule, decay, during, perturb, pulses, ramp, rhythm, scale

TIMES = np.linspace(0, 40, 401)
# the signal is computed from switches and t at each time: rounding only, save the decaying state (1e-11 steps)
EXACT, INTEGRATED = 1e-12, 1e-8


@pytest.fixture
def signal(toy: Callable[..., Any], run: Callable[..., Any]) -> Callable[..., Any]:
    def of(schedule: Schedule, strength: float = 1.0) -> Any:
        composed = perturb(toy(), Intervention("a", scale("k", 2), schedule, strength=strength))
        return run(composed, TIMES)["a.signal"]

    return of


def test_always_is_the_strength(signal: Callable[..., Any]) -> None:
    assert (signal(Schedule(), 0.3) == 0.3).all()


def test_a_window_is_closed_at_its_start_and_open_at_its_stop(signal: Callable[..., Any]) -> None:
    assert (signal(during(10, "3 weeks")) == ((TIMES >= 10) & (TIMES < 21))).all()


def test_windows_open_on_one_side(signal: Callable[..., Any]) -> None:
    assert (signal(during(stop=10)) == (TIMES < 10)).all()
    assert (signal(during(10)) == (TIMES >= 10)).all()


def test_a_window_before_the_start_is_over(signal: Callable[..., Any]) -> None:
    assert (signal(during(-10, -5)) == 0).all()
    assert (signal(during(-10, 5)) == (TIMES < 5)).all()


def test_an_empty_window_is_nothing(signal: Callable[..., Any]) -> None:
    assert (signal(during(10, 10)) == 0).all()


def test_pulses_are_on_n_times(signal: Callable[..., Any]) -> None:
    expected = sum((3 + 7 * i <= TIMES) & (3 + 7 * i + 2 > TIMES) for i in range(4))
    assert (signal(pulses("1 week", "2 days", 4, start=3)) == expected).all()


def test_touching_pulses_make_one_long_one(signal: Callable[..., Any]) -> None:
    assert (signal(pulses(2, 2, 5, start=4)) == ((TIMES >= 4) & (TIMES < 14))).all()


def test_a_window_cuts_pulses(signal: Callable[..., Any]) -> None:
    both = signal(pulses(4, 2, 20) * during(5, 17))
    expected = ((TIMES % 4) < 2 - 1e-9) & (TIMES >= 5) & (TIMES < 17)
    assert (both == expected).all()


def test_a_ramp_rises_in_a_straight_line(signal: Callable[..., Any]) -> None:
    expected = np.clip((TIMES - 10) / 4, 0, 1) * (TIMES < 30)
    assert signal(during(10, 30) * ramp(4)) == pytest.approx(expected, abs=EXACT)


def test_a_ramp_without_a_start_rises_from_time_0(signal: Callable[..., Any]) -> None:
    assert signal(ramp("1 week")) == pytest.approx(np.clip(TIMES / 7, 0, 1), abs=EXACT)


def test_every_pulse_ramps_anew(signal: Callable[..., Any]) -> None:
    since = TIMES % 10
    expected = np.where((since < 6 - 1e-9) & (TIMES < 30 - 1e-9), np.clip(since / 2, 0, 1), 0)
    # 10 divides the times up to rounding; a ramp's own start is exact
    assert signal(pulses(10, 6, 3) * ramp(2)) == pytest.approx(expected, abs=1e-9)


def test_decay_starts_where_the_signal_was(signal: Callable[..., Any]) -> None:
    rising = np.where(TIMES < 12, np.clip((TIMES - 10) / 4, 0, 1), 0)
    expected = np.where(TIMES < 12, rising, 0.5 * 0.5 ** ((TIMES - 12) / 3))
    assert signal(during(10, 12) * ramp(4) * decay(3)) == pytest.approx(expected, abs=INTEGRATED)


def test_decay_after_pulses_never_leaves_0_to_1(signal: Callable[..., Any]) -> None:
    found = signal(pulses(5, 1, 6) * decay(10) * ramp(0.5))
    assert found.min() >= 0
    assert found.max() <= 1
    # after the last pulse (time 26) a pure decay is left
    late = TIMES >= 26
    assert found[late] == pytest.approx(0.5 ** ((TIMES[late] - 26) / 10), abs=INTEGRATED)


def test_a_rhythm_has_its_top_at_the_phase(signal: Callable[..., Any]) -> None:
    expected = (1 + 0.6 * np.cos(2 * np.pi * (TIMES - 0.25) / 1.0)) / 1.6
    assert signal(rhythm(0.6, "24 h", phase="6 h")) == pytest.approx(expected, abs=1e-11)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    every=st.floats(0.1, 5),
    share=st.floats(0.05, 1),
    n=st.integers(1, 6),
    start=st.floats(0, 4),
    rise=st.floats(0.1, 3),
    half_life=st.floats(0.1, 9),
    amplitude=st.floats(0, 1),
)
def test_every_signal_stays_in_0_to_1(
    toy: Callable[..., Any],
    run: Callable[..., Any],
    every: float,
    share: float,
    n: int,
    start: float,
    rise: float,
    half_life: float,
    amplitude: float,
) -> None:
    shape = ramp(min(rise, every)) * decay(half_life) * rhythm(amplitude, 1)
    composed = perturb(toy(), Intervention("a", scale("k", 2), pulses(every, share * every, n, start) * shape))
    found = run(composed, np.linspace(0, 10, 41))["a.signal"]
    assert found.min() >= -1e-12
    assert found.max() <= 1 + 1e-9


def test_parts_combine_in_any_order() -> None:
    assert during(0, 50) * ramp(5) * rhythm(0.5, 1) == rhythm(0.5, 1) * (ramp(5) * during(0, 50))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: during(5, 1), "the window runs backwards, from time 5 to time 1"),
        (lambda: during("3 weeks", "2 days"), "the window runs backwards, from week 3 to day 2"),
        (lambda: during("soon"), "can't read the time 'soon'; write a number or e.g. '2 weeks'"),
        (lambda: during("2 wekks"), "unknown unit of time 'wekks'; did you mean 'weeks'"),
        (lambda: during("2 months"), "months differ in length"),
        (lambda: during(float("nan")), "nan is not a time"),
        (lambda: pulses(0, 1, 2), "pulses, every: must be above 0, got 0"),
        (lambda: pulses(1, -1, 2), "pulses, width: must be above 0, got -1"),
        (lambda: pulses(1, 0.5, 0), "whole number above 0, got 0"),
        (lambda: pulses(1, 0.5, 2.5), "whole number above 0, got 2.5"),  # type: ignore[arg-type]
        (lambda: pulses("1 day", "2 days", 3), "longer than the interval of 1 day, so pulses overlap"),
        (lambda: ramp(0), "rise: must be above 0, got 0"),
        (lambda: decay("-1 day"), "half-life: must be above 0, got -1 days"),
        (lambda: rhythm(2, 1), r"rhythm, amplitude: must lie in \[0, 1\], got 2"),
        (lambda: rhythm(0.5, 0), "rhythm, period: must be above 0"),
        (lambda: during(1) * during(2), "a schedule holds one window"),
        (lambda: ramp(1) * ramp(2), "a schedule holds one ramp"),
        (lambda: Intervention("a", scale("k", 2), during(1) * decay(2)), "a decay needs a gate that closes"),
        (lambda: Intervention("a", scale("k", 2), pulses(1, 0, 2)), "pulses of width 0 carry transfers only"),
    ],
)
def test_wrong_schedules_say_what_would_do(make: Callable[[], object], message: str) -> None:
    with pytest.raises(DoseError, match=message):
        make()


def test_a_time_with_a_unit_needs_a_model_with_one(toy: Callable[..., Any]) -> None:
    from immunode.model import Model, Parameter, Process, State

    plain = Model(
        name="plain", states=[State("x", 1)], parameters=[Parameter("k", 1)], processes=[Process("l", "x ->", "k*x")]
    )
    treated = Intervention("a", scale("k", 2), during("1 day", "2 days"))
    with pytest.raises(UnitError, match=r"plain: .*the model's time has none"):
        perturb(plain, treated)
    clocked = perturb(plain.replace(clock="h"), treated)
    assert {p.name: p.value for p in clocked.parameters}["a.start"] == pytest.approx(24, rel=1e-15)


def test_schedules_read_as_phrases() -> None:
    assert str(Schedule()) == "always"
    assert str(during(0, "2 weeks") * ramp(5)) == "from time 0 to week 2, rising over 5"
    assert str(pulses("1 week", "1 day", 4)) == "4 pulses of 1 day every 1 week"
