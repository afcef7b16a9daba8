"""Time axes in units that people use."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from immunode.plot.kit.style import SLIDE
from immunode.plot.kit.time_axes import Clock, clock, time_axis


@pytest.mark.parametrize(
    ("span", "unit", "shown", "factor"),
    [(364, "day", "week", 1 / 7), (100, "day", "day", 1), (168, "h", "day", 1 / 24), (48, "hours", "hour", 1),
     (3650, "day", "year", 1 / 365.25), (0.5, "day", "hour", 24), (52, "week", "week", 1), (10, "", "", 1),
     (500, "generation", "generation", 1), (1440, "min", "hour", 1 / 60)],
)  # fmt: skip
def test_long_times_are_shown_in_longer_units(span: float, unit: str, shown: str, factor: float) -> None:
    found = clock(span, unit)
    assert found.unit == shown
    assert found.factor == pytest.approx(factor, rel=1e-12)  # a quotient of two exact numbers


def test_the_axis_says_its_unit() -> None:
    assert Clock(1, "week").label == "time (weeks)"
    assert Clock(1, "").label == "time"
    assert Clock(1, "generation").label == "time (generation)"


def test_a_year_of_weeks_is_cut_into_quarters() -> None:
    ax = Figure().add_subplot()
    time_axis(ax, Clock(1 / 7, "week"), 0, 52, SLIDE, labelled=True, most=8)
    ticks = [t for t in ax.get_xticks() if 0 <= t <= 52]
    np.testing.assert_array_equal(ticks, [0, 13, 26, 39, 52])
