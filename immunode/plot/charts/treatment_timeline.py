"""A timeline: every intervention of every arm as a row of bars, doses and visits, above the time courses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.charts.time_courses import Series, can_be_lines, course_grid, courses
from immunode.plot.kit.figure import SteadyLayout, StyledFigure, title_lines, write_note, write_title
from immunode.plot.kit.style import FAINT, GRID, Style, arm_colors, find_style, readable, styled
from immunode.plot.kit.text import width_of, wrap
from immunode.plot.kit.threshold_lines import Thresholds
from immunode.plot.kit.time_axes import clock, time_axis

_ROW, _MOST, _LEAST = 1.5, 0.72, 8.0
"""Height of a row in units of the text's size; part of a slide that rows may take; least size of their names there."""
_CLOSE = 3.5
"""Doses nearer to each other than this, in points, are drawn as a band."""
_BAR = 0.62
"""Part of a row that a bar at full strength fills."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One intervention in one arm.

    Attributes
    ----------
    name : str
        what is written beside the row.
    arm : str
        sets the color.
    times, level : array_like
        shape (n_samples,), how strong it acts, in [0, 1]; both sides of jumps at equal times.
    doses : Sequence[float]
        times at which something is given.
    visits : Sequence[float]
        times at which a rule looks.
    changes : Sequence[tuple[float, str]]
        (time, what) of what a rule changed, such as (28.0, "on").
    """

    name: str
    arm: str = ""
    times: ArrayLike = ()
    level: ArrayLike = ()
    doses: Sequence[float] = ()
    visits: Sequence[float] = ()
    changes: Sequence[tuple[float, str]] = field(default_factory=tuple)


def timeline(
    lanes: Sequence[Lane],
    times: ArrayLike | Mapping[str, ArrayLike] = (),
    series: Series | None = None,
    *,
    arms: Sequence[str] = (),
    span: tuple[float, float] | None = None,
    time_unit: str = "",
    title: str = "",
    style: str | Style = "slide",
    units: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    headings: Mapping[str, str] | None = None,
    thresholds: Thresholds | None = None,
    note: str = "",
    log: bool | Collection[str] = (),
    control: str | None = None,
) -> Figure:
    """Return a figure of the interventions over time, above time courses where `series` is given.

    Parameters
    ----------
    lanes : Sequence[Lane]
        one row each, from above; rows of one arm stand together.
    times, series
        as in `courses`; times in `time_unit`.
    arms : Sequence[str]
        all arms in order, which sets their colors; by default those of the lanes.
    span : tuple[float, float] | None
        (start, stop) of the time axis where there are no courses, in `time_unit`.
    units, labels, headings, thresholds, note, log, control
        as in `courses`.

    Raises
    ------
    StudyError
        there is neither a lane nor a course.
    """
    look = find_style(style)
    if not lanes and not series:
        raise StudyError("timeline: there is no intervention and no quantity to draw")
    n = len(series or {})
    # without arms every lane has a color of its own, and none that of a control
    shown_arms = list(arms) or list(dict.fromkeys(lane.arm for lane in lanes))
    with styled(look):
        figure, top, panels, pitch = _frame(len(lanes), n, look, title)
        if series:
            said = [(labels or {}).get(arm, arm) for arm in arms]
            height = (figure.get_figheight() * 72 - pitch * len(lanes)) / 72
            whole = can_be_lines(n, said, replace(look, height=height), treated=len(arms))
            lanes_of = {lane.arm for lane in lanes}
            courses(
                times, series, units=units, time_unit=time_unit, labels=labels, headings=headings,
                thresholds=thresholds, style=look, log=log, control=control, axes=panels,
                labelled=whole or [arm for arm in arms if arm not in lanes_of],  # lanes name the others
            )  # fmt: skip
        if top is not None:
            start, stop = _span(lanes, times, series, span)
            shown = clock(stop - start, time_unit)
            most = 8 if panels and _columns(panels) == 1 else 10
            alone = not panels or _columns(panels) > 1
            time_axis(top, shown, start * shown.factor, stop * shown.factor, look, labelled=not panels, most=most)
            top.tick_params(axis="x", labelbottom=alone)
            _draw(top, lanes, arm_colors(shown_arms, control if arms else ""), shown.factor, look, pitch)
        write_note(figure, note, look)
    return figure


def _columns(panels: Sequence[Axes]) -> int:
    spec = panels[0].get_subplotspec()
    return spec.get_gridspec().ncols if spec is not None else 1


def _frame(n_lanes: int, n: int, style: Style, title: str) -> tuple[Figure, Axes | None, list[Axes], float]:
    """Return a figure with room for the lanes above and `n` panels below, and the height of a lane in points."""
    rows, columns = course_grid(n, style) if n else (0, 1)
    text = title_lines(title, style)
    head = style.head / 72 * (1 + text.count("\n")) * 1.5 if text else 0.0
    pitch = _ROW * style.text
    if style.fixed and n_lanes:
        pitch = min(pitch, (_MOST if n else 1.0) * 72 * (style.height - head - style.text / 24) / (n_lanes + 2.5))
    strip = (n_lanes * pitch + 0.6 * style.text) / 72 if n_lanes else 0.0
    strip += 2.4 * style.text / 72 * (n == 0)
    below = rows * style.row * (1 if rows > 1 or not style.fixed else 1.4)
    height = strip + head + below + style.text / 24
    height = style.height if style.fixed and n else min(height, style.height) if style.fixed else height
    pad = style.text / 72
    engine = SteadyLayout(w_pad=pad * 0.45, h_pad=pad * 0.4, wspace=0.02, hspace=0.02)
    figure = StyledFigure(style, figsize=(style.width, height), layout=engine)
    each = max((height - head - strip) / rows, 0.1) if rows else 0.0
    ratios = ([strip] if n_lanes else []) + [each] * rows
    spec = figure.add_gridspec(len(ratios), columns, height_ratios=ratios)
    top = figure.add_subplot(spec[0, :]) if n_lanes else None
    first = int(top is not None)
    panels: list[Axes] = []
    for i in range(n):
        above = panels[i - columns] if i >= columns else None
        panels.append(figure.add_subplot(spec[first + i // columns, i % columns], sharex=above))
    write_title(figure, text, style)
    return figure, top, panels, pitch


def _span(
    lanes: Sequence[Lane], times: Any, series: Series | None, span: tuple[float, float] | None
) -> tuple[float, float]:
    if series:
        given = [np.asarray(t, float) for t in (times.values() if isinstance(times, Mapping) else [times])]
        return min(float(t[0]) for t in given), max(float(t[-1]) for t in given)
    if span is not None:
        return span
    every = [np.asarray(x, float) for lane in lanes for x in (lane.times, lane.doses, lane.visits) if np.size(x)]
    return min((float(x.min()) for x in every), default=0.0), max((float(x.max()) for x in every), default=1.0)


def _draw(
    ax: Axes, lanes: Sequence[Lane], colors: Mapping[str, str], factor: float, style: Style, pitch: float
) -> None:
    """Draw the rows, from above, and write their names at the right."""
    ax.set_ylim(len(lanes) - 0.02, -0.12)
    ax.set_yticks([])
    for side, spine in ax.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_edgecolor(FAINT)
    ax.set_axisbelow(True)
    start, stop = ax.get_xlim()
    for row, lane in enumerate(lanes):
        _lane(ax, row, lane, colors.get(lane.arm, FAINT), factor, (start, stop), style)
        _name(ax, lane.name, row + 0.86 - 0.5 * _BAR, colors.get(lane.arm, FAINT), style, pitch)
        if row and lanes[row - 1].arm != lane.arm:
            ax.axhline(row - 0.06, color=GRID, linewidth=max(0.6, style.line / 4), zorder=0.4, gid="between-arms")


def _lane(ax: Axes, row: int, lane: Lane, color: str, factor: float, span: tuple[float, float], style: Style) -> None:
    floor = row + 0.86
    ax.plot(span, [floor, floor], color=GRID, linewidth=max(0.6, style.line / 3), zorder=0.5, gid="floor")
    t, level = np.asarray(lane.times, float) * factor, np.clip(np.asarray(lane.level, float), 0, 1)
    if t.size:
        # the edge keeps what is shorter than a pixel visible
        area = ax.fill_between(
            t, floor, floor - _BAR * level, where=list(level > 0), facecolor=color, edgecolor=color, alpha=0.32,
            linewidth=style.line * 0.3, zorder=1,
        )  # fmt: skip
        area.set_gid("bar")
        brief = _brief(t, level, 0.1 * style.text / (style.width * 72 * 0.75) * (span[1] - span[0]))
        if brief.size:
            blocks = ax.plot(brief, np.full(brief.shape, floor - 0.5 * _BAR), "|", color=color, clip_on=False)[0]
            blocks.set(gid="brief-window", markersize=0.6 * style.text, markeredgewidth=0.16 * style.text, zorder=2.5)
        edge = np.where(level > 0, floor - _BAR * level, np.nan)
        ax.plot(t, edge, color=color, linewidth=style.line * 0.45, zorder=2, solid_capstyle="butt")
    size = 0.46 * style.text
    width = style.width * 72 * 0.75 / (span[1] - span[0])
    doses = _inside(lane.doses, factor, span)
    if doses.size:
        near = float(np.min(np.diff(np.sort(doses)), initial=np.inf)) * width
        if near < _CLOSE and doses.size > 3:
            band = ax.plot([doses[0], doses[-1]], [floor - 0.5 * _BAR] * 2, color=color, alpha=0.75, zorder=3)[0]
            band.set(gid="dose-band", linewidth=0.34 * size, solid_capstyle="butt")
            doses = doses[:0]
        marker, edge_width = ("v", 0.0) if near > 1.15 * size else ("|", max(0.5, min(style.line * 0.5, near * 0.5)))
        middle = floor - 0.5 * _BAR
        ax.plot(
            doses, np.full(doses.shape, middle), marker, color=color, markersize=size, markeredgewidth=edge_width,
            clip_on=False, zorder=3, gid="doses",
        )  # fmt: skip
    visits = _inside(lane.visits, factor, span)
    if visits.size and float(np.min(np.diff(visits), initial=np.inf)) * width > 0.5 * size:
        ax.plot(
            visits, np.full(visits.shape, floor), "o", color=color, markersize=0.45 * size, markerfacecolor="white",
            markeredgewidth=style.line * 0.3, clip_on=False, zorder=3, gid="visits",
        )  # fmt: skip
    changes = _inside([time for time, _ in lane.changes], factor, span)
    if changes.size:
        ax.plot(
            changes, np.full(changes.shape, floor), "o", color=color, markersize=0.8 * size, clip_on=False, zorder=4,
            markeredgecolor="white", markeredgewidth=style.line * 0.2, gid="changes",
        )  # fmt: skip


def _brief(t: Any, level: Any, least: float) -> Any:
    """Return the middles of the spans shorter than `least` in which something acts, in the unit shown."""
    on = np.concatenate([[False], level > 0, [False]])
    begins, ends = t[np.flatnonzero(on[1:] & ~on[:-1])], t[np.flatnonzero(on[:-1] & ~on[1:]) - 1]
    return ((begins + ends) / 2)[ends - begins < least]


def _name(ax: Axes, name: str, y: float, color: str, style: Style, pitch: float) -> None:
    room = style.width * 72 * 0.28
    size = min(style.small, max(style.least * 0.9, style.small * room / max(width_of(name, style.small), 1.0)))
    size = min(size, max(0.82 * pitch, _LEAST)) if style.fixed else size
    ax.annotate(
        wrap(name, room, size, lines=1), (1.0, y), xycoords=("axes fraction", "data"),
        xytext=(0.75 * style.text, 0), textcoords="offset points", va="center", ha="left", fontsize=size,
        color=readable(color), annotation_clip=False, gid="lane-label",
    )  # fmt: skip


def _inside(times: Sequence[float], factor: float, span: tuple[float, float]) -> Any:
    shown = np.sort(np.asarray(times, dtype=float)) * factor
    slack = 1e-9 * (span[1] - span[0])
    return shown[np.isfinite(shown) & (shown >= span[0] - slack) & (shown <= span[1] + slack)]
