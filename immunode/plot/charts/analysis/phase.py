"""Phase planes: steady states by kind, nullclines, flow, trajectories and the border between basins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from immunode.errors import StudyError
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import make_panels, write_note
from immunode.plot.kit.point_names import PointName, PointNames, key
from immunode.plot.kit.style import FAINT, INK, PALETTE, Style, find_style, styled
from immunode.plot.kit.text import quantity_label, scale_axis, wrap

FILLED = ("stable node", "stable spiral")
SHAPES = {
    "stable node": "o", "stable spiral": "s", "saddle": "D", "unstable node": "o", "unstable spiral": "s",
    "center": "o", "not hyperbolic": "X",
}  # fmt: skip
X_LINE, Y_LINE, BORDER = PALETTE[1], PALETTE[2], PALETTE[4]
X_DASH: Any = "-"
Y_DASH: Any = (0, (6, 1.5, 1.2, 1.5))
"""On gray paper both nullclines are equally dark."""


def steady_points(
    x: Array,
    y: Array,
    kinds: Sequence[str],
    *,
    x_label: str,
    y_label: str,
    x_unit: str = "",
    y_unit: str = "",
    log: tuple[str, ...] | None = None,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a figure of steady states by kind: stable ones filled, saddles as diamonds, the others open.

    Parameters
    ----------
    x, y : ndarray
        shape (n,).
    kinds : Sequence[str]
        n names.
    log : tuple[str, ...] | None
        labels of log axes; default where values are positive over decades.

    Raises
    ------
    StudyError
        nothing to draw.
    """
    if not len(x):
        raise StudyError("points: nothing to draw")
    look = find_style(style, axes)
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        logs = tuple(_is_log(v) if log is None else name in log for v, name in ((x, x_label), (y, y_label)))
        seen = np.all([(v > 0) | (not far) for v, far in zip((x, y), logs, strict=True)], axis=0)
        name_axes(ax, (x, y), (x_label, y_label), (x_unit, y_unit), logs, look)
        shown = [(float(x[k]), float(y[k]), kinds[k]) for k in range(len(x)) if seen[k]]
        draw_points(ax, shown, look, named=False)
        if missing := len(x) - len(shown):
            many = f"{missing} steady states" if missing > 1 else "1 steady state"
            write_note(figure, f"not shown: {many} at 0, which a log axis doesn't reach", look)
        present = list(dict.fromkeys(kind for _, _, kind in shown))
        handles = [
            Line2D([], [], linestyle="", marker=SHAPES[k], markersize=0.6 * look.text, color=INK, **_face(k))
            for k in present
        ]
        key(ax, handles, present, look, handle=0.8)
    return figure


def phase_plane(
    x: Array,
    y: Array,
    rates: tuple[Array, Array],
    *,
    fixed: Sequence[tuple[float, float, str]] = (),
    borders: Sequence[tuple[Array, Array]] = (),
    paths: Sequence[tuple[Array, Array]] = (),
    x_label: str,
    y_label: str,
    x_unit: str = "",
    y_unit: str = "",
    log: tuple[bool, bool] = (False, False),
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a phase plane: nullclines, arrows of the flow, steady states, borders between basins, trajectories.

    Parameters
    ----------
    x, y : ndarray
        grid, shapes (n_x,) and (n_y,).
    rates : tuple[ndarray, ndarray]
        rates of change of x and y, each shape (n_y, n_x).
    fixed : Sequence[tuple[float, float, str]]
        (x, y, kind).
    borders, paths : Sequence[tuple[ndarray, ndarray]]
        (x, y) of curves.
    log : tuple[bool, bool]
        which axes are logarithmic.
    """
    look = find_style(style, axes)
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        name_axes(ax, (x, y), (x_label, y_label), (x_unit, y_unit), log, look, exact_x=True, exact_y=True)
        _arrows(ax, x, y, rates, log, look)
        handles, names, lines = [], [], [*borders, *paths]
        for rate, color, dash, name in ((rates[0], X_LINE, X_DASH, x_label), (rates[1], Y_LINE, Y_DASH, y_label)):
            scale = np.nanmedian(np.abs(rate)) or 1.0
            if np.nanmin(rate) < 0 < np.nanmax(rate):
                drawn = ax.contour(x, y, np.arcsinh(rate / scale), levels=[0.0], colors=[color], linewidths=look.line)
                drawn.set_linestyle(dash)
                for path in drawn.get_paths():
                    parts = (np.asarray(part, dtype=float) for part in path.to_polygons(closed_only=False))
                    lines += [(part[:, 0], part[:, 1]) for part in parts]
                handles.append(Line2D([], [], color=color, linestyle=dash, linewidth=look.line))
                names.append(f"no change of {name}")
        for across, up in borders:
            ax.plot(across, up, color=BORDER, linewidth=0.8 * look.line, linestyle=(0, (4, 1.5)), gid="border")
        if borders:
            handles.append(Line2D([], [], color=BORDER, linewidth=0.8 * look.line, linestyle=(0, (4, 1.5))))
            names.append("border between basins")
        for across, up in paths:
            ax.plot(across, up, color=INK, linewidth=0.6 * look.line, gid="path")
            ax.plot(across[:1], up[:1], ".", color=INK, markersize=0.5 * look.text, gid="path")
        draw_points(ax, [p for p in fixed if _seen(ax, p)], look, named=True, lines=lines)
        key(ax, handles, names, look)
    return figure


def name_axes(
    ax: Axes,
    values: tuple[Array, ...],
    labels: tuple[str, str],
    units: tuple[str, str],
    log: Sequence[bool],
    look: Style,
    *,
    exact_x: bool = False,
    exact_y: bool = False,
) -> None:
    """Scale both axes for their values and write names and units beside them."""
    wide, high = 0.75 * look.width * 72, 0.68 * look.height * 72
    for which, k, exact, room in (("x", 0, exact_x, wide), ("y", 1, exact_y, high)):
        power = scale_axis(ax, which, values[k], look, log=log[k], exact=exact)
        text = wrap(quantity_label(labels[k], units[k], power), room, look.text, lines=2)
        (ax.set_xlabel if which == "x" else ax.set_ylabel)(text, fontsize=look.text)


def draw_points(
    ax: Axes,
    fixed: Sequence[tuple[float, float, str]],
    look: Style,
    *,
    named: bool,
    lines: Sequence[tuple[Array, Array]] = (),
) -> None:
    """Draw steady states (x, y, kind): stable ones filled, saddles as diamonds, the others open.

    named : with their kinds beside them, clear of `lines`, (x, y) of curves.
    """
    for x, y, kind in fixed:
        ax.plot(
            [x], [y], SHAPES.get(kind, "o"), color=INK, markersize=0.6 * look.text, markeredgewidth=0.11 * look.text,
            clip_on=False, zorder=6, gid="fixed", **_face(kind),
        )  # fmt: skip
    if named:
        PointNames(ax, [PointName(x, y, kind, INK) for x, y, kind in fixed], look, lines)


def _arrows(ax: Axes, x: Array, y: Array, rates: tuple[Array, Array], log: tuple[bool, bool], look: Style) -> None:
    """Draw the direction of flow as it looks on the axes, all arrows of one length."""
    columns = np.unique(np.linspace(0, len(x) - 1, 22).astype(int))[1:-1]
    rows = np.unique(np.linspace(0, len(y) - 1, 15).astype(int))[1:-1]
    xs, ys = np.meshgrid(x[columns], y[rows])
    across, up = (rate[np.ix_(rows, columns)] for rate in rates)
    spans = [np.log(v[-1] / v[0]) if far else v[-1] - v[0] for v, far in ((x, log[0]), (y, log[1]))]
    across = (across / xs if log[0] else across) / spans[0] * 0.82 * look.width
    up = (up / ys if log[1] else up) / spans[1] * 0.72 * look.height
    length = np.hypot(across, up)
    with np.errstate(all="ignore"):
        across, up = across / length, up / length
    ax.quiver(
        xs, ys, across, up, angles="uv", pivot="mid", color=FAINT, alpha=0.45, scale=38, width=0.0022, headwidth=4,
        headlength=4.5, headaxislength=4, zorder=1,
    )  # fmt: skip


def _face(kind: str) -> dict[str, Any]:
    return {} if kind in FILLED else {"markerfacecolor": "white"}


def _seen(ax: Axes, point: tuple[float, float, str]) -> bool:
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    return left <= point[0] <= right and low <= point[1] <= high


def _is_log(values: Array) -> bool:
    good = values[np.isfinite(values)]
    return bool(good.size and (good > 0).all() and good.max() > 1e3 * good.min())
