"""Quantile bands of a sweep: what share of the runs lies where, over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.charts.time_courses import courses
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import arm_grid_shape, make_panels, row_name_width, write_inside, write_note
from immunode.plot.kit.labels import End
from immunode.plot.kit.marks import Doses, Row, Windows, rows_of, strip_height
from immunode.plot.kit.panel import Points, TimePanels, draw_points, label_room, time_panels
from immunode.plot.kit.style import Style, find_style, readable, styled
from immunode.plot.kit.text import number, width_of
from immunode.plot.kit.time_axes import clock

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
SEEN = 0.05
"""Part of the time that the upper edge of a band must be on the axis for a panel not to be blank."""


def bands(
    times: ArrayLike,
    quantiles: Mapping[str, ArrayLike],
    levels: Sequence[float] = LEVELS,
    *,
    quantity: str = "",
    unit: str = "",
    time_unit: str = "",
    labels: Mapping[str, str] | None = None,
    counts: Mapping[str, int] | None = None,
    doses: Doses | None = None,
    windows: Windows | None = None,
    points: Points | None = None,
    pointed: str = "",
    whom: str = "runs",
    title: str = "",
    style: str | Style = "slide",
    log: bool = False,
    together: bool | None = None,
    control: str | None = None,
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return a figure of quantile bands by arm (never mean +- 2 SD: they stay within the values that occurred).

    Parameters
    ----------
    times : array_like
        array, shape (n_times,), in `time_unit`.
    quantiles : Mapping[str, array_like]
        arm -> array, shape (n_levels, n_times), in `unit`; rows in the order of `levels`.
    levels : Sequence[float]
        increasing and symmetric around 0.5.
    quantity : str
        name of what is drawn.
    counts : Mapping[str, int] | None
        arm -> number of runs behind the quantiles, for the note.
    whom : str
        what the runs are, in words for the note: "declared patients", "parameter sets, +-30 %".
    points : Points | None
        arm -> (time, value, low, high) of what was measured: open circles with their intervals (NaN for none).
    pointed : str
        what these are, for the note.
    labels, doses, windows, title, style, log
        as in `courses`.
    together : bool | None
        all arms in one panel; by default up to two are, more get a panel each, with the first's median.
    control : str | None
        the arm in the color of the control, "" for none, None for one with such a name.
    axes : Axes | Sequence[Axes] | None
        one axes where arms are drawn together, else one for each arm.

    Raises
    ------
    StudyError
        nothing to draw, shapes or levels that don't fit, quantiles that cross.
    """
    look = find_style(style)
    t, table = _checked(times, quantiles, levels)
    arms, names, found = list(table), dict(labels or {}), points or {}
    one = together if together is not None else len(arms) <= 2 or isinstance(axes, Axes)
    groups = [arms] if one else [[arm] for arm in arms]
    t *= (shown := clock(float(t[-1] - t[0]), time_unit)).factor
    marks = [rows_of(*_marks(doses or {}, windows or {}, group, arms)) for group in groups]
    strip = max(strip_height(len(mark), look) for mark in marks)
    shape = _shape([""] if one else [names.get(arm, arm) for arm in arms], look)
    room = label_room([names.get(arm, arm) for arm in arms] if one else [], look, shape[1], strip)
    with styled(look):
        figure, panels = make_panels(
            len(groups), look, axes, shape=shape, row=room.row, title=title, share_y=True, fit=True
        )
        frame = time_panels(
            figure, panels, look, room, arms=arms, names=names, clock=shown, span=(t[0], t[-1]), control=control
        )  # fmt: skip
        if shape[1] == 5:
            frame = replace(frame, room=replace(frame.room, width=row_name_width(look)))
        beside = quantity if one or width_of(quantity, look.text) <= 0.92 * frame.room.height else ""
        dashes = frame.dashes if one else dict.fromkeys(arms, "-")
        for i, (ax, group, mark) in enumerate(zip(panels, groups, marks, strict=True)):
            power = frame.scale(ax, [*table.values(), *(np.array(p)[:, 1:] for p in found.values())], log=log)
            ends = [_band(ax, t, table[arm], arm, frame, log=log, dash=dashes[arm]) for arm in group]
            if one:
                frame.label(ax, ends)
                frame.finish(ax, quantity, names.get(quantity, ""), unit, power)
            else:
                _separate(ax, i, t, table, frame, beside, unit, power, inner=axes is None and i % shape[1] > 0)
            draw_points(ax, {arm: found[arm] for arm in group if arm in found}, frame.colors, shown.factor, look)
            frame.mark(ax, mark, written=0.3 * frame.room.width * one)
            low = ax.get_ylim()[0]
            if not one and log and all(np.mean(table[arm][-1] > low) < SEEN for arm in group):
                write_inside(ax, f"below {number(low, 1)}", look)
        note = _note(levels, counts or {}, quantity, frame, marks, whom, one=one)
        note += f"; {pointed}" if pointed else ""
        low = panels[0].get_ylim()[0]
        if log and any(_hides(rows, low) for rows in table.values()):
            note += f"; no line: median below {number(low, 1)}"
        write_note(figure, note if beside == quantity else f"{quantity}; {note}", look)  # not above every panel again
    return figure


def band_panels(
    times: ArrayLike,
    quantiles: Mapping[str, Mapping[str, ArrayLike]],
    levels: Sequence[float] = LEVELS,
    *,
    counts: Mapping[str, int] | None = None,
    whom: str = "runs",
    **options: Any,
) -> Figure:
    """Return a figure of several quantities, a panel each: of each arm the median and the widest band.

    quantiles : quantity -> arm -> array, shape (n_levels, n_times).   options : of `courses`.   Others as in `bands`.
    """
    tables = {quantity: _checked(times, table, levels)[1] for quantity, table in quantiles.items()}
    middle, arms = len(levels) // 2, list(dict.fromkeys(arm for table in tables.values() for arm in table))
    widest = [levels[0], 0.5, levels[-1]] if middle else [0.5]
    return courses(
        times,
        {quantity: {arm: q[middle] for arm, q in table.items()} for quantity, table in tables.items()},
        spread={quantity: {arm: (q[0], q[-1]) for arm, q in table.items()} for quantity, table in tables.items()},
        note=band_note(widest, counts or {}, arms, whom),
        **options,
    )


def _hides(rows: Array, low: float) -> bool:
    """Return whether a band is seen above the end of the axis while its median lies below it, for most of that time."""
    band, line = rows[-1] > low, rows[len(rows) // 2] > low
    return bool(band.mean() >= SEEN and (line & band).sum() < 0.5 * band.sum())


def _shape(titles: Sequence[str], style: Style) -> tuple[int, int]:
    """Return (rows, columns): panels without labels beside them are narrow enough for two in a column of print."""
    n = len(titles)
    return arm_grid_shape(titles, style) if style.fixed or n == 1 else (math.ceil(n / 2), 2)


def _separate(ax: Axes, i: int, t: Array, table: Mapping[str, Array], frame: TimePanels, quantity: str, unit: str,
              power: int, *, inner: bool) -> None:  # fmt: skip
    """Name the panel of one arm and draw the first arm's median into it. inner : the y axis stands further left."""
    arm = frame.arms[i]
    if i:
        median = table[frame.arms[0]]
        ax.plot(
            t, median[len(median) // 2], color=frame.colors[frame.arms[0]], linestyle=(0, (3, 2)),
            linewidth=0.6 * frame.style.line, zorder=2, gid="reference",
        )  # fmt: skip
    color = readable(frame.colors[arm])
    frame.finish(ax, quantity, frame.names.get(arm, arm), unit, power, title_color=color)
    if inner:
        ax.set_ylabel("")
        ax.tick_params(axis="y", labelleft=False)


def _note(levels: Sequence[float], counts: Mapping[str, int], quantity: str, frame: TimePanels,
          marks: Sequence[Sequence[Row]], whom: str, *, one: bool) -> str:  # fmt: skip
    """Return the note under the figure: what lines, bands and, where nothing beside them says it, marks are."""
    parts = [band_note(levels, counts, frame.arms, whom)]
    if not one:
        parts = [frame.names[quantity], *parts] if quantity in frame.names else parts
        parts.append(f"dashed: median of {frame.names.get(frame.arms[0], frame.arms[0])}")
        parts += ["marks above: doses"] if any(row.times for rows in marks for row in rows) else []
        parts += ["bars above: treatment"] if any(row.windows for rows in marks for row in rows) else []
    return "; ".join(parts)


def band_note(levels: Sequence[float], counts: Mapping[str, int], arms: Sequence[str], whom: str = "runs") -> str:
    """Return the sentence that says what the bands are: `line: median; bands: 25–75 % of 500 runs`."""
    half = len(levels) // 2
    pairs = [f"{100 * levels[i]:g}–{100 * levels[-1 - i]:g} %" for i in reversed(range(half))]
    text = "line: median" + ("; bands: " + " and ".join(pairs) if pairs else "")
    sizes = sorted({int(counts[arm]) for arm in arms if arm in counts})
    if not sizes:
        return text + f" of the {whom}" * bool(pairs)
    many = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    return text + f" of {many} {whom}" + (("," * ("," in whom)) + " an arm" if len(arms) > 1 else "")


def _band(ax: Axes, t: Array, q: Array, arm: str, frame: TimePanels, *, log: bool, dash: Any) -> End:
    """Draw the bands and the median of one arm; return the end of the median."""
    color, half, floor = frame.colors[arm], len(q) // 2, ax.get_ylim()[0]
    if log:  # a band whose lower edge is not positive reaches down to the end of the axis
        q = np.where(q > 0, q, np.where(np.isnan(q), np.nan, floor * 1e-3))
    for i in range(half):
        ax.fill_between(
            t, q[i], q[-1 - i], color=color, alpha=0.14 + 0.16 * i, linewidth=0, zorder=1 + 0.1 * i, gid="band"
        )
    ax.plot(t, q[half], color=color, linestyle=dash, linewidth=frame.style.line, zorder=3, label=arm or None)
    return _end(t, q[half], frame.names.get(arm, arm), color)


def _end(t: Array, y: Array, name: str, color: str) -> End:
    good = np.flatnonzero(np.isfinite(y))
    if good.size == 0:
        return End(float(t[-1]), float("nan"), f"{name}: no values" if name else "", color, -np.inf)
    return End(float(t[good[-1]]), float(y[good[-1]]), name, color, float(np.mean(y[good])))


def _marks(doses: Doses, windows: Windows, group: Sequence[str], arms: Sequence[str]) -> tuple[Doses, Windows]:
    """Return the doses and windows that belong into the panel of `group`: its arms' own and those of no arm."""
    inside = [key for key in [*doses, *windows] if key in group or key not in arms]
    return {k: doses[k] for k in doses if k in inside}, {k: windows[k] for k in windows if k in inside}


def _checked(
    times: ArrayLike, quantiles: Mapping[str, ArrayLike], levels: Sequence[float]
) -> tuple[Array, dict[str, Array]]:
    t = np.array(times, dtype=float)
    given = np.asarray(levels, dtype=float)
    if given.size % 2 == 0 or np.any(np.diff(given) <= 0) or not np.allclose(given + given[::-1], 1, atol=1e-9):
        raise StudyError(f"bands: levels {tuple(levels)} must increase and lie symmetric around 0.5, such as {LEVELS}")
    if not quantiles:
        raise StudyError("bands: no arm to draw; pass {arm: quantiles of shape (n_levels, n_times)}")
    table = {}
    for arm, values in quantiles.items():
        q = np.asarray(values, dtype=float)
        q = np.where(np.isfinite(q), q, np.nan)
        if t.ndim != 1 or t.size == 0 or q.shape != (given.size, t.size):
            raise StudyError(
                f"bands, arm '{arm}': quantiles of shape {q.shape}; {given.size} levels and times of shape "
                f"{t.shape} need ({given.size}, {t.size})"
            )
        step = np.diff(q, axis=0)
        if np.any(step[np.isfinite(step)] < 0):
            raise StudyError(
                f"bands, arm '{arm}': a higher quantile lies below a lower one; give rows in the order of levels"
            )
        table[arm] = q
    return t, table
