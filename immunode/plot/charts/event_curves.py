"""Curves of time to event: the share of patients without it, by arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError
from immunode.plot.charts.kaplan_meier import Survival, survival_estimate
from immunode.plot.charts.time_courses import courses
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import write_note
from immunode.plot.kit.panel import draw_point
from immunode.plot.kit.style import FAINT, Style, arm_colors, find_style, readable, styled
from immunode.plot.kit.text import noun, number, width_of, wrap
from immunode.plot.kit.time_axes import Clock, clock

Table = Mapping[str, Survival]

EARLY = 0.15
"""Events that all lie within this part of the runs are shown alone: after them the curves are flat."""
FEW = 4
"""Most moments at which a slide tells the numbers at risk."""


def time_to_event(
    times: Mapping[str, ArrayLike],
    *,
    until: float,
    time_unit: str,
    event: str,
    watched: Mapping[str, ArrayLike] | None = None,
    effective: Mapping[str, float] | None = None,
    points: Mapping[str, Sequence[tuple[float, float, float]]] | None = None,
    pointed: str = "",
    whom: str = "virtual patients",
    control: str | None = None,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a figure of the share of patients without an event over time, one step curve an arm.

    Curves are Kaplan-Meier estimates, bands their pointwise 95 % intervals (Greenwood's variance on the log-log scale,
    from SciPy); a dot is a median, a stroke across a curve is a time at which patients were lost from sight. Below
    stand the numbers at risk: how many patients of each arm have no event yet at times of the axis, and the medians
    with their intervals.

    Parameters
    ----------
    times : Mapping[str, array_like]
        arm -> shape (n_patients,), time of the event in `time_unit`; infinity: none; NaN is left out.
    until : float
        end of the runs, in `time_unit`.
    event : str
        what happens, in words or as a condition.
    watched : Mapping[str, array_like] | None
        arm -> shape (n_patients,), until when each patient was watched, in `time_unit`; by default all are to the end.
    effective : Mapping[str, float] | None
        arm -> how many patients its intervals count, where some stand there several times; by default all.
    points : Mapping[str, Sequence[tuple[float, float, float]]] | None
        arm -> (median, low, high) that was found elsewhere: open circles at 50 % with their intervals.
    pointed : str
        what these are, for the note.
    whom : str
        what the runs are, in words for the note: "declared patients", "parameter sets, +-30 %".
    control : str | None
        the arm in the color of the control, "" for none, None for one with such a name.
    style : str | Style
        "slide" or "paper".
    axes : Axes | None
        to draw into a figure of your own.

    Raises
    ------
    StudyError
        nothing to draw, or times that are none.

    References
    ----------
    Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452; Kalbfleisch & Prentice 2002, doi:10.1002/9781118032985
    (log-log interval); Brookmeyer & Crowley 1982, doi:10.2307/2530286 (interval of the median).
    """
    table = _estimates(times, until, watched or {}, effective or {})
    look = find_style(style)
    shown = _shown(table, until)
    quantity = "share"  # beside the axis, which the numbers at risk make lower; what it is stands above
    steps = {arm: _steps(one, shown) for arm, one in table.items()}
    figure = courses(
        {arm: rows[0] for arm, rows in steps.items()},
        {quantity: {arm: rows[1] for arm, rows in steps.items()}},
        spread={quantity: {arm: (rows[2], rows[3]) for arm, rows in steps.items()}},
        units={quantity: "%"},
        labels={quantity: f"{noun(whom)} without event: {event}"},
        time_unit=time_unit,
        title=title,
        style=_higher(look, len(table)),
        control=control,
        axes=axes,
    )
    ax = axes if axes is not None else figure.axes[0]
    shown_as = clock(shown, time_unit)
    with styled(look):
        ax.set_ylim(0, 104)
        ax.set_yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100"])
        _mark(ax, table, shown, shown_as, arm_colors(table, control), look)
        _table_below(ax, table, shown, shown_as, arm_colors(table, control), look)
        _draw_medians(ax, points or {}, shown_as.factor, arm_colors(table, control), look)
    told = _note(table, until, shown, whom, effective or {})
    write_note(figure, f"{told}; {pointed}" if pointed else told, look)
    return figure


def _estimates(
    times: Mapping[str, ArrayLike],
    until: float,
    watched: Mapping[str, ArrayLike],
    effective: Mapping[str, float],
) -> dict[str, Survival]:
    table = {}
    for arm, given in times.items():
        values = np.asarray(given, float)
        ends = np.minimum(np.broadcast_to(np.asarray(watched.get(arm, until), float), values.shape), until)
        known = ~np.isnan(values)
        if known.any():
            table[arm] = survival_estimate(values[known], ends[known], effective=effective.get(arm))
    if not table:
        raise StudyError("time to event: nothing to draw; no run is ok")
    return table


def _higher(style: Style, arms: int) -> Style:
    """Return a style in which the numbers at risk leave the curves their height, where the page may grow."""
    return style if style.fixed else replace(style, height=style.height + 1.25 * style.least / 72 * arms)


def _shown(table: Table, until: float) -> float:
    """Return where the time axis ends: where events end, if all lie within a small first part of the runs."""
    last = max((float(one.followed[one.events].max(initial=0.0)) for one in table.values()), default=0.0)
    return 1.5 * last if 0 < last < EARLY * until else until


def _steps(one: Survival, until: float) -> tuple[Array, Array, Array, Array]:
    """Return times, and the % without the event with its interval, as corners of a staircase."""
    last = np.searchsorted(one.times, until, side="right")
    t = np.append(np.repeat(one.times[:last], 2)[1:], until)
    share, low, high = (np.repeat(100 * rows[:last], 2) for rows in (one.share, one.low, one.high))
    return t, share, low, high


def at_risk(followed: Array, moments: Array) -> NDArray[np.intp]:
    """Return how many are still watched without an event just before each moment, shape (n_moments,).

    followed : shape (n_patients,), until when each was.
    """
    return np.asarray((followed[:, None] >= moments - 1e-9 * np.abs(moments)).sum(axis=0))


def _mark(ax: Axes, table: Table, until: float, shown: Clock, colors: Mapping[str, str], style: Style) -> None:
    """Mark where patients were lost from sight, and medians."""
    for arm, one in table.items():
        lost = one.lost[one.lost <= until]
        if lost.size:  # a line without a point would stand in the corner of the page for the layout
            ax.plot(
                lost * shown.factor, 100 * one.at(lost), linestyle="none", marker="|", markersize=0.62 * style.text,
                markeredgewidth=0.5 * style.line, color=colors[arm], clip_on=False, zorder=4, gid="lost",
            )  # fmt: skip
        median = one.median[0]
        if median <= until:
            ax.plot(
                median * shown.factor, 50, marker="o", markersize=0.5 * style.text, color=colors[arm],
                markeredgecolor="white", zorder=5, gid="median",
            )  # fmt: skip


def _draw_medians(
    ax: Axes,
    points: Mapping[str, Sequence[tuple[float, float, float]]],
    factor: float,
    colors: Mapping[str, str],
    style: Style,
) -> None:
    for arm, listed in points.items():
        for middle, low, high in listed:
            draw_point(ax, (factor * middle, 50), (factor * low, 50), (factor * high, 50), colors[arm], style)


def _note(table: Table, until: float, shown: float, whom: str, effective: Mapping[str, float]) -> str:
    """Return what stands below: who was watched how long, and what bands and marks are."""
    size = max(one.followed.size for one in table.values())
    early = any((one.lost < until).any() for one in table.values())
    told = f"{size:,} {whom}, " + ("stroke: lost from sight" if early else "all watched to the end")
    if shown < until:
        told += " of the runs; no event after what is shown"
    counted = f" for {round(max(effective.values())):,} patients" if effective else ""
    told += f"; bands: 95 % interval at each time (Greenwood, log-log){counted}"
    medians = [one.median for one in table.values()]
    if not any(middle <= shown for middle, _, _ in medians):
        return f"{told}; median not reached"
    return f"{told}; dots: median" + "; –: not reached" * (not np.isfinite(medians).all())


def _medians(table: Table, factor: float) -> dict[str, str]:
    """Return arm -> median with its interval, "–" for what is not reached; nothing where no arm reaches it."""
    texts = {}
    for arm, one in table.items():
        middle, low, high = (number(factor * value) for value in one.median)
        texts[arm] = f"{middle} ({low} to {high})" if np.isfinite(one.median[:2]).any() else middle
    return texts if any(np.isfinite(one.median[0]) for one in table.values()) else {}


def _table_below(ax: Axes, table: Table, until: float, shown: Clock, colors: Mapping[str, str], style: Style) -> None:
    """Write numbers at risk under ticks of the time axis, a row an arm, as journals do, and medians; a slide tells few.

    The last moments give way to the medians.
    """
    size = style.least
    first = -(style.text + 1.4 * style.small + 1.1 * size + 5)  # below the ticks and the label of the axis
    medians, wide = _medians(table, shown.factor), width_of(f"{max(o.followed.size for o in table.values()):,}", size)
    head = f"median (95 %){f', {shown.unit}s' if shown.unit.isalpha() else ''}"
    last, taken = until * shown.factor, max((width_of(text, size) for text in (head, *medians.values())), default=0.0)
    ticks = [float(tick) for tick in ax.xaxis.get_majorticklocs() if -1e-9 <= tick <= last * (1 + 1e-9)]
    ticks = ticks[:: -(-(len(ticks) - 1) // (FEW - 1))] if style.fixed and len(ticks) > FEW else ticks
    if medians:
        free = 1 - (taken + size + wide / 2) / _axis_width(style)
        ticks = [tick for tick in ticks if tick <= free * last]

    def write(text: str, x: float, shift: float, row: int, ha: Any, color: str, gid: str, small: float = size) -> None:
        where: Any = ax.get_xaxis_transform() if gid == "at-risk" else "axes fraction"
        ax.annotate(
            text, (x, 0), xytext=(shift, first - 1.25 * size * row), textcoords="offset points", xycoords=where,
            ha=ha, va="center", color=color, fontsize=small, gid=gid, annotation_clip=False,
        )  # fmt: skip

    write("at risk", 0, -wide / 2, 0, "left", FAINT, "at-risk-head")
    beside = 0.6 * wide + 0.9 * size
    room = (0.2 if style.fixed else 0.3) * style.width * 72 - beside
    named = max(0.8 * size, min(size, 0.99 * size * room / max(width_of(arm, size) for arm in table)))
    if medians:
        write(head, 1, 0, 0, "right", FAINT, "median-head")
    for i, (arm, one) in enumerate(table.items(), 1):
        color = readable(colors[arm])
        for tick, count in zip(ticks, at_risk(one.followed, np.array(ticks) / shown.factor), strict=True):
            write(f"{count:,}", tick, 0, i, "center", color, "at-risk")
        if medians:
            write(medians[arm], 1, 0, i, "right", color, "median-text")
        write(_end_of(arm, room, named), 1, beside, i, "left", color, "at-risk-arm", named)


def _end_of(name: str, room: float, size: float) -> str:
    """Return a name, or as much of its end as fits: there arms of one drug differ, and the curve has it whole."""
    words = name.split()
    texts = [name, *(f"… {' '.join(words[i:])}" for i in range(1, len(words)))]
    return next((text for text in texts if width_of(text, size) <= room), wrap(name, room, size, lines=1))


def _axis_width(style: Style) -> float:
    """Return about how wide the axes are in points, beside labels as wide as they may be."""
    return style.width * 72 * (0.8 if style.fixed else 0.73) - 5.5 * style.text
