"""Schedules in the words of everyday."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from immunode.errors import DoseError
from immunode.intervention import (
    Intervention,
    Schedule,
    at_times,
    bouts,
    daily,
    decay,
    during,
    jet_lag,
    nights,
    perturb,
    ramp,
    scale,
    seasons,
    transfer,
    weekly,
)
from immunode.model import Model

HOURS = np.arange(0, 24 * 28) / 24.0
# half past every hour: no corner of a schedule lies there, where rounding would decide
BETWEEN = HOURS + 1 / 48
HOUR = np.arange(0, 24 * 28)


@pytest.fixture
def signal(toy: Callable[..., Model], run: Callable[..., Any]) -> Callable[..., Any]:
    def of(schedule: Schedule, times: Any = HOURS) -> Any:
        return run(perturb(toy(), Intervention("a", scale("k", 2), schedule)), times)["a.signal"]

    return of


@pytest.mark.parametrize(("make", "days"), [(daily, 1.0), (weekly, 7.0), (seasons, 365.25)])
def test_rhythms_have_their_top_once_a_period(signal: Callable[..., Any], make: Any, days: float) -> None:
    times = np.linspace(0, 2 * days, 49)
    expected = (1 + 0.4 * np.cos(2 * np.pi * (times - 1 / 3) / days)) / 1.4
    assert signal(make(0.4, "8 h"), times) == pytest.approx(expected, abs=1e-11)


def test_bouts_of_a_week_fall_on_whole_days(signal: Callable[..., Any]) -> None:
    day, hour = HOUR // 24 % 7, HOUR % 24
    expected = np.isin(day, [0, 2, 4]) & (hour >= 18) & (hour < 20)
    assert (signal(bouts("3 per week", "2 h", start="18 h"), BETWEEN) == expected).all()


def test_bouts_of_a_day_are_evenly_spaced_and_end(signal: Callable[..., Any]) -> None:
    expected = np.isin(HOUR % 24, [0, 1, 12, 13]) & (HOUR < 14 * 24)
    assert (signal(bouts("twice a day", "2 h", weeks=2), BETWEEN) == expected).all()


def test_bouts_ramp_and_fade_each_anew(signal: Callable[..., Any]) -> None:
    found = signal(bouts("3 per week", "4 h") * ramp("2 h") * decay("1 h"))
    week = found[: 7 * 24]
    for day in (0, 2, 4):
        bout = week[day * 24 : day * 24 + 8]
        # a tail of 2**-20 or less is left from the bout before
        assert bout == pytest.approx([0, 0.5, 1, 1, 1, 0.5, 0.25, 0.125], abs=1e-5)


def test_nights_begin_in_the_evening(signal: Callable[..., Any]) -> None:
    row = sum((d * 24 + 23 <= HOUR) & (d * 24 + 31 > HOUR) for d in (10, 11, 12))
    assert (signal(nights(3, first=10), BETWEEN) == row).all()
    some = sum((d * 24 + 22 <= HOUR) & (d * 24 + 26 > HOUR) for d in (1, 4))
    assert (signal(nights([1, 4], from_="22 h", lasting="4 h"), BETWEEN) == some).all()


def test_jet_lag_shifts_the_phase_and_the_body_adapts(signal: Callable[..., Any]) -> None:
    found = signal(jet_lag("8 h", "10 days", "20 days", amplitude=0.5, peak="6 h", adapts="2 days"))
    away = np.where(HOURS < 10, 0.0, 8 * (1 - 0.5 ** ((HOURS - 10) / 2)))
    there = 8 * (1 - 0.5**5)
    clock = np.where(HOURS < 20, away, there * 0.5 ** ((HOURS - 20) / 2)) / 24
    expected = (1 + 0.5 * np.cos(2 * np.pi * (HOURS + clock - 0.25))) / 1.5
    assert found == pytest.approx(expected, abs=1e-8)


def test_an_immediate_shift_is_a_jump(signal: Callable[..., Any]) -> None:
    found = signal(jet_lag("-6 h", 10, adapts=0))
    phase = np.where(HOURS < 10, 0, 0.25)
    assert found == pytest.approx((1 + np.cos(2 * np.pi * (HOURS - phase))) / 2, abs=1e-11)


def test_booster_doses_come_at_given_times(toy: Callable[..., Model], run: Callable[..., Any]) -> None:
    still = toy().with_values(k=0, s=0)
    vaccine = Intervention("vaccine", transfer("x", 2), at_times(0, "1 week", "3 weeks"))
    found = run(perturb(still, vaccine), np.array([0.0, 6.9, 7.0, 20.9, 21.0, 28.0]))["x"]
    assert found == pytest.approx([3, 3, 5, 5, 7, 7])


def test_given_times_may_last(signal: Callable[..., Any]) -> None:
    expected = ((HOUR >= 24) & (HOUR < 30)) | ((HOUR >= 96) & (HOUR < 102))
    assert (signal(at_times("1 day", "4 days", lasting="6 h"), BETWEEN) == expected).all()


def test_windows_cut_patterns(signal: Callable[..., Any]) -> None:
    expected = (HOUR >= 96) & (HOUR < 99)
    assert (signal(at_times("1 day", "4 days", lasting="6 h") * during(2, "99 h"), BETWEEN) == expected).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: at_times(), "at least one time"),
        (lambda: at_times("4 weeks", "2 weeks"), "times go backwards, 2 weeks comes after 4 weeks"),
        (lambda: at_times(0, 0), "times go backwards, 0 comes after 0"),
        (lambda: at_times(1, "2 weeks"), "can't be added: one is in the model's time"),
        (lambda: at_times(0, 1, lasting=2), "a width of 2 is longer than the interval of 1"),
        (lambda: bouts("often", "1 h"), "can't read 'often'; write e.g. '3 per week'"),
        (lambda: bouts("3 per wek", "1 h"), "unknown unit of time 'wek'; did you mean 'week'"),
        (lambda: bouts("3 per hour", "1 h"), "'hour' is not day or week"),
        (lambda: bouts("0 per week", "1 h"), "must be above 0"),
        (lambda: bouts("3 per week", 0), "length: must be above 0"),
        (lambda: bouts("3 per day", "9 h"), "a width of 9 hours is longer than the interval"),
        (lambda: nights(0), "must be above 0, got 0"),
        (lambda: nights([]), "their number or a list of days"),
        (lambda: nights([4, 1]), "times go backwards"),
        (lambda: jet_lag("8 h", "10 days", "2 days"), "times go backwards, back day 2 after leaving day 10"),
        (lambda: daily(2), r"amplitude: must lie in \[0, 1\]"),
    ],
)
def test_mistakes_get_one_clear_line(make: Callable[[], object], message: str) -> None:
    with pytest.raises(DoseError, match=message) as told:
        make()
    assert "\n" not in str(told.value)


def test_shapes_say_what_they_are() -> None:
    assert str(bouts("3 per week", "45 min")) == "3 pulses of 45 minutes every 1 week"
    assert str(at_times(0, "4 weeks")) == "at time 0, week 4"
    assert str(daily(0.5, "8 h")) == "in a rhythm of 1 day (amplitude 0.5, top at hour 8)"
