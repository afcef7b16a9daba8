"""Many arms over time: a row of color for each arm, a column for each quantity, instead of lines that cross."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm, LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.plot.charts.quick_rhythms import averaged
from immunode.plot.charts.time_courses import Series, Spread, can_be_lines, checked_series, courses, log_names, span_of
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import SteadyLayout, StyledFigure, title_lines, write_note, write_title
from immunode.plot.kit.marks import EVERY_ARM, Doses, Row, Windows, rows_of
from immunode.plot.kit.panel import Points
from immunode.plot.kit.style import FAINT, INK, OWN_COLORS, Style, arm_colors, find_style, readable, styled
from immunode.plot.kit.text import Decades, Scaled, limits, power_of, quantity_label, reaches_far, width_of, wrap
from immunode.plot.kit.threshold_lines import Thresholds
from immunode.plot.kit.time_axes import Clock, clock, time_axis

MOST_ARMS = 44
"""Rows that can be read on a slide."""
ACROSS = 6
"""Most columns side by side."""
_SAMPLES, _LEAST = 480, 8.0
"""Points of time of a strip; least size of names in points, on a slide."""
_FILLED, _BELOW_MARKS = 0.84, 0.7
"""Part of a row that is colored, from its top; the same, from its bottom, where doses and treatment stand above."""


def marks_by_arm(marks: Mapping[str, Mapping[str, tuple[Any, ...]]]) -> dict[str, tuple[Any, ...]]:
    """Return the marks of all interventions of an arm in one; of a lone course, whose arm is "", each by its name.

    What every arm gets at the same times, such as chemotherapy, stands once under `EVERY_ARM`: an arm keeps its own.

    marks : arm -> intervention -> times or windows.
    """
    if list(marks) == [""]:
        return dict(marks[""])
    first, *others = marks.values()
    shared = {name for name, times in first.items() if others and all(one.get(name) == times for one in others)}
    rows = {EVERY_ARM: {name: first[name] for name in shared}}
    rows |= {arm: {name: times for name, times in one.items() if name not in shared} for arm, one in marks.items()}
    return {arm: tuple(sorted(t for times in given.values() for t in times)) for arm, given in rows.items() if given}


def lines_or_strips(
    times: ArrayLike | Mapping[str, ArrayLike],
    series: Series,
    *,
    told: Sequence[str] = (),
    thresholds: Thresholds | None = None,
    spread: Spread | None = None,
    points: Mapping[str, Points] | None = None,
    pointed: str = "",
    axes: Any = None,
    **options: Any,
) -> Figure:
    """Return a figure of `courses`; in a figure of its own of `strips`, where arms could not be told apart as lines.

    options : what both take.   points : drawn on lines only.
    """
    arms = list(dict.fromkeys(arm for per_arm in series.values() if isinstance(per_arm, Mapping) for arm in per_arm))
    names = dict(options.get("labels") or {})
    rows = len(rows_of(options.get("doses") or {}, options.get("windows") or {}, arms))
    said = [names.get(arm, arm) for arm in arms if arm]
    treated = sum(1 for arm in arms if arm != options.get("control"))
    if axes is None and not can_be_lines(len(series), said, options.get("style", "slide"), treated=treated, strip=rows):
        return strips(times, series, told=told, **options)
    return courses(
        times, series, thresholds=thresholds, spread=spread, points=points, pointed=pointed, axes=axes, **options
    )


def strips(
    times: ArrayLike | Mapping[str, ArrayLike],
    series: Series,
    *,
    units: Mapping[str, str] | None = None,
    time_unit: str = "",
    labels: Mapping[str, str] | None = None,
    headings: Mapping[str, str] | None = None,
    doses: Doses | None = None,
    windows: Windows | None = None,
    title: str = "",
    note: str = "",
    style: str | Style = "slide",
    log: bool | Collection[str] = (),
    control: str | None = None,
    told: Sequence[str] = (),
) -> Figure:
    """Return a figure of many arms: a strip of color over time for each, one column a quantity.

    Values are colored from low (dark) to high (light) on a scale of their own for each quantity; those with both signs
    around 0.

    Parameters
    ----------
    told : Sequence[str]
        arms that matter most: they stand first, below the control, with names in their colors; the others' are gray.
    times, series, units, time_unit, labels, headings, doses, windows, title, note, style, log, control
        as in `courses`; doses and windows are marked above the strips of the first column.

    Raises
    ------
    StudyError
        as `courses`.
    """
    look = find_style(style)
    table, arms = checked_series(times, series)
    logs = log_names("strips", "quantity", log, table)
    first = [arm for arm in (control, *told) if arm in arms]
    order = list(dict.fromkeys([*(arm for arm in first if arm), *arms]))
    shown = order[:MOST_ARMS]
    if len(order) > MOST_ARMS:
        note = f"and {len(order) - MOST_ARMS} more arms" + (f"; {note}" if note else "")
    names = dict(labels or {})
    marks = rows_of(doses or {}, windows or {}, arms)
    if marks:
        note = "above the first strips: doses and treatment" + (f"; {note}" if note else "")
    start, stop = span_of(table)
    ticks = clock(stop - start, time_unit)
    with styled(look):
        figure, blocks = _frame(len(table), len(shown), look, title)
        pitch = _pitch(figure, len(blocks), len(shown), look, title)
        wide = figure.get_figwidth() * 72 / min(len(table), ACROSS)
        for i, (quantity, per_arm) in enumerate(table.items()):
            bar, ax = blocks[i // ACROSS][i % ACROSS]
            edges = np.linspace(start, stop, _SAMPLES + 1)
            blank = np.full(_SAMPLES, np.nan)
            values = np.array([averaged(edges, *per_arm[arm]) if arm in per_arm else blank for arm in shown])
            head = (headings or {}).get(quantity, "") or names.get(quantity, "") or quantity
            unit = (units or {}).get(quantity, "")
            filled = -_BELOW_MARKS if marks else _FILLED
            _draw(
                ax,
                bar,
                edges * ticks.factor,
                values,
                head,
                unit,
                look,
                wide * 0.76,
                log=quantity in logs,
                filled=filled,
            )
            time_axis(
                ax, ticks, start * ticks.factor, stop * ticks.factor, look, labelled=True,
                most=max(2, int(wide * 0.6 / (3.2 * look.small))),
            )  # fmt: skip
            ax.set_ylim(len(shown) - (0 if marks else 1 - _FILLED), 0)
            if i % ACROSS == 0:
                colors = arm_colors([*first, ""], control)  # a lone control keeps its color
                _name_rows(ax, shown, names, colors, look, pitch, middle=1 - _BELOW_MARKS / 2 if marks else _FILLED / 2)
                _mark(ax, shown, marks, colors, ticks, look, pitch)
        write_note(figure, note, look)
    return figure


def _frame(n: int, arms: int, style: Style, title: str) -> tuple[StyledFigure, list[list[tuple[Axes, Axes]]]]:
    """Return a figure and (axes of the color scale, axes of the strips) of each quantity, by rows of blocks."""
    blocks, across = math.ceil(n / ACROSS), min(n, ACROSS)
    width = style.width if style.fixed or n <= 2 else style.width * max(2.0, across / 2) / (1 + (style.width > 6))
    height = style.height
    if not style.fixed:
        height = max(height, blocks * (arms * 1.25 * style.small + 8 * style.text) / 72)
    pad = style.text / 72
    engine = SteadyLayout(w_pad=pad * 0.35, h_pad=pad * 0.15, wspace=0.02, hspace=0.0)
    figure = StyledFigure(style, figsize=(width, height), layout=engine)
    spec = figure.add_gridspec(2 * blocks, across, height_ratios=[1, 24] * blocks)
    axes: list[list[tuple[Axes, Axes]]] = [[] for _ in range(blocks)]
    for i in range(n):
        block, column = divmod(i, across)
        bar, ax = (figure.add_subplot(spec[2 * block + k, column]) for k in (0, 1))
        axes[block].append((bar, ax))
    write_title(figure, title_lines(title, style, width=width), style)
    return figure, axes


def _pitch(figure: Figure, blocks: int, arms: int, style: Style, title: str) -> float:
    """Return about how high a row is, in points."""
    text = title_lines(title, style)
    left = figure.get_figheight() * 72 - (1.5 * style.head * (1 + text.count("\n")) if title else 0) - 2 * style.text
    return max(left / blocks - 7.5 * style.text, 4 * style.text) / arms


def _draw(
    ax: Axes, bar: Axes, edges: Array, values: Array, name: str, unit: str, style: Style, width: float, *, log: bool,
    filled: float,
) -> None:  # fmt: skip
    """Draw the strips of one quantity, and its scale with its name above them.

    filled : part of a row that is colored, from its top; below 0 from its bottom.
    """
    log = log or _uneven(values)
    norm, cmap = _colors(values, log=log)
    ends = (0.0, filled) if filled > 0 else (1 + filled, 1.0)
    rows = np.concatenate([[row + ends[0], row + ends[1]] for row in range(len(values))])
    striped = np.full((2 * len(values) - 1, edges.size - 1), np.nan)
    striped[::2] = np.maximum(values, norm.vmin or 0.0) if log else values
    own = OWN_COLORS if cmap.name == "viridis" else None
    mesh = ax.pcolormesh(
        edges, rows, np.ma.masked_invalid(striped), norm=norm, cmap=cmap, shading="flat", rasterized=True, gid=own
    )
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    low, high = float(norm.vmin or 0.0), float(norm.vmax or 0.0)
    power = 0 if log else power_of(low, high)
    figure = ax.figure
    scale = figure.colorbar(
        mesh, cax=bar, orientation="horizontal", format=Decades(reaches_far(low, high)) if log else Scaled(power)
    )
    scale.outline.set_visible(False)
    if scale.solids is not None:
        scale.solids.set_gid(own)
    bar.xaxis.set_ticks_position("top")
    bar.tick_params(labelsize=style.least, length=style.text / 6, color=FAINT, labelcolor=INK, pad=1)
    bar.minorticks_off()
    if log:
        powers = np.arange(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
        scale.set_ticks((10.0 ** powers[:: max(1, math.ceil(len(powers) / 3))]).tolist())
    else:
        most = max(2, int(width / (4.5 * style.least)))
        scale.locator = _locator(most)
        scale.update_ticks()
    bar.set_title(
        wrap(quantity_label(name, unit, power), width, style.least, lines=3), loc="left", fontsize=style.least,
        color=INK, linespacing=1.05, pad=0.3 * style.text,
    )  # fmt: skip


def _locator(most: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(min(most, 4), steps=[1, 2, 2.5, 5, 10], min_n_ticks=2)


def _uneven(values: Array) -> bool:
    """Return whether one arm or moment outshines all others so that they would have one color on a linear scale."""
    good = values[np.isfinite(values)]
    return bool(good.size and good.min() >= 0 and good.max() > 0 and np.quantile(good, 0.9) < 0.15 * good.max())


def _colors(values: Array, *, log: bool) -> tuple[Normalize, Any]:
    """Return how values are colored: around 0 where they have both signs, from 0 where an axis would start there."""
    values = np.where(np.abs(values) < 1e-290, 0.0, values)  # what underflows is nothing
    good = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not good.size:
        return (LogNorm(0.1, 1.0) if log else Normalize(0.0, 1.0)), colormaps["viridis"]
    low, high = float(good.min()), float(good.max())
    if log:
        low = max(low, min(1.0, 1e-4 * high))
        return LogNorm(min(low, high / 2), high), colormaps["viridis"]
    if low < -0.05 * abs(high) and high > 0.05 * abs(low):
        return CenteredNorm(0.0, max(-low, high)), colormaps["PuOr_r"]
    bottom, top = limits(good, least=0.1)
    bottom, top = (0.0 if bottom == 0 else max(bottom, low) if low < high else bottom), (high if high > low else top)
    return Normalize(bottom, top), colormaps["viridis"]


def _name_rows(
    ax: Axes,
    arms: Sequence[str],
    names: Mapping[str, str],
    colors: Mapping[str, str],
    style: Style,
    pitch: float,
    *,
    middle: float,
) -> None:
    """Write the names of arms beside their strips, in color where they have one, else gray: large, on one line or two.

    middle : of a strip, in parts of its row.
    """
    least = _LEAST if style.fixed else style.least
    most = 0.21 * style.width * 72
    said = {arm: names.get(arm, arm) for arm in arms}
    choices = []
    for lines in (1, 2):
        size = min(style.small, 0.9 * pitch / (1.1 * lines))
        while size > least and any(_broken(said[arm], most, size, lines, bold=arm in colors) for arm in arms):
            size -= 0.25
        choices.append((max(size, least), -lines))
    size, lines = max(choices)
    texts = [wrap(said[arm], most, size, bold=arm in colors, lines=-lines) for arm in arms]
    ax.set_yticks([row + middle for row in range(len(arms))], texts, linespacing=1.0)
    ax.tick_params(axis="y", length=0, labelsize=size, pad=0.35 * style.text)
    for label, arm in zip(ax.get_yticklabels(), arms, strict=True):
        label.set_color(readable(colors.get(arm, FAINT)))
        label.set_fontweight("bold" if arm in colors else "normal")


def _broken(text: str, most: float, size: float, lines: int, *, bold: bool) -> bool:
    """Return whether a text does not fit on so many lines without a broken word."""
    wrapped = wrap(text, most, size, bold=bold, lines=lines)
    return wrapped.split() != text.split() or width_of(wrapped, size, bold=bold) > most


def _mark(
    ax: Axes,
    arms: Sequence[str],
    marks: Sequence[Row],
    colors: Mapping[str, str],
    ticks: Clock,
    style: Style,
    pitch: float,
) -> None:
    """Mark doses and windows above the strips of the arms that have them, in their colors."""
    start, stop = ax.get_xlim()
    scale = 0.6 * style.width * 72 / ACROSS / (stop - start)
    high = (1 - _BELOW_MARKS) * pitch
    for row in marks:
        for arm in arms if EVERY_ARM in row.keys else row.keys:
            if arm not in arms:
                continue
            y = arms.index(arm) + 0.64 * (1 - _BELOW_MARKS)
            color = readable(colors.get(arm, FAINT))
            times = np.asarray(row.times) * ticks.factor
            times = times[(times >= start) & (times <= stop)]
            for begin, end in row.windows:
                left = start if begin is None else max(begin * ticks.factor, start)
                right = stop if end is None else min(end * ticks.factor, stop)
                if right - left < 0.01 * (stop - start):
                    times = np.append(times, left)
                elif right > left:
                    bar = ax.plot([left, right], [y, y], color=color, linewidth=max(1.0, 0.3 * high), gid="window")[0]
                    bar.set(clip_on=False, solid_capstyle="butt")
            if not times.size:  # a line without points would still take room, in a corner of the page
                continue
            near = float(np.min(np.diff(np.unique(times)), initial=np.inf)) * scale
            shape, size = ("v", 0.62 * high) if near > 0.62 * high else ("|", 0.7 * high)
            dots = ax.plot(times, np.full(times.shape, y), shape, color=color, markersize=size)[0]
            dots.set(gid="doses", clip_on=False, markeredgewidth=max(0.6, style.line / 4) * (shape == "|"))
