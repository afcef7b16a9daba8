"""Bifurcation figures: branches over one parameter, and curves of their points over two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from immunode.errors import StudyError
from immunode.plot.charts.analysis.phase import name_axes
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import make_panels
from immunode.plot.kit.point_names import MOST_NAMED, PointName, PointNames, key
from immunode.plot.kit.style import INK, PALETTE, Style, find_style, styled
from immunode.plot.kit.text import number

STABLE, CYCLE = PALETTE[1], PALETTE[3]
MARKS = {
    "fold": ("o", PALETTE[2]),
    "Hopf": ("s", PALETTE[3]),
    "transcritical": ("D", PALETTE[4]),
    "pitchfork": ("^", PALETTE[6]),
    "branch point": ("P", PALETTE[7]),
    "cusp": ("o", PALETTE[0]),
    "Bogdanov-Takens": ("s", PALETTE[0]),
}
SAME = 1e-4
"""A point of a branch nearer than this part of its extent to a located point is that point."""


def bifurcation(
    branches: Sequence[tuple[Array, Array, NDArray[np.bool_]]],
    *,
    points: Sequence[tuple[str, float, float]] = (),
    cycles: Sequence[tuple[Array, Array, Array]] = (),
    x_label: str,
    y_label: str,
    x_unit: str = "",
    y_unit: str = "",
    x_log: bool = False,
    y_log: bool | None = None,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a bifurcation figure: stable states solid, unstable dashed, points named, extremes of cycles beside them.

    Parameters
    ----------
    branches : Sequence[tuple[ndarray, ndarray, ndarray]]
        (parameter, state, stable), each shape (n,).
    points : Sequence[tuple[str, float, float]]
        (kind, parameter, state).
    cycles : Sequence[tuple[ndarray, ndarray, ndarray]]
        (parameter, least, greatest), each shape (n,).
    x_log, y_log
        log axes; y_log None where states are above 0 and reach over three decades.

    Raises
    ------
    StudyError
        nothing to draw.
    """
    if not branches:
        raise StudyError("bifurcation: nothing to draw; pass (parameter, state, stable) of one branch or more")
    look = find_style(style)
    xs = np.concatenate([b[0] for b in branches])
    if not np.ptp(xs) > 0:
        raise StudyError(
            f"bifurcation: no branch leads away from {x_label} = {number(float(xs[0]), 4)}; "
            "steady states that are not isolated (a whole line of them) can't be followed"
        )
    ys = np.concatenate([*(b[1] for b in branches), *(np.concatenate([c[1], c[2]]) for c in cycles)])
    if y_log is None:
        y_log = bool((ys > 0).all() and ys.max() > 1e3 * ys.min())
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        extent = float(np.ptp(xs)), float(np.ptp(ys))
        for branch in branches:
            for part, good in _stretches(branch, points, extent):
                _draw_branch(ax, branch[0][part], branch[1][part], good, look)
        for parameter, least, greatest in cycles:
            for extreme in (least, greatest):
                ax.plot(
                    parameter, extreme, marker="o", markersize=0.3 * look.text, linewidth=0.5 * look.line, color=CYCLE,
                    gid="cycle",
                )  # fmt: skip
        name_axes(ax, (xs, ys), (x_label, y_label), (x_unit, y_unit), (x_log, y_log), look, exact_x=True)
        lines = [(b[0], b[1]) for b in branches] + [(c[0], c[k]) for c in cycles for k in (1, 2)]
        nothing = 1e-6 * extent[0]  # what rounding leaves of 0 is 0

        def say(kind: str, x: float) -> str:
            return f"{kind} {number(x if abs(x) > nothing else 0.0, 4)}"

        _mark(ax, points, look, say, lines, (x_log, y_log))
        _legend(ax, branches, bool(cycles), look)
    return figure


def bifurcation_curves(
    lines: Sequence[tuple[str, Array, Array]],
    *,
    points: Sequence[tuple[str, float, float]] = (),
    x_label: str,
    y_label: str,
    x_unit: str = "",
    y_unit: str = "",
    x_log: bool = False,
    y_log: bool = False,
    between: tuple[tuple[float, float], tuple[float, float]] | None = None,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a figure of curves of folds and Hopf points.

    Parameters
    ----------
    lines : Sequence[tuple[str, ndarray, ndarray]]
        (kind, x, y); points : (kind, x, y) on them.
    between : tuple[tuple[float, float], tuple[float, float]] | None
        ranges of x and y, the ends of the axes; default what the curves cover.

    Raises
    ------
    StudyError
        nothing to draw.
    """
    if not lines:
        raise StudyError("curves: nothing to draw; there is no fold or Hopf point to follow")
    look = find_style(style)
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        for kind, x, y in lines:
            color = MARKS[kind][1]
            dash: Any = "-" if kind == "fold" else (0, (6, 1.5))
            ax.plot(x, y, color=color, linestyle=dash, linewidth=look.line, gid=kind)
        spread = tuple(
            np.concatenate([line[k] for line in lines]) if between is None else np.array(between[k - 1]) for k in (1, 2)
        )
        exact = between is not None
        name_axes(
            ax, spread, (x_label, y_label), (x_unit, y_unit), (x_log, y_log), look, exact_x=exact, exact_y=exact
        )  # fmt: skip
        _mark(ax, points, look, lambda kind, _: kind, [(x, y) for _, x, y in lines], (x_log, y_log))
        shown = {kind: ax.lines[i] for i, (kind, _, _) in enumerate(lines)}
        names = {"fold": "fold: states appear or vanish", "Hopf": "Hopf: waves begin or end"}
        key(ax, list(shown.values()), [names[k] for k in shown], look)
    return figure


def _draw_branch(ax: Axes, x: Array, y: Array, stable: bool, look: Style) -> None:
    """Draw a stretch of one stability: solid where stable, else dashed."""
    ax.plot(
        x, y, linewidth=look.line, color=STABLE if stable else INK, linestyle="-" if stable else (0, (3, 1.6)),
        solid_capstyle="butt", gid="stable" if stable else "unstable",
    )  # fmt: skip


def _stretches(
    branch: tuple[Array, Array, NDArray[np.bool_]],
    points: Sequence[tuple[str, float, float]],
    extent: tuple[float, float],
) -> list[tuple[slice, bool]]:
    """Return the stretches of a branch of one stability; neighbors share a point, so that no gap is seen.

    A located point is neither stable nor unstable: what lies between it and its neighbor is like the neighbor.
    """
    parameter, state, stable = branch
    if len(stable) < 2:
        return [(slice(0, len(stable)), bool(stable.all()))]
    wide, high = extent
    still = np.zeros(len(stable), dtype=bool)
    for _, at, there in points:
        still |= (np.abs(parameter - at) <= SAME * wide) & (np.abs(state - there) <= SAME * high)
    good = np.where(still[:-1], stable[1:], stable[:-1])
    edges = [0, *(np.flatnonzero(np.diff(good)) + 1).tolist(), len(good)]
    return [(slice(a, b + 1), bool(good[a])) for a, b in pairwise(edges)]


def _mark(
    ax: Axes,
    points: Sequence[tuple[str, float, float]],
    look: Style,
    say: Callable[[str, float], str],
    lines: Sequence[tuple[Array, Array]],
    logs: tuple[bool, bool],
) -> None:
    """Draw the points that the axes can show, with what say(kind, x) returns beside each."""
    shown = [p for p in points if (p[1] > 0 or not logs[0]) and (p[2] > 0 or not logs[1])]
    for kind, x, y in shown:
        marker, color = MARKS[kind]
        ax.plot(
            [x], [y], marker, color=color, markersize=0.62 * look.text, markeredgecolor="white",
            markeredgewidth=0.06 * look.text, gid="point", clip_on=False, zorder=5,
        )  # fmt: skip
    if len(shown) <= MOST_NAMED:
        PointNames(ax, [PointName(x, y, say(kind, x), MARKS[kind][1]) for kind, x, y in shown], look, lines)


def _legend(ax: Axes, branches: Any, cycles: bool, look: Style) -> None:
    solid = Line2D([], [], color=STABLE, linewidth=look.line)
    dashed = Line2D([], [], color=INK, linewidth=look.line, linestyle=(0, (3, 1.6)))
    ring = Line2D([], [], color=CYCLE, marker="o", markersize=0.3 * look.text, linewidth=0.5 * look.line)
    handles, names = [], []
    for handle, name, present in (
        (solid, "stable", any(b[2].any() for b in branches)),
        (dashed, "unstable", any((~b[2]).any() for b in branches)),
        (ring, "cycle, extremes", cycles),
    ):
        if present:
            handles.append(handle)
            names.append(name)
    key(ax, handles, names, look)
