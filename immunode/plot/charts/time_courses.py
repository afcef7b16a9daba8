"""Time courses: one panel a quantity, one line an arm, labelled at its end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError, did_you_mean
from immunode.plot.charts.quick_rhythms import WORDS, envelope
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import StyledFigure, first_width, make_panels, write_note
from immunode.plot.kit.labels import End
from immunode.plot.kit.marks import Doses, Windows, name_room, rows_of, strip_height
from immunode.plot.kit.panel import LEADING, Points, TimePanels, draw_points, label_room, panel_height, time_panels
from immunode.plot.kit.style import FAINT, PALETTE, Style, find_style, styled
from immunode.plot.kit.threshold_lines import Thresholds, draw_thresholds, near_levels
from immunode.plot.kit.time_axes import clock

Series = Mapping[str, Mapping[str, ArrayLike] | ArrayLike]
Spread = Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]]
Table = Mapping[str, Mapping[str, tuple[Array, Array]]]


FEW = 5
"""Arms that are always drawn as lines, however long their names are."""


def courses(
    times: ArrayLike | Mapping[str, ArrayLike],
    series: Series,
    *,
    units: Mapping[str, str] | None = None,
    time_unit: str = "",
    labels: Mapping[str, str] | None = None,
    headings: Mapping[str, str] | None = None,
    thresholds: Thresholds | None = None,
    spread: Spread | None = None,
    doses: Doses | None = None,
    windows: Windows | None = None,
    points: Mapping[str, Points] | None = None,
    pointed: str = "",
    title: str = "",
    note: str = "",
    style: str | Style = "slide",
    log: bool | Collection[str] = (),
    control: str | None = None,
    labelled: bool | Collection[str] = True,
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return a figure of time courses, finished: units, direct labels, doses and windows marked.

    Parameters
    ----------
    times : array_like | Mapping[str, array_like]
        array, shape (n_times,), in `time_unit`; or one such array for each arm.
    series : Series
        quantity -> arm -> array, shape (n_times,), in the quantity's unit. NaN where a run failed. A quantity may hold
        one array instead of arms; then its line needs no label.
    units : Mapping[str, str] | None
        quantity -> unit; "" or absent means dimensionless.
    time_unit : str
        unit of `times`; the axis may show a handier one (364 days are shown as 52 weeks).
    labels : Mapping[str, str] | None
        what quantities and arms mean, by name; shown as titles of panels and as labels of lines.
    headings : Mapping[str, str] | None
        quantity -> short name for people; it stands beside the axis instead of the quantity's name, and without a
        meaning above.
    thresholds : Thresholds | None
        quantity -> (name, level in its unit) of lines to draw where they lie within the data or near.
    spread : Spread | None
        quantity -> arm -> (low, high), arrays like the values: a band that is shaded around the line.
    doses : Doses | None
        arm (or any name) -> times of doses, in `time_unit`; drawn as triangles in a strip above the axes, once per
        figure, in one row for arms that are treated alike.
    windows : Windows | None
        arm (or any name) -> (start, stop) in `time_unit`, None for open ends; bars in the strip, and a shade in the
        axes where only one row has them.
    points : Mapping[str, Points] | None
        quantity -> arm -> (time, value, low, high) of what was measured, in the units of the data: open circles with
        their intervals (NaN where there is none).
    pointed : str
        what these are, for the note.
    note : str
        written small below.
    style : str | Style
        "slide" or "paper".
    log : bool | Collection[str]
        names of quantities with a log axis, or True for all; values that are not positive are left out there.
    control : str | None
        the arm in the color of the control, "" for none, None for one with such a name.
    labelled : bool | Collection[str]
        whether lines have the names of arms at their ends, or which arms have.
    axes : Axes | Sequence[Axes] | None
        as many axes as quantities, to draw into a figure of your own.

    Raises
    ------
    StudyError
        nothing to draw, shapes that don't fit, an unknown style or name in `log`.
    """
    look = find_style(style)
    table, arms = checked_series(times, series)
    names, marked, shaded = dict(labels or {}), doses or {}, windows or {}
    start, stop = span_of(table)
    shown = clock(stop - start, time_unit)
    logs = log_names("courses", "quantity", log, table)
    shape = course_grid(len(table), look)
    look = look if axes is not None else _smaller(look, shape[0])
    rows = rows_of(marked, shaded, arms)
    strip = strip_height(len(rows), look)
    told = set(arms) if labelled is True else set(labelled or ())
    lines_of = [(arm, y) for per_arm in table.values() for arm, (_, y) in per_arm.items() if arm in told]
    said = sorted({_text(names.get(arm, arm), y) for arm, y in lines_of})
    height = panel_height(look, shape[0], strip) if look.fixed and axes is None else float("inf")
    room = label_room(said, look, shape[1], strip, height=height)
    with styled(look):
        figure, panels = make_panels(
            len(table), look, axes, shape=shape, row=room.row, title=title, fit=True, fill=True
        )  # fmt: skip
        span = start * shown.factor, stop * shown.factor
        frame = time_panels(
            figure, panels, look, room, arms=arms, names=names, clock=shown, span=span, control=control
        )  # fmt: skip
        drawn_as, shaded_between = _calmed(table, spread or {}, frame)
        ours, last = isinstance(figure, StyledFigure), panels[row_end(0, len(panels), shape[1])]
        beside = name_room(rows, frame.colors, names, look, room.labels, frame.room.width)
        for ax, (quantity, per_arm) in zip(panels, drawn_as.items(), strict=True):
            bands = shaded_between.get(quantity, {})
            drawn = np.concatenate([y for _, y in per_arm.values()])
            lines, shown_points = (
                near_levels((thresholds or {}).get(quantity, ()), drawn),
                (points or {}).get(quantity, {}),
            )
            known = [
                drawn,
                [level for _, level in lines],
                *_edges(bands),
                *(np.array(p)[:, 1:] for p in shown_points.values()),
            ]
            power = frame.scale(ax, known, log=quantity in logs)
            ends = {arm: _line(ax, arm, t, y, frame, log=quantity in logs) for arm, (t, y) in per_arm.items()}
            _shade(ax, per_arm, bands, frame, log=quantity in logs)
            draw_points(ax, shown_points, frame.colors, shown.factor, look)
            heading = (headings or {}).get(quantity, "")
            about = "" if heading else names.get(quantity, "")
            top = not ours or ax is last  # the strip stands above one panel, beside which there is room for names
            frame.finish(ax, heading or quantity, about, (units or {}).get(quantity, ""), power, marked=top)
            frame.mark(ax, rows, written=beside * (ax is last), above=top)
            named = bool(told) and not (ours and _told_beside(quantity, table, shape[1]))
            crowded = draw_thresholds(ax, lines, look, frame.size(ax) if named else None)
            if named:
                shown_ends = [end for arm, end in ends.items() if arm in told]
                frame.label(ax, [*shown_ends, *(_level_end(one, frame) for one in crowded)])
        if isinstance(figure, StyledFigure):
            figure.align_ylabels(panels)
        quick = WORDS * any(len(shaded_between[name]) > len((spread or {}).get(name, ())) for name in table)
        write_note(figure, "; ".join(filter(None, [quick, note, pointed])), look)
    return figure


def _calmed(table: Table, spread: Spread, frame: TimePanels) -> tuple[Table, Spread]:
    """Return curves, and bands around them: those with a rhythm too quick to draw as their means between its ends."""
    calmed = {quantity: dict(per_arm) for quantity, per_arm in table.items()}
    bands = {quantity: dict(spread.get(quantity, {})) for quantity in table}
    for quantity, per_arm in table.items():
        every = np.concatenate([y[np.isfinite(y)] for _, y in per_arm.values()])
        span = float(np.ptp(every)) if every.size else 0.0
        for arm, (t, y) in per_arm.items():
            found = None if arm in bands[quantity] else envelope(t, y, frame.room.width, frame.style.line, span)
            if found is not None:
                calmed[quantity][arm] = (found.times, found.mean)
                bands[quantity][arm] = (found.low, found.high)
    return calmed, bands


def span_of(table: Mapping[str, Mapping[str, tuple[Array, Array]]]) -> tuple[float, float]:
    """Return the first and the last time of checked series."""
    times = [t for per_arm in table.values() for t, _ in per_arm.values()]
    return min(float(t[0]) for t in times), max(float(t[-1]) for t in times)


def course_grid(n: int, style: Style) -> tuple[int, int]:
    """Return (rows, columns) of `n` panels of time courses: wide ones, in at most three rows if possible."""
    columns = 1 if n <= 3 or style.columns == 1 else 2 if n <= 6 else 3 if n <= 9 else max(4, round(n**0.5))
    return -(-n // columns), columns


def row_end(i: int, n: int, columns: int) -> int:
    """Return which of `n` panels is the last one in the row of panel `i`; the first fills what would stay empty."""
    before = first_width(n, columns) - 1
    row = (i + before * (i > 0)) // columns
    return min((row + 1) * columns - before, n) - 1


def _smaller(style: Style, rows: int) -> Style:
    """Return a style whose text is small enough for so many rows of panels on a page of fixed height."""
    part = max(3 / rows, 0.58)
    if not style.fixed or part >= 1:
        return style
    sizes = {name: getattr(style, name) * part for name in ("text", "small", "least", "line")}
    return replace(style, **sizes)


def can_be_lines(n: int, labels: Sequence[str], style: str | Style, *, treated: int, strip: int = 0) -> bool:
    """Return whether lines of arms can be told apart in `n` panels: by color, and by labels that find room.

    labels : what is written beside the lines.   treated : arms beside the control.   strip : rows of treatment above.
    """
    look = find_style(style)
    if treated >= len(PALETTE):
        return False
    if not look.fixed or len(labels) <= FEW:
        return True
    rows, columns = course_grid(n, look)
    look = _smaller(look, rows)
    height = panel_height(look, rows, strip_height(strip, look))
    room = label_room(labels, look, columns, 0.0, height=height)
    return bool(room.lines * LEADING * room.size <= height)


def _told_beside(quantity: str, table: Mapping[str, Mapping[str, Any]], columns: int) -> bool:
    """Return whether the last panel of the row labels the same arms: panels side by side have no room to repeat it."""
    names = list(table)
    last = names[row_end(names.index(quantity), len(names), columns)]
    whole = [np.all(np.isfinite(y)) for _, y in table[quantity].values()]
    return columns >= 2 and last != quantity and set(table[quantity]) <= set(table[last]) and all(whole)


def _edges(bands: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> list[ArrayLike]:
    return [edge for pair in bands.values() for edge in pair]


def _shade(
    ax: Axes,
    per_arm: Mapping[str, tuple[Array, Array]],
    bands: Mapping[str, tuple[ArrayLike, ArrayLike]],
    frame: TimePanels,
    *,
    log: bool,
) -> None:
    """Shade what lies between two curves; on a log axis down to its end, where the lower one is not positive."""
    floor = ax.get_ylim()[0] * 1e-3 if log else -np.inf
    for arm, pair in bands.items():
        t, (low, high) = per_arm[arm][0], (np.maximum(np.asarray(edge, dtype=float), floor) for edge in pair)
        color = frame.colors[arm]
        ax.fill_between(t * frame.clock.factor, low, high, color=color, alpha=0.15, linewidth=0, zorder=1, gid="band")


def _line(ax: Axes, arm: str, t: Array, values: Array, frame: TimePanels, *, log: bool) -> End:
    """Draw the line of one arm, with a cross where it stops before its time; return its end with its label."""
    style, color = frame.style, frame.colors[arm]
    name = frame.names.get(arm, arm)
    t = t * frame.clock.factor
    y = np.where(values > 0, values, np.nan) if log else values
    ax.plot(t, y, color=color, linestyle=frame.dashes[arm], linewidth=style.line, label=name or None)
    good = np.flatnonzero(np.isfinite(y))
    if good.size == 0:
        nothing = log and bool(np.all(values == 0))
        said = f"{name}: 0 throughout".removeprefix(": ") if nothing else _text(name, y)
        return End(float(t[-1]), float("nan"), said, color, -np.inf)
    last, rank = int(good[-1]), float(np.mean(y[good]))
    if np.isfinite(values[-1]):
        return End(float(t[last]), float(y[last]), _text(name, values), color, rank)
    ax.plot(
        t[last], y[last], "X", color=color, markersize=0.55 * style.text, markeredgecolor="white", clip_on=False,
        zorder=5, gid="stopped",
    )  # fmt: skip
    return End(float(t[last]), float(y[last]), _text(name, values), color, rank)


def _level_end(level: tuple[str, float], frame: TimePanels) -> End:
    """Return the name of a level that finds no place among the curves as a small label beside them."""
    return End(frame.stop, level[1], level[0], FAINT, level[1], part=frame.style.least / frame.style.text)


def _text(name: str, values: Array) -> str:
    """Return what is written beside a line: the arm's name, and whether it stops early or has no values."""
    if not np.any(np.isfinite(values)):
        return f"{name}: no values" if name else "no values"
    if np.isfinite(values[-1]):
        return name
    return f"{name}, stopped" if name else "stopped"


def checked_series(times: ArrayLike | Mapping[str, ArrayLike], series: Series) -> tuple[Any, list[str]]:
    """Return quantity -> arm -> (times, values) and the arms in order; the arm of a lone array is "".

    Raises
    ------
    StudyError : nothing to draw, or shapes that don't fit.
    """
    if not series:
        raise StudyError("courses: no quantity to draw; pass {quantity: {arm: values}}")
    table: dict[str, dict[str, tuple[Array, Array]]] = {}
    for quantity, given in series.items():
        per_arm: Mapping[str, ArrayLike] = given if isinstance(given, Mapping) else {"": given}
        if not per_arm:
            raise StudyError(f"courses, '{quantity}': no arm to draw; pass {{arm: values}}")
        table[quantity] = {}
        for arm, values in per_arm.items():
            if isinstance(times, Mapping) and arm not in times:
                raise StudyError(f"courses, '{quantity}': no times for arm '{arm}'; times are given for {list(times)}")
            t = np.asarray(times[arm] if isinstance(times, Mapping) else times, dtype=float)
            y = np.asarray(values, dtype=float)
            y = np.where(np.isfinite(y), y, np.nan)
            where = f"courses, '{quantity}'" + (f", arm '{arm}'" if arm else "")
            if t.ndim != 1 or y.shape != t.shape or t.size == 0:
                raise StudyError(
                    f"{where}: values of shape {y.shape} for times of shape {t.shape}; both need (n_times,)"
                )
            table[quantity][arm] = (t, y)
    return table, list(dict.fromkeys(arm for per_arm in table.values() for arm in per_arm))


def log_names(who: str, what: str, log: bool | Collection[str], table: Mapping[str, Any]) -> set[str]:
    """Return the names that get a log axis; `who` and `what` are for the message of an unknown one."""
    if isinstance(log, bool):
        return set(table) if log else set()
    names = {log} if isinstance(log, str) else set(log)
    for name in sorted(names - set(table)):
        raise StudyError(f"{who}: log axis for unknown {what} '{name}'{did_you_mean(name, table)}")
    return names
