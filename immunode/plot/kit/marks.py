"""Doses and windows of treatment, marked above the axes of a time course."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation, Transform
from numpy.typing import ArrayLike

from immunode.plot.kit.figure import root_figure
from immunode.plot.kit.style import FAINT, Style, readable
from immunode.plot.kit.text import wrap

Windows = Mapping[str, Sequence[tuple[float | None, float | None]]]
Doses = Mapping[str, ArrayLike]

_MOST_BESIDE = 0.4
"""Longest name beside a row of marks, as a part of the width of the axes; the rest of a longer one is left out."""


def rows_of(doses: Doses, windows: Windows) -> list[str]:
    """Return the keys that get a row of marks, in order: those with at least one dose or window."""
    return [key for key in dict.fromkeys([*doses, *windows]) if _has(doses, key) or windows.get(key)]


def _has(doses: Doses, key: str) -> bool:
    return np.size(doses.get(key, ())) > 0


def strip_height(n: int, style: Style) -> float:
    """Return the height in points of `n` rows of marks."""
    return n * _row(style) + (0.25 * style.text if n else 0.0)


def _row(style: Style) -> float:
    return 0.95 * style.text


def draw_marks(
    ax: Axes,
    doses: Doses,
    windows: Windows,
    colors: Mapping[str, str],
    factor: float,
    style: Style,
    *,
    names: Mapping[str, str],
    width: float,
    written: bool,
    above: bool = True,
) -> None:
    """Draw a row of marks above `ax` for each key: triangles at doses, a bar and a light shade for windows.

    Windows of a row that are all too brief to be seen as bars get triangles too.

    factor : times in doses and windows are multiplied by it.   width : width of the axes in points.
    written : whether to write at the right end of each row what it shows.
    above : False draws the light shades alone, below panels that have the rows.
    """
    start, stop = ax.get_xlim()
    for i, key in enumerate(rows_of(doses, windows)):
        color = colors.get(key, FAINT)
        place = _above(ax, (i + 0.6) * _row(style))
        spans = _spans(windows.get(key, ()), factor, start, stop)
        brief = [begin for begin, end in spans if (end - begin) * width < 0.1 * style.text * (stop - start)]
        if brief and len(brief) == len(spans):  # an hour's infusion in half a year: no bar would be seen
            if above:
                _triangles(ax, np.array(brief), color, place, width / (stop - start), style)
            spans = []
        for begin, end in spans:
            ax.axvspan(begin, end, color=color, alpha=0.09, linewidth=0, zorder=0.5)
            if not above:
                continue
            bar = ax.plot([begin, end], [1, 1], color=color, linewidth=0.22 * style.text, alpha=0.55)[0]
            bar.set(transform=place, clip_on=False, solid_capstyle="butt", gid="window")
        times = np.asarray(doses.get(key, ()), dtype=float) * factor
        times = times[np.isfinite(times) & (times >= start - 1e-9) & (times <= stop + 1e-9)]
        if times.size and above:
            _triangles(ax, times, color, place, width / (stop - start), style)
        if written and above:
            what = "doses" if _has(doses, key) else "treatment" if key in colors else names.get(key, key)
            if key not in colors and _has(doses, key):
                what = names.get(key, key)
            ax.annotate(
                wrap(what, _MOST_BESIDE * width, style.small * 0.9, lines=1),
                (1, 1),
                xycoords="axes fraction",
                xytext=(0.75 * style.text, (i + 0.6) * _row(style)),
                textcoords="offset points",
                va="center",
                ha="left",
                fontsize=style.small * 0.9,
                annotation_clip=False,
                color=readable(color),
                gid="mark-label",
            )


def _above(ax: Axes, points: float) -> Transform:
    lift = ScaledTranslation(0, points / 72, root_figure(ax).dpi_scale_trans)
    return ax.get_xaxis_transform() + lift


def _spans(windows: Sequence[tuple[float | None, float | None]], factor: float, start: float, stop: float) -> list[Any]:
    """Return the windows cut to the axis; None or infinity means open."""
    out = []
    for begin, end in windows:
        left = start if begin is None or not math.isfinite(begin) else max(begin * factor, start)
        right = stop if end is None or not math.isfinite(end) else min(end * factor, stop)
        if right > left:
            out.append((left, right))
    return out


def _triangles(ax: Axes, times: Any, color: str, place: Transform, scale: float, style: Style) -> None:
    """Draw triangles, or ticks where triangles would run into each other. scale : points per unit of time."""
    size = 0.5 * style.text
    near = float(np.min(np.diff(np.sort(times)), initial=np.inf)) * scale
    marker, edge = ("v", 0.0) if near > 1.15 * size else ("|", max(0.5, min(style.line * 0.6, near * 0.5)))
    marks = ax.plot(times, np.ones_like(times), marker, color=color, markersize=size, markeredgewidth=edge)[0]
    marks.set(transform=place, clip_on=False, gid="doses")
