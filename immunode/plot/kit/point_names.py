"""Names beside points, and the key above axes: both find room for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import root_figure
from immunode.plot.kit.panel import Room, panel_room
from immunode.plot.kit.style import FAINT, Style, readable
from immunode.plot.kit.text import width_of, wrap

RINGS = (0.7, 1.6, 2.7, 4.0, 5.5, 7.5, 10.0, 13.0)
"""Distances from a point at which places for its name are tried, in sizes of its text."""
ANGLES = np.deg2rad([40, -40, 140, -140, 0, 180, 90, -90, 20, -20, 160, -160, 65, -65, 115, -115])
MOST_NAMED = 12
"""More points than this are not named."""
ROUNDS = 3
"""How often names are placed anew once all have a place."""
FAR, COVERED, LINED, CROSSED, OUTSIDE = 2.0, 60.0, 2.0, 15.0, 400.0
"""What a place costs: for each size of distance, covering all of its own area, 1/10 of its length on a line, a leader
through a name, point or leader, its width outside."""


@dataclass(frozen=True, slots=True)
class PointName:
    """What is written beside a point: its place in the data, text and color."""

    x: float
    y: float
    text: str
    color: str


class PointNames(Artist):
    """Names beside points, arranged anew whenever they are drawn (so they follow a resize or a zoom).

    A name takes the place near its point where it covers no other point, name or line, if there is one.
    """

    def __init__(
        self, ax: Axes, names: Sequence[PointName], style: Style, lines: Sequence[tuple[Array, Array]] = ()
    ) -> None:
        super().__init__()
        self.set_zorder(-10)  # drawn first, so that the names are in place when their turn comes
        self.names, self.lines, self.size = tuple(names), tuple(lines), style.small
        self.labels = []
        for name in self.names:
            label = ax.annotate(
                name.text, (name.x, name.y), xytext=(0.0, 0.0), textcoords="offset points", fontsize=self.size,
                color=readable(name.color), ha="left", va="baseline", annotation_clip=False, gid="name",
                arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": style.line / 5, "shrinkA": 0, "shrinkB": 3},
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5}, zorder=7,
            )  # fmt: skip
            label.set_in_layout(False)
            self.labels.append(label)
        ax.add_artist(self)

    def get_tightbbox(self, renderer: RendererBase | None = None) -> Bbox | None:
        """Return nothing: the names lie inside the axes."""
        return None

    def draw(self, renderer: RendererBase) -> None:
        """Put every name in its place."""
        ax = self.axes
        if ax is None or not self.labels or not self.get_visible():
            return
        point = ax.figure.dpi / 72
        box = ax.bbox
        corner = np.array([box.x0, box.y0])
        spots = (ax.transData.transform([(n.x, n.y) for n in self.names]) - corner) / point
        frame = np.array([box.width, box.height]) / point
        sizes = np.array(
            [(width_of(n.text, self.size) + 1, 1.2 * self.size + 1) for n in self.names]
        )  # with its ground
        places = _arranged(spots, sizes, self._drawn(ax, corner, point), frame, self.size)
        for label, place, spot in zip(self.labels, places, spots, strict=True):
            label.set_position((place[0] - spot[0], place[1] + 0.25 * self.size - spot[1]))

    def _drawn(self, ax: Any, corner: Array, point: float) -> Array:
        """Return points every 3 points (1/72 inch) along the lines, shape (n, 2), from the corner of the axes."""
        paths = [np.empty((0, 2))]
        for x, y in self.lines:
            with np.errstate(all="ignore"):
                path = (ax.transData.transform(np.column_stack([x, y])) - corner) / point
            path = path[np.isfinite(path).all(axis=1)]
            if len(path) < 2:
                continue
            path = np.clip(path, -1e4, 1e4)
            length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
            at = np.arange(0.0, length[-1], 3.0)
            paths.append(np.column_stack([np.interp(at, length, path[:, k]) for k in (0, 1)]))
        return np.concatenate(paths)


def _arranged(spots: Array, sizes: Array, drawn: Array, frame: Array, text: float) -> Array:
    """Return the lower left corners of names, shape (n, 2), in the coordinates of spots.

    spots : shape (n, 2), the points.   sizes : shape (n, 2), of the names.   drawn : shape (m, 2), points on lines.
    frame : width and height of the axes.   text : size of the text. All in points of 1/72 inch.
    """
    marks = np.concatenate([spots - 0.45 * text, spots + 0.45 * text], axis=1)
    tried = [_places(spot, size, text) for spot, size in zip(spots, sizes, strict=True)]
    own = [
        _own_costs(b, spots[k], sizes[k], marks, drawn, frame, text)
        + CROSSED * _crossings(_leaders(b, spots[k]), np.delete(marks, k, axis=0)).sum(axis=1)
        for k, b in enumerate(tried)
    ]
    chosen = [int(np.argmin(cost)) for cost in own]
    for _ in range(ROUNDS):
        for k, places in enumerate(tried):
            rest = [i for i in range(len(tried)) if i != k]
            cost = own[k].copy()
            if rest:
                others = np.array([tried[i][chosen[i]] for i in rest])
                cost += COVERED * _shared(places, others) / sizes[k].prod()
                mine = _leaders(places, spots[k])
                theirs = np.concatenate([_leaders(others[[j]], spots[i]) for j, i in enumerate(rest)])
                cost += CROSSED * (_crossings(mine, others).sum(axis=1) + _crossings(theirs, places).sum(axis=0))
                cost += CROSSED * _cut(mine, theirs).sum(axis=1)
            chosen[k] = int(np.argmin(cost))
    return np.array([places[i, :2] for places, i in zip(tried, chosen, strict=True)])


def _places(spot: Array, size: Array, text: float) -> Array:
    """Return boxes (left, bottom, right, top) around a point, shape (n, 4)."""
    ring, angle = (v.ravel() for v in np.meshgrid(RINGS, ANGLES, indexing="ij"))
    toward = np.column_stack([np.cos(angle), np.sin(angle)])
    # the side of the name that faces the point lies on the ring
    middle = spot + ring[:, None] * text * toward + toward * size / 2
    return np.concatenate([middle - size / 2, middle + size / 2], axis=1)


def _own_costs(boxes: Array, spot: Array, size: Array, marks: Array, drawn: Array, frame: Array, text: float) -> Array:
    """Return what the places of one name cost whatever the other names do, shape (n,)."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    on = (np.abs(drawn[None] - middle[:, None]) < size / 2 + 1.5).all(axis=2).sum(axis=1)
    out = np.clip(-boxes[:, :2], 0, None) + np.clip(boxes[:, 2:] - frame, 0, None)
    away = np.linalg.norm(np.clip(spot, boxes[:, :2], boxes[:, 2:]) - spot, axis=1) / text
    cost = FAR * away + COVERED * _shared(boxes, marks) / size.prod() + LINED * on * 3.0 / (0.1 * size[0])
    return np.asarray(cost + OUTSIDE * (out / size).sum(axis=1))


def _shared(boxes: Array, others: Array) -> Array:
    """Return the area that each of n boxes shares with m others, shape (n,)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray(np.clip(high - low, 0.0, None).prod(axis=2).sum(axis=1))


def _leaders(boxes: Array, spot: Array) -> Array:
    """Return points on the lines from a point to boxes, shape (n, 9, 2)."""
    end = np.clip(spot, boxes[:, :2], boxes[:, 2:])
    return np.asarray(spot + np.linspace(0.0, 1.0, 9)[:, None] * (end - spot)[:, None])


def _cut(leaders: Array, others: Array) -> NDArray[np.bool_]:
    """Return which of n leaders cross which of m others, shape (n, m)."""
    a, b = leaders[:, None, 0], leaders[:, None, -1]
    c, d = others[None, :, 0], others[None, :, -1]

    def side(p: Array, q: Array, r: Array) -> Array:
        return np.asarray((q - p)[..., 0] * (r - p)[..., 1] - (q - p)[..., 1] * (r - p)[..., 0])

    return np.asarray((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0))


def _crossings(leaders: Array, boxes: Array) -> NDArray[np.bool_]:
    """Return which of n leaders run through which of m boxes, shape (n, m)."""
    within = (leaders[:, :, None] > boxes[None, None, :, :2]) & (leaders[:, :, None] < boxes[None, None, :, 2:])
    return np.asarray(np.any(np.all(within, axis=3), axis=1))


def key(ax: Axes, handles: Sequence[Any], names: Sequence[str], style: Style, *, handle: float = 2.0) -> None:
    """Write a key above the axes, in as many columns as there is room for; what is too long for one is broken.

    handle : length of the drawn samples in sizes of the text.
    """
    if not handles:
        return
    room = panel_room(root_figure(ax), [ax], style, Room(0.0, style.text, 0)).width
    extra, gap = (handle + 0.6) * style.small, 1.2 * style.small
    names = [wrap(name, room - extra, style.small, lines=2) for name in names]
    columns = next(n for n in range(len(names), 0, -1) if n == 1 or _wide(names, n, style, extra, gap) <= room)
    ax.legend(
        handles, names, frameon=False, fontsize=style.small, loc="lower left", bbox_to_anchor=(0, 1.0),
        ncols=columns, borderaxespad=0.2, columnspacing=1.2, handlelength=handle, handletextpad=0.6,
    )  # fmt: skip


def _wide(names: Sequence[str], columns: int, style: Style, extra: float, gap: float) -> float:
    """Return the width in points of a key of so many columns, which matplotlib fills one after another."""
    ends = [0, *accumulate(len(part) for part in np.array_split(np.arange(len(names)), columns))]
    parts = [names[a:b] for a, b in pairwise(ends)]
    return sum(extra + max(width_of(n, style.small) for n in part) for part in parts) + gap * (columns - 1)
