"""Shares of responders by arm, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from immunode.errors import StudyError
from immunode.plot.kit.figure import write_note
from immunode.plot.kit.named_rows import label_x, row_axes
from immunode.plot.kit.panel import draw_point
from immunode.plot.kit.style import FAINT, INK, Style, arm_colors, find_style, readable, styled
from immunode.plot.kit.text import amount, noun, number

ENDS = (10, 20, 50, 100)
"""Where the axis may end, in %: the first that all shares and intervals stay below."""


def responder_shares(
    values: Mapping[str, tuple[float, float, float]],
    *,
    rule: str,
    patients: int,
    nnt: Mapping[str, float] | None = None,
    versus: str = "",
    interval: str = "95 % interval",
    whom: str = "virtual patients",
    control: str | None = None,
    points: Mapping[str, Sequence[tuple[float, float, float]]] | None = None,
    note: str = "",
    distance: tuple[float, float, float, str] | None = None,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a figure of one bar an arm: the share of responders, its interval, and the number needed to treat.

    Parameters
    ----------
    values : Mapping[str, tuple[float, float, float]]
        arm -> (share, low, high), 0 to 1.
    patients : int
        how many there are.
    rule : str
        who counts as a responder, to stand after "% of patients": "in remission at week 24".
    whom : str
        what the runs are, in words for the axis and the note: "declared patients", "parameter sets, +-30 %".
    interval : str
        what the line of an arm is.
    control : str | None
        the arm in the color of the control, "" for none, None for one with such a name.
    points : Mapping[str, Sequence[tuple[float, float, float]]] | None
        arm -> (share, low, high) of what was found elsewhere, 0 to 1: open circles with their intervals.
    note : str
        written small below, after what bars and lines are.
    distance : tuple[float, float, float, str] | None
        the lowest and the highest median of arms, the threshold and their unit, to be said where few respond.
    nnt : Mapping[str, float] | None
        arm -> number needed to treat against `versus`; below 0 there are fewer, one in so many.
    style : str | Style
        "slide" or "paper".
    axes : Axes | None
        to draw into a figure of your own.

    Raises
    ------
    StudyError
        nothing to draw.
    """
    if not values:
        raise StudyError("shares: nothing to draw; pass {arm: (share, low, high)}")
    look = find_style(style, axes)
    arms = list(values)
    colors = arm_colors(arms, control)
    with styled(look):
        figure, ax, wide, look = row_axes(arms, look, axes, title, pitch=2.1, part=0.25)
        for i, (arm, (share, low, high)) in enumerate(values.items()):
            at, high_bar = (i - 0.1, 0.5) if points else (i, 0.62)  # circles stand below their bar
            ax.barh(at, 100 * share, height=high_bar, color=colors[arm], alpha=0.85, linewidth=0)
            ax.plot([100 * low, 100 * high], [at, at], color=INK, linewidth=look.line * 0.5, solid_capstyle="butt")
            for value, least, most in (points or {}).get(arm, ()):
                draw_point(
                    ax, (100 * value, i + 0.32), (100 * least, i + 0.32), (100 * most, i + 0.32), colors[arm], look
                )
            needed = (nnt or {}).get(arm, math.nan)
            text = f"{100 * share:.3g} %"
            if math.isfinite(needed):
                text += f"   NNT {number(needed, 2)}" if needed > 0 else f"   1 in {number(-needed, 2)} fewer"
            ax.annotate(
                text, (100 * max(share, high), at), xytext=(0.4 * look.text, 0), textcoords="offset points",
                va="center", fontsize=look.small, color=readable(colors[arm]), gid="share", annotation_clip=False,
            )  # fmt: skip
        for tick, arm in zip(ax.get_yticklabels(), arms, strict=True):
            tick.set_color(readable(colors[arm]))
        most = max(100 * max(share, high) for share, _, high in values.values())
        end = next((end for end in ENDS if most <= end), ENDS[-1])
        ax.set_xlim(0, 1.25 * end)
        ax.set_xticks(range(0, end + 1, {10: 5, 20: 5, 50: 10}.get(end, 25)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.spines["bottom"].set_bounds(0, end)
        ax.spines["left"].set(visible=True, color=FAINT)
        label_x(ax, f"% of {noun(whom)} {rule}", wide, look)
        against = f"; NNT: number needed to treat for one more than in {versus}" if nnt else ""
        told = f"{patients:,} {whom}, each in every arm; line: {interval}{against}"
        if distance is not None:
            *ends, level, unit = distance
            medians = " to ".join(dict.fromkeys(amount(value, unit) for value in ends))
            told += f"; few of them, as medians of the arms are {medians} and the threshold is {amount(level, unit)}"
        write_note(figure, f"{told}; {note}" if note else told, look)
    return figure
