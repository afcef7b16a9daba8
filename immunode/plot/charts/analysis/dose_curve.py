"""A dose-response curve with its EC50 and interval."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.figure import make_panels, write_note
from immunode.plot.kit.style import FAINT, INK, PALETTE, Style, find_style, styled
from immunode.plot.kit.text import amount, quantity_label, scale_axis, wrap

_FEW = 200


def dose_response(
    doses: ArrayLike,
    responses: ArrayLike,
    *,
    grid: ArrayLike,
    curves: ArrayLike,
    ec50: float = np.nan,
    interval: tuple[float, float] = (np.nan, np.nan),
    x_label: str,
    x_unit: str = "",
    y_label: str,
    y_unit: str = "",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return responses as points (of many draws: their median and 5 to 95 %) and fitted curves on a log axis of doses.

    Parameters
    ----------
    doses : array_like
        shape (n_doses,), 0 stands at the left edge.
    responses : array_like
        shape (n_draws, n_doses).
    grid, curves : array_like
        shape (n_grid,) and (n_curves, n_grid).
    ec50, interval
        marked below the curve.
    """
    look = find_style(style, axes)
    d, y, x, fits = (np.asarray(v, float) for v in (doses, responses, grid, curves))
    if y.ndim != 2 or y.shape[1] != d.size or (fits.size and fits.shape[1] != x.size):
        raise StudyError(f"dose-response: responses of shape {y.shape} for {d.size} doses")
    zero = float(x[0]) / 1.6
    placed = np.where(d > 0, d, zero)
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        scale_axis(ax, "x", np.array([zero / 1.25, float(x[-1]) * 1.15]), look, log=True, exact=True)
        several = len(y) > 1
        with np.errstate(all="ignore"):
            low, middle, high = (np.nanquantile(y, q, axis=0) for q in (0.05, 0.5, 0.95)) if several else (y[0],) * 3
            shown = np.concatenate([low, high, np.nanquantile(fits, [0.05, 0.95], axis=0).ravel() if fits.size else []])
        power = scale_axis(ax, "y", shown[np.isfinite(shown)], look)
        if several and fits.size:
            band = np.nanquantile(fits, [0.05, 0.95], axis=0)
            ax.fill_between(x, *band, color=PALETTE[1], alpha=0.18, linewidth=0, gid="band")
            for row in fits[: min(len(fits), 30)]:
                ax.plot(x, row, color=PALETTE[1], linewidth=look.line * 0.2, alpha=0.35)
        if fits.size:
            ax.plot(x, np.median(fits, axis=0), color=PALETTE[1], linewidth=look.line, gid="curve")
        if several:
            ax.vlines(placed, low, high, color=FAINT, linewidth=look.line * 0.5)
        ax.plot(placed, middle, "o", color=INK, markersize=look.text * 0.4, gid="responses")
        _mark(ax, ec50, interval, x_unit, look)
        wide = look.width * 72 * 0.8
        label = wrap(quantity_label(x_label, x_unit), wide, look.text, lines=2)
        ax.set_xlabel(label, fontsize=look.text, color=INK)
        high_points = look.height * 72 * 0.75
        ax.set_ylabel(
            wrap(quantity_label(y_label, y_unit, power), high_points, look.text, lines=2), fontsize=look.text, color=INK
        )
        note = "leftmost point: dose 0"
        note += f"; points and lines: median and 5–95 % of {len(y):,} draws" if several else ""
        write_note(figure, note, look)
    return figure


def _mark(ax: Axes, ec50: float, interval: tuple[float, float], unit: str, style: Style) -> None:
    left, right = ax.get_xlim()
    if not np.isfinite(ec50) or not left < ec50 < right:
        return
    low, high = (float(np.clip(v, left, right)) if np.isfinite(v) else ec50 for v in interval)
    if low < high:
        ax.axvspan(low, high, color=PALETTE[2], alpha=0.12, linewidth=0, gid="interval")
    ax.axvline(ec50, color=PALETTE[2], linewidth=style.line * 0.6, linestyle=(0, (4, 2)), gid="ec50")
    text = f"EC50 {amount(ec50, unit)}"
    late = np.log(ec50 / left) > 0.7 * np.log(right / left)
    shift = (-0.4 if late else 0.4) * style.text
    ax.annotate(
        text, (ec50, 1.0), xycoords=("data", "axes fraction"), xytext=(shift, -0.2 * style.text),
        textcoords="offset points", ha="right" if late else "left", va="top", fontsize=style.small, color="#B03A0C",
        gid="ec50-label",
    )  # fmt: skip
