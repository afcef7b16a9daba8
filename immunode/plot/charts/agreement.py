"""Published results of trials over what a model gives for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from immunode.errors import StudyError
from immunode.plot.kit.figure import StyledFigure, make_panels, write_note
from immunode.plot.kit.style import FAINT, INK, PALETTE, Style, arm_colors, find_style, readable, styled
from immunode.plot.kit.text import wrap

VERDICTS = {"inside": "inside", "near": "near", "off": "off", "used": "made the model"}


def agreement_chart(
    rows: Sequence[Mapping[str, Any]],
    *,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a figure with one line for each published result: its point and interval over the model's band.

    rows : each with `trial`, `arm`, `group` (what was reported; one panel each), `unit`, `published`, `interval` (or
        None), `model`, `band` (low, high) and `verdict` ("inside", "near", "off" or "used").
    axes : to draw into a figure of your own; then all rows must be of one group.

    Raises
    ------
    StudyError : nothing to draw, or several groups for one axes.
    """
    if not rows:
        raise StudyError("agreement: nothing to draw; pass one row for each published result")
    look = find_style(style, axes)
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((str(row["group"]), str(row["unit"])), []).append(row)
    if axes is not None and len(groups) > 1:
        raise StudyError(f"agreement: {len(groups)} kinds of results don't fit one axes; leave axes out")
    arms = list(dict.fromkeys(str(row["arm"]).partition(" against ")[0] for row in rows))
    # the neutral first color stays with placebo
    colors = arm_colors(arms if arms[0] in ("placebo", "control") else ["placebo", *arms])
    with styled(look):
        if axes is not None:
            figure, (ax,) = make_panels(1, look, axes)
            panels = [ax]
        else:
            figure, panels = _page([len(members) for members in groups.values()], look, title)
        for ax, ((group, unit), members) in zip(panels, groups.items(), strict=True):
            _panel(ax, members, colors, look)
            words = f"{group}, {unit}" if unit else group
            ax.set_title(
                wrap(words, 0.3 * look.width * 72, look.text, lines=2), loc="left", fontsize=look.text, color=INK
            )
        if axes is None:
            _legend(figure, look)
            note = "band: middle 95 % of replicate trials of the published size; line: 95 % interval published"
            write_note(figure, note, look)
    return figure


def _page(sizes: Sequence[int], look: Style, title: str) -> tuple[Figure, list[Axes]]:
    """Return a figure with a panel for each group in two columns, as high as it has rows. sizes : rows of each."""
    columns = 1 if len(sizes) == 1 or look.columns == 1 else 2
    heaps: list[list[int]] = [[] for _ in range(columns)]
    for i in range(len(sizes)):
        # the panel goes where there is most room; each has a head of about two rows
        least = min(heaps, key=lambda heap: sum(sizes[j] + 2 for j in heap))
        least.append(i)
    tallest = max(sum(sizes[j] + 2 for j in heap) for heap in heaps)
    height = max(look.height, (1.5 * tallest * look.small + 5 * look.head) / 72)
    engine = ConstrainedLayoutEngine(w_pad=look.text / 160, h_pad=look.text / 180, wspace=0.03, hspace=0.02)
    figure = StyledFigure(look, figsize=(look.width, height), layout=engine)
    outer = figure.add_gridspec(1, columns)
    panels: dict[int, Axes] = {}
    for column, heap in enumerate(heaps):
        cells = outer[column].subgridspec(len(heap), 1, height_ratios=[sizes[j] + 1.5 for j in heap])
        for place, j in enumerate(heap):
            panels[j] = figure.add_subplot(cells[place])
    if title:
        words = wrap(title, (look.width - 0.2) * 72, look.head, bold=True, lines=2)
        figure.suptitle(words, x=0.012, ha="left", fontsize=look.head, fontweight="bold", color=INK, wrap=False)
    return figure, [panels[i] for i in range(len(sizes))]


def _panel(ax: Axes, rows: Sequence[Mapping[str, Any]], colors: Mapping[str, str], look: Style) -> None:
    names = []
    for i, row in enumerate(rows):
        arm = str(row["arm"]).partition(" against ")[0]
        color = colors.get(arm, PALETTE[1])
        low, high = row["band"]
        ax.barh(i, high - low, left=low, height=0.62, color=color, alpha=0.28, linewidth=0)
        ax.plot([row["model"]] * 2, [i - 0.31, i + 0.31], color=color, linewidth=look.line * 0.7)
        if row["interval"]:
            ax.plot(row["interval"], [i, i], color=INK, linewidth=look.line * 0.45, solid_capstyle="butt")
        face = "white" if row["verdict"] == "used" else INK
        ax.plot(row["published"], i, "o", color=INK, markerfacecolor=face, markersize=look.text * 0.42, zorder=3)
        ax.annotate(
            VERDICTS[str(row["verdict"])], (1.0, i), xycoords=("axes fraction", "data"), xytext=(0.4 * look.small, 0),
            textcoords="offset points", va="center", fontsize=look.small, annotation_clip=False,
            color=FAINT if row["verdict"] == "used" else INK, gid="verdict",
            fontweight="bold" if row["verdict"] == "off" else "normal",
        )  # fmt: skip
        names.append((wrap(f"{row['trial']}: {row['arm']}", 0.22 * look.width * 72, look.small, lines=2), color))
    ax.set_yticks(range(len(rows)), [name for name, _ in names], fontsize=look.small)
    for tick, (_, color) in zip(ax.get_yticklabels(), names, strict=True):
        tick.set_color(readable(color))
    ax.set_ylim(len(rows) - 0.45, -0.55)
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize=look.small)
    ax.margins(x=0.06)
    ax.locator_params(axis="x", nbins=5)


def _legend(figure: Figure, look: Style) -> None:
    handles: list[Any] = [
        Line2D([], [], marker="o", color=INK, linewidth=look.line * 0.45, markersize=look.text * 0.42,
               label="published"),
        Line2D([], [], marker="o", color=INK, linewidth=0, markerfacecolor="white", markersize=look.text * 0.42,
               label="published, used to make the model"),
        Patch(color=FAINT, alpha=0.35, label="model"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper right", ncols=3, frameon=False, fontsize=look.small)
