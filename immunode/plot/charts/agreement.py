"""Published results of trials over what a model gives for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from immunode.errors import StudyError
from immunode.plot.kit.figure import StyledFigure, make_panels
from immunode.plot.kit.style import FAINT, INK, PALETTE, Style, arm_colors, find_style, readable, styled
from immunode.plot.kit.text import pretty_unit, width_of, wrap

Row = Mapping[str, Any]
VERDICTS = {"inside": "inside", "near": "near", "off": "off", "used": "made the model", "not judged": "not judged"}
KEYS = ("published (95 % interval)", "published, made the model", "model: 95 % of trials of that size")
_LEADING = 1.2
"""Distance of two lines of text over their size."""


def agreement_chart(
    rows: Sequence[Row],
    *,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a figure with one line for each published result: its point and interval over the model's band.

    Parameters
    ----------
    rows : Sequence[Row]
        each with `trial`, `arm`, `group` (what was reported; one panel each), `unit`, `published`, `interval` (or
        None), `model`, `band` (low, high) and `verdict` ("inside", "near", "off" or "used"); where the value says that
        arms do not differ, `same` (0 of differences, 1 of ratios) is marked.
    axes : Axes | None
        to draw into a figure of your own; then all rows must be of one group.

    Raises
    ------
    StudyError
        nothing to draw, or several groups for one axes.
    """
    if not rows:
        raise StudyError("agreement: nothing to draw; pass one row for each published result")
    look = find_style(style, axes)
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((str(row["group"]), str(row["unit"])), []).append(row)
    if axes is not None and len(groups) > 1:
        raise StudyError(f"agreement: {len(groups)} kinds of results don't fit one axes; leave axes out")
    arms = dict.fromkeys(_main_arm(row) for row in rows)
    # the neutral first color stays with placebo, wherever it stands and where it is not shown
    untreated = next((arm for arm in ("placebo", "control") if arm in arms), "placebo")
    colors = arm_colors(dict.fromkeys([untreated, *arms]), untreated)
    with styled(look):
        if axes is not None:
            figure, (ax,) = make_panels(1, look, axes)
            ((heads, members),) = groups.items()
            panel = _panel(heads, members, 72 * look.width, look)
            _draw(ax, panel, 0.45 * 72 * look.width, colors, look)
            ax.set_title(panel.head, loc="left", fontsize=look.text, color=INK)
            return figure
        return _page(groups, title, colors, look)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a panel: a result, or the name of a trial above its results.

    text : wrapped.   size : lines of text.   y : its middle, in lines from the top of the panel.
    """

    text: str
    size: float
    y: float
    row: Row | None


@dataclass(frozen=True, slots=True)
class _Panel:
    """What a panel holds. head : wrapped.   left, right : room for names and verdicts, in points."""

    head: str
    lines: tuple[_Line, ...]
    left: float
    right: float

    @property
    def size(self) -> float:
        """Its height in lines, without its head and axis."""
        return self.lines[-1].y + self.lines[-1].size / 2

    def head_room(self, look: Style) -> float:
        """Return the height of its head in points."""
        return (1 + self.head.count("\n")) * look.small * _LEADING + 0.3 * _size(look)

    def room(self, look: Style) -> float:
        """Return the height of its head, its axis and the space below in points."""
        return self.head_room(look) + 2.7 * _size(look)


def _panel(heads: tuple[str, str], rows: Sequence[Row], width: float, look: Style) -> _Panel:
    """Return the lines of a panel of a width in points. heads : what was reported, and its unit."""
    group, unit = heads
    said = not pretty_unit(unit) or unit in group
    head, size = wrap(group if said else f"{group}, {pretty_unit(unit)}", width, look.small, lines=3), _size(look)
    most = 0.36 * width
    lines: list[_Line] = []
    y, trial = 0.0, ""
    for row in rows:
        if row["trial"] != trial:
            trial = str(row["trial"])
            lines.append(_Line(wrap(trial, 0.94 * width, size, bold=True, lines=1), 1.0, y + 0.6, None))
            y += 1.1
        text = wrap(str(row["arm"]), most, size, lines=3)
        tall = 1 + text.count("\n")
        lines.append(_Line(text, tall, y + tall / 2, row))
        y += tall + 0.1
    left = max(width_of(line.text, size) for line in lines if line.row is not None) + 0.8 * size
    right = max(width_of(VERDICTS[str(row["verdict"])], size, bold=True) for row in rows) + 0.9 * size
    return _Panel(head, tuple(lines), left, right)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The measures of a page, in points. edge : around it.   gap : between columns.   top, bottom : room there.

    title : wrapped.   abreast : entries of the legend side by side.
    """

    edge: float
    gap: float
    width: float
    top: float
    bottom: float
    title: str
    abreast: int

    @classmethod
    def of(cls, title: str, columns: int, keys: Sequence[Any], look: Style) -> _Sheet:
        edge, gap, size = 0.7 * look.text, 2.0 * look.text, _size(look)
        whole = 72 * look.width - 2 * edge
        words = wrap(title, whole, look.head, bold=True, lines=3)
        beside = sum(width_of(text, size) + 5 * size for text in (str(key.get_label()) for key in keys)) <= whole
        top = edge + (1 + words.count("\n")) * look.head * _LEADING * bool(title) + 0.6 * size
        return cls(
            edge=edge, gap=gap, width=(whole - (columns - 1) * gap) / columns, top=top,
            bottom=edge + (1 if beside else len(keys)) * 1.6 * size, title=words, abreast=len(keys) if beside else 1,
        )  # fmt: skip


def _page(
    groups: Mapping[tuple[str, str], Sequence[Row]], title: str, colors: Mapping[str, str], look: Style
) -> Figure:
    """Return the figure: title, panels in one or two columns, as high as they need, and the legend below them."""
    columns = 1 if len(groups) == 1 or look.columns == 1 else 2
    keys = _keys(look, used=any(row["verdict"] == "used" for rows in groups.values() for row in rows))
    sheet, size = _Sheet.of(title, columns, keys, look), _size(look)
    heaps: list[list[_Panel]] = [[] for _ in range(columns)]

    def height_of(heap: Sequence[_Panel], line: float) -> float:
        return sum(panel.room(look) + line * panel.size for panel in heap)

    for heads, rows in groups.items():
        # a panel goes where there is most room
        min(heaps, key=lambda heap: height_of(heap, 1.25 * size)).append(_panel(heads, rows, sheet.width, look))
    around = sheet.top + sheet.bottom
    height = max(72 * look.height if look.fixed else 0.0, around + max(height_of(heap, 1.25 * size) for heap in heaps))
    spare = (
        (height - around - height_of(heap, 0.0)) / sum(panel.size for panel in heap) for heap in heaps
    )  # of each column, for one line
    line = min(1.9 * size, *spare)
    figure = StyledFigure(look, figsize=(look.width, height / 72))
    if title:
        figure.text(sheet.edge / 72 / look.width, 1 - sheet.edge / height, sheet.title, fontsize=look.head,
                    fontweight="bold", color=INK, va="top", gid="title", linespacing=_LEADING)  # fmt: skip
    for i, heap in enumerate(heaps):
        left, y = sheet.edge + i * (sheet.width + sheet.gap), sheet.top
        for panel in heap:
            y += panel.head_room(look)
            width, tall = sheet.width - panel.left - panel.right, panel.size * line
            ax = figure.add_axes(
                ((left + panel.left) / 72 / look.width, 1 - (y + tall) / height, width / 72 / look.width, tall / height)
            )
            make_panels(1, look, ax)
            _draw(ax, panel, width, colors, look)
            ax.annotate(panel.head, (0, 1), xycoords="axes fraction", xytext=(-panel.left, 0.3 * size),
                        textcoords="offset points", va="bottom", fontsize=look.small, color=INK, gid="head",
                        linespacing=_LEADING, annotation_clip=False)  # fmt: skip
            y += tall + panel.room(look) - panel.head_room(look)
    figure.legend(
        handles=keys, loc="lower left", ncols=sheet.abreast, frameon=False, fontsize=size, borderpad=0.0,
        borderaxespad=0.0, bbox_to_anchor=(sheet.edge / 72 / look.width, 0.6 * sheet.edge / height),
    )  # fmt: skip
    return figure


def _draw(ax: Axes, panel: _Panel, width: float, colors: Mapping[str, str], look: Style) -> None:
    """Draw the results of a panel. width : of the axes in points."""
    size = _size(look)
    shown = [line.row for line in panel.lines if line.row is not None]
    same = next((row["same"] for row in shown if row.get("same") is not None), None)
    ends = _limits(shown, same)
    for line in panel.lines:
        row = line.row
        if row is None:
            _beside(ax, line, -panel.left, look, fontweight="bold", color=INK, gid="trial",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
            continue
        color = colors.get(_main_arm(row), PALETTE[1])
        # a time until something happens has no end where it never does: the band runs to the edge
        low, high = (min(max(float(end), ends[0]), ends[1]) for end in row["band"])
        ax.barh(line.y, high - low, left=low, height=0.72, color=color, alpha=0.28, linewidth=0)
        ax.plot([row["model"]] * 2, [line.y - 0.36, line.y + 0.36], color=color, linewidth=look.line * 0.7)
        if row["interval"]:
            ax.plot(row["interval"], [line.y] * 2, color=INK, linewidth=look.line * 0.45, solid_capstyle="butt")
        used = row["verdict"] == "used"
        ax.plot(
            row["published"], line.y, "o", color=INK, markerfacecolor="white" if used else INK,
            markersize=look.text * 0.42, zorder=3, clip_on=False,
        )  # fmt: skip
        _beside(ax, line, -0.5 * size, look, ha="right", color=readable(color), gid="arm")
        ax.annotate(
            VERDICTS[str(row["verdict"])], (1.0, line.y), xycoords=("axes fraction", "data"),
            xytext=(0.6 * size, 0), textcoords="offset points", va="center", fontsize=size, gid="verdict",
            annotation_clip=False, color=FAINT if used else INK, fontweight="bold" if row["verdict"] == "off" else None,
        )  # fmt: skip
    ax.set_ylim(panel.size, 0)
    ax.set_yticks([])
    low, high = ends
    ax.set_xlim(low, high)
    if same is not None:
        ax.axvline(same, color=FAINT, linewidth=look.line / 3, linestyle=(0, (3, 3)), zorder=0)
    ticks = readable_ticks(low, high, width, size)
    ax.set_xticks(ticks, tick_texts(ticks), fontsize=size)
    ax.spines["left"].set_visible(False)


def _beside(ax: Axes, line: _Line, offset: float, look: Style, **looks: Any) -> None:
    """Write a text left of the axes, at an offset in points."""
    ax.annotate(
        line.text, (0.0, line.y), xycoords=("axes fraction", "data"), xytext=(offset, 0), textcoords="offset points",
        va="center", fontsize=_size(look), annotation_clip=False, linespacing=1.1, **looks,
    )  # fmt: skip


def _limits(rows: Sequence[Row], same: float | None) -> tuple[float, float]:
    """Return the ends of the axis: all that is drawn, with a margin."""
    values: list[float] = [] if same is None else [float(same)]
    for row in rows:
        values += [float(v) for v in (row["published"], row["model"], *row["band"], *(row["interval"] or ()))]
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def readable_ticks(low: float, high: float, width: float, size: float) -> list[float]:
    """Return ticks of an axis, so few that their labels stay apart. width : of the axis, size : of the text, points."""
    ticks: list[float] = []
    for most in range(5, 0, -1):
        found = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        ticks = [float(tick) for tick in found if low <= tick <= high]
        if len(ticks) < 2:
            return ticks
        texts = tick_texts(ticks)
        apart = (ticks[1] - ticks[0]) / (high - low) * width
        if len(set(texts)) == len(texts) and max(width_of(text, size) for text in texts) + 0.9 * size <= apart:
            return ticks
    return ticks[:1]


def tick_texts(ticks: Sequence[float]) -> list[str]:
    """Return the labels of ticks, all with as many digits behind the point as one of them needs."""
    plain = [f"{tick:.6g}" for tick in ticks]
    digits = max((len(text.partition(".")[2]) for text in plain), default=0)
    texts = plain if any("e" in text for text in plain) else [f"{tick:.{digits}f}" for tick in ticks]
    return [text.replace("-", "\N{MINUS SIGN}") for text in texts]


def _main_arm(row: Row) -> str:
    return str(row["arm"]).partition(" against ")[0]


def _size(look: Style) -> float:
    """Return the size of names, verdicts and ticks: on a screen, which is never higher, the least that can be read."""
    return look.least if look.fixed else look.small


def _keys(look: Style, *, used: bool) -> list[Any]:
    """Return the entries of the legend. used : whether a number made the model."""
    size = look.text * 0.42
    line = look.line * 0.45
    hollow = Line2D([], [], marker="o", color=INK, linewidth=0, markerfacecolor="white", markersize=size, label=KEYS[1])
    return [
        Line2D([], [], marker="o", color=INK, linewidth=line, markersize=size, label=KEYS[0]),
        *([hollow] if used else []),
        Patch(color=FAINT, alpha=0.35, label=KEYS[2]),
    ]
