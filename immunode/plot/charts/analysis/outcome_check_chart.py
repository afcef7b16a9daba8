"""Visual predictive check of events and categories: shares in the data over the bands of simulated data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import make_panels, write_note
from immunode.plot.kit.style import GRID, INK, PALETTE, Style, find_style, styled
from immunode.plot.kit.text import scale_axis
from immunode.plot.kit.time_axes import clock


def outcome_check(
    time: ArrayLike,
    observed: ArrayLike,
    low: ArrayLike,
    middle: ArrayLike,
    high: ArrayLike,
    *,
    labels: Sequence[str],
    censored: ArrayLike = (),
    steps: bool = False,
    quantity: str = "",
    time_unit: str = "",
    simulations: int = 0,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return a visual predictive check of shares, one panel a row.

    Parameters
    ----------
    time : array_like
        array, shape (n_times,), in `time_unit`.
    observed, low, middle, high : array_like
        arrays, shape (n_rows, n_times): shares in the data (0 to 1), and 2.5 %, median and 97.5 % of simulated ones.
        Rows whose label holds "number" are shown as they are, others as percent.
    labels : Sequence[str]
        titles of the rows.
    censored : array_like
        times at which individuals were seen last without an event: ticks on the first row.
    steps : bool
        whether the data's line is a staircase, as of Kaplan and Meier; else a line through points.
    quantity : str
        for the note.

    Raises
    ------
    StudyError
        shapes that don't fit.
    """
    look = find_style(style)
    t = np.asarray(time, float)
    data, lower, center, upper = (np.asarray(a, float) for a in (observed, low, middle, high))
    shape = (len(labels), t.size)
    if any(a.shape != shape for a in (data, lower, center, upper)):
        raise StudyError(f"outcome check: rows need the shape {shape}, got {[a.shape for a in (data, lower)]}")
    columns = 1 if len(labels) == 1 or steps else 2
    rows = -(-len(labels) // columns)
    shown = clock(float(t[-1] - t[0]), time_unit)
    x = t * shown.factor
    with styled(look):
        figure, panels = make_panels(len(labels), look, axes, title=title, shape=(rows, columns))
        for k, (ax, label) in enumerate(zip(panels, labels, strict=False)):
            size = 1.0 if "number" in label else 100.0
            ax.grid(True, axis="y", color=GRID)
            color = PALETTE[2]
            ax.fill_between(x, size * lower[k], size * upper[k], color=color, alpha=0.25, linewidth=0)
            ax.plot(x, size * center[k], color=color, linewidth=0.5 * look.line, linestyle=(0, (4, 3)))
            mark: dict[str, Any] = {} if steps else {"marker": "o", "markersize": 0.3 * look.text}
            ax.plot(
                x, size * data[k], color=INK, linewidth=look.line, zorder=4, gid="data",
                drawstyle="steps-post" if steps else "default", **mark,
            )  # fmt: skip
            if size == 1.0:
                scale_axis(ax, "y", np.concatenate([data[k], lower[k], upper[k], [0.0]]), look, log=False, most=5)
            else:
                _percent(ax, size * np.concatenate([data[k], upper[k]]), steps)
            if k == 0 and np.size(censored):
                _ticks(ax, np.asarray(censored, float), t, size * data[k], shown.factor, look)
            ax.set_title(label if size == 1.0 else f"{label} (%)", fontsize=look.text, loc="left")
        for ax in panels[-columns:]:
            ax.set_xlabel(shown.label, fontsize=look.text)
        what = "Kaplan-Meier curve of the data" if steps else "the data"
        sets = f"{simulations} simulated sets" if simulations else "simulated sets"
        note = (
            f"{quantity}; " * bool(quantity) + f"black: {what}; band: 95 % of the same in {sets}, dashed: their median"
        )
        write_note(figure, note + ("; ticks: last seen without an event" if np.size(censored) else ""), look)
    return figure


def _percent(ax: Axes, values: Array, whole: bool) -> None:
    """Scale an axis of percents: 0 to 100 for curves of events, else to what there is."""
    top = 100.0 if whole else min(100.0, 1.15 * float(np.nanmax(values, initial=1.0)))
    ax.set_ylim(0, 1.04 * top)
    if whole:
        ax.set_yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100"])


def _ticks(ax: Axes, moments: Array, t: Array, curve: Array, factor: float, look: Style) -> None:
    """Mark on a curve where individuals were seen last."""
    at = np.clip(np.searchsorted(t, moments, side="right") - 1, 0, len(t) - 1)
    ax.plot(
        moments * factor, curve[at], linestyle="", marker="|", color=INK, markersize=0.5 * look.text,
        markeredgewidth=0.4 * look.line, zorder=5, gid="censored",
    )  # fmt: skip
