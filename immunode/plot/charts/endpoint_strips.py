"""Distributions of endpoints by arm: one panel an endpoint, one row an arm."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.charts.time_courses import log_names
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import StyledFigure, make_panels, write_note
from immunode.plot.kit.style import FAINT, INK, Style, arm_colors, find_style, readable, styled
from immunode.plot.kit.text import number, quantity_label, scale_axis, width_of, wrap

_FEW = 60  # up to so many runs are drawn one by one


def endpoints(
    values: Mapping[str, Mapping[str, ArrayLike]],
    *,
    units: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    whom: str = "runs",
    title: str = "",
    style: str | Style = "slide",
    log: bool | Collection[str] = (),
    control: str | None = None,
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return a figure of how endpoints are distributed over the runs of each arm.

    Each arm has its density, a box (quartiles), whiskers (5 and 95 %) and its median as a number; up to 60 runs are
    drawn one by one. Runs without any value (failed) are counted under the
    arm's name, the share of runs without one endpoint (never reached) beside its median.

    Parameters
    ----------
    values : Mapping[str, Mapping[str, array_like]]
        endpoint -> arm -> array, shape (n_runs,), in the endpoint's unit.
    units : Mapping[str, str] | None
        endpoint -> unit; "" or absent means dimensionless.
    labels : Mapping[str, str] | None
        what endpoints and arms mean, by name.
    whom : str
        what the runs are, in words for the note: "declared patients", "parameter sets, +-30 %".
    style : str | Style
        "slide" or "paper".
    log : bool | Collection[str]
        names of endpoints with a log axis, or True for all; values that are not positive are left out there.
    control : str | None
        the arm in the color of the control, "" for none, None for one with such a name.
    axes : Axes | Sequence[Axes] | None
        as many axes as endpoints, to draw into a figure of your own.

    Raises
    ------
    StudyError
        nothing to draw, arrays that are not one-dimensional, an unknown name in `log`.
    """
    look = find_style(style)
    table = _checked(values)
    arms = list(dict.fromkeys(arm for per_arm in table.values() for arm in per_arm))
    colors = arm_colors(arms, control)
    meaning = dict(labels or {})
    logs = log_names("endpoints", "endpoint", log, table)
    columns = min(len(table), look.columns) if len(table) != 4 else min(2, look.columns)
    shape = (math.ceil(len(table) / columns), columns)
    names = [_arm_text(arm, table, meaning, look) for arm in arms]
    lines = [name.count("\n") + 1 for name in names]
    pitch = max([2.6, *(0.6 * (above + below) + 0.3 for above, below in pairwise(lines))])
    row = (len(arms) * pitch + 4.5) * look.text / 72
    with styled(look):
        figure, panels = make_panels(len(table), look, axes, shape=shape, row=row, title=title, share_x=False)
        wide = _panel_width(figure, panels, look, names, columns)
        for i, (ax, (endpoint, per_arm)) in enumerate(zip(panels, table.items(), strict=True)):
            _panel(
                ax,
                endpoint,
                per_arm,
                colors,
                (units or {}).get(endpoint, ""),
                meaning,
                look,
                wide,
                log=endpoint in logs,
            )
            named = i % columns == 0 or not isinstance(figure, StyledFigure)
            ax.set_yticks(range(len(arms)), names if named else [""] * len(arms), fontsize=look.text, linespacing=1.05)
            for tick, arm in zip(ax.get_yticklabels(), arms, strict=True):
                tick.set_color(readable(colors[arm]))
        write_note(figure, f"number: median; box: 25–75 %; line: 5–95 % of the {whom}", look)
    return figure


def _panel(
    ax: Axes,
    endpoint: str,
    per_arm: Mapping[str, Array],
    colors: Mapping[str, str],
    unit: str,
    meaning: Mapping[str, str],
    style: Style,
    width: float,
    *,
    log: bool,
) -> None:
    """Draw the panel of one endpoint. colors : of all arms, in order.   width : of the axes in points."""
    good = {arm: v[np.isfinite(v) & ((v > 0) | (not log))] for arm, v in per_arm.items()}
    shown = np.concatenate([_without_tails(v) for v in good.values()])
    power = scale_axis(ax, "x", shown, style, log=log, most=max(2, min(5, int(width / (4 * style.small)))))
    ax.set_ylim(len(colors) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, pad=style.text * 0.4)
    ax.spines["left"].set_visible(False)
    for i, (arm, color) in enumerate(colors.items()):
        if arm in good:
            missing = float(np.mean(~np.isfinite(per_arm[arm]))) if per_arm[arm].size else 0.0
            _row(ax, i, good[arm], color, style, width=width, log=log, power=power, missing=missing)
    said, in_unit = meaning.get(endpoint, endpoint), quantity_label("", unit, power)
    if width_of(f"{said} {in_unit}", style.text) <= width:
        ax.set_xlabel(f"{said} {in_unit}".strip(), fontsize=style.text, color=INK)
    else:
        ax.set_xlabel(in_unit.strip("()"), fontsize=style.text, color=INK)
        text = wrap(said, width, style.text, lines=3)
        ax.set_title(text, loc="left", fontsize=style.text, color=INK, linespacing=1.1)


def _row(
    ax: Axes,
    place: int,
    values: Array,
    color: str,
    style: Style,
    *,
    width: float,
    log: bool,
    power: int,
    missing: float,
) -> None:
    """Draw one arm: density or points above, the box below, the median as a line and a number."""
    if values.size == 0:
        ax.annotate(
            "no values",
            (0.02, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=style.small,
            color=FAINT,
            gid="median",
        )
        return
    low, first, median, third, high = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
    box = place + 0.1
    if values.size <= _FEW:
        jitter = np.random.default_rng(0).uniform(-0.3, -0.06, values.size)
        ax.plot(values, place + jitter, "o", color=color, markersize=style.text * 0.28, alpha=0.6, markeredgewidth=0)
    else:
        centers, density = _density(values, ax.get_xlim(), log=log)
        ax.fill_between(centers, place - 0.04, place - 0.04 - 0.38 * density, color=color, alpha=0.32, linewidth=0)
    ax.plot([low, high], [box, box], color=color, linewidth=style.line * 0.5, solid_capstyle="butt")
    ax.barh(box, third - first, left=first, height=0.16, color=color, linewidth=0, zorder=2)
    left, right = ax.get_xlim()
    spread = math.log(third / first) / math.log(right / left) if log else (third - first) / (right - left)
    inside = "white" if spread > 0.012 else color  # a box too narrow for a white line is itself the line
    ax.plot(
        [median, median],
        [box - 0.08, box + 0.08],
        color=inside,
        linewidth=style.line * 0.8,
        solid_capstyle="butt",
        zorder=3,
    )
    share = (math.log(median / left) / math.log(right / left)) if log else (median - left) / (right - left)
    text = (number(float(median) / 10.0**power) if log or abs(median) > 1e-6 * (right - left) else "0") + (
        f" ({100 * missing:.2g} % no value)" if missing > 0.005 else ""
    )
    _write_median(ax, text, float(median), box + 0.09, share * width, width, color, style)


def _write_median(
    ax: Axes, text: str, x: float, y: float, place: float, width: float, color: str, style: Style
) -> None:
    """Write a median under its box, inside its axes. place : of x, in points along an axis `width` points long."""
    half = min(width_of(text, style.small) / 2, width / 2)
    shift = min(max(place, half), width - half) - place
    ax.annotate(
        text, (x, y), xytext=(shift, -0.15 * style.text), textcoords="offset points", va="top", ha="center",
        fontsize=style.small, color=readable(color), gid="median", annotation_clip=False,
    )  # fmt: skip


def _density(values: Array, limits: tuple[float, float], *, log: bool) -> tuple[Array, Array]:
    """Return places and a smoothed histogram with maximum 1 (a Gaussian kernel of Silverman's width).

    Source: Silverman 1986, Density Estimation for Statistics and Data Analysis, eq. 3.31.
    """
    x = np.log(values) if log else values
    left, right = (math.log(limits[0]), math.log(limits[1])) if log else limits
    edges = np.linspace(left, right, 257)
    counts = np.histogram(x, edges)[0].astype(float)
    spread = min(float(np.std(x)), float(np.subtract(*np.quantile(x, [0.75, 0.25]))) / 1.34 or math.inf)
    step = float(edges[1] - edges[0])
    width = max(0.9 * spread * x.size**-0.2, step) if math.isfinite(spread) else step
    reach = np.arange(-128, 129) * step
    smooth = np.convolve(counts, np.exp(-0.5 * (reach / width) ** 2), mode="same")[:256]
    centers = (edges[1:] + edges[:-1]) / 2
    # nothing is drawn where no run lies: a kernel must not reach below zero or past the largest value
    smooth = np.where((centers >= x.min() - step) & (centers <= x.max() + step), smooth, 0.0)
    return (np.exp(centers) if log else centers), smooth / max(float(smooth.max()), 1e-300)


def _without_tails(values: Array) -> Array:
    """Return the values that set the axis: the middle 99 %, and always the box."""
    if values.size <= _FEW:
        return values
    low, high = np.quantile(values, [0.005, 0.995])
    inside: Array = values[(values >= low) & (values <= high)]
    return inside


def _arm_text(arm: str, table: Mapping[str, Mapping[str, Array]], meaning: Mapping[str, str], style: Style) -> str:
    """Return an arm's name with the number of its runs and of those that failed."""
    most = (0.2 if style.fixed else 0.28) * style.width * 72
    runs = max(per_arm[arm].size for per_arm in table.values() if arm in per_arm)
    bad = min(int(np.sum(~np.isfinite(per_arm[arm]))) for per_arm in table.values() if arm in per_arm)
    failed = f", {bad:,} failed" if bad else ""
    return (
        wrap(meaning.get(arm, arm), most, style.text, lines=2) + "\n" + wrap(f"n = {runs:,}{failed}", most, style.text)
    )


def _panel_width(figure: Figure, panels: Sequence[Axes], style: Style, names: Sequence[str], columns: int) -> float:
    if not isinstance(figure, StyledFigure):
        return float(panels[0].get_window_extent().width * 72 / figure.dpi)
    names_width = max(width_of(name, style.text) for name in names)
    return max(6 * style.text, (style.width * 72 - names_width - 2 * style.text) / columns - 1.5 * style.text)


def _checked(values: Mapping[str, Mapping[str, ArrayLike]]) -> dict[str, dict[str, Array]]:
    table: dict[str, dict[str, Array]] = {}
    for endpoint, per_arm in values.items():
        if not isinstance(per_arm, Mapping):
            raise StudyError(f"endpoints, '{endpoint}': pass {{arm: values}}, not {type(per_arm).__name__}")
        table[endpoint] = {arm: np.asarray(v, dtype=float) for arm, v in per_arm.items()}
        for arm, array in table[endpoint].items():
            if array.ndim != 1:
                raise StudyError(f"endpoints, '{endpoint}', arm '{arm}': values of shape {array.shape}; need (n_runs,)")
    if not any(table.values()):
        raise StudyError("endpoints: nothing to draw; pass {endpoint: {arm: values}}")
    return table
