"""What the panels of a time figure share: room for labels, the time axis, names with units, marks of treatment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.plot.kit.figure import StyledFigure, is_bottom
from immunode.plot.kit.labels import End, EndLabels
from immunode.plot.kit.marks import Doses, Windows, draw_marks
from immunode.plot.kit.style import Style, arm_colors
from immunode.plot.kit.text import name_panel, pieces_of, scale_axis, width_of, wrap
from immunode.plot.kit.time_axes import Clock, time_axis


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


def label_room(names: Sequence[str], style: Style, columns: int, strip: float) -> Room:
    """Return the room for labels of lines beside a panel; long names are set smaller and broken."""
    shown = [name for name in names if name]
    if not shown:
        return Room(0.0, style.text, 0, strip)
    most = style.width * 72 / columns * (0.2 if style.fixed and columns == 1 else 0.27 if columns == 1 else 0.31)
    longest = max(width_of(piece.strip(), style.text) for name in shown for piece in pieces_of(name))
    size = min(style.text, max(style.least, style.text * (most - 2) / longest))
    width = min(max(width_of(name, size) for name in shown) + 1, most)
    return Room(width, size, sum(wrap(name, width, size).count("\n") + 1 for name in shown), strip)


def panel_room(figure: Figure, panels: Sequence[Axes], style: Style, room: Room) -> Room:
    """Return `room` with about how wide and high the axes of a panel will be."""
    if isinstance(figure, StyledFigure):
        spec = panels[0].get_subplotspec()
        rows, columns = spec.get_gridspec().get_geometry() if spec else (1, 1)
        width = figure.get_figwidth() * 72 / columns - room.labels - 5.5 * style.text
        height = (figure.get_figheight() * 72 - room.strip) / rows - 2.6 * style.text - 4 * style.text / rows
        return replace(room, width=max(width, 4 * style.text), height=max(height, 3 * style.text))
    box = panels[0].get_window_extent()
    return replace(room, width=box.width * 72 / figure.dpi, height=box.height * 72 / figure.dpi)


@dataclass(frozen=True, slots=True)
class TimePanels:
    """The things that all panels of one figure over time have in common.

    arms : all arms of the figure, in order (they set the colors).   names : what quantities and arms mean.
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

    def scale(self, ax: Axes, values: ArrayLike, *, log: bool) -> int:
        """Set the y axis for `values`; return the power of ten taken out of it."""
        most = max(2, min(5, int(self.room.height / (2.2 * self.style.small))))
        return scale_axis(ax, "y", values, self.style, log=log, most=most)

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

    def mark(self, ax: Axes, doses: Doses, windows: Windows, *, written: bool, above: bool = True) -> None:
        """Draw doses and windows above the axes; written: with words beside them. above : False only shades."""
        draw_marks(
            ax, doses, windows, arm_colors(self.arms), self.clock.factor, self.style,
            names=self.names, width=self.room.width, written=written, above=above,
        )  # fmt: skip


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
) -> TimePanels:
    """Return what the panels of a figure over time share, with about the room that their axes will have.

    span : ends of the time axis in the unit that `clock` shows.   The rest is as in `TimePanels`.
    """
    return TimePanels(
        style=style, panels=panels, arms=arms, names=names, clock=clock, start=span[0], stop=span[1],
        room=panel_room(figure, panels, style, room),
    )  # fmt: skip
