"""What the panels of a time figure share: room for labels, the time axis, names with units, marks of treatment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike

from immunode.plot.kit.figure import StyledFigure, is_bottom, root_figure
from immunode.plot.kit.labels import End, EndLabels
from immunode.plot.kit.marks import Row, draw_marks
from immunode.plot.kit.style import FAINT, PAPER, Style, arm_colors, arm_dashes
from immunode.plot.kit.text import name_panel, pieces_of, scale_axis, width_of, wrap
from immunode.plot.kit.time_axes import Clock, time_axis

LEADING, SMALLEST = 1.14, 0.86
"""Height of a line of labels in sizes of its text; least size of labels where there are many, in parts of `least`."""
STILL = 1e-6
"""Curves that differ by no more than this part of their value stand still."""
NARROW = 0.1
"""Least part of the values that an axis shows which does not start at 0."""


@dataclass(frozen=True, slots=True)
class Room:
    """Room in a panel, in points.

    labels : width of the labels of lines.   size : of their text.   lines : number of lines that all labels take.
    strip : height of the marks above the axes of the first row.   width, height : of the axes, about.
    """

    labels: float
    size: float
    lines: int
    strip: float = 0.0
    width: float = 0.0
    height: float = 0.0

    @property
    def row(self) -> float:
        """The least height of a panel in inches at which all labels and marks find a place."""
        return (self.lines * 1.25 * self.size + self.strip) / 72


def label_room(names: Sequence[str], style: Style, columns: int, strip: float, *, height: float = math.inf) -> Room:
    """Return the room for labels of lines beside a panel; long names and many of them are set smaller and broken.

    What fits on one line each at the least size is not broken.

    height : of a panel in points.
    """
    shown = [name for name in names if name]
    if not shown:
        return Room(0.0, style.text, 0, strip)
    most = style.width * 72 / columns * (0.2 if style.fixed and columns == 1 else 0.27 if columns == 1 else 0.31)
    whole, longest = (
        max(width_of(part.strip(), style.text) for name in shown for part in parts(name))
        for parts in (lambda name: [name], pieces_of)
    )
    longest = whole if style.text * (most - 2) / whole >= style.least else longest
    size = min(style.text, max(style.least, style.text * (most - 2) / longest))
    while True:
        width = min(max(width_of(name, size) for name in shown) + 1, most)
        lines = sum(wrap(name, width, size).count("\n") + 1 for name in shown)
        if lines * LEADING * size <= height + 0.5 * size or size <= SMALLEST * style.least:
            return Room(width, size, lines, strip)
        size = max(size - 0.04 * style.text, SMALLEST * style.least)


def panel_height(style: Style, rows: int, strip: float) -> float:
    """Return about how high the axes of a panel are in a figure of fixed height, in points."""
    return max((style.height * 72 - strip) / rows - 2.6 * style.text - 4 * style.text / rows, 3 * style.text)


def panel_room(figure: Figure, panels: Sequence[Axes], style: Style, room: Room) -> Room:
    """Return `room` with about how wide and high the axes of a panel will be."""
    if isinstance(figure, StyledFigure):
        spec = panels[0].get_subplotspec()
        rows, columns = spec.get_gridspec().get_geometry() if spec else (1, 1)
        width = figure.get_figwidth() * 72 / columns - room.labels - 5.5 * style.text
        height = panel_height(replace(style, height=figure.get_figheight()), rows, room.strip)
        return replace(room, width=max(width, 4 * style.text), height=height)
    box = panels[0].get_window_extent()
    return replace(room, width=box.width * 72 / figure.dpi, height=box.height * 72 / figure.dpi)


@dataclass(frozen=True, slots=True)
class TimePanels:
    """The things that all panels of one figure over time have in common.

    arms : all arms of the figure, in order (they set the colors).   names : what quantities and arms mean.
    control : the arm with the color of the control, "" for none, None for one with such a name.
    start, stop : ends of the time axis in the unit that `clock` shows.
    """

    style: Style
    panels: Sequence[Axes]
    arms: Sequence[str]
    names: Mapping[str, str]
    clock: Clock
    start: float
    stop: float
    room: Room
    control: str | None = None

    @property
    def colors(self) -> dict[str, str]:
        """Arm -> color."""
        return arm_colors(self.arms, self.control)

    @property
    def dashes(self) -> dict[str, Any]:
        """Arm -> line style."""
        return arm_dashes(self.arms, self.control)

    def scale(self, ax: Axes, parts: Sequence[ArrayLike], *, log: bool) -> int:
        """Set the y axis for parts of values; return the power of ten taken out of it.

        A log axis goes below 1 only to show four decades: less than one cell or copy is none.
        """
        values = np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in parts])
        if log:
            floor = min(1.0, 1e-4 * float(np.nanmax(values, initial=0.0)))
            values = np.where(values > 0, np.maximum(values, floor), np.nan)
        good = values[np.isfinite(values)]
        if not log and good.size and good.min() > 0 and np.ptp(good) <= STILL * good.min():
            values = np.append(values, 0.0)  # what stands still is seen as it is above nothing
        most = max(2, min(5, int(self.room.height / (2.2 * self.style.small))))
        power = scale_axis(ax, "y", values, self.style, log=log, most=most, least=NARROW)
        low, high = ax.get_ylim()
        if not log and low * high > 0:
            mark_break(ax, self.style, top=high < 0)
        return power

    def label(self, ax: Axes, ends: Sequence[End]) -> None:
        """Write the names of lines at their ends."""
        named = [end for end in ends if end.text]
        if named:
            EndLabels(ax, named, self.style, max(self.room.labels, 4 * self.style.text), self.room.size)

    def finish(
        self, ax: Axes, quantity: str, about: str, unit: str, power: int, *, title_color: str = "", marked: bool = True
    ) -> None:
        """Write name, unit and meaning of the quantity, and the time axis. marked : whether marks stand above."""
        style, room = self.style, self.room
        name_panel(
            ax, quantity, about, unit, power, style,
            width=room.width + room.labels, height=room.height, pad=room.strip * marked + 0.35 * style.text,
            title_color=title_color,
        )  # fmt: skip
        most = max(3, min(8, int(room.width / (2.8 * style.small))))
        time_axis(
            ax, self.clock, self.start, self.stop, style, labelled=is_bottom(ax, self.panels), most=most
        )  # fmt: skip

    def mark(self, ax: Axes, rows: Sequence[Row], *, written: float, above: bool = True) -> None:
        """Draw the strip of treatments above the axes. written : room for names beside. above : False only shades."""
        draw_marks(
            ax, rows, self.colors, self.clock, self.style,
            names=self.names, width=self._width(ax), written=written, above=above,
        )  # fmt: skip

    def size(self, ax: Axes) -> tuple[float, float]:
        """Return about how wide and high the axes are, in points."""
        return self._width(ax), self.room.height

    def _width(self, ax: Axes) -> float:
        """Return about how wide the axes are, in points: a first panel may take several columns."""
        spec, figure = ax.get_subplotspec(), root_figure(ax)
        if spec is None or not isinstance(figure, StyledFigure):
            return self.room.width
        return self.room.width + (len(spec.colspan) - 1) * figure.get_figwidth() * 72 / spec.get_gridspec().ncols


Points = Mapping[str, Sequence[tuple[float, float, float, float]]]
"""Arm -> (time, value, low, high) of what was measured, in the units of the data; NaN where there is no interval."""


def draw_points(ax: Axes, points: Points, colors: Mapping[str, str], factor: float, style: Style) -> None:
    """Draw open circles with their intervals, in the colors of arms. factor : of time, to what the axis shows."""
    for arm, listed in points.items():
        for time, value, low, high in listed:
            x = time * factor
            draw_point(ax, (x, value), (x, low), (x, high), colors[arm], style)


def draw_point(
    ax: Axes,
    place: tuple[float, float],
    low: tuple[float, float],
    high: tuple[float, float],
    color: str,
    style: Style,
) -> None:
    """Draw an open circle at (x, y), and its interval from `low` to `high` where these are finite."""
    ends, thin = np.transpose([low, high]), max(0.8, 0.45 * style.line)
    if np.isfinite(ends).all():
        ax.plot(*ends, color=color, linewidth=thin, solid_capstyle="butt", zorder=5, gid="found-interval")
    ax.plot(
        *place, "o", markersize=0.55 * style.text, markerfacecolor=PAPER, markeredgecolor=color,
        markeredgewidth=0.55 * style.line, clip_on=False, zorder=5.5, gid="found",
    )  # fmt: skip


def mark_break(ax: Axes, style: Style, *, top: bool = False) -> None:
    """Mark the end of a y axis that would lie nearer to 0 as broken, by two strokes across it."""
    for lift in (0.28, 0.5):
        up = (-1 if top else 1) * lift * style.text / 72
        place = ax.transAxes + ScaledTranslation(0, up, root_figure(ax).dpi_scale_trans)
        stroke = ax.plot(0, 1 if top else 0, marker=[(-1, -0.45), (1, 0.45)], color=FAINT)[0]
        stroke.set(transform=place, clip_on=False, gid="axis-break", zorder=4, markersize=0.62 * style.text)
        stroke.set_markeredgewidth(max(0.8, style.line / 2.4))


def time_panels(
    figure: Figure,
    panels: Sequence[Axes],
    style: Style,
    room: Room,
    *,
    arms: Sequence[str],
    names: Mapping[str, str],
    clock: Clock,
    span: tuple[float, float],
    control: str | None = None,
) -> TimePanels:
    """Return what the panels of a figure over time share, with about the room that their axes will have.

    span : ends of the time axis in the unit that `clock` shows.   The rest is as in `TimePanels`.
    """
    return TimePanels(
        style=style, panels=panels, arms=arms, names=names, clock=clock, start=span[0], stop=span[1],
        room=panel_room(figure, panels, style, room), control=control,
    )  # fmt: skip
