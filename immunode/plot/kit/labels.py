"""Direct labels at the ends of lines, moved apart until none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox, IdentityTransform

from immunode.plot.kit.arrays import Array
from immunode.plot.kit.style import Style, readable
from immunode.plot.kit.text import wrap


def spread(wanted: Array, sizes: Array, low: float, high: float) -> Array:
    """Return the places nearest to `wanted` (least squares) at which intervals of `sizes` don't overlap.

    wanted : ndarray, shape (n,): centers, in any order; the order is kept.   sizes : ndarray, shape (n,).
    low, high : bounds of all intervals; where they don't fit between, they are centered on the bounds.

    The centers minus the room below them must not decrease: isotonic regression, by pooling neighbors, then clipped.
    Source: Best & Chakravarti 1990, doi:10.1007/BF01580873 (pool adjacent violators; bounds by clipping).
    """
    order = np.argsort(wanted, kind="stable")
    size = sizes[order]
    below = np.cumsum(size) - size / 2
    free = wanted[order] - below
    pools: list[list[float]] = []
    for value in free:
        pools.append([float(value), 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, weight = pools.pop()
            pools[-1] = [(pools[-1][0] * pools[-1][1] + mean * weight) / (pools[-1][1] + weight), pools[-1][1] + weight]
    level = np.repeat([p[0] for p in pools], [int(p[1]) for p in pools])
    room = high - low - float(size.sum())
    level = np.clip(level, low, low + room) if room >= 0 else np.full(level.shape, low + room / 2)
    out = np.empty_like(level)
    out[order] = level + below
    return out


@dataclass(slots=True)
class End:
    """The end of a line: where it stands in the data, what is written there and in which color.

    rank : decides who stands above whom where ends coincide.   part : of the size of other labels.
    """

    x: float
    y: float
    text: str
    color: str
    rank: float = 0.0
    part: float = 1.0


class _EndLabel(Annotation):
    """A label whose width counts for the layout, and whose height does not: it is moved after the layout is made."""

    def get_tightbbox(self, renderer: RendererBase | None = None) -> Bbox | None:
        """Return its box with the height of the axes."""
        box = super().get_tightbbox(renderer)
        return (
            box
            if box is None or self.axes is None
            else Bbox.from_extents(box.x0, self.axes.bbox.y0, box.x1, self.axes.bbox.y1)
        )


def _whole(text: str, width: float, size: float) -> str:
    """Return a label in three lines, or in as many more as it takes not to cut it."""
    tries = [wrap(text, width, size, lines=lines) for lines in (3, 4, 5, 6)]
    return next((label for label in tries if not label.endswith("…")), tries[0])


class EndLabels(Artist):
    """Labels to the right of axes, arranged anew whenever they are drawn (so they follow a resize or a zoom)."""

    def __init__(self, ax: Axes, ends: Sequence[End], style: Style, width: float, size: float) -> None:
        super().__init__()
        self.set_zorder(-10)  # drawn first, so that the labels are in place when their turn comes
        self.ends = sorted(ends, key=lambda end: end.rank)
        self.style = style
        self.gap = size * 1.0
        self.labels: list[Annotation] = []
        self.leaders: list[Line2D] = []
        for end in self.ends:
            color = readable(end.color)
            label = _EndLabel(
                _whole(end.text, width, end.part * size),
                (1.0, end.y if np.isfinite(end.y) else ax.get_ylim()[0]),
                xycoords=("axes fraction", "data"),
                xytext=(self.gap, 0),
                textcoords="offset points",
                va="center",
                ha="left",
                color=color,
                fontsize=end.part * size,
                annotation_clip=False,
                linespacing=1.0,
            )
            label.set_gid("end-label")
            label.set_transform(IdentityTransform())
            ax.add_artist(label)
            label.set_clip_on(False)
            leader = Line2D([], [], color=end.color, linewidth=max(0.5, style.line / 3), clip_on=False)
            leader.set_transform(IdentityTransform())
            leader.set_in_layout(False)
            leader.set_gid("leader")
            ax.add_artist(leader)
            self.labels.append(label)
            self.leaders.append(leader)
        ax.add_artist(self)

    def get_tightbbox(self, renderer: RendererBase | None = None) -> Bbox | None:
        """Return nothing: the labels count for the layout themselves."""
        return None

    def draw(self, renderer: RendererBase) -> None:
        """Put every label and its leader in place."""
        ax = self.axes
        if ax is None or not self.labels or not self.get_visible():
            return
        box = ax.bbox
        heights = np.array([label.get_window_extent(renderer).height for label in self.labels])
        points = ax.transData.transform([(end.x, end.y) for end in self.ends])
        points = np.nan_to_num(points, nan=box.y0)
        wanted = np.clip(points[:, 1], box.y0, box.y1)
        point = ax.figure.dpi / 72
        places = spread(wanted, heights + 0.12 * self.style.text * point, box.y0 - 0.5 * heights[0], box.y1)
        for end, label, leader, (x, _), y, place in zip(
            self.ends, self.labels, self.leaders, points, wanted, places, strict=True
        ):
            label.set_position((self.gap, (place - y) / point))
            label.xy = (1.0, float(ax.transData.inverted().transform((x, y))[1]))
            right = box.x1
            near, far = right + 0.15 * self.gap * point, right + 0.85 * self.gap * point
            if not np.isfinite(end.y):
                continue
            moved = abs(place - y) > 0.35 * self.style.text * point
            if moved or x < right - 2:
                leader.set_data([min(x, right), near, far], [y, y, place])
            else:
                leader.set_data([], [])
