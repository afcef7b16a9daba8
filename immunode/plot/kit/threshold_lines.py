"""Thin named lines at levels that readers know, such as remission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.transforms import Bbox

from immunode.plot.kit.arrays import Array
from immunode.plot.kit.style import FAINT, Style
from immunode.plot.kit.text import width_of, wrap

Levels = Sequence[tuple[str, float]]
Thresholds = Mapping[str, Levels]
"""Quantity -> (name, level in the quantity's unit)."""
NEAR = 0.25
"""How far beyond the data a level may lie to be drawn, in ranges of the data."""


def near_levels(levels: Levels, values: Array) -> Levels:
    """Return the levels that lie within the finite values or near them."""
    good = values[np.isfinite(values)]
    if not good.size:
        return ()
    low, high = float(good.min()), float(good.max())
    slack = NEAR * (high - low)
    return [(name, level) for name, level in levels if low - slack <= level <= high + slack]


def draw_thresholds(ax: Axes, levels: Levels, style: Style, room: tuple[float, float] | None = None) -> Levels:
    """Draw thin lines with their names, each where it covers no curve; return the levels without such a place.

    Their names are left to be written beside the axes.   room : about how wide and high the axes are, in points; None
    writes all names inside.
    """
    for _, level in levels:
        ax.axhline(level, color=FAINT, linewidth=max(0.6, style.line / 3), linestyle=(0, (6, 3)), zorder=1, gid="level")
    crowded = [] if room is None else _without_place(ax, levels, style, room)
    inside = [one for one in levels if one not in crowded]
    if inside:
        ax.add_artist(_LevelNames(ax, inside, levels, style))
    return crowded


def _without_place(ax: Axes, levels: Levels, style: Style, room: tuple[float, float]) -> Levels:
    """Return the levels whose names would cover a curve wherever they stood, if the axes had this size."""
    fraction, size = ax.transData - ax.transAxes, np.array(room)
    box, gap = Bbox.from_bounds(0, 0, *room), 0.12 * style.least
    curves = [fraction.transform(curve) * size for curve in _curves(ax)]
    rows = [float(fraction.transform((0, level))[1]) * room[1] for _, level in levels]
    crowded: list[tuple[str, float]] = []
    taken: list[Bbox] = []
    for (name, level), row in zip(levels, rows, strict=True):
        sizes = {}
        for text in (name, _in_two(name, style.least)):
            high = 1.2 * style.least * (text.count("\n") + 1)
            sizes[text] = Bbox.from_bounds(0, 0, UNSURE * width_of(text, style.least), UNSURE * high)
        cost, place, _ = _best(sizes, row, [y for y in rows if y != row], curves, taken, box, gap)
        if cost >= 1:
            crowded.append((name, level))
        else:
            taken.append(place)
    return crowded


def _curves(ax: Any) -> list[Array]:
    """Return the curves of arms in data, shape (n_times, 2) each."""
    return [
        np.column_stack([np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)])
        for line in ax.lines
        if line.get_gid() is None and np.size(line.get_xdata()) > 1
    ]


class _LevelNames(Artist):
    """Names on lines of levels, arranged anew whenever they are drawn (so they follow a resize or a zoom)."""

    def __init__(self, ax: Axes, levels: Levels, every: Levels, style: Style) -> None:
        super().__init__()
        self.set_zorder(-10)  # drawn first, so that the names are in place when their turn comes
        self.levels, self.every, self.size = tuple(levels), tuple(every), style.least
        self.labels = []
        for name, level in self.levels:
            label = ax.annotate(
                name, (0.0, level), xycoords=("axes fraction", "data"), xytext=(0, 0), textcoords="offset points",
                ha="left", va="bottom", linespacing=1.0, fontsize=style.least, color=FAINT, gid="level-name", zorder=6,
                bbox={"facecolor": "white", "alpha": 0.0, "linewidth": 0, "pad": 0.6},
            )  # fmt: skip
            label.set_in_layout(False)
            self.labels.append(label)

    def get_tightbbox(self, renderer: RendererBase | None = None) -> Bbox | None:
        """Return nothing: the names stay inside the axes."""
        return None

    def draw(self, renderer: RendererBase) -> None:
        """Put every name in its place; one that has to cover a curve gets a light ground."""
        ax = self.axes
        if ax is None or not self.get_visible():
            return
        box, point = ax.bbox, ax.figure.dpi / 72
        curves = [ax.transData.transform(curve) for curve in _curves(ax)]
        across = [float(ax.transData.transform((0, level))[1]) for _, level in self.every]
        rows = [float(ax.transData.transform((0, level))[1]) for _, level in self.levels]
        taken: list[Bbox] = []
        for label, (name, _), row in zip(self.labels, self.levels, rows, strict=True):
            sizes = {}
            for text in (name, _in_two(name, self.size)):
                label.set_text(text)
                sizes[text] = label.get_window_extent(renderer)
            others = [y for y in across if y != row]
            cost, best, text = _best(sizes, row, others, curves, taken, box, 0.12 * self.size * point)
            label.set_text(text)
            label.set_position(((best.x0 - box.x0) / point, (best.y0 - row) / point))
            patch = label.get_bbox_patch()
            if patch is not None:
                patch.set_alpha(0.8 if cost >= 1 else 0.0)
            taken.append(best)


UNSURE = 1.15
"""How much larger than they are names are taken to be while the size of the axes is known about."""
PLACES = (1.0, 0.0, 0.85, 0.7, 0.5, 0.3, 0.15)
"""Where along the axis a name is tried, as a part of what is free, the first of equal ones first."""
SHORT = 12
"""Letters of a name that is never broken."""
LONGEST = 0.75
"""Longest name in one line, as a part of the width of the axes."""


def _best(
    sizes: Mapping[str, Bbox],
    row: float,
    rows: Sequence[float],
    curves: Sequence[Array],
    taken: Sequence[Bbox],
    box: Bbox,
    gap: float,
) -> tuple[float, Bbox, str]:
    """Return what the best place for a name costs, the place, and the name as it is broken there.

    sizes : the name in one line and in two -> its box.   row, rows : heights of its line and of other levels.
    """
    found = []
    for text, size in sizes.items():
        wide = 10.0 * (size.width > LONGEST * box.width)
        for left, below in _around(box, size, gap):
            bottom = row - gap - size.height if below else row + gap
            place = Bbox.from_bounds(left, bottom, size.width, size.height)
            found.append((wide + _cost(place, curves, rows, taken, box), place, text))
    return min(found, key=lambda one: round(one[0], 9))


def _in_two(name: str, size: float) -> str:
    """Return a name of several words in two lines of about the same width."""
    longest = width_of(name, size)
    return wrap(name, 0.7 * longest, size, lines=2) if " " in name and len(name) > SHORT else name


def _around(box: Bbox, size: Bbox, gap: float) -> list[tuple[float, bool]]:
    """Return the places of a name: its left edge, and whether it stands below its line."""
    free = box.width - size.width - 2 * gap
    return [(box.x0 + gap + share * free, below) for share in PLACES for below in (False, True)]


def _cost(place: Bbox, curves: Sequence[Any], levels: Sequence[float], taken: Sequence[Bbox], box: Bbox) -> float:
    """Return what is wrong with a place: curves and lines of other levels that cross it, names in it, being outside."""
    cost, clear = 0.0, 0.1 * place.height  # a curve is as thick as a stroke of letters
    for curve in curves:
        x, y = curve[:, 0], curve[:, 1]
        inside = np.concatenate([y[(x >= place.x0) & (x <= place.x1)], np.interp([place.x0, place.x1], x, y)])
        inside = inside[np.isfinite(inside)]
        if inside.size and inside.min() <= place.y1 + clear and inside.max() >= place.y0 - clear:
            cost += 1
    cost += float(sum(place.y0 <= y <= place.y1 for y in levels))
    cost += 10 * sum(place.overlaps(other) for other in taken)
    return cost + 10.0 * bool(place.y0 < box.y0 or place.y1 > box.y1)
