"""Doses and windows of treatment: a thin strip above the axes of a time course, one row for arms treated alike."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation, Transform
from numpy.typing import ArrayLike

from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import root_figure
from immunode.plot.kit.style import FAINT, PALETTE, Style, readable
from immunode.plot.kit.text import width_of, wrap
from immunode.plot.kit.time_axes import Clock, cadence

Windows = Mapping[str, Sequence[tuple[float | None, float | None]]]
Doses = Mapping[str, ArrayLike]

EVERY_ARM = "all arms"
"""Key, and name, of the marks of what every arm gets at the same times."""
_MOST_BESIDE, _BESIDE_LABELS = 0.4, 0.2
"""Longest name beside a row of marks, as a part of the width of the axes; the same where lines have labels as well."""
_CLOSE = 3.5
"""Doses nearer to each other than this, in points, are drawn as a band."""
SMALLEST = 0.66
"""Least size of names that would not fit, in parts of the others'."""
_MOST_ROWS = 3
"""Rows of full height; more of them are set smaller."""


@dataclass(frozen=True, slots=True)
class Row:
    """Marks of treatment in one row.

    keys : the arms (or other names) that were treated so.   times : of doses.   windows : (start, stop), None open.
    """

    keys: tuple[str, ...]
    times: tuple[float, ...]
    windows: tuple[tuple[float | None, float | None], ...]


def rows_of(doses: Doses, windows: Windows, arms: Collection[str] = ()) -> list[Row]:
    """Return the rows of the strip: keys with the same doses and windows share one, keys without any have none.

    arms : all of the figure; a row that each of them has joins that of `EVERY_ARM`, so that no two have one name.
    """
    rows: dict[tuple[Any, Any], list[str]] = {}
    for key in dict.fromkeys([*doses, *windows]):
        times = np.unique(np.asarray(doses.get(key, ()), dtype=float))
        marks = tuple(times[np.isfinite(times)].tolist()), tuple(windows.get(key, ()))
        if any(marks):
            rows.setdefault(marks, []).append(key)
    found = [Row(tuple(keys), *marks) for marks, keys in rows.items()]
    shared = [row for row in found if EVERY_ARM in row.keys or (len(arms) > 1 and set(row.keys) == set(arms))]
    if len(shared) < 2:
        return found
    given = tuple(sorted({time for row in shared for time in row.times}))
    joint = Row((EVERY_ARM,), given, tuple(dict.fromkeys(span for row in shared for span in row.windows)))
    return [joint, *(row for row in found if row not in shared)]


def strip_height(n: int, style: Style) -> float:
    """Return the height in points of `n` rows of marks."""
    return n * _row(n, style) + (0.25 * style.text if n else 0.0)


def _row(n: int, style: Style) -> float:
    return (0.95 if n <= _MOST_ROWS else 0.7) * style.text


def _size(n: int, style: Style) -> float:
    """Return the size of the names of `n` rows, in points."""
    return min(style.small * 0.9, 1.02 * _row(n, style))


def draw_marks(
    ax: Axes,
    rows: Sequence[Row],
    colors: Mapping[str, str],
    clock: Clock,
    style: Style,
    *,
    names: Mapping[str, str],
    width: float,
    written: float,
    above: bool = True,
) -> None:
    """Draw a strip above `ax`: triangles at doses, bands where they are close together, bars at windows.

    A lone row with windows shades them in the axes as well; shades of several would hide each other.

    width : width of the axes in points.   written : room for the names of rows in points, 0 to leave them out.
    above : False draws the shade alone, below panels that have the strip.
    """
    start, stop = ax.get_xlim()
    treated = [row for row in rows if row.windows]
    for i, row in enumerate(rows):
        color = colors.get(row.keys[0], FAINT) if len(row.keys) == 1 else FAINT
        spans = _spans(row.windows, clock.factor, start, stop)
        if len(treated) == 1:
            for begin, end in spans:
                ax.axvspan(begin, end, color=color, alpha=0.09, linewidth=0, zorder=0.5, gid="shade")
        if not above:
            continue
        place = _above(ax, (i + 0.6) * _row(len(rows), style))
        times = np.asarray(row.times) * clock.factor
        times = times[(times >= start - 1e-9) & (times <= stop + 1e-9)]
        _bars(ax, spans, color, place, width / (stop - start), style, doses=times.size > 0)
        close = _doses(ax, times, color, place, width / (stop - start), style)
        if written:
            said = _text(row, colors, names, written, _size(len(rows), style))
            told = f"{said}, {cadence(close, clock)}" if close else said
            room = max(written, _BESIDE_LABELS * width)
            _write(ax, told if _fits(told, room, style, len(rows)) else said, i, color, style, room, len(rows))


def name_room(
    rows: Sequence[Row], colors: Mapping[str, str], names: Mapping[str, str], style: Style, labels: float, width: float
) -> float:
    """Return the room for the names of rows in points: that of the labels of lines, and more where a name needs it.

    labels : width of the labels of lines, 0 where there are none.   width : of the axes.
    """
    size, most = _size(len(rows), style), (_BESIDE_LABELS if labels else _MOST_BESIDE) * width
    return max(
        labels, min(max((width_of(_text(row, colors, names, most, size), size) for row in rows), default=0.0) + 2, most)
    )


def _fits(text: str, room: float, style: Style, n: int) -> bool:
    return width_of(text, _size(n, style)) <= room


def _text(row: Row, colors: Mapping[str, str], names: Mapping[str, str], room: float, size: float) -> str:
    """Return what a row shows: its arms, "all arms", "all treated" or how many; "doses" of a lone course."""
    if row.keys == ("",):
        return "doses" if row.times else "treatment"
    if EVERY_ARM in row.keys or (len(row.keys) > 1 and set(row.keys) == set(colors)):
        return EVERY_ARM
    if len(row.keys) > 1 and {key for key, color in colors.items() if color != PALETTE[0]} == set(row.keys):
        return "all treated"
    listed = ", ".join(names.get(key, key) for key in row.keys)
    return listed if len(row.keys) == 1 or width_of(listed, size) <= room else f"{len(row.keys)} arms"


def _write(ax: Axes, text: str, i: int, color: str, style: Style, room: float, n: int) -> None:
    size = _size(n, style)
    size = max(SMALLEST * size, min(size, 0.99 * size * room / width_of(text, size)))
    ax.annotate(
        wrap(text, room, size, lines=1), (1, 1), xycoords="axes fraction",
        xytext=(0.75 * style.text, (i + 0.6) * _row(n, style)), textcoords="offset points", va="center", ha="left",
        fontsize=size, annotation_clip=False, color=readable(color), gid="mark-label",
    )  # fmt: skip


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


def _bars(
    ax: Axes, spans: Sequence[Any], color: str, place: Transform, scale: float, style: Style, *, doses: bool
) -> None:
    """Draw windows as bars; those too brief for one as triangles, beside doses as tall blocks. scale : points a time.

    So an hour's infusion in half a year and five days of radiation are seen.
    """
    brief = [begin for begin, end in spans if (end - begin) * scale < 0.1 * style.text]
    if brief and len(brief) == len(spans) and not doses:
        _doses(ax, np.array(brief), color, place, scale, style)
        return
    for begin, end in spans:
        if begin not in brief:
            bar = ax.plot([begin, end], [1, 1], color=color, linewidth=0.22 * style.text, alpha=0.55)[0]
            bar.set(transform=place, clip_on=False, solid_capstyle="butt", gid="window")
    if brief:
        tall = ax.plot(brief, np.ones(len(brief)), "|", color=color, markersize=0.85 * style.text)[0]
        tall.set(transform=place, clip_on=False, gid="brief-window", markeredgewidth=0.16 * style.text, zorder=1.9)


def _doses(ax: Axes, times: Array, color: str, place: Transform, scale: float, style: Style) -> float:
    """Draw triangles, ticks where these would run into each other, and a band where ticks would.

    scale : points per unit of time. Returns the time between doses of a band, 0 where there is none.
    """
    if not times.size:
        return 0.0
    gaps = np.diff(times)
    usual = float(np.median(gaps)) if gaps.size else np.inf
    if usual * scale < _CLOSE and times.size > 3:
        for run in np.split(times, np.flatnonzero(gaps > 3 * usual) + 1):
            ends = [float(run[0]), float(min(run[-1] + usual, ax.get_xlim()[1]))]
            band = ax.plot(ends, [1, 1], color=color, linewidth=0.34 * style.text, alpha=0.75)[0]
            band.set(transform=place, clip_on=False, solid_capstyle="butt", gid="dose-band")
        return usual
    size = 0.5 * style.text
    near = float(np.min(gaps, initial=np.inf)) * scale
    marker, edge = ("v", 0.0) if near > 1.15 * size else ("|", max(0.5, min(style.line * 0.6, near * 0.5)))
    marks = ax.plot(times, np.ones_like(times), marker, color=color, markersize=size, markeredgewidth=edge)[0]
    marks.set(transform=place, clip_on=False, gid="doses")
    return 0.0
