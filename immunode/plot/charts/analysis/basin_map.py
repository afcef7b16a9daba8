"""Basins of attraction: which start ends where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from immunode.errors import StudyError
from immunode.plot.charts.analysis.phase import BORDER, draw_points, name_axes
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import make_panels
from immunode.plot.kit.point_names import key
from immunode.plot.kit.style import GRID, PALETTE, Style, find_style, lightness, styled

COLORS = (PALETTE[1], PALETTE[2], PALETTE[3], PALETTE[5], PALETTE[6], PALETTE[7], PALETTE[4])

LIGHTEST_LAST = (66.0, 86.0)
"""Lightness (CIE L*) of the first and the last basin: they differ on gray paper too."""


def _lightened(color: str, goal: float) -> str:
    """Return a color mixed with white until it is as light as `goal`, in CIE L*."""
    low, high = 0.0, 1.0
    for _ in range(20):
        share = (low + high) / 2
        red, green, blue = (share * c + 1 - share for c in to_rgb(color))
        mixed = to_hex((red, green, blue))
        low, high = (share, high) if lightness(mixed) > goal else (low, share)
    return mixed


def basins(
    x: Array,
    y: Array,
    where: NDArray[np.intp],
    names: Sequence[str],
    *,
    fixed: Sequence[tuple[float, float, str]] = (),
    borders: Sequence[tuple[Array, Array]] = (),
    x_label: str,
    y_label: str,
    x_unit: str = "",
    y_unit: str = "",
    log: tuple[bool, bool] = (False, False),
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a map of which start ends where, with steady states and the border between basins.

    Parameters
    ----------
    x, y : ndarray
        grid of starts, shapes (n_x,), (n_y,).
    where : ndarray
        shape (n_y, n_x), index into `names`; -1 is elsewhere.
    fixed : Sequence[tuple[float, float, str]]
        (x, y, kind).
    borders : Sequence[tuple[ndarray, ndarray]]
        (x, y) of curves.
    log : tuple[bool, bool]
        which axes are logarithmic.

    Raises
    ------
    StudyError
        more ends than colors.
    """
    if len(names) > len(COLORS):
        raise StudyError(f"basins: {len(names)} ends; a map shows {len(COLORS)} at most")
    look = find_style(style)
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        name_axes(ax, (x, y), (x_label, y_label), (x_unit, y_unit), log, look, exact_x=True, exact_y=True)
        steps = np.linspace(*LIGHTEST_LAST, max(len(names), 2)).tolist()
        light = [_lightened(color, step) for color, step in zip(COLORS, steps[: len(names)], strict=False)]
        shades = ListedColormap([GRID, *light])
        ax.pcolormesh(
            x, y, where + 1, cmap=shades, vmin=-0.5, vmax=len(names) + 0.5, shading="nearest", rasterized=True
        )
        for across, up in borders:
            ax.plot(across, up, color=BORDER, linewidth=0.8 * look.line, linestyle=(0, (4, 1.5)), gid="border")
        ax.set_xlim(x[0], x[-1])
        ax.set_ylim(y[0], y[-1])
        inside = [p for p in fixed if x[0] <= p[0] <= x[-1] and y[0] <= p[1] <= y[-1]]
        draw_points(ax, inside, look, named=True, lines=borders)
        shown = [k for k in (*range(len(names)), -1) if (where == k).any()]
        texts = ["elsewhere" if k < 0 else f"to {names[k]}" for k in shown]
        key(ax, [Patch(facecolor=GRID if k < 0 else light[k]) for k in shown], texts, look, handle=1.2)
    return figure
