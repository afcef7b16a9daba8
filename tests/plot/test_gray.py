"""On gray paper: figures are rendered, turned gray, and series next to each other are still told apart.

Lightness is CIE L* (0 black, 100 white). Dashes are counted as gaps along a line.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from immunode.plot import bands, courses, heat
from immunode.plot.charts.analysis.basin_map import basins
from immunode.plot.charts.analysis.differences import difference_courses
from immunode.plot.charts.analysis.phase import phase_plane
from immunode.plot.charts.analysis.sensitivity import sensitivity_bars
from immunode.plot.charts.analysis.sequence_map import gap_curves
from immunode.plot.charts.analysis.tornado_bars import tornado
from immunode.plot.charts.patient_changes import waterfall
from immunode.plot.kit.style import APART, PALETTE, lightness

Array = np.ndarray[Any, np.dtype[np.float64]]
T = np.linspace(0.0, 100.0, 101)
SMOOTHED = 2.0
"""What the edges of lines, mixed with the paper, take from a difference in lightness."""


@pytest.fixture
def gray(drawn: Callable[[Figure], Any]) -> Callable[[Figure], Array]:
    """Return the function that renders a figure and returns the lightness of its pixels, first row on top."""

    def of(figure: Figure) -> Array:
        rgb = np.asarray(drawn(figure).buffer_rgba())[..., :3] / 255.0
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        y = linear @ [0.2126, 0.7152, 0.0722]
        return np.asarray(np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, y * (29 / 3) ** 3))

    return of


def along(picture: Array, ax: Any, x: Array, y: Array) -> Array:
    """Return the lightness under a curve in data coordinates, one value a pixel of its length."""
    points = ax.transData.transform(np.column_stack([x, y]))
    place = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    steps = np.arange(0.0, place[-1], 1.0)[3:-3]
    across, up = (np.interp(steps, place, points[:, k]) for k in (0, 1))
    return picture[len(picture) - 1 - np.floor(up).astype(int), np.floor(across).astype(int)]


def ink(values: Array) -> float:
    """Return how light the line itself is, between its gaps."""
    return float(np.quantile(values, 0.1))


def gaps(values: Array) -> float:
    """Return how often a line is interrupted in 100 pixels."""
    light = values > (ink(values) + 100) / 2
    return 100 * float(np.sum(light[1:] & ~light[:-1])) / len(values)


def told_apart(one: Array, other: Array) -> bool:
    """Return whether two lines differ in lightness, or one has at least half as many gaps again."""
    few, many = sorted((gaps(one), gaps(other)))
    return abs(ink(one) - ink(other)) >= APART - SMOOTHED or many > max(1.5 * few, 0.5)


@pytest.mark.sampled
@pytest.mark.parametrize("style", ["slide", "paper", "poster"])
@pytest.mark.parametrize("arms", [2, 3, 5, 8])
def test_arms_of_a_time_course_are_told_apart(style: str, arms: int, gray: Callable[[Figure], Array]) -> None:
    series = {f"arm {i}": np.full(T.size, 10.0 + 10 * i) for i in range(arms)}
    figure = courses(T, {"x": series}, style=style, control="arm 0")
    picture = gray(figure)
    seen = [along(picture, figure.axes[0], T[1:-1], y[1:-1]) for y in series.values()]
    for (a, one), (b, other) in itertools.combinations(enumerate(seen), 2):
        assert told_apart(one, other), f"arms {a} and {b}: {ink(one):.0f} and {ink(other):.0f}"


def test_two_lines_of_one_lightness_and_dash_would_fail() -> None:
    """The check itself: the blue and the orange of the palette, both solid, are not told apart."""
    one, other = (np.full(200, lightness(PALETTE[i])) for i in (1, 2))
    assert not told_apart(one, other)


def test_medians_and_bands_of_two_arms_are_told_apart(gray: Callable[[Figure], Array]) -> None:
    spread = np.array([0.6, 0.8, 1.0, 1.2, 1.4])[:, None]
    table = {"control": 100 * spread + 0 * T, "drug": 30 * spread + 0 * T}
    figure = bands(T, table, quantity="x", style="slide")
    picture = gray(figure)
    ax, inside = figure.axes[0], T[1:-1]
    medians = [along(picture, ax, inside, q[2, 1:-1]) for q in table.values()]
    fills = [along(picture, ax, inside, (q[2, 1:-1] + q[3, 1:-1]) / 2) for q in table.values()]
    assert told_apart(*medians)
    assert abs(ink(fills[0]) - ink(fills[1])) > 4  # both are pale: that of the dark line is the darker one
    assert all(100 - ink(fill) > 10 for fill in fills)


def test_both_directions_of_a_tornado_are_told_apart(gray: Callable[[Figure], Array]) -> None:
    figure = tornado(10.0, [2.0, 16.0], [18.0, 5.0], names=["a", "b"], ends=[[1, 2], [1, 2]], label="x")
    picture = gray(figure)
    ax = figure.axes[0]
    x = {"low": (np.linspace(2.2, 9.5, 9), 0.1), "high": (np.linspace(10.5, 17.8, 9), 0.1)}
    low, high = (along(picture, ax, across, np.full(9, y)) for across, y in x.values())
    assert gaps(high) == 0
    assert gaps(low) > 2


def test_what_raises_and_what_lowers_is_told_apart(gray: Callable[[Figure], Array]) -> None:
    figure = sensitivity_bars({"elasticity": [1.0, -1.0]}, names=["up", "down"])
    picture = gray(figure)
    up, down = (
        along(picture, figure.axes[0], sign * np.linspace(0.05, 0.95, 9), np.full(9, row + 0.1))
        for row, sign in ((0, 1), (1, -1))
    )
    assert gaps(up) == 0
    assert gaps(down) > 2


def test_the_two_nullclines_of_a_phase_plane_are_told_apart(gray: Callable[[Figure], Array]) -> None:
    grid = np.linspace(0.0, 1.0, 61)
    x, y = np.meshgrid(grid, grid)
    figure = phase_plane(grid, grid, (0.513 - x, 0.513 - y), x_label="x", y_label="y")
    picture = gray(figure)
    ax, run = figure.axes[0], np.linspace(0.02, 0.45, 9)
    upright = along(picture, ax, np.full(9, 0.513), run)
    level = along(picture, ax, run, np.full(9, 0.513))
    assert told_apart(upright, level)


def test_orders_of_a_sequence_map_have_their_own_points() -> None:
    figure = gap_curves([0, 1, 2], np.arange(6.0).reshape(2, 3, 1), orders=["a, b", "b, a"], label="x")
    looks = [
        (line.get_marker(), str(line.get_markerfacecolor()))
        for line in figure.axes[0].lines
        if line.get_gid() == "order"
    ]
    assert len(set(looks)) == 2


def test_terms_over_time_are_told_apart(gray: Callable[[Figure], Array]) -> None:
    values = np.array([[4.0], [3.0], [2.0], [1.0]]) * np.ones(T.size)
    figure = difference_courses(T, values, names=["a", "b", "c", "d"], label="x")
    picture = gray(figure)
    seen = [along(picture, figure.axes[0], T[1:-1], row[1:-1]) for row in values]
    assert all(told_apart(one, other) for one, other in itertools.combinations(seen, 2))


def test_a_heat_map_grows_lighter_or_darker_with_its_values(gray: Callable[[Figure], Array]) -> None:
    x, y = np.arange(12.0), np.arange(3.0)
    figure = heat(x, y, np.tile(x, (3, 1)), x_label="x", y_label="y", z_label="z")
    picture = gray(figure)
    seen = along(picture, figure.axes[0], np.linspace(0.1, 10.9, 50), np.full(50, 1.25))
    middle = np.array([np.median(part) for part in np.array_split(seen, 11)])
    steps = np.diff(middle)
    assert (steps > 0).all() or (steps < 0).all()
    assert abs(middle[-1] - middle[0]) > 50


@pytest.mark.parametrize("n", [2, 3, 4])
def test_basins_are_told_apart(n: int, gray: Callable[[Figure], Array]) -> None:
    grid = np.arange(float(4 * n))
    where = np.tile(np.repeat(np.arange(n), 4), (4 * n, 1))
    figure = basins(grid, grid, where, [f"end {i}" for i in range(n)], x_label="x", y_label="y")
    picture = gray(figure)
    shades = [float(np.median(along(picture, figure.axes[0], np.array([4 * i + 1.0, 4 * i + 2.0]), np.full(2, 1.3))))
              for i in range(n)]  # fmt: skip
    # 20 units of lightness are shared evenly
    assert min(abs(a - b) for a, b in itertools.combinations(shades, 2)) > 20 / (n - 1) - 1
    assert max(shades) < 90  # and all differ from paper


def test_bars_of_a_waterfall_stand_out_from_the_paper(gray: Callable[[Figure], Array]) -> None:
    changes = np.linspace(80, -80, 20)
    figure = waterfall({f"arm {i}": changes for i in range(8)}, label="change")
    picture = gray(figure)
    for ax in figure.axes:
        bar = along(picture, ax, np.array([1.0, 4.0]), np.array([20.0, 20.0]))
        assert 100 - ink(bar) > 35
