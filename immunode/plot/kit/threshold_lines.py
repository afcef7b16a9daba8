"""Thin named lines at levels that readers know, such as remission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from immunode.plot.kit.arrays import Array
from immunode.plot.kit.style import FAINT, Style
from immunode.plot.kit.text import width_of

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


def draw_thresholds(ax: Axes, levels: Levels, curves: Sequence[Array], style: Style) -> None:
    """Draw thin lines with their names, at the end of the axis where the curves stay farther away.

    The name stands above its line; that of the lowest of several below, since levels are often close to each other.

    curves : shape (n_times,) each, in the unit of the levels.
    """
    lowest = min((level for _, level in levels), default=0.0) if len(levels) > 1 else -np.inf
    for name, level in levels:
        below = level == lowest
        ax.axhline(level, color=FAINT, linewidth=max(0.6, style.line / 3), linestyle=(0, (6, 3)), zorder=1, gid="level")
        width = width_of(name, style.least) + style.least
        share = min(width / max(style.width * 72 * 0.6, 1.0), 0.6)
        left, right = (_distance(curves, level, end, share) for end in (False, True))
        at_right = right > left
        ax.annotate(
            name, (1.0 if at_right else 0.0, level), xycoords=("axes fraction", "data"),
            xytext=((-0.3 if at_right else 0.3) * style.least, (-0.25 if below else 0.2) * style.least),
            textcoords="offset points", ha="right" if at_right else "left", va="top" if below else "bottom",
            fontsize=style.least, color=FAINT, gid="level-name",
        )  # fmt: skip


def _distance(curves: Sequence[Array], level: float, end: bool, share: float) -> float:
    """Return how near the curves come to a level in the first or last share of their samples."""
    nearest = np.inf
    for curve in curves:
        n = max(1, round(share * curve.size))
        part = curve[-n:] if end else curve[:n]
        part = part[np.isfinite(part)]
        if part.size:
            nearest = min(nearest, float(np.min(np.abs(part - level))))
    return nearest
