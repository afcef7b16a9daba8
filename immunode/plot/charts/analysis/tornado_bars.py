"""The tornado: an endpoint with one input at a time at either end of its range."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import write_note
from immunode.plot.kit.named_rows import DOWN, UP, hatch_down, label_x, row_axes, with_room
from immunode.plot.kit.style import FAINT, INK, Style, find_style, readable, styled
from immunode.plot.kit.text import number, power_of, pretty_unit, quantity_label, scale_axis, width_of, wrap

MOST_RANGES = 16
"""Rows up to which a slide has room for the ranges of inputs as well."""


def tornado(
    base: float,
    at_low: ArrayLike,
    at_high: ArrayLike,
    *,
    names: Sequence[str],
    ends: ArrayLike,
    units: Sequence[str] = (),
    label: str,
    unit: str = "",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return the tornado of one endpoint, first name on top.

    Parameters
    ----------
    base : float
        the endpoint with all inputs at their own values.
    at_low, at_high : array_like
        shape (n_names,), the endpoint with one input at the low, at the high end; NaN where a run failed.
    ends : array_like
        shape (n_names, 2), these ends, written beside the bars.
    units : Sequence[str]
        of the inputs.
    """
    look = find_style(style, axes)
    low, high, limits = np.asarray(at_low, float), np.asarray(at_high, float), np.asarray(ends, float)
    if low.shape != (len(names),) or high.shape != low.shape or limits.shape != (len(names), 2):
        raise StudyError(f"tornado: shapes {low.shape}, {high.shape}, {limits.shape} for {len(names)} names")
    shown = [
        _row_name(name, a, b, _unit(units, i), look) if len(names) <= MOST_RANGES or not look.fixed else name
        for i, (name, (a, b)) in enumerate(zip(names, limits.tolist(), strict=True))
    ]
    with styled(look):
        figure, ax, wide, look = row_axes(shown, look, axes, title)
        every = np.concatenate([low, high, [base]])
        every = every[np.isfinite(every)]
        texts = [number(float(v) / 10.0 ** power_of(float(every.min()), float(every.max()))) for v in every]
        ends_of_axis = with_room(every, texts, texts, wide, look.small)
        power = scale_axis(ax, "x", np.array(ends_of_axis), look, exact=True)
        for values, color, gid in ((low, DOWN, "low"), (high, UP, "high")):
            drawn = ax.barh(np.arange(len(names)), values - base, left=base, height=0.62, color=color, linewidth=0,
                            gid=gid)  # fmt: skip
            if gid == "low":
                hatch_down(drawn)
        ax.axvline(base, color=INK, linewidth=look.line / 2)
        _write(ax, base, low, high, power, wide, look)
        for i in np.flatnonzero(~(np.isfinite(low) & np.isfinite(high))).tolist():
            up = np.nanmax(np.append([low[i], high[i]], base)) > base  # write on the side without a bar
            ax.annotate("a run failed", (base, i), xytext=(-0.5 * look.text if up else 0.5 * look.text, 0),
                        textcoords="offset points", va="center", ha="right" if up else "left", fontsize=look.small,
                        color=FAINT)  # fmt: skip
        label_x(ax, quantity_label(label, unit, power), wide, look)
        text = number(base / 10.0**power)
        if width_of(text, look.small) < wide:
            ax.annotate(text, (base, -0.6), xytext=(0, 0.15 * look.text), textcoords="offset points", ha="center",
                        va="bottom", fontsize=look.small, color=INK, gid="base")  # fmt: skip
        write_note(
            figure,
            "blue, hatched: input at the low end of its range, orange: at the high end; line: all at their own values",
            look,
        )
    return figure


def _row_name(name: str, low: float, high: float, unit: str, style: Style) -> str:
    """Return the name of an input with its range, on as many lines as they need."""
    text = f"({number(low)} to {number(high)}{unit})"
    if width_of(f"{name} {text}", style.text) <= 0.32 * style.width * 72:
        return f"{name} {text}"
    # a column of a journal has no room for units
    plain = text if style.fixed else f"({number(low)} to {number(high)})"
    return f"{wrap(name, 0.32 * style.width * 72, style.text)}\n{plain}"


def _write(ax: Axes, base: float, low: Array, high: Array, power: int, wide: float, style: Style) -> None:
    """Write the values at the ends of the bars. wide : width of the axes in points."""
    span = ax.get_xlim()[1] - ax.get_xlim()[0]
    for i in range(len(low)):
        for value, other in ((low[i], high[i]), (high[i], low[i])):
            if not np.isfinite(value) or value == base or abs(value - base) / span * wide < 0.5 * style.small:
                continue
            right = value > base
            if (other > value > base) or (other < value < base):
                continue  # both ends move it the same way: the farther one is written
            text = number(value / 10.0**power)
            color = readable(DOWN if value is low[i] or value == low[i] else UP)
            ax.annotate(text, (value, i), xytext=((0.3 if right else -0.3) * style.text, 0),
                        textcoords="offset points", ha="left" if right else "right", va="center_baseline",
                        fontsize=style.small, color=color, gid="value")  # fmt: skip


def _unit(units: Sequence[str], i: int) -> str:
    shown = pretty_unit(units[i]) if i < len(units) else ""
    return f" {shown}" if shown else ""
