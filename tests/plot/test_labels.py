"""Labels are moved as little as possible until none covers another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy.optimize import minimize

from immunode.plot import courses
from immunode.plot.kit.labels import spread

many = st.lists(st.tuples(st.floats(-50, 150), st.floats(1, 12)), min_size=1, max_size=8)


@given(many)
def test_places_do_not_overlap_stay_inside_and_keep_the_order(labels: list[tuple[float, float]]) -> None:
    wanted, sizes = (np.array(column) for column in zip(*labels, strict=True))
    placed = spread(wanted, sizes, 0, 100)
    order = np.argsort(placed)
    low, high = placed - sizes / 2, placed + sizes / 2
    assert np.all(low[order][1:] >= high[order][:-1] - 1e-9)  # round-off of sums below 100
    assert low.min() >= -1e-9
    assert high.max() <= 100 + 1e-9
    assert np.all(np.diff(wanted[order]) >= 0)


@pytest.mark.parametrize("seed", range(5))
def test_no_placement_moves_labels_less(seed: int) -> None:
    random = np.random.default_rng(seed)
    wanted, sizes = np.sort(random.uniform(0, 60, 5)), random.uniform(8, 14, 5)
    found = spread(wanted, sizes, 0, 80)
    least: Any = minimize
    gaps: Any = [
        {"type": "ineq", "fun": lambda p, i=i: p[i + 1] - p[i] - (sizes[i] + sizes[i + 1]) / 2} for i in range(4)
    ]
    bounds = list(zip(sizes / 2, 80 - sizes / 2, strict=True))
    best: Any = least(lambda p: np.sum((p - wanted) ** 2), found, method="SLSQP", constraints=gaps, bounds=bounds,
                    options={"ftol": 1e-12})  # fmt: skip
    assert np.sum((found - wanted) ** 2) <= best.fun + 1e-6  # the minimizer's own tolerance


def test_labels_with_room_stay_where_they_are() -> None:
    np.testing.assert_allclose(spread(np.array([80.0, 10.0, 40.0]), np.full(3, 10.0), 0, 100), [80, 10, 40], rtol=1e-12)


def test_too_many_labels_share_the_overflow() -> None:
    placed = spread(np.zeros(3), np.full(3, 50.0), 0, 100)
    np.testing.assert_allclose(placed, [0, 50, 100], atol=1e-9)


def test_labels_follow_a_zoom(drawn: Callable[[Figure], Any]) -> None:
    """A label belongs beside the end of its line, also after the axis has changed."""
    figure = courses([0, 1], {"x": {"a": [1, 2], "b": [1, 8]}})
    ax = figure.axes[0]
    for top in (10, 40):
        ax.set_ylim(0, top)
        drawn(figure)
        for label in [t for t in ax.texts if t.get_gid() == "end-label"]:
            box = label.get_window_extent()
            end = ax.transData.transform((1, {"a": 2, "b": 8}[label.get_text()]))[1]
            assert box.y0 <= end <= box.y1
