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

_STAGGER, _TRIES, _SEED = 0.16, 6, 11
"""Shift of every second column in rows; starts of the search; seed of the search."""


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
    for attempt in range(_TRIES):
        place = np.empty(n, int)
        for group in np.unique(belongs):
            free = np.flatnonzero(owner == group)
            members = np.flatnonzero(belongs == group)
            place[members] = (free if attempt == 0 else generator.permutation(free))[: len(members)]
        cost, place = _improve(place, slots, owner, belongs, links)
        if cost < best - 1e-9:
            best, best_place = cost, place
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


def _improve(place: Any, slots: Array, owner: Any, belongs: Any, links: Sequence[Link]) -> tuple[float, Any]:
    """Return the cost and the places after swaps (with a node or an empty slot) that each made it smaller."""
    cost = _cost(slots[place], links)
    for _ in range(12):
        before = cost
        for i in range(len(place)):
            for slot in np.flatnonzero(owner == belongs[i]):
                if slot == place[i]:
                    continue
                trial = place.copy()
                trial[place == slot] = place[i]
                trial[i] = slot
                price = _cost(slots[trial], links)
                if price < cost - 1e-9:
                    cost, place = price, trial
        if cost > before - 1e-9:
            break
    return cost, place


def _cost(points: Array, links: Sequence[Link]) -> float:
    """Return what a reader pays: long lines, crossings, lines through nodes, and distance from the middle."""
    spread = 0.02 * float(((points - points.mean(0)) ** 2).sum())
    if not links:
        return spread
    ends = np.array([(a, b) for a, b, _ in links])
    weight = np.array([w for _, _, w in links])
    a, b = points[ends[:, 0]], points[ends[:, 1]]
    along = b - a
    length = np.hypot(along[:, 0], along[:, 1])
    total = float((weight * length**1.5).sum()) + spread
    # distance of every node from every line, at the nearest point inside it
    to = points[None] - a[:, None]
    share = np.clip((to * along[:, None]).sum(-1) / np.maximum(length[:, None] ** 2, 1e-12), 0, 1)
    gap = np.hypot(*np.moveaxis(to - share[..., None] * along[:, None], -1, 0))
    gap[np.arange(len(ends)), ends[:, 0]] = gap[np.arange(len(ends)), ends[:, 1]] = 9
    total += float((weight[:, None] * 3 * np.clip(0.45 - gap, 0, None) / 0.45).sum())
    side_a = _side(a[:, None], b[:, None], a[None]) * _side(a[:, None], b[:, None], b[None])
    crossing = (side_a < -1e-9) & (side_a.T < -1e-9)
    return total + float((crossing * np.minimum(weight[:, None], weight[None])).sum()) * 0.6


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


def clipped(curve: Array, boxes: Sequence[tuple[Array, Array]]) -> Array:
    """Return the part of a curve that lies outside all boxes, given as (center, half size)."""
    keep = np.ones(len(curve), bool)
    for center, half in boxes:
        keep &= np.any(np.abs(curve - center) > half, axis=1)
    inside = np.flatnonzero(keep)
    return curve[inside[0] : inside[-1] + 1] if len(inside) else curve[:0]


def length_of(curve: Array) -> float:
    """Return the length of a polyline."""
    return float(sum(math.dist(p, q) for p, q in pairwise(curve.tolist())))
