"""Isoboles: lines of equal effect of two agents, beside the straight lines of additivity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import StyledFigure, make_panels, root_figure, write_note
from immunode.plot.kit.style import FAINT, INK, PAPER, Style, find_style, styled
from immunode.plot.kit.text import quantity_label, scale_axis, wrap


def isoboles(
    x: ArrayLike,
    y: ArrayLike,
    effect: ArrayLike,
    *,
    additive: Mapping[float, tuple[float, float]],
    x_label: str,
    y_label: str,
    x_unit: str = "",
    y_unit: str = "",
    z_label: str = "effect",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return effects as colors with lines of equal effect, and dashed the straight lines that additivity predicts.

    Parameters
    ----------
    x, y : array_like
        doses, shapes (n_x,) and (n_y,).
    effect : array_like
        shape (n_y, n_x), 0 to 1.
    additive : Mapping[float, tuple[float, float]]
        effect -> the doses of either agent alone that have it; infinite where none has.
    """
    look = find_style(style, axes)
    a, b, z = (np.asarray(v, float) for v in (x, y, effect))
    if z.shape != (b.size, a.size):
        raise StudyError(f"isoboles: effects of shape {z.shape} for {a.size} and {b.size} doses; they need (n_y, n_x)")
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        if isinstance(figure, StyledFigure) and not look.fixed:
            figure.set_figheight(0.85 * look.width)
        x_power = scale_axis(ax, "x", a, look, grid=False, exact=True)
        y_power = scale_axis(ax, "y", b, look, grid=False, exact=True)
        top = float(np.nanmax(z))
        ground = np.ma.masked_invalid(z)
        _fill(ax, a, b, ground, z_label, look)
        levels = [v for v in sorted(additive) if np.nanmin(z) < v < top]
        if levels:
            lines = ax.contour(a, b, ground, levels, colors=INK, linewidths=look.line * 0.8)
            ax.clabel(
                lines, fmt={v: f"{100 * v:g} %" for v in levels}, fontsize=look.small, inline_spacing=look.small * 0.3
            )
        for value in levels:
            _additive(ax, *additive[value], look)
        high = figure.get_figheight() * 72 * 0.75
        ax.set_xlabel(
            wrap(quantity_label(x_label, x_unit, x_power), look.width * 50, look.text, lines=2),
            fontsize=look.text,
            color=INK,
        )
        ax.set_ylabel(
            wrap(quantity_label(y_label, y_unit, y_power), high, look.text, lines=2), fontsize=look.text, color=INK
        )
        note = "solid: doses with the same effect; dashed: additive (Loewe); solid below dashed is synergy"
        missing = [f"{100 * v:g} %" for v in sorted(additive) if v >= top]
        write_note(figure, note + (f"; not reached: {', '.join(missing)}" if missing else ""), look)
    return figure


def _fill(ax: Axes, x: Array, y: Array, effect: Any, label: str, look: Style) -> None:
    """Fill the axes with colors of the effect, a masked array of shape (n_y, n_x), and draw their bar."""
    low, top = float(effect.min()), float(effect.max())
    steps = MaxNLocator(12, steps=[1, 2, 2.5, 5, 10]).tick_values(min(0.0, low), max(top, 1e-9))
    fill = ax.contourf(x, y, effect, steps, cmap=colormaps["Blues"], alpha=0.75)
    bar = root_figure(ax).colorbar(fill, ax=ax, pad=0.02, aspect=22, fraction=0.08)
    bar.set_ticks(steps[::2], labels=[f"{100 * t:.3g} %".replace("-", "−") for t in steps[::2]])
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=look.small, length=look.text / 4, color=FAINT, labelcolor=INK)
    bar.set_label(wrap(label, look.height * 50, look.text, lines=2), fontsize=look.text, color=INK)


def _additive(ax: Axes, a: float, b: float, style: Style) -> None:
    """Draw the line between the doses alone; where one agent never has the effect, along the other's dose."""
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    if np.isfinite(a) and np.isfinite(b):
        ends = ([a, 0.0], [0.0, b])
    elif np.isfinite(a):
        ends = ([a, a], [bottom, top])
    elif np.isfinite(b):
        ends = ([left, right], [b, b])
    else:
        return
    ax.plot(*ends, color=PAPER, linewidth=style.line * 1.1, zorder=3)
    ax.plot(*ends, color="#D9480F", linewidth=style.line * 0.7, linestyle=(0, (4, 2)), zorder=3, gid="additive")
