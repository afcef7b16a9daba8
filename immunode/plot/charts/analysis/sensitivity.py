"""Which inputs matter: bars with intervals, a map over endpoints, size against spread, convergence, shares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm, Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import make_panels, root_figure, write_note
from immunode.plot.kit.labels import End, EndLabels
from immunode.plot.kit.named_rows import DOWN, UP, hatch_down, label_x, row_axes
from immunode.plot.kit.point_names import MOST_NAMED, PointName, PointNames
from immunode.plot.kit.style import FAINT, INK, PALETTE, PAPER, Style, arm_dashes, contrast, find_style, styled
from immunode.plot.kit.text import number, quantity_label, scale_axis, width_of, wrap


def sensitivity_bars(
    values: Mapping[str, ArrayLike],
    *,
    names: Sequence[str],
    low: Mapping[str, ArrayLike] | None = None,
    high: Mapping[str, ArrayLike] | None = None,
    labels: Mapping[str, str] | None = None,
    raises: Sequence[bool] | None = None,
    unit: str = "",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return horizontal bars, one a name, first on top.

    Parameters
    ----------
    values : Mapping[str, array_like]
        measure -> shape (n_names,); of two measures the second is drawn pale behind the first.
    low, high : Mapping[str, array_like] | None
        measure -> ends of its interval, drawn as a line.
    labels : Mapping[str, str] | None
        what a measure is.
    unit : str
        of the axis.
    raises : Sequence[bool] | None
        for sizes without a sign, whether more of the input goes with what is asked for; colors the bars.
    """
    look = find_style(style, axes)
    table = {m: np.asarray(v, float) for m, v in values.items()}
    first = next(iter(table))
    with styled(look):
        figure, ax, wide, look = row_axes(names, look, axes, title)
        places = np.arange(len(names))
        ends = [np.concatenate([np.asarray(side[m], float) for m in side]) for side in (low or {}, high or {}) if side]
        drawn = np.concatenate([np.zeros(1), *table.values(), *ends])
        power = scale_axis(ax, "x", _around(drawn), look, exact=True)
        signed = bool((table[first][np.isfinite(table[first])] < 0).any()) and len(table) == 1
        for step, (measure, row) in enumerate(reversed(table.items())):
            pale = step == 0 and len(table) > 1
            up = row >= 0 if signed else raises if raises is not None else np.zeros(len(row), bool)
            colors = [UP if rises else DOWN for rises in up]
            height = 0.62 if pale or len(table) == 1 else 0.34
            drawn_bars = ax.barh(
                places, row, height=height, color=colors, alpha=0.3 if pale else 1.0, linewidth=0, gid=measure
            )
            if signed or raises is not None:
                hatch_down([bar for bar, rises in zip(drawn_bars, up, strict=True) if not rises])
            if measure in (low or {}) and measure in (high or {}):
                shift = 0.22 if pale else 0.0
                left, right = np.asarray((low or {})[measure]), np.asarray((high or {})[measure])
                ax.hlines(places + shift, left, right, color=FAINT if pale else INK, linewidth=look.line * 0.45)
        ax.axvline(0, color=FAINT, linewidth=max(0.6, look.line / 3))
        words = labels or {}
        about = words.get(first, first) if len(table) == 1 else "share of the variance"
        label_x(ax, quantity_label(about, unit, power) if unit or power else about, wide, look)
        notes = []
        if len(table) > 1:
            dark, light = list(table)
            notes.append(f"dark: {words.get(dark, dark)}; pale: {words.get(light, light)}")
        if signed:
            notes.append("orange: raises, blue and hatched: lowers")
        if raises is not None:
            notes.append("orange: higher values respond, blue and hatched: lower values do")
        notes += ["lines: 95 % intervals"] if low else []
        write_note(figure, "; ".join(notes), look)
    return figure


def _around(values: Array) -> Array:
    """Return the ends of an axis that holds all values and 0."""
    good = values[np.isfinite(values)]
    bottom, top = min(0.0, float(good.min(initial=0.0))), max(0.0, float(good.max(initial=0.0)))
    room = 0.04 * ((top - bottom) or 1.0)
    return np.array([bottom - room if bottom < 0 else 0.0, top + room])


def sensitivity_heat(
    values: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    measure: str,
    signed: bool = False,
    relative: bool = False,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a map of inputs (rows) x endpoints (columns), the values written in.

    Parameters
    ----------
    values : array_like
        shape (n_rows, n_columns); NaN is left blank.
    signed : bool
        diverging colors around 0.
    relative : bool
        each column is divided by its largest size, where columns have units of their own.
    """
    look = find_style(style, axes)
    z = np.asarray(values, float)
    if z.shape != (len(rows), len(columns)):
        raise StudyError(f"heat of inputs: values of shape {z.shape} for {len(rows)} rows and {len(columns)} columns")
    if relative:
        most = np.nanmax(np.where(np.isfinite(z), np.abs(z), 0.0), axis=0)
        z = z / np.where(most > 0, most, 1.0)
    with styled(look):
        figure, ax, wide, look = row_axes(rows, look, axes, title)
        size = look.small if len(rows) <= 16 else min(look.small, look.least)
        reach = float(np.nanmax(np.abs(z[np.isfinite(z)]), initial=0.0)) or 1.0
        norm: Normalize = CenteredNorm(0.0, reach) if signed else Normalize(0.0, reach)
        cmap = colormaps["PuOr_r" if signed else "Blues"]
        ax.pcolormesh(
            np.arange(len(columns) + 1), np.arange(len(rows) + 1) - 0.5,
            np.ma.masked_invalid(np.clip(z, -reach, reach)), norm=norm, cmap=cmap, edgecolors=PAPER,
            linewidth=look.line / 2,
        )  # fmt: skip
        ax.set_facecolor("#ECEEF1")
        cell = wide / len(columns)
        for i, j in np.ndindex(*z.shape):
            text = _cell(float(z[i, j]))
            if text and width_of(text, size) < cell:
                ground = to_hex(cmap(norm(z[i, j])))
                color = max((INK, PAPER), key=lambda c: contrast(c, ground))
                ax.text(j + 0.5, i, text, ha="center", va="center_baseline", fontsize=size, color=color, gid="cell")
        ax.set_xlim(0, len(columns))
        ax.set_ylim(len(rows) - 0.5, -0.5)
        for spine in ax.spines.values():
            spine.set_visible(False)
        ax.xaxis.tick_top()
        ax.set_xticks(np.arange(len(columns)) + 0.5, [_head(c, 0.92 * cell, size) for c in columns], fontsize=size)
        ax.tick_params(axis="x", length=0)
        note = measure + ("; each column divided by its largest" if relative else "")
        write_note(figure, note + ("; gray: does not vary" if np.isnan(z).any() else ""), look)
    return figure


def _head(name: str, wide: float, size: float) -> str:
    """Return the name of a column, broken after its first bracket where it is too long."""
    if width_of(name, size) <= wide or "(" not in name:
        return wrap(name, wide, size, lines=4)
    first, rest = name.split("(", 1)
    return f"{wrap(first + '(', wide, size)}\n{wrap(rest, 1.2 * wide, size, lines=3)}"


def _cell(value: float) -> str:
    if not math.isfinite(value) or abs(value) < 0.005:
        return ""
    text = f"{value:.2f}" if abs(value) < 9.95 else number(value, digits=2, plain=4)
    return text.replace("-", "−")


def morris_plane(
    size: ArrayLike,
    spread: ArrayLike,
    *,
    names: Sequence[str],
    unit: str = "",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return Morris' plane: spread of the elementary effects against their mean size, the first points named.

    Parameters
    ----------
    size, spread : array_like
        shape (n_names,), in `unit`, the largest first.
    """
    look = find_style(style, axes)
    x, y = np.asarray(size, float), np.asarray(spread, float)
    good = np.isfinite(x) & np.isfinite(y)
    if not good.any():
        raise StudyError("Morris plane: no input has an effect")
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        power_x = scale_axis(ax, "x", np.array([0.0, 1.12 * float(x[good].max()) or 1.0]), look, exact=True)
        top = float(max(y[good].max(), 0.3 * x[good].max()))
        power_y = scale_axis(ax, "y", np.array([-0.03 * top, 1.1 * top or 1.0]), look, exact=True)
        end = min(ax.get_xlim()[1], ax.get_ylim()[1])
        ax.plot([0, end], [0, end], color=FAINT, linewidth=look.line / 3, linestyle=(0, (4, 3)))
        ax.plot(x[good], y[good], "o", color=DOWN, markersize=look.text * 0.45, markeredgewidth=0, clip_on=False)
        wide = look.width * 72 * 0.8
        named = [PointName(float(x[i]), float(y[i]), names[i], INK) for i in np.flatnonzero(good)[:MOST_NAMED].tolist()]
        PointNames(ax, named, look, [(np.array([0.0, end]), np.array([0.0, end]))])
        label_x(ax, quantity_label("mean size of the elementary effects, μ*", unit, power_x), wide, look)
        ax.set_ylabel(quantity_label("their spread, σ", unit, power_y), fontsize=look.text, color=INK)
        write_note(figure, "above the line: interactions or curvature outweigh the mean effect", look)
    return figure


def sensitivity_convergence(
    sizes: ArrayLike,
    stages: ArrayLike,
    *,
    names: Sequence[str],
    measure: str,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a measure against the size of the sample, one line an input (up to eight), named at its end.

    Parameters
    ----------
    sizes : array_like
        shape (n_stages,).
    stages : array_like
        shape (n_stages, n_names).
    """
    look = find_style(style, axes)
    x, z = np.asarray(sizes, float), np.asarray(stages, float)[:, : len(PALETTE)]
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        scale_axis(ax, "x", x, look, log=True)
        power = scale_axis(ax, "y", _around(z.ravel()), look, exact=True)
        ends = []
        dashes = list(arm_dashes(str(j) for j in range(z.shape[1])).values())
        for j in range(z.shape[1]):
            color = PALETTE[j % len(PALETTE)]
            ax.plot(
                x, z[:, j], "o", color=color, linestyle=dashes[j], linewidth=look.line * 0.8,
                markersize=look.text * 0.3, gid="input",
            )  # fmt: skip
            ends.append(End(float(x[-1]), float(z[-1, j]), names[j], color, float(z[-1, j])))
        ax.add_artist(EndLabels(ax, ends, look, look.width * 72 * 0.22, look.small))
        ax.set_xticks(x, [f"{int(v):,}" for v in x])
        ax.minorticks_off()
        label_x(ax, "base points of the sample", look.width * 50, look)
        ax.set_ylabel(quantity_label(measure, "", power) if power else measure, fontsize=look.text, color=INK)
        write_note(figure, "lines that are still moving at the right end need more points", look)
    return figure


KIND_COLORS = {
    "measured": "#06A869", "derived": "#7CCBA2", "published": "#0F6FC6", "fitted": "#8DB9E2", "memory": "#C9A227",
    "assumed": "#D9480F", "not said": "#B9BEC6",
}  # fmt: skip


def evidence_shares(
    values: ArrayLike,
    *,
    rows: Sequence[str],
    kinds: Sequence[str],
    counts: Sequence[int],
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return stacked bars: the share of the variance of each endpoint by kind of evidence, the rest is shared.

    Parameters
    ----------
    values : array_like
        shape (n_rows, n_kinds), not negative.
    counts : Sequence[int]
        how many inputs each kind has.
    """
    look = find_style(style, axes)
    z = np.asarray(values, float)
    z = z / np.maximum(z.sum(axis=1, keepdims=True), 1.0)  # what sampling lifts above the whole
    with styled(look):
        figure, ax, wide, look = row_axes(rows, look, axes, title)
        left = np.zeros(len(rows))
        places = np.arange(len(rows))
        for i, kind in enumerate(kinds):
            color = KIND_COLORS.get(kind, FAINT)
            ax.barh(places, z[:, i], left=left, height=0.7, color=color, linewidth=0, gid=kind)
            for row in range(len(rows)):
                text = f"{100 * z[row, i]:.0f} %"
                if z[row, i] * wide > width_of(text, look.small) * 1.3:
                    ink = max((INK, PAPER), key=lambda c: contrast(c, color))
                    ax.text(left[row] + z[row, i] / 2, row, text, ha="center", va="center_baseline",
                            fontsize=look.small, color=ink)  # fmt: skip
            left += z[:, i]
        ax.barh(places, np.maximum(1 - left, 0), left=left, height=0.7, facecolor=PAPER, edgecolor=FAINT, hatch="////",
                linewidth=0, gid="shared")  # fmt: skip
        scale_axis(ax, "x", np.array([0.0, 1.0]), look, exact=True, grid=False)
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        label_x(ax, "share of the variance", wide, look)
        keys = [Patch(color=KIND_COLORS.get(k, FAINT), label=f"{k} ({n})") for k, n in zip(kinds, counts, strict=True)]
        keys.append(Patch(facecolor=PAPER, edgecolor=FAINT, hatch="////", label="several together", linewidth=0))
        root_figure(ax).legend(handles=keys, loc="outside upper left" if not title else "outside lower left",
                               ncols=len(keys) if look.fixed else 2, fontsize=look.small, frameon=False,
                               handlelength=1.1, columnspacing=1.2)  # fmt: skip
    return figure
