"""A figure that needs no display and no global state, keeps its style while it is drawn, and shows itself."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine, LayoutEngine

from immunode.errors import StudyError
from immunode.plot.kit.dark_ground import DarkRenderer
from immunode.plot.kit.style import FAINT, INK, Style, find_style, styled
from immunode.plot.kit.text import wrap

_MARGIN = 0.012
"""Part of the width that stays free beside the title."""


class SteadyLayout(ConstrainedLayoutEngine):
    """The constrained layout, with axes that stay where they are if they would move by what rounding leaves only.

    So the same figure, saved twice, gives the same bytes.
    """

    def execute(self, fig: Figure) -> None:
        """Lay the figure out."""
        before = [(ax, ax.get_position(original=True)) for ax in fig.axes]
        super().execute(fig)
        moved = [
            float(np.max(np.abs(ax.get_position(original=True).get_points() - old.get_points()))) for ax, old in before
        ]
        if max(moved, default=0.0) < 1e-6:
            for ax, old in before:
                ax._set_position(old)  # type: ignore[attr-defined]  # what is public would end the layout


class StyledFigure(Figure):
    """A matplotlib Figure that is drawn and saved in its own style and shows itself in notebooks.

    Ticks are made while drawing, so the style has to hold then too, not only while the figure is built.
    """

    def __init__(self, style: Style, figsize: tuple[float, float], layout: LayoutEngine | None = None) -> None:
        self.style = style
        with styled(style):
            super().__init__(figsize=figsize, layout=layout)

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure in its style."""
        if self.style.dark:
            renderer = cast(RendererBase, DarkRenderer(renderer))
        with styled(self.style):
            super().draw(renderer)

    def savefig(self, fname: Any, *, transparent: bool | None = None, **options: Any) -> None:
        """Save the figure in its style; see `immunode.plot.save` for one that keeps the recipe."""
        with styled(self.style):
            super().savefig(fname, transparent=transparent, **options)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=960 / self.get_figwidth() if self.style.fixed else 200)
        return buffer.getvalue()


def root_figure(ax: Axes) -> Figure:
    """Return the figure that holds `ax`, also where it stands in a subfigure.

    Raises
    ------
    StudyError : the axes are in no figure.
    """
    holder: Any = ax.figure
    while isinstance(holder, SubFigure):
        holder = holder.figure
    if not isinstance(holder, Figure):
        raise StudyError("plot: the axes given are in no figure (removed?)")
    return holder


def grid_shape(n: int, style: Style, *, stack: int = 2) -> tuple[int, int]:
    """Return (rows, columns) for `n` panels; up to `stack` panels stand in one column, as wide as they can be."""
    if n <= stack or style.columns == 1:
        return n, 1
    columns = 2 if n in (2, 4) else 3 if n <= 9 else 4
    return math.ceil(n / columns), columns


def arm_grid_shape(names: Sequence[str], style: Style) -> tuple[int, int]:
    """Return (rows, columns) for panels of arms with one axis of y: five stand in one row, if their names fit there."""
    wrapped = [wrap(name, row_name_width(style), style.text) for name in names]
    whole = all(text.split() == name.split() for text, name in zip(wrapped, names, strict=True))
    return (1, 5) if len(names) == 5 and style.columns > 2 and whole else grid_shape(len(names), style)


def row_name_width(style: Style) -> float:
    """Return the width in points of the name of one of five panels in a row; in bold type it is wider by a tenth."""
    return 0.72 * style.width * 72 / 5


def first_width(n: int, columns: int) -> int:
    """Return how many columns the first of `n` panels takes so that no cell stays empty, as far as its row goes."""
    return 1 + min(-n % columns, columns - 1)


def make_panels(
    n: int,
    style: Style,
    axes: Axes | Sequence[Axes] | None = None,
    *,
    shape: tuple[int, int] | None = None,
    row: float = 0.0,
    title: str = "",
    share_x: bool = True,
    share_y: bool = False,
    fit: bool = False,
    fill: bool = False,
) -> tuple[Figure, list[Axes]]:
    """Return a figure and `n` axes in it: the caller's own where given, else new ones.

    row : least height of one row of panels in inches.   fit : whether a page of fixed height keeps it all the same.
    fill : whether the first panel takes the cells of the grid that would stay empty, as far as its row goes.

    Raises
    ------
    StudyError : the caller gave another number of axes.
    """
    if axes is not None:
        given = [axes] if isinstance(axes, Axes) else list(np.asarray(axes, dtype=object).ravel())
        if len(given) != n:
            raise StudyError(f"plot: {len(given)} axes given for {n} panels; pass {n}, or leave axes out")
        figure = root_figure(given[0])
        if style.dark and not (isinstance(figure, StyledFigure) and figure.style.dark):
            raise StudyError('plot: style "dark" needs a figure of its own; take axes from `panels(n, style="dark")`')
        for ax in given:
            _dress(ax, style)
        return figure, given
    rows, columns = shape or grid_shape(n, style)
    title = title_lines(title, style, lines=2 if style.fixed else 3)
    extra = style.head / 72 * (1 + title.count("\n")) * 1.5 if title else 0.0
    height = max(style.height, rows * max(style.row, row) + extra + style.text / 24)
    height = style.height if style.fixed and fit else height
    pad = style.text / 72
    engine = SteadyLayout(w_pad=pad * 0.45, h_pad=pad * 0.4, wspace=0.02, hspace=0.02)
    figure = StyledFigure(style, figsize=(style.width, height), layout=engine)
    panels: list[Axes] = []
    wide = first_width(n, columns) if fill else 1
    for i in range(n):
        cell = i + (wide - 1) * (i > 0)
        above = panels[max(i - columns, 0)] if share_x and cell >= columns else None
        beside = panels[0] if share_y and panels else None
        place = (1, wide) if i == 0 else cell + 1
        ax = figure.add_subplot(rows, columns, place, sharex=above, sharey=beside)
        _dress(ax, style)
        panels.append(ax)
    write_title(figure, title, style)
    return figure, panels


def panels(
    n: int, *, columns: int = 0, title: str = "", style: str | Style = "slide", share_x: bool = False
) -> tuple[Figure, list[Axes]]:
    """Return a finished empty figure and `n` axes in it, for small multiples: give them to any figure as `axes=`.

    Parameters
    ----------
    columns : int
        panels side by side; by default as many as the style has room for.
    share_x : bool
        whether panels above each other have one axis of x.

    Raises
    ------
    StudyError
        fewer than one panel or column, or an unknown style.
    """
    look = find_style(style)
    if n < 1 or columns < 0:
        raise StudyError(f"panels: {n} panels in {columns or 'any number of'} columns; give at least 1 of each")
    shape = (math.ceil(n / columns), columns) if columns else None
    with styled(look):
        return make_panels(n, look, shape=shape, title=title, share_x=share_x)


def _dress(ax: Axes, style: Style) -> None:
    """Give axes the style's sizes explicitly: the caller's own figure is not drawn in our settings."""
    thin = max(0.6, style.line / 3)
    ax.tick_params(which="major", labelsize=style.small, length=style.text / 4, width=thin, color=FAINT, labelcolor=INK)
    ax.tick_params(which="minor", length=style.text / 8, width=thin * 0.7, color=FAINT)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_linewidth(thin)
        spine.set_edgecolor(FAINT)
    ax.set_axisbelow(True)


def title_lines(title: str, style: Style, *, width: float = 0.0, lines: int = 2) -> str:
    """Return a title in lines that end as far from the right edge as they begin from the left.

    width : of the figure in inches; by default that of the style.
    """
    page = width or style.width
    room = page - max(2 * _MARGIN * page, 0.2)  # a small page needs more: letters are drawn wider than they measure
    return wrap(title, room * 72, style.head, bold=True, lines=lines)


def write_title(figure: Figure, text: str, style: Style) -> None:
    """Write a title that is broken into lines above a figure."""
    if text:
        figure.suptitle(text, x=_MARGIN, ha="left", fontsize=style.head, fontweight="bold", color=INK, wrap=False)


_JOINED = "\N{MODIFIER LETTER LOW MACRON}"
"""Stands for an underscore while a note is broken into lines: about as wide, and no place to break."""


def write_note(figure: Figure, note: str, style: Style) -> None:
    """Write a small note under a figure of ours; a figure of the caller's own is left alone."""
    if note and isinstance(figure, StyledFigure):
        shown = re.sub(r"(?<=\w)_(?=\w)", _JOINED, note.replace("+-", "±"))  # a model's name is not broken
        text = wrap(shown, 0.94 * 72 * style.width, style.small, lines=3 if style.fixed else 6).replace(_JOINED, "_")
        figure.supxlabel(text, x=0.985, ha="right", fontsize=style.small, color=FAINT)


def write_inside(ax: Axes, words: str, style: Style) -> None:
    """Write small words into a panel that would otherwise be blank."""
    ax.text(0.5, 0.6, words, transform=ax.transAxes, ha="center", va="center", fontsize=style.small, color=FAINT,
            gid="blank")  # fmt: skip


def is_bottom(ax: Axes, panels: Sequence[Axes]) -> bool:
    """Return whether no panel of `panels` stands below `ax` in the same column of a grid made here."""
    spec = ax.get_subplotspec()
    if spec is None or not isinstance(ax.figure, StyledFigure):
        return True
    columns, bottom = set(spec.colspan), spec.rowspan.stop
    others = [other.get_subplotspec() for other in panels if other is not ax]
    return not any(o is not None and columns & set(o.colspan) and o.rowspan.start >= bottom for o in others)


def is_left(ax: Axes, panels: Sequence[Axes]) -> bool:
    """Return whether `ax` stands in the first column of a grid made here; the first panel, in a figure of others."""
    spec = ax.get_subplotspec()
    if spec is None or not isinstance(ax.figure, StyledFigure):
        return ax is panels[0]
    return int(spec.colspan.start) == 0
