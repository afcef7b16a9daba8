"""Visual predictive check: percentiles of data over the bands of the same percentiles of simulated data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.figure import make_panels, write_note
from immunode.plot.kit.style import FAINT, GRID, INK, PALETTE, Style, find_style, styled
from immunode.plot.kit.text import quantity_label, scale_axis
from immunode.plot.kit.time_axes import clock


def predictive_check(
    time: ArrayLike,
    observed: ArrayLike,
    low: ArrayLike,
    middle: ArrayLike,
    high: ArrayLike,
    *,
    points: ArrayLike | None = None,
    censored: ArrayLike | None = None,
    censored_band: ArrayLike | None = None,
    quantity: str = "",
    unit: str = "",
    time_unit: str = "",
    corrected: bool = False,
    simulations: int = 0,
    log: bool = False,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return a visual predictive check.

    Parameters
    ----------
    time : array_like
        array, shape (n_bins,), in `time_unit`.
    observed, low, middle, high : array_like
        arrays, shape (3, n_bins), in `unit`: the 5th, 50th and 95th percentile of the data, and the ends of the 95 %
        bands and the median of these percentiles over the simulated sets.
    points : array_like | None
        array, shape (2, n_observations), times and values of the data.
    censored, censored_band : array_like | None
        arrays, shape (n_bins,) and (3, n_bins): shares beyond the limit in the data, and low end, median and high end
        of the simulated ones; a second panel shows them where there are any.
    corrected : bool
        whether values are prediction-corrected.
    log : bool
        logarithmic axis.

    Raises
    ------
    StudyError
        shapes that don't fit.
    """
    look = find_style(style)
    t = np.asarray(time, float)
    rows = [np.asarray(a, float) for a in (observed, low, middle, high)]
    if any(a.shape != (3, t.size) for a in rows):
        raise StudyError(f"predictive check: percentiles need the shape (3, {t.size}), got {[a.shape for a in rows]}")
    data, lower, center, upper = rows
    shares = np.zeros(t.size) if censored is None else np.asarray(censored, float)
    second = bool(shares.any()) and censored_band is not None
    shown = clock(float(t[-1] - t[0]), time_unit)
    with styled(look):
        figure, panels = make_panels(1 + second, look, axes, title=title, shape=(1 + second, 1))
        ax = panels[0]
        ax.grid(True, axis="y", color=GRID)
        if points is not None:
            x, y = np.asarray(points, float)
            ax.plot(x * shown.factor, y, "o", color=FAINT, markersize=0.22 * look.text, zorder=1, alpha=0.7, gid="data")
        values = [data, lower, upper] + ([] if points is None else [np.asarray(points, float)[1]])
        for k, color in enumerate((PALETTE[1], PALETTE[2], PALETTE[1])):
            ax.fill_between(t * shown.factor, lower[k], upper[k], color=color, alpha=0.25, linewidth=0)
            ax.plot(t * shown.factor, center[k], color=color, linewidth=0.5 * look.line, linestyle=(0, (4, 3)))
            ax.plot(t * shown.factor, data[k], color=INK, linewidth=(1.0 if k == 1 else 0.6) * look.line, zorder=4)
        everything = np.concatenate([v.ravel() for v in values])
        everything = everything[np.isfinite(everything) & ((everything > 0) | (not log))]
        power = scale_axis(ax, "y", everything, look, log=log, most=5)
        name = f"{quantity}, prediction-corrected" if corrected else quantity
        ax.set_title(quantity_label(name, unit, power), fontsize=look.text, loc="left")
        if second:
            ends = np.asarray(censored_band, float)
            ax = panels[1]
            ax.grid(True, axis="y", color=GRID)
            ax.fill_between(t * shown.factor, 100 * ends[0], 100 * ends[2], color=PALETTE[3], alpha=0.25, linewidth=0)
            ax.plot(t * shown.factor, 100 * shares, color=INK, linewidth=look.line)
            ax.set_ylim(bottom=0)
            ax.set_title("beyond the limit (%)", fontsize=look.text, loc="left")
        panels[-1].set_xlabel(shown.label, fontsize=look.text)
        note = "black: 5th, 50th, 95th percentile of the data; bands: 95 % of the same percentiles"
        write_note(figure, note + (f" in {simulations} simulated sets" if simulations else " of simulated sets"), look)
    return figure
