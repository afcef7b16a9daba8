"""An endpoint over two parameters, from a grid or from scattered points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm, LogNorm, Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import StyledFigure, make_panels, root_figure, write_note
from immunode.plot.kit.style import FAINT, INK, OWN_COLORS, PAPER, Style, find_style, luminance, styled
from immunode.plot.kit.text import Decades, Scaled, limits, power_of, quantity_label, reaches_far, scale_axis, wrap


@dataclass(frozen=True, slots=True)
class Cells:
    """A rectangular map.

    x, y : centers, shapes (n_x,) and (n_y,).   z : shape (n_y, n_x), NaN where nothing is known.
    failed : bool, shape (n_y, n_x): runs were made here and none has a value.
    regular : z was given on this grid (not binned from scattered points).
    """

    x: Array
    y: Array
    z: Array
    failed: np.ndarray[Any, np.dtype[np.bool_]]
    regular: bool
    x_log: bool
    y_log: bool


def heat(
    x: ArrayLike,
    y: ArrayLike,
    z: ArrayLike,
    *,
    x_label: str,
    y_label: str,
    z_label: str,
    x_unit: str = "",
    y_unit: str = "",
    z_unit: str = "",
    x_log: bool | None = None,
    y_log: bool | None = None,
    z_log: bool = False,
    bins: int | None = None,
    contours: bool = True,
    center: float | None = None,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a heat map of an endpoint over two parameters.

    Parameters
    ----------
    x, y : array_like
        arrays; shapes (n_x,) and (n_y,) with z of shape (n_y, n_x); or all three of shape (n_runs,): then a full grid
        is recognized (several runs in a cell give their median), and scattered points are put into bins that show the
        median of their runs.
    z : array_like
        the endpoint; NaN where a run failed. Cells in which all runs failed are hatched.
    x_label, y_label, z_label : str
        names (meanings); the units go with them: "" means dimensionless.
    x_log, y_log : bool | None
        log axes; by default where the values are spaced that way.
    z_log : bool
        log color scale.
    bins : int | None
        bins a side for scattered points; by default after the number of runs.
    contours : bool
        lines with their values, on grids of at least 4 x 4.
    center : float | None
        a value that gets the neutral color of a diverging map (for differences: 0).

    Raises
    ------
    StudyError
        shapes that don't fit, nothing finite on an axis.
    """
    look = find_style(style)
    cells = to_cells(x, y, z, x_log=x_log, y_log=y_log, bins=bins)
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        if isinstance(figure, StyledFigure) and not look.fixed:
            figure.set_figheight(0.85 * look.width)
        wide, high = figure.get_figwidth() * 72 * 0.7, figure.get_figheight() * 72 * 0.75
        x_power = scale_axis(ax, "x", edges(cells.x, cells.x_log), look, log=cells.x_log, grid=False, exact=True)
        y_power = scale_axis(ax, "y", edges(cells.y, cells.y_log), look, log=cells.y_log, grid=False, exact=True)
        x_text, y_text = quantity_label(x_label, x_unit, x_power), quantity_label(y_label, y_unit, y_power)
        ax.set_xlabel(wrap(x_text, wide, look.text, lines=2), fontsize=look.text, color=INK)
        ax.set_ylabel(wrap(y_text, high, look.text, lines=2), fontsize=look.text, color=INK)
        _map(ax, cells, look, z_label, z_unit, high, z_log=z_log, center=center, contours=contours)
        _note(figure, cells, look)
    return figure


def _map(ax: Axes, cells: Cells, style: Style, label: str, unit: str, height: float, *, z_log: bool,
         center: float | None, contours: bool) -> None:  # fmt: skip
    """Draw colors, hatches, contour lines and the color bar, which may be `height` points long."""
    norm, cmap = _colors(cells.z, z_log=z_log, center=center)
    low, high = norm.vmin or 0.0, norm.vmax or 0.0
    ax.set_facecolor("#F1F2F4")
    mesh = ax.pcolormesh(
        edges(cells.x, cells.x_log), edges(cells.y, cells.y_log), np.ma.masked_invalid(cells.z), norm=norm, cmap=cmap,
        shading="flat", rasterized=cells.z.size > 5000, gid=OWN_COLORS if center is None else None,
    )  # fmt: skip
    _hatch(ax, cells)
    power = 0 if z_log else power_of(low, high)
    if contours and cells.regular and min(cells.z.shape) >= 4:
        _contours(ax, cells, norm, cmap, style, power, z_log=z_log)
    numbers = Decades(reaches_far(low, high)) if z_log else Scaled(power)
    bar = root_figure(ax).colorbar(mesh, ax=ax, pad=0.02, aspect=22, fraction=0.08, format=numbers)
    bar.outline.set_visible(False)
    if bar.solids is not None:
        bar.solids.set_gid(mesh.get_gid())
    bar.ax.tick_params(labelsize=style.small, length=style.text / 4, color=FAINT, labelcolor=INK)
    bar.ax.minorticks_off()
    text = wrap(quantity_label(label, unit, power), height, style.text, lines=2)
    bar.set_label(text, fontsize=style.text, color=INK)


def to_cells(
    x: ArrayLike,
    y: ArrayLike,
    z: ArrayLike,
    *,
    x_log: bool | None = None,
    y_log: bool | None = None,
    bins: int | None = None,
) -> Cells:
    """Return the map of a grid or of scattered runs, see `heat`."""
    a, b, c = (np.asarray(v, dtype=float) for v in (x, y, z))
    if c.ndim == 2 and a.shape == c.shape and b.shape == c.shape:
        a, b, c = a.ravel(), b.ravel(), c.ravel()
    if c.ndim == 2:
        if a.ndim != 1 or b.ndim != 1 or c.shape != (b.size, a.size):
            raise StudyError(
                f"heat: z of shape {c.shape} for x of shape {a.shape} and y of shape {b.shape}; "
                "z needs (n_y, n_x), or all three (n_runs,)"
            )
        a, b = np.tile(a, b.size), np.repeat(b, a.size)
        c = c.ravel()
    if not a.shape == b.shape == c.shape or a.ndim != 1:
        raise StudyError(
            f"heat: x, y, z of shapes {a.shape}, {b.shape}, {c.shape}; give a grid (n_x,), (n_y,), (n_y, n_x), "
            "or all three (n_runs,)"
        )
    placed = np.isfinite(a) & np.isfinite(b)
    a, b, c = a[placed], b[placed], c[placed]
    if a.size == 0:
        raise StudyError("heat: no run has finite values of both parameters")
    xs, i = np.unique(a, return_inverse=True)
    ys, j = np.unique(b, return_inverse=True)
    full = np.unique(j * xs.size + i).size == xs.size * ys.size
    if full and xs.size * ys.size <= a.size:
        logs = (_is_log(xs, True) if x_log is None else x_log, _is_log(ys, True) if y_log is None else y_log)
        value, failed = _medians(i, j, c, (ys.size, xs.size))
        return Cells(xs, ys, value, failed, True, *logs)
    n = bins or int(np.clip(round(math.sqrt(a.size / 9)), 4, 40))
    logs = (_is_log(xs, False) if x_log is None else x_log, _is_log(ys, False) if y_log is None else y_log)
    x_mid, i = _bin(a, xs, n, logs[0])
    y_mid, j = _bin(b, ys, n, logs[1])
    value, failed = _medians(i, j, c, (y_mid.size, x_mid.size))
    return Cells(x_mid, y_mid, value, failed, False, *logs)


def _bin(values: Array, levels: Array, n: int, log: bool) -> tuple[Array, Any]:
    """Return bin centers and the bin of each value; a parameter with few levels keeps them."""
    if levels.size <= n:
        return levels, np.searchsorted(levels, values)
    v = np.log(values) if log else values
    border = np.linspace(v.min(), v.max(), n + 1)
    middle = (border[1:] + border[:-1]) / 2
    return (np.exp(middle) if log else middle), np.clip(np.searchsorted(border, v, side="right") - 1, 0, n - 1)


def _medians(i: Any, j: Any, z: Array, shape: tuple[int, int]) -> tuple[Array, Any]:
    """Return the median of the finite z in each cell, and the cells that have runs but no finite one."""
    cell = j * shape[1] + i
    good = np.isfinite(z)
    out = np.full(shape[0] * shape[1], np.nan)
    order = np.lexsort((z[good], cell[good]))
    which, start, count = np.unique(cell[good][order], return_index=True, return_counts=True)
    sorted_z = z[good][order]
    out[which] = (sorted_z[start + (count - 1) // 2] + sorted_z[start + count // 2]) / 2
    tried = np.zeros(out.size, dtype=bool)
    tried[cell] = True
    return out.reshape(shape), (tried & np.isnan(out)).reshape(shape)


def _is_log(levels: Array, grid: bool) -> bool:
    """Return whether sorted positive values lie evenly on a log scale rather than on a linear one."""
    if levels.size < 3 or levels[0] <= 0 or levels[-1] < 3 * levels[0]:
        return False
    even = np.linspace(0, 1, levels.size)
    flat = (levels - levels[0]) / (levels[-1] - levels[0])
    logs = np.log(levels / levels[0]) / np.log(levels[-1] / levels[0])
    return bool(np.max(np.abs(logs - even)) < np.max(np.abs(flat - even)))


def edges(centers: Array, log: bool) -> Array:
    """Return the borders between cells, shape (n + 1,): midway between centers (on the log scale where `log`)."""
    v = np.log(centers) if log else centers
    if v.size == 1:
        half = 0.5 if log else max(abs(float(v[0])) * 0.5, 0.5)
        out = np.array([v[0] - half, v[0] + half])
    else:
        middle = (v[1:] + v[:-1]) / 2
        out = np.concatenate([[2 * v[0] - middle[0]], middle, [2 * v[-1] - middle[-1]]])
    return np.exp(out) if log else out


def _colors(z: Array, *, z_log: bool, center: float | None) -> tuple[Normalize, Any]:
    good = z[np.isfinite(z) & ((z > 0) | (not z_log))]
    low, high = (float(good.min()), float(good.max())) if good.size else limits(good, log=z_log)
    if center is not None:
        half = max(abs(low - center), abs(high - center)) or 1.0
        return CenteredNorm(center, half), colormaps["PuOr_r"]
    if high - low <= 1e-12 * abs(high):
        low, high = limits([low], log=z_log)
    return (LogNorm if z_log else Normalize)(low, high), colormaps["viridis"]


def _contours(ax: Axes, cells: Cells, norm: Normalize, cmap: Any, style: Style, power: int, *, z_log: bool) -> None:
    """Draw labelled contour lines, dark on light colors and white on dark ones."""
    good = cells.z[np.isfinite(cells.z) & ((cells.z > 0) | (not z_log))]
    if good.size < 4 or float(good.max()) - float(good.min()) <= 1e-6 * float(np.max(np.abs(good))):
        return
    from matplotlib.ticker import LogLocator, MaxNLocator

    locator = LogLocator(numticks=6) if z_log else MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
    levels = [v for v in locator.tick_values(float(good.min()), float(good.max())) if good.min() < v < good.max()]
    if not levels:
        return
    colors = [INK if luminance(to_hex(cmap(norm(v)))) > 0.3 else PAPER for v in levels]
    z = np.ma.masked_invalid(cells.z)
    lines = ax.contour(cells.x, cells.y, z, levels, colors=colors, linewidths=style.line * 0.45)
    own = OWN_COLORS if cmap.name == "viridis" else None
    lines.set_gid(own)
    numbers = Decades(True) if z_log else Scaled(power)
    texts = dict(zip(levels, numbers.format_ticks(levels), strict=True))
    for label in ax.clabel(lines, fmt=texts, fontsize=style.small, inline_spacing=style.small * 0.35) or ():
        label.set_gid(own)


def _hatch(ax: Axes, cells: Cells) -> None:
    """Hatch the cells in which every run failed."""
    x, y = edges(cells.x, cells.x_log), edges(cells.y, cells.y_log)
    for j, i in zip(*np.nonzero(cells.failed), strict=True):
        ax.add_patch(
            Rectangle(
                (x[i], y[j]),
                x[i + 1] - x[i],
                y[j + 1] - y[j],
                facecolor=PAPER,
                edgecolor=FAINT,
                hatch="////",
                linewidth=0,
                gid="failed",
            )
        )


def _note(figure: Figure, cells: Cells, style: Style) -> None:
    """Say what hatched, empty and binned cells mean, where there are any."""
    parts = []
    if cells.failed.any():
        parts.append("hatched: every run failed")
    if not cells.regular:
        parts.append("color: median of the runs in a cell")
    if np.any(np.isnan(cells.z) & ~cells.failed):
        parts.append("gray: no runs")
    write_note(figure, "; ".join(parts), style)
