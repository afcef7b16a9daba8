"""Why two runs differ: terms that add up to a difference, as bars and over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import make_panels, write_note
from immunode.plot.kit.labels import End, EndLabels
from immunode.plot.kit.named_rows import DOWN, UP, label_x, row_axes, with_room
from immunode.plot.kit.style import FAINT, INK, PALETTE, Style, arm_dashes, find_style, readable, styled
from immunode.plot.kit.text import number, power_of, quantity_label, scale_axis


def difference_bars(
    values: ArrayLike,
    *,
    names: Sequence[str],
    total: float,
    spread: tuple[ArrayLike, ArrayLike] | None = None,
    label: str,
    unit: str = "",
    note: str = "",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return signed bars, one a term, with their sum below a line.

    Parameters
    ----------
    values : array_like
        shape (n_terms,), in `unit`.
    total : float
        their sum, drawn dark.
    spread : tuple[array_like, array_like] | None
        ends of a line over each bar.
    """
    look = find_style(style, axes)
    z = np.asarray(values, float)
    if z.shape != (len(names),):
        raise StudyError(f"terms: values of shape {z.shape} for {len(names)} names")
    with styled(look):
        figure, ax, wide, look = row_axes([*names, "sum"], look, axes, title)
        every = np.concatenate([[0.0, total], z, *(np.asarray(s, float) for s in spread or ())])
        power = power_of(float(every.min()), float(every.max()))
        texts = {v: ("+" if v > 0 else "") + number(v / 10.0**power) for v in [*z.tolist(), total]}
        down, up = ([t for v, t in texts.items() if (v < 0) == side] for side in (True, False))
        power = scale_axis(ax, "x", np.array(with_room(every, down, up, wide, look.small)), look, exact=True)
        rows = [*z.tolist(), total]
        colors = [UP if v >= 0 else DOWN for v in z] + [INK]
        ax.barh(np.arange(len(rows)), rows, height=0.62, color=colors, linewidth=0, gid="terms")
        ax.axvline(0, color=FAINT, linewidth=max(0.6, look.line / 3))
        ax.axhline(len(names) - 0.5, color=FAINT, linewidth=max(0.6, look.line / 3))
        ends = [np.asarray(s, float) for s in spread] if spread else None
        if ends:
            ax.hlines(np.arange(len(names)), ends[0], ends[1], color=INK, linewidth=look.line * 0.45)
        for i, value in enumerate(rows):
            place = value
            if ends and i < len(names):
                place = max(value, float(ends[1][i])) if value >= 0 else min(value, float(ends[0][i]))
            right = value >= 0
            ax.annotate(texts[value], (place, i), xytext=((0.35 if right else -0.35) * look.text, 0),
                        textcoords="offset points", ha="left" if right else "right", va="center_baseline",
                        fontsize=look.small, color=readable(colors[i]), gid="value", annotation_clip=False)  # fmt: skip
        label_x(ax, quantity_label(label, unit, power), wide, look)
        write_note(figure, note, look)
    return figure


def difference_courses(
    times: ArrayLike,
    values: ArrayLike,
    *,
    names: Sequence[str],
    label: str,
    unit: str = "",
    time_unit: str = "",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return terms over time, one line each, and their sum in bold.

    Parameters
    ----------
    times : array_like
        shape (n_times,).
    values : array_like
        shape (n_terms, n_times), in `unit`; up to seven are named, the rest joined.
    """
    look = find_style(style, axes)
    t, z = np.asarray(times, float), np.asarray(values, float)
    shown, labels = _joined(z, list(names))
    total = z.sum(axis=0)
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        scale_axis(ax, "x", t, look, exact=True)
        power = scale_axis(ax, "y", np.append(shown.ravel(), total), look)
        ends = []
        dashes = list(arm_dashes(["sum", *(str(i) for i in range(len(shown)))]).values())[1:]
        for i, row in enumerate(shown):
            color = PALETTE[1 + i % (len(PALETTE) - 1)]
            ax.plot(t, row, color=color, linestyle=dashes[i], linewidth=look.line * 0.75, gid="term")
            ends.append(End(float(t[-1]), float(row[-1]), labels[i], color, float(row[-1])))
        ax.plot(t, total, color=PALETTE[0], linewidth=look.line * 1.2)
        ends.append(End(float(t[-1]), float(total[-1]), "sum", PALETTE[0], float(total[-1])))
        ax.axhline(0, color=FAINT, linewidth=max(0.6, look.line / 3), zorder=0)
        ax.add_artist(EndLabels(ax, ends, look, look.width * 72 * 0.22, look.small))
        ax.set_xlabel(quantity_label("time", time_unit) if time_unit else "time", fontsize=look.text, color=INK)
        ax.set_ylabel(quantity_label(f"difference of {label}", unit, power), fontsize=look.text, color=INK)
        write_note(figure, "each line: what a term has brought to the difference so far", look)
    return figure


def _joined(values: Array, names: list[str], most: int = 7) -> tuple[Array, list[str]]:
    if len(values) <= most:
        return values, names
    rest = values[most - 1 :].sum(axis=0)
    return np.vstack([values[: most - 1], rest]), [*names[: most - 1], f"{len(values) - most + 1} others"]
