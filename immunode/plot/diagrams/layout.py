"""Where the states of a diagram stand: on a staggered grid, so that lines are short, cross little and pass no state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from immunode.plot.kit.arrays import Array

Link = tuple[int, int, float]
"""Two nodes and the weight of the line between them."""

_STAGGER, _SEED = 0.16, 11
"""Shift of every second column in rows; seed of the search."""
_TRIES = ((14, 6), (24, 2))
"""Starts of the search for up to so many nodes; one for more."""
_NEAR = 0.45
"""Distance in columns within which a line passes a node too closely."""


def grid_of(n: int, wide: float) -> tuple[int, int]:
    """Return (columns, rows) for `n` nodes on a page `wide` times as wide as high."""
    best, shape = math.inf, (1, n)
    for columns in range(1, n + 1):
        rows = math.ceil(n / columns)
        empty = columns * rows - n
        cell = (wide / columns) / (1 / rows)  # width over height of a cell
        cost = abs(math.log(cell / 1.35)) + 0.12 * empty
        if cost < best:
            best, shape = cost, (columns, rows)
    return shape


def arrange(n: int, links: Sequence[Link], columns: int, rows: int, groups: Sequence[int] = ()) -> Array:
    """Return the places of `n` nodes, shape (n, 2): column from 0, row from 0 (the top), staggered.

    groups : the group of each node; groups stand in blocks of whole columns, in order.
    """
    belongs = np.asarray(groups or [0] * n)
    slots, owner = _slots(belongs, columns, rows)
    generator = np.random.default_rng(_SEED)
    best, best_place = math.inf, np.zeros(n, int)
    for attempt in range(next((tries for most, tries in _TRIES if n <= most), 1)):
        place = np.empty(n, int)
        for group in np.unique(belongs):
            free = np.flatnonzero(owner == group)
            members = np.flatnonzero(belongs == group)
            place[members] = (free if attempt == 0 else generator.permutation(free))[: len(members)]
        search = _Search(slots, owner, belongs, links, place)
        search.improve()
        if search.cost < best - 1e-9:
            best, best_place = search.cost, search.place
    return np.asarray(slots[best_place])


def _slots(belongs: Any, columns: int, rows: int) -> tuple[Array, Any]:
    """Return the places there are, shape (n_slots, 2), and the group that each is for; groups get whole columns."""
    known = np.unique(belongs).tolist()
    wide = [math.ceil(int((belongs == group).sum()) / rows) for group in known]
    if len(wide) == 1:
        wide = [max(columns, wide[0])]
    places, owner, first = [], [], 0
    for group, width in zip(known, wide, strict=True):
        for column in range(first, first + width):
            for row in range(rows):
                places.append((float(column), row + (_STAGGER if column % 2 else -_STAGGER)))
                owner.append(group)
        first += width
    return np.array(places), np.array(owner)


class _Search:
    """Swaps of nodes, with each other or with an empty slot, that each make what a reader pays smaller.

    Paid for: long lines, crossings, lines past nodes that they do not belong to, and distance from the middle.
    """

    def __init__(self, slots: Array, owner: Any, belongs: Any, links: Sequence[Link], place: Any) -> None:
        self.slots, self.owner, self.belongs, self.place = slots, owner, belongs, place
        self.points = slots[place]
        self.ends = np.array([(a, b) for a, b, _ in links], dtype=int).reshape(-1, 2)
        self.weight = np.array([w for _, _, w in links], dtype=float)
        self.lines = [np.flatnonzero(np.any(self.ends == v, axis=1)) for v in range(len(place))]
        every = np.arange(len(self.weight))
        self.cost = self._length(self.points, every) + self._clutter(self.points, every, np.arange(len(place)))
        self.cost += self._spread(self.points)

    def improve(self) -> None:
        """Swap until nothing is gained."""
        for _ in range(12):
            before = self.cost
            for i in range(len(self.place)):
                for slot in np.flatnonzero(self.owner == self.belongs[i]):
                    if slot != self.place[i]:
                        self._try(i, int(slot))
            if self.cost > before - 1e-9:
                break

    def _try(self, i: int, slot: int) -> None:
        """Move a node to a slot, and who stands there to its own, if that costs less."""
        moved = [i, *np.flatnonzero(self.place == slot).tolist()]
        points = self.points.copy()
        points[moved] = points[[*reversed(moved)]] if len(moved) == 2 else self.slots[slot]
        lines = np.unique(np.concatenate([self.lines[v] for v in moved]))
        gain = self._length(self.points, lines) - self._length(points, lines)
        gain += self._spread(self.points) - self._spread(points)
        clutter = self._clutter(self.points, lines, moved)
        if gain + clutter <= 1e-9:  # even without any clutter nothing would be gained
            return
        gain += clutter - self._clutter(points, lines, moved)
        if gain > 1e-9:
            self.place[moved] = self.place[[*reversed(moved)]] if len(moved) == 2 else slot
            self.points, self.cost = points, self.cost - gain

    def _spread(self, points: Array) -> float:
        return 0.02 * float(((points - points.mean(0)) ** 2).sum())

    def _length(self, points: Array, lines: Any) -> float:
        along = points[self.ends[lines, 1]] - points[self.ends[lines, 0]]
        return float((self.weight[lines] * np.hypot(along[:, 0], along[:, 1]) ** 1.5).sum())

    def _clutter(self, points: Array, lines: Any, nodes: Sequence[int] | Any) -> float:
        """Return what crossings of these lines cost, and passings of them by any node or of these nodes by any line."""
        if not len(self.weight):
            return 0.0
        mine = np.zeros(len(self.weight), bool)
        mine[lines] = True
        total = self._passed(points, lines, np.arange(len(points))) + self._passed(points, np.flatnonzero(~mine), nodes)
        a, b = points[self.ends[:, 0]], points[self.ends[:, 1]]
        c, d = a[lines], b[lines]
        crossing = (_side(c[:, None], d[:, None], a[None]) * _side(c[:, None], d[:, None], b[None]) < -1e-9) & (
            _side(a[None], b[None], c[:, None]) * _side(a[None], b[None], d[:, None]) < -1e-9
        )
        price = 0.6 * crossing * np.minimum(self.weight[lines][:, None], self.weight[None])
        return total + float((price * np.where(mine, 1, 2)).sum())

    def _passed(self, points: Array, lines: Any, nodes: Any) -> float:
        """Return what it costs that lines come near to nodes, at the nearest point inside them."""
        if not len(lines) or not len(nodes):
            return 0.0
        nodes = np.asarray(nodes)
        ends = self.ends[lines]
        a = points[ends[:, 0]]
        along = points[ends[:, 1]] - a
        to = points[nodes][None] - a[:, None]
        size = np.maximum((along**2).sum(1), 1e-12)
        share = np.clip((to * along[:, None]).sum(-1) / size[:, None], 0, 1)
        off = to - share[..., None] * along[:, None]
        gap = np.hypot(off[..., 0], off[..., 1])
        gap[(nodes[None] == ends[:, :1]) | (nodes[None] == ends[:, 1:])] = 9
        return float((self.weight[lines][:, None] * 3 * np.clip(_NEAR - gap, 0, None) / _NEAR).sum())


def _side(a: Array, b: Array, c: Array) -> Array:
    """Return on which side of the line from a to b the point c stands, as a signed area."""
    return np.asarray(
        (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
    )


def bezier(start: Array, end: Array, bend: float, n: int = 24) -> Array:
    """Return points on a curve from start to end, shape (n, 2), bent sideways by `bend` of its length."""
    along = end - start
    control = (start + end) / 2 + 2 * bend * np.array([-along[1], along[0]]) / 2
    t = np.linspace(0, 1, n)[:, None]
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)


def length_of(curve: Array) -> float:
    """Return the length of a polyline."""
    return float(sum(math.dist(p, q) for p, q in pairwise(curve.tolist())))
