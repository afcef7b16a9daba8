"""The tornado of one endpoint."""

from __future__ import annotations

import numpy as np
import pytest

from immunode.errors import StudyError
from immunode.plot.charts.analysis.tornado_bars import tornado

NAMES = ["growth_of_the_tumor_in_the_lymph_node", "kpro", "e"]
ENDS = [(0.28, 0.52), (1750.0, 3250.0), (7e-4, 1.3e-3)]


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_bars_begin_at_the_base_and_end_at_the_values(style: str) -> None:
    figure = tornado(10.0, [2.0, 14.0, 9.0], [20.0, 8.0, np.nan], names=NAMES, ends=ENDS, units=["1/day", "uL", ""],
                     label="auc(T)", unit="uL*day", style=style)  # fmt: skip
    figure.canvas.draw()
    ax = figure.axes[0]
    low, high = ax.containers
    np.testing.assert_allclose([p.get_x() + p.get_width() for p in low], [2, 14, 9])
    np.testing.assert_allclose([p.get_x() for p in low], 10)
    assert high[0].get_width() == 10
    written = [t.get_text() for t in ax.texts]
    assert {"2", "20", "14", "8", "10", "a run failed"} <= set(written)
    assert "0.28 to 0.52" in ax.get_yticklabels()[0].get_text()


@pytest.mark.parametrize("style", ["slide", "paper"])
def test_names_and_numbers_do_not_cover_each_other(style: str) -> None:
    rng = np.random.default_rng(0)
    swings = np.sort(rng.gamma(1, 300, 12))[::-1]
    names = [f"parameter_{i}_with_a_long_name" for i in range(12)]
    figure = tornado(1e3, 1e3 - swings, 1e3 + swings, names=names, ends=rng.uniform(1, 2, (12, 2)),
                     units=["1/day"] * 12, label="auc(T)", style=style)  # fmt: skip
    figure.canvas.draw()
    texts = [*figure.axes[0].get_yticklabels(), *(t for t in figure.axes[0].texts if t.get_gid() == "value")]
    boxes = [t.get_window_extent() for t in texts]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_an_end_that_moves_the_same_way_is_written_once() -> None:
    figure = tornado(0.0, [5.0], [9.0], names=["k"], ends=[(1, 2)], label="y")
    assert [t.get_text() for t in figure.axes[0].texts if t.get_gid() == "value"] == ["9"]


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(StudyError, match="for 3 names"):
        tornado(0.0, [1.0], [2.0], names=NAMES, ends=ENDS, label="y")
