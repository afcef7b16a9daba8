"""Figures of fits: data with curves, how searches ended, profile likelihoods."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from immunode.plot.charts.time_courses import courses
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import is_left, make_panels, write_note
from immunode.plot.kit.style import FAINT, GRID, INK, PALETTE, Style, arm_colors, find_style, styled
from immunode.plot.kit.text import Decades, quantity_label, scale_axis
from immunode.plot.kit.time_axes import clock

Series = Mapping[str, Mapping[str, tuple[Array, Array]]]


def data_and_curves(
    curves: Series,
    points: Series,
    *,
    units: Mapping[str, str],
    time_unit: str,
    log: Collection[str] = (),
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return a figure of measurements with a model's curves, one panel an observable.

    Parameters
    ----------
    curves, points : Series
        observable -> arm -> (times, values).
    units : Mapping[str, str]
        observable -> unit.
    log : Collection[str]
        on a log axis.
    """
    look = find_style(style)
    arms = list(dict.fromkeys(arm for per_arm in curves.values() for arm in per_arm))
    any_arm = {arm: times for per_arm in curves.values() for arm, (times, _) in per_arm.items()}
    figure = courses(
        any_arm,
        {name: {arm: y for arm, (_, y) in per_arm.items()} for name, per_arm in curves.items()},
        units=units,
        time_unit=time_unit,
        title=title,
        style=look,
        log=log,
        axes=axes,
    )
    factor = clock(max(float(t[-1]) for t in any_arm.values()), time_unit).factor
    panels = figure.axes if axes is None else list(np.asarray([axes], dtype=object).ravel())
    with styled(look):
        for ax, per_arm in zip(panels, points.values(), strict=False):
            for arm, (t, y) in per_arm.items():
                ax.plot(
                    t * factor, y, "o", color=arm_colors(arms)[arm], markersize=0.42 * look.text,
                    markeredgecolor="white", clip_on=False, zorder=5, gid="data",
                )  # fmt: skip
            high = max(float(np.nanmax(y)) for _, y in per_arm.values())
            if high > ax.get_ylim()[1]:
                ax.set_ylim(top=high * 1.05)
    write_note(figure, "points: measured; lines: the fitted model", look)
    return figure


def searches(
    costs: Sequence[float], *, same: float, title: str = "", style: str | Style = "slide", axes: Axes | None = None
) -> Figure:
    """Return how far above the best each search ended, sorted.

    Parameters
    ----------
    costs : Sequence[float]
        -2 log likelihood above the least one, one a search, increasing; infinity: it failed.
    same : float
        below this, two searches found the same optimum.
    """
    look = find_style(style)
    heights = np.asarray(costs, float)
    good = np.isfinite(heights)
    with styled(look):
        figure, (ax,) = make_panels(1, look, axes, title=title)
        ax.grid(True, axis="y", color=GRID)
        ax.axhspan(1e-4, same, color=PALETTE[3], alpha=0.12, linewidth=0)
        rank = np.arange(1, heights.size + 1)
        ax.plot(rank[good], np.maximum(heights[good], 1e-4), "o", color=PALETTE[1], markersize=0.4 * look.text)
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(Decades(far=True))
        ax.set_ylim(0.7e-4, max(10.0, float(heights[good].max()) * 2 if good.any() else 10.0))
        ax.set_xlim(0.3, heights.size + 0.7)
        ax.set_xlabel("search, best first", fontsize=look.text)
        ax.set_ylabel("−2 log likelihood above the best", fontsize=look.text)
        equal = int((heights < same).sum())
        note = f"{heights.size} searches; {equal} equal the best optimum (green band)"
        write_note(figure, note + (f"; {int((~good).sum())} failed" if not good.all() else ""), look)
    return figure


def profile_curves(
    values: Mapping[str, Array],
    rise: Mapping[str, Array],
    threshold: float,
    estimates: Mapping[str, float],
    intervals: Mapping[str, tuple[float, float]],
    *,
    units: Mapping[str, str],
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return profile likelihoods, one panel a parameter.

    Parameters
    ----------
    values, rise : Mapping[str, ndarray]
        parameter -> shape (n_points,).
    threshold : float
        rise at which the 95 % interval ends.
    estimates : Mapping[str, float]
        parameter -> best value.
    intervals : Mapping[str, tuple[float, float]]
        parameter -> (low, high), NaN: open.
    """
    look = find_style(style)
    with styled(look):
        figure, panels = make_panels(len(values), look, axes, title=title, share_x=False)
        for ax, (name, x) in zip(panels, values.items(), strict=True):
            low, high = intervals[name]
            ax.axhline(threshold, color=FAINT, linewidth=look.line * 0.4, linestyle=(0, (4, 3)))
            inside = (low if np.isfinite(low) else x[0], high if np.isfinite(high) else x[-1])
            ax.axvspan(*inside, color=PALETTE[1], alpha=0.1, linewidth=0)
            ax.plot(x, rise[name], color=PALETTE[1], linewidth=look.line, marker="o", markersize=0.25 * look.text)
            ax.plot(estimates[name], 0.0, "D", color=INK, markersize=0.4 * look.text, zorder=4, clip_on=False)
            shown = rise[name] < 4 * threshold
            left, right = float(x[shown].min()), float(x[shown].max())
            wide = left > 0 and right > 30 * left
            power = scale_axis(ax, "x", np.array([left, right]), look, log=wide, most=4)
            ax.set_xlim(left, right if right > left else left + 1)
            ax.set_ylim(0, 3 * threshold)
            ax.set_xlabel(quantity_label(name, units.get(name, ""), power), fontsize=look.text)
            if is_left(ax, panels):
                ax.set_ylabel("rise of\n−2 log L", fontsize=look.text)
        write_note(
            figure, "L: likelihood; diamond: estimate; dashed and shaded: 95 % interval; all others fitted anew", look
        )
    return figure
