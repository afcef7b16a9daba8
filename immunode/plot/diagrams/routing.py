"""The lines of a diagram: curves between icons that pass few others, and short arrows from and to nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from immunode.plot.diagrams.icons import inside
from immunode.plot.diagrams.layout import bezier
from immunode.plot.kit.arrays import Array

BENDS = (0.0, 0.18, -0.18, 0.36, -0.36, 0.6, -0.6)
"""How far a curve may leave the straight line, in parts of its length; the first that is free is taken."""
_ANGLES = tuple(np.radians([180, 0, 270, 90, 225, 315, 135, 45]))
_FINE = 49


@dataclass(slots=True)
class Router:
    """Draws curves one after the other on a page; each later one avoids those before.

    centers, kinds : of the icons by name.   radius : of icons.   text : size of letters, the measure of all gaps.
    below : room for a label below each icon, as (half width, height), which curves cross only where they must.
    """

    size: tuple[float, float]
    text: float
    radius: float
    centers: Mapping[str, Array]
    kinds: Mapping[str, str]
    below: tuple[float, float]
    used: list[Array] = field(default_factory=list)
    _boxes: list[tuple[Array, Array, Array]] = field(default_factory=list)

    def between(self, start: Array, end: Array, own: Sequence[str]) -> Array:
        """Return the curve between two points that passes the fewest icons and lines, without what lies in its own."""
        choices = [self.outside(bezier(start, end, bend, _FINE), own) for bend in BENDS]
        costs = [
            self.price(curve, own) + 1.5 * abs(bend) if len(curve) > 2 else np.inf
            for curve, bend in zip(choices, BENDS, strict=True)
        ]
        best = choices[int(np.argmin(costs))]
        curve = best if len(best) > 2 else bezier(start, end, 0.3, _FINE)
        self._use(curve)
        return curve

    def across(self, start: Array, end: Array, own: Sequence[str]) -> Array:
        """Return a bent curve between two points that avoids nothing and is not avoided: one that is seen alone."""
        return self.outside(bezier(start, end, BENDS[1], _FINE), own)

    def outside(self, curve: Array, own: Sequence[str]) -> Array:
        """Return the part of a curve between the icons that it belongs to, which it does not touch."""
        keep = np.ones(len(curve), bool)
        for name in own:
            keep &= ~inside(curve, self.kinds[name], self.centers[name], self.radius + 0.3 * self.text)
        left = np.flatnonzero(keep)
        return curve[left[0] : left[-1] + 1] if len(left) else curve[:0]

    def price(self, curve: Array, own: Sequence[str]) -> float:
        """Return how much a curve disturbs: points inside icons and labels, close to other lines, off the page."""
        names = list(self.centers)
        belongs = np.array([name in own for name in names])
        off = np.abs(curve[:, None] - np.array([self.centers[name] for name in names]))
        reach = self.radius + 0.35 * self.text
        covered = np.hypot(off[..., 0], off[..., 1]) < reach
        cost = 0.5 * float(covered[:, ~belongs].sum())
        down = curve[:, None, 1] - np.array([self.centers[name][1] for name in names]) - self.radius
        labelled = (off[..., 0] < self.below[0]) & (down > 0) & (down < self.below[1])
        cost += float((labelled * np.where(belongs, 0.12, 0.25)).sum())
        good = np.all((curve > 2) & (curve < np.array(self.size) - 2), axis=1)
        cost += 2.0 * float((~good).sum())
        near = 0.5 * self.text
        low, high = curve.min(axis=0) - near, curve.max(axis=0) + near
        for other, least, most in self._boxes:
            if np.all(least < high) and np.all(most > low):
                gap = np.hypot(*np.moveaxis(curve[:, None] - other[None], -1, 0)).min(axis=1)
                cost += 0.06 * float((gap < near).sum())
        return cost

    def _use(self, curve: Array) -> None:
        """Note a curve that later ones avoid."""
        self.used.append(curve)
        if len(curve):
            self._boxes.append((curve[::3], curve.min(axis=0), curve.max(axis=0)))

    def stub(self, name: str, inward: bool, pull: Sequence[Array]) -> Array:
        """Return a short straight arrow from or to nowhere on the freest side of an icon.

        pull : places of what acts on it; it stands on their side.
        """
        center, best, chosen = self.centers[name], np.inf, np.zeros((2, 2))
        reach = max(2.3 * self.text, 0.8 * self.radius)
        for rank, angle in enumerate(_ANGLES if inward else (*_ANGLES[1::2], *_ANGLES[0::2])):
            way = np.array([np.cos(angle), np.sin(angle)])
            ray = np.linspace(center + way * (self.radius + 0.3 * self.text + reach), center, _FINE)
            edge = self.outside(ray, (name,))[-1]
            curve = np.linspace(edge + way * reach, edge, 13)
            room = curve[0] + way * self.text * np.array([1.6, 0.7])
            cost = self.price(np.concatenate([curve, [room]]), (name,)) + 0.05 * rank
            cost += sum(0.3 * (1 - float(way @ (p - center)) / (np.hypot(*(p - center)) + 1e-9)) for p in pull)
            if cost < best:
                best, chosen = cost, curve if inward else curve[::-1]
        self._use(chosen)
        return chosen
