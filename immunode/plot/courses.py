"""Time courses: one panel a quantity, one line an arm, labelled at its end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.clock import Clock, clock, time_axis
from immunode.plot.figure import StyledFigure, grid_shape, is_bottom, make_panels
from immunode.plot.labels import Array, End, EndLabels
from immunode.plot.marks import Doses, Windows, draw_marks, rows_of, strip_height
from immunode.plot.style import Style, arm_colors, arm_dashes, find_style, styled
from immunode.plot.text import name_panel, scale_axis, width_of, wrap

Series = Mapping[str, Mapping[str, ArrayLike] | ArrayLike]


def courses(
    times: ArrayLike | Mapping[str, ArrayLike],
    series: Series,
    *,
    units: Mapping[str, str] | None = None,
    time_unit: str = "",
    labels: Mapping[str, str] | None = None,
    doses: Doses | None = None,
    windows: Windows | None = None,
    title: str = "",
    style: str | Style = "slide",
    log: bool | Collection[str] = (),
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return a figure of time courses, finished: units, direct labels, doses and windows marked.

    Parameters
    ----------
    times : array, shape (n_times,), in `time_unit`; or one such array for each arm.
    series : quantity -> arm -> array, shape (n_times,), in the quantity's unit. NaN where a run failed.
        A quantity may hold one array instead of arms; then its line needs no label.
    units : quantity -> unit; "" or absent means dimensionless.
    time_unit : unit of `times`; the axis may show a handier one (364 days are shown as 52 weeks).
    labels : what quantities and arms mean, by name; shown as titles of panels and as labels of lines.
    doses : arm (or any name) -> times of doses, in `time_unit`; drawn as triangles above the axes.
    windows : arm (or any name) -> (start, stop) in `time_unit`, None for open ends; shaded.
    style : "slide" or "paper".
    log : names of quantities with a log axis, or True for all; values that are not positive are left out there.
    axes : as many axes as quantities, to draw into a figure of your own.

    Raises
    ------
    StudyError : nothing to draw, shapes that don't fit, an unknown style or name in `log`.
    """
    look = find_style(style)
    table, arms = _checked(times, series)
    meaning = dict(labels or {})
    marked, shaded = dict(doses or {}), dict(windows or {})
    start = min(float(t[0]) for per_arm in table.values() for t, _ in per_arm.values())
    stop = max(float(t[-1]) for per_arm in table.values() for t, _ in per_arm.values())
    shown = clock(stop - start, time_unit)
    logs = _log_names(log, table)
    widest, row = label_room([meaning.get(a, a) for a in arms if a], look)
    strip = strip_height(len(rows_of(marked, shaded)), look)
    with styled(look):
        figure, panels = make_panels(len(table), look, axes, row=row + strip / 72, title=title)
        room = panel_room(figure, panels, look, widest, strip)
        for ax, (quantity, per_arm) in zip(panels, table.items(), strict=True):
            draw_lines(ax, per_arm, arms, shown, meaning, look, logs=quantity in logs, width=room[2],
                       unit=(units or {}).get(quantity, ""), quantity=quantity, room=room, strip=strip)  # fmt: skip
            time_axis(ax, shown, start * shown.factor, stop * shown.factor, look,
                      labelled=is_bottom(ax, panels), most=max(3, min(8, int(room[0] / (3.2 * look.small)))))  # fmt: skip
            draw_marks(ax, marked, shaded, arm_colors(arms), shown.factor, look, names=meaning, width=room[0],
                       written=ax is panels[0] or isinstance(figure, StyledFigure))  # fmt: skip
    return figure


def label_room(names: Sequence[str], style: Style) -> tuple[float, float]:
    """Return the width in points that labels of lines may take, and the least height in inches that they need."""
    if not names:
        return 0.0, 0.0
    most = 0.17 * style.width * 72 if style.columns > 1 else 0.25 * style.width * 72
    width = min(max(width_of(name, style.text) for name in names), most)
    lines = sum(wrap(name, width, style.text, lines=2).count("\n") + 1 for name in names)
    return width + 1, lines * 1.3 * style.text / 72


def panel_room(
    figure: Figure, panels: Sequence[Axes], style: Style, labels: float, strip: float
) -> tuple[float, float, float]:
    """Return about how wide and high the axes of a panel will be, and the width of labels, all in points."""
    if isinstance(figure, StyledFigure):
        spec = panels[0].get_subplotspec()
        rows, columns = spec.get_gridspec().get_geometry() if spec else (1, 1)
        width = figure.get_figwidth() * 72 / columns - labels - 6.5 * style.text
        height = figure.get_figheight() * 72 / rows - strip - 2.6 * style.text - (4 * style.text / rows)
        return max(width, 4 * style.text), max(height, 3 * style.text), labels
    box = panels[0].get_window_extent()
    return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi, labels


def draw_lines(ax: Axes, per_arm: Mapping[str, tuple[Array, Array]], arms: Sequence[str], shown: Clock,
               meaning: Mapping[str, str], style: Style, *, logs: bool, width: float, unit: str, quantity: str,
               room: tuple[float, float, float], strip: float) -> None:  # fmt: skip
    """Draw one panel: the line of each arm, its end label, the y axis with its unit and the panel's title."""
    colors, dashes = arm_colors(arms), arm_dashes(arms)
    everything = np.concatenate([values for _, values in per_arm.values()])
    power = scale_axis(ax, "y", everything, style, log=logs, most=max(2, min(5, int(room[1] / (2.2 * style.small)))))
    ends = []
    for arm, (t, values) in per_arm.items():
        y = np.where(values > 0, values, np.nan) if logs else values
        t = t * shown.factor
        ax.plot(t, y, color=colors[arm], linestyle=dashes[arm], linewidth=style.line, label=meaning.get(arm, arm) or None)
        good = np.flatnonzero(np.isfinite(y))
        name = meaning.get(arm, arm)
        if good.size == 0:
            if name:
                ends.append(End(float(t[-1]), float("nan"), f"{name}: no values", colors[arm], -np.inf))
            continue
        last = int(good[-1])
        stopped = not np.isfinite(values[-1])
        if stopped:
            ax.plot(t[last], y[last], "X", color=colors[arm], markersize=0.55 * style.text, markeredgecolor="white",
                    clip_on=False, zorder=5, gid="stopped")  # fmt: skip
        if name:
            ends.append(End(float(t[last]), float(y[last]), f"{name}, stopped" if stopped else name, colors[arm],
                            float(np.mean(y[good]))))  # fmt: skip
    if ends:
        EndLabels(ax, ends, style, max(width, 4 * style.text))
    name_panel(ax, quantity, meaning.get(quantity, ""), unit, power, style, width=room[0] + 0.6 * room[2],
               height=room[1], pad=strip + 0.35 * style.text)  # fmt: skip


def _checked(times: ArrayLike | Mapping[str, ArrayLike], series: Series) -> tuple[Any, list[str]]:
    """Return quantity -> arm -> (times, values) and the arms in order; the arm of a lone array is ""."""
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
            where = f"courses, '{quantity}'" + (f", arm '{arm}'" if arm else "")
            if t.ndim != 1 or y.shape != t.shape or t.size == 0:
                raise StudyError(f"{where}: values of shape {y.shape} for times of shape {t.shape}; both need (n_times,)")
            table[quantity][arm] = (t, y)
    return table, list(dict.fromkeys(arm for per_arm in table.values() for arm in per_arm))


def _log_names(log: bool | Collection[str], table: Mapping[str, Any]) -> set[str]:
    if isinstance(log, bool):
        return set(table) if log else set()
    names = {log} if isinstance(log, str) else set(log)
    unknown = sorted(names - set(table))
    if unknown:
        from immunode.errors import did_you_mean

        raise StudyError(f"courses: log axis for unknown quantity '{unknown[0]}'{did_you_mean(unknown[0], table)}")
    return names


__all__ = ["courses", "grid_shape"]
