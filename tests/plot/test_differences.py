"""Terms of a difference, as bars and over time."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.plot.charts.analysis.differences import difference_bars, difference_courses

STYLES = pytest.mark.parametrize("style", ["slide", "paper"])


@STYLES
def test_every_term_and_the_sum_have_a_bar_and_a_number(style: str) -> None:
    figure = difference_bars([-1350.0, 708.0, -167.0], names=["growth", "death", "damage"], total=-809.0,
                   label="difference of TV", unit="uL", note="a caveat", style=style)  # fmt: skip
    figure.canvas.draw()
    ax = figure.axes[0]
    np.testing.assert_allclose([p.get_width() for p in ax.containers[0]], [-1350, 708, -167, -809])
    assert [t.get_text() for t in ax.texts] == ["−1,350", "+708", "−167", "−809"]
    boxes = [t.get_window_extent() for t in [*ax.get_yticklabels(), *ax.texts]]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_large_numbers_share_the_power_of_the_axis() -> None:
    figure = difference_bars([4e6, -1e6], names=["a", "b"], total=3e6, label="difference")
    assert [t.get_text() for t in figure.axes[0].texts] == ["+4", "−1", "+3"]
    assert "10⁶" in figure.axes[0].get_xlabel()


@STYLES
def test_the_sum_over_time_is_the_sum_of_the_lines(style: str) -> None:
    t = np.linspace(0, 10, 21)
    z = np.array([t * i for i in range(1, 11)])
    figure = difference_courses(t, z, names=[f"p{i}" for i in range(10)], label="x", time_unit="day", style=style)
    figure.canvas.draw()
    curves = [np.asarray(line.get_ydata()) for line in figure.axes[0].lines if len(np.asarray(line.get_ydata())) == 21]
    np.testing.assert_allclose(curves[-1], z.sum(axis=0))
    np.testing.assert_allclose(np.sum(curves[:-1], axis=0), z.sum(axis=0))  # the rest is joined, not lost
    assert "4 others" in {text.get_text() for text in figure.axes[0].texts}


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(StudyError, match="for 1 names"):
        difference_bars([1.0, 2.0], names=["a"], total=3.0, label="y")
