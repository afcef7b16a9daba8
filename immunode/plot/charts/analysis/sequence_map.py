"""Order and gap of two interventions: curves with references, and a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, to_hex
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.figure import make_panels, root_figure, write_note
from immunode.plot.kit.labels import End, EndLabels
from immunode.plot.kit.named_rows import label_x, row_axes
from immunode.plot.kit.style import FAINT, INK, PALETTE, PAPER, Style, contrast, find_style, styled
from immunode.plot.kit.text import Scaled, number, power_of, quantity_label, scale_axis, wrap


def gap_curves(
    gaps: ArrayLike,
    values: ArrayLike,
    *,
    orders: Sequence[str],
    references: Mapping[str, float] | None = None,
    x_unit: str = "",
    label: str,
    unit: str = "",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return an endpoint over the gap, one line an order, with references as dashed lines.

    Parameters
    ----------
    gaps : array_like
        shape (n_gaps,).
    values : array_like
        shape (n_orders, n_gaps, n_draws); of several draws the median, and 5 to 95 %.
    """
    look = find_style(style, axes)
    x, z = np.asarray(gaps, float), np.asarray(values, float)
    known = dict(references or {})
    if z.ndim != 3 or z.shape[:2] != (len(orders), x.size):
        raise StudyError(f"sequence map: values of shape {z.shape} for {len(orders)} orders and {x.size} gaps")
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        scale_axis(ax, "x", x, look, exact=x.size > 1)
        shown = np.append(z[np.isfinite(z)], [v for v in known.values() if np.isfinite(v)])
        power = scale_axis(ax, "y", shown, look)
        ends = []
        for name, value in known.items():
            if np.isfinite(value):
                ax.axhline(value, color=FAINT, linewidth=look.line * 0.5, linestyle=(0, (4, 2)), gid="reference")
                ends.append(End(float(x[-1]), value, name, FAINT, value))
        for i, order in enumerate(orders):
            color = PALETTE[1 + i]
            some = np.isfinite(z[i]).any(axis=-1)
            if not some.any():
                continue
            low, middle, high = (np.nanquantile(z[i][some], q, axis=-1) for q in (0.05, 0.5, 0.95))
            if z.shape[2] > 1:
                ax.fill_between(x[some], low, high, color=color, alpha=0.15, linewidth=0)
            # the second has open squares: on gray paper both colors are much the same
            ax.plot(
                x[some], middle, "os"[i % 2] + "-", color=color, linewidth=look.line, markersize=look.text * 0.4,
                markerfacecolor=(color, PAPER)[i % 2], markeredgewidth=look.line * 0.6, clip_on=False, gid="order",
            )  # fmt: skip
            ends.append(End(float(x[some][-1]), float(middle[-1]), order, color, float(middle[-1])))
        ax.add_artist(EndLabels(ax, ends, look, look.width * 72 * 0.26, look.small))
        label_x(ax, quantity_label("gap between them", x_unit) if x_unit else "gap between them", look.width * 45, look)
        high_points = figure.get_figheight() * 72 * 0.75
        ax.set_ylabel(
            wrap(quantity_label(label, unit, power), high_points, look.text, lines=2), fontsize=look.text, color=INK
        )
        note = "dashed: for comparison; together: both as their own schedules say"
        write_note(figure, note + (f"; bands: 5–95 % of {z.shape[2]:,} draws" if z.shape[2] > 1 else ""), look)
    return figure


def order_map(
    gaps: ArrayLike,
    values: ArrayLike,
    *,
    orders: Sequence[str],
    x_unit: str = "",
    label: str,
    unit: str = "",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a map order x gap with the values written in. `values`: shape (n_orders, n_gaps), NaN is hatched."""
    look = find_style(style, axes)
    x, z = np.asarray(gaps, float), np.asarray(values, float)
    if z.shape != (len(orders), x.size):
        raise StudyError(f"sequence map: values of shape {z.shape} for {len(orders)} orders and {x.size} gaps")
    good = z[np.isfinite(z)]
    if not good.size:
        raise StudyError("sequence map: no run has a value")
    with styled(look):
        figure, ax, wide, look = row_axes(orders, look, axes, title, pitch=3.0)
        norm, cmap = Normalize(float(good.min()), float(good.max())), colormaps["viridis"]
        mesh = ax.pcolormesh(np.arange(x.size + 1), np.arange(len(orders) + 1) - 0.5, np.ma.masked_invalid(z),
                             norm=norm, cmap=cmap, edgecolors=PAPER, linewidth=look.line / 2)  # fmt: skip
        power = power_of(float(good.min()), float(good.max()))
        for i, j in np.ndindex(*z.shape):
            if np.isfinite(z[i, j]):
                ground = to_hex(cmap(norm(z[i, j])))
                ink: Any = max((INK, PAPER), key=lambda c: contrast(c, ground))
                ax.text(j + 0.5, i, number(float(z[i, j]) / 10.0**power), ha="center", va="center_baseline",
                        fontsize=look.small, color=ink, gid="cell")  # fmt: skip
        ax.set_xlim(0, x.size)
        ax.set_ylim(len(orders) - 0.5, -0.5)
        ax.set_xticks(np.arange(x.size) + 0.5, [number(v) for v in x])
        ax.tick_params(length=0)
        for spine in ax.spines.values():
            spine.set_visible(False)
        bar = root_figure(ax).colorbar(mesh, ax=ax, pad=0.02, aspect=18, fraction=0.08, format=Scaled(power))
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=look.small, length=look.text / 4, color=FAINT, labelcolor=INK)
        bar.set_label(
            wrap(quantity_label(label, unit, power), look.height * 50, look.text, lines=2),
            fontsize=look.text,
            color=INK,
        )
        label_x(ax, quantity_label("gap between them", x_unit) if x_unit else "gap between them", wide, look)
    return figure
