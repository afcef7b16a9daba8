"""Units, numbers, limits and broken lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from immunode.plot.kit.style import SLIDE
from immunode.plot.kit.text import (
    Decades,
    Scaled,
    amount,
    limits,
    name_panel,
    number,
    power_of,
    pretty_unit,
    quantity_label,
    scale_axis,
    width_of,
    wrap,
)


@pytest.mark.parametrize(
    ("unit", "shown"),
    [("cell/uL", "cells/µL"), ("mm**3", "mm³"), ("10^6 cell/L", "10⁶ cell/L"), ("", ""), ("1", ""),
         ("Ag_unit*day", "units·day"), ("Mcopies/mL", "10⁶ copies/mL"),
     ("1/day", "1/day"),
     ("pg * day / mL", "pg·day/mL"), ("m^-2", "m⁻²"), ("ug", "µg"), ("unit", "unit"), ("cells", "cells"),
     ("copy", "copies"), ("Gcell", "10⁹ cells"), ("kcell/mL", "10³ cells/mL"), ("1/(Gcell**2*day)", "1/(Gcell²·day)"),
     ("molecule/um^2", "molecules/µm²"), ("virion/mL", "virions/mL")],
)  # fmt: skip
def test_units_are_printed_as_in_papers(unit: str, shown: str) -> None:
    assert pretty_unit(unit) == shown


def test_a_word_too_wide_for_its_line_breaks_at_its_hyphen() -> None:
    width = width_of("anti-inflamma", 10)
    assert wrap("anti-inflammatory tone", width, 10) == "anti-\ninflammatory\ntone"


def test_an_axis_says_percent_once() -> None:
    assert quantity_label("C3, % of normal", "percent") == "C3, % of normal"
    assert quantity_label("percentile", "percent") == "percentile (%)"
    assert quantity_label("share", "percent", 3) == "share (10³\N{NO-BREAK SPACE}%)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (12.345, "12.3"), (9030.4, "9,030"), (1.234e9, "1.23×10⁹"), (1e6, "10⁶"), (-0.00123, "−0.00123"),
     (1e-7, "10⁻⁷"), (float("nan"), "–")],
)  # fmt: skip
def test_numbers_are_short(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(1.23e-6, "10^6 cell", "1.23 cells"), (400, "Mcell", "4×10⁸ cells"), (2.0, "10^3 cell/L", "2,000 cells/L"),
     (5.0, "mg/L", "5 mg/L"), (0.3, "", "0.3"), (0.0, "10^6 copies/mL", "0 copies/mL")],
)  # fmt: skip
def test_a_value_and_its_unit_have_one_power_of_ten(value: float, unit: str, shown: str) -> None:
    assert amount(value, unit) == shown


def test_a_power_of_ten_goes_into_the_label() -> None:
    assert power_of(0, 4.2e9) == 9
    assert power_of(0, 9999) == 0
    assert power_of(0, 2e-4) == -6
    assert quantity_label("T", "cell", 9) == "T (10⁹\N{NO-BREAK SPACE}cells)"
    assert quantity_label("x", "", -6) == "x (10⁻⁶)"
    assert "10⁶\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10³" in quantity_label("x", "10^3 cell", 6)


def test_ticks_have_as_many_decimals_as_their_distance_needs() -> None:
    assert Scaled(0).format_ticks([0, 0.25, 0.5]) == ["0.00", "0.25", "0.50"]
    assert Scaled(6).format_ticks([0, 2e6, 4e6]) == ["0", "2", "4"]
    assert Scaled(0).format_ticks([-1, 0, 1]) == ["−1", "0", "1"]
    assert Scaled(0).format_ticks([310.0002, 310.0004]) == ["310.0002", "310.0004"]


def test_log_ticks_are_powers_on_an_axis_that_reaches_far() -> None:
    assert [Decades(True)(v) for v in (1e-3, 1, 10, 1e3, 2e5)] == ["10⁻³", "1", "10", "10³", "2×10⁵"]
    assert [Decades(False)(v) for v in (1e-3, 1, 1e3)] == ["0.001", "1", "1,000"]


@example([5e-324, 0.0], False)
@example([-5e-324], False)
@example([5e-324], True)
@given(st.lists(st.floats(-1e12, 1e12) | st.just(float("nan")), max_size=8), st.booleans())
def test_limits_hold_all_values_and_are_never_empty(values: list[float], log: bool) -> None:
    low, high = limits(values, log=log)
    assert low < high
    good = [v for v in values if np.isfinite(v) and (v > 1e-290 or not log)]
    if good and not log:
        assert low - 1e-290 <= min(good) <= max(good) <= high + 1e-290  # smaller values count as zero
    if good and log:
        assert low > 0
        assert low <= max(good) <= high


def test_counts_start_at_zero_and_noise_is_not_blown_up() -> None:
    assert limits([1, 10])[0] == 0
    assert limits([0, 0]) == (0, 1)
    low, high = limits([310, 310 + 1e-6])
    assert high - low > 10
    assert limits([1e-30, 1e9], log=True)[0] > 1e-3


@given(st.text(st.sampled_from("abc _+-/,("), max_size=60), st.floats(40, 200))
def test_wrapped_lines_fit_and_keep_every_letter(text: str, points: float) -> None:
    lines = wrap(text, points, 16, lines=99).split("\n")
    assert all(width_of(line, 16) <= points for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_text_too_long_says_so() -> None:
    assert wrap("one two three four", 30, 16, lines=2).endswith("…")


@pytest.mark.parametrize("height", [30, 90, 160, 400])
def test_name_and_unit_are_never_lost(height: float) -> None:
    ax = Figure().add_subplot()
    name_panel(ax, "a_long_name", "what it means", "pg/mL", 0, SLIDE, width=300, height=height, pad=3)
    said = ax.get_ylabel() + " " + ax.get_title(loc="left")
    assert "(pg/mL)" in said
    assert "a_long_name" in said
    assert "what it means" in said


@pytest.mark.parametrize("values", [[1e4, 1e9], [2, 3], [1e-9, 1], [7, 7], [1, 30], [5e8, 3e10], [4e5, 2e6]])
def test_log_axes_have_two_numbers_or_more_and_never_a_crowd(values: list[float]) -> None:
    for most in (3, 5):
        ax: Axes = Figure().add_subplot()
        scale_axis(ax, "y", values, SLIDE, log=True, most=most)
        low, high = ax.get_ylim()
        ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
        shown = [text for value, text in ticks if low <= value <= high and text.get_text()]
        assert 2 <= len(shown) <= most + 1
