"""Horizontal charts with one named row for each input: axes, the room beside bars, and colors of both directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.figure import make_panels
from immunode.plot.kit.style import INK, PALETTE, PAPER, Style
from immunode.plot.kit.text import width_of, wrap

UP, DOWN = PALETTE[2], PALETTE[1]
"""Colors of what raises and of what lowers an endpoint."""


LEAST = 8.0
"""Least size of names on a page of fixed height, in points."""


def hatch_down(bars: Iterable[Patch]) -> None:
    """Hatch bars of what lowers: on gray paper both colors are much the same."""
    for bar in bars:
        bar.set_hatch("//")
        # the line has no width: its color is that of the hatches, also in the figures of others
        bar.set(edgecolor=PAPER, hatchcolor=PAPER) if hasattr(bar, "set_hatchcolor") else bar.set(edgecolor=PAPER)


def row_axes(
    names: Sequence[str],
    style: Style,
    axes: Axes | None,
    title: str,
    *,
    pitch: float = 1.75,
    part: float = 0.32,
    below: float = 5.0,
) -> tuple[Figure, Axes, float, Style]:
    """Return a figure with one row a name, first on top; the width in points beside the names; the style of its texts.

    On a page of fixed height rows stand closer and names are set smaller, so that all find room, down to `LEAST`; more
    rows make the page taller.

    pitch : height of a row in sizes of its name, where there is room.   part : of the page that names may take.
    below : what stands above and below the rows, in sizes of the style's text.
    """
    if not len(names):
        raise StudyError("plot: there is nothing to draw")
    most = part * style.width * 72
    size = style.text if len(names) <= 14 else style.small
    head = style.head * 1.5 * (1 + (width_of(title, style.head, bold=True) > style.width * 72 - 14)) if title else 0.0
    room = style.height * 72 - head - below * style.text - 3
    while True:
        shown = [name if "\n" in name else wrap(name, most, size, lines=2) for name in names]
        lines = max(name.count("\n") + 1 for name in shown)
        closest = len(names) * (0.25 + 1.05 * lines) * size
        if not style.fixed or axes is not None or closest <= room or size <= LEAST:
            break
        size = max(size - 0.5, LEAST)
    usual = len(names) * (max(pitch, 0.6 + lines) if lines > 1 else pitch) * size
    high = closest if style.fixed and axes is None and usual > room else usual
    figure, (ax,) = make_panels(
        1, style, axes, row=(high + below * style.text) / 72, title=title, fit=axes is None and closest <= room
    )  # fmt: skip
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_yticks(range(len(names)), shown, fontsize=size, linespacing=1.0)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    wide = figure.get_figwidth() * 72 - max(width_of(s, size) for s in shown) - 3 * style.text
    return figure, ax, max(wide, 6 * style.text), replace(style, small=min(style.small, size))


def with_room(
    values: ArrayLike, left: Sequence[str], right: Sequence[str], wide: float, size: float
) -> tuple[float, float]:
    """Return the ends of an axis `wide` points long that leaves room for texts beside the bars of `values`.

    left, right : texts that may stand beyond the least, the largest value.
    """
    array = np.asarray(values, float)
    low, high = float(array.min()), float(array.max())
    span = (high - low) or abs(high) or 1.0
    rooms = [max((width_of(t, size) for t in side), default=-size) + 1.2 * size for side in (left, right)]
    point = span / max(wide - sum(rooms), 0.3 * wide)
    return low - rooms[0] * point, high + rooms[1] * point


def label_x(ax: Axes, text: str, wide: float, style: Style) -> None:
    """Write the label of a horizontal axis, broken where it would not fit."""
    ax.set_xlabel(wrap(text, wide, style.text, lines=2), fontsize=style.text, color=INK)
