"""How well a fit fits: observed against predicted, residuals over time, residuals against a normal distribution."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import StyledFigure, make_panels, root_figure, write_note
from immunode.plot.kit.point_names import key
from immunode.plot.kit.style import FAINT, INK, PAPER, Style, arm_colors, find_style, styled
from immunode.plot.kit.text import limits, quantity_label, scale_axis, wrap
from immunode.plot.kit.time_axes import clock, time_axis

if TYPE_CHECKING:
    import pandas as pd

MARKERS = "os^DvPX*"
NEEDED = ("arm", "observable", "time", "value", "prediction", "residual")
USUAL = 1.96
"""Of normal residuals, 95 % lie within so many standard deviations."""


def residuals(
    table: Mapping[str, ArrayLike] | pd.DataFrame,
    *,
    units: Mapping[str, str] | None = None,
    time_unit: str = "",
    log: Collection[str] = (),
    title: str = "",
    style: str | Style = "slide",
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """Return three panels an observable: observed against predicted, residuals over time, and against normal ones.

    Parameters
    ----------
    table : Mapping[str, array_like] | DataFrame
        columns "arm", "observable", "time", "value", "prediction", "residual" (in standard deviations), one row a
        measurement.
    units : Mapping[str, str] | None
        observable -> unit.
    time_unit : str
        of "time".
    log : Collection[str]
        observables on log axes.
    axes : Sequence[Axes] | None
        three for each observable, to draw into a figure of your own.

    Raises
    ------
    StudyError
        a column is missing, or there is no row.
    """
    columns = {str(name) for name in table}
    for name in NEEDED:
        if name not in columns:
            raise StudyError(f"residuals: no column '{name}'{did_you_mean(name, columns)}")
    text = {name: np.asarray(table[name], dtype=str) for name in NEEDED[:2]}
    rows = text | {name: np.asarray(table[name], float) for name in NEEDED[2:]}
    if not len(rows["time"]):
        raise StudyError("residuals: no measurement to draw")
    look = find_style(style)
    arms, observables = (list(dict.fromkeys(rows[name].tolist())) for name in NEEDED[:2])
    wide = look.columns >= 3
    shape = (len(observables), 3) if wide else (3 * len(observables), 1)
    with styled(look):
        figure, panels = make_panels(
            3 * len(observables), look, axes, shape=shape, row=0.0 if wide else 2.0, title=title, share_x=False
        )
        for k, name in enumerate(observables):
            mine = {column: values[rows["observable"] == name] for column, values in rows.items()}
            one, over, normal = panels[3 * k : 3 * k + 3]
            _observed(one, mine, arms, name, (units or {}).get(name, ""), name in log, look)
            _over_time(over, mine, arms, time_unit, look)
            _normal(normal, mine, arms, look)
        if len(arms) > 1:
            key(panels[0], [_sample(arm, arms, look) for arm in arms], arms, look, handle=0.8)
        if isinstance(figure, StyledFigure):
            figure.align_ylabels(panels)
        write_note(figure, "lines: a perfect fit; dashed: 95 % of normal residuals lie between; sd: of the noise", look)
    return figure


def _points(ax: Axes, x: Array, y: Array, arm_of: NDArray[Any], arms: Sequence[str], look: Style) -> None:
    for arm in dict.fromkeys(arm_of.tolist()):
        sample = _sample(arm, arms, look)
        mine = arm_of == arm
        ax.plot(
            x[mine], y[mine], linestyle="", color=sample.get_color(), marker=sample.get_marker(), clip_on=False,
            markersize=sample.get_markersize(), markeredgecolor=PAPER, markeredgewidth=0.03 * look.text, zorder=3,
            gid="measured",
        )  # fmt: skip


def _sample(arm: str, arms: Sequence[str], look: Style) -> Line2D:
    """Return a mark as those of an arm: its color, and its shape for gray paper."""
    shape = MARKERS[arms.index(arm) % len(MARKERS)]
    return Line2D([], [], linestyle="", color=arm_colors(arms)[arm], marker=shape, markersize=0.42 * look.text)


def _observed(
    ax: Axes, rows: Mapping[str, NDArray[Any]], arms: Sequence[str], name: str, unit: str, log: bool, look: Style
) -> None:
    """Draw measured values against predictions, both axes alike, with the diagonal."""
    both = np.concatenate([rows["value"], rows["prediction"]])
    ends = np.array(limits(both, log=log))
    powers = [scale_axis(ax, which, ends, look, log=log, exact=True, most=4) for which in ("x", "y")]
    ax.plot(ends, ends, color=FAINT, linewidth=0.5 * look.line, zorder=1, gid="perfect")
    _points(ax, rows["prediction"], rows["value"], rows["arm"], arms, look)
    _label(
        ax,
        quantity_label(f"{name} predicted", unit, powers[0]),
        quantity_label(f"{name} measured", unit, powers[1]),
        look,
    )


def _over_time(ax: Axes, rows: Mapping[str, NDArray[Any]], arms: Sequence[str], time_unit: str, look: Style) -> None:
    shown = clock(float(rows["time"].max() - rows["time"].min()) or 1.0, time_unit)
    t = rows["time"] * shown.factor
    _residual_axis(ax, rows["residual"], look)
    _points(ax, t, rows["residual"], rows["arm"], arms, look)
    room = 0.03 * (float(np.ptp(t)) or 1.0)
    time_axis(ax, shown, float(t.min()) - room, float(t.max()) + room, look, labelled=True, most=4)
    ax.set_ylabel("residual (sd)", fontsize=look.text, color=INK)


def _normal(ax: Axes, rows: Mapping[str, NDArray[Any]], arms: Sequence[str], look: Style) -> None:
    """Draw sorted residuals against the quantiles of a standard normal distribution.

    Source of their places, (i - 3/8)/(n + 1/4): Blom 1958, Statistical Estimates and Transformed Beta-Variables.
    """
    from scipy.special import ndtri

    order = np.argsort(rows["residual"], kind="stable")
    n = len(order)
    expected = np.asarray(ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25)), float)
    _residual_axis(ax, rows["residual"], look, level=False)
    reach = max(float(np.abs(expected).max()), 1.0) * 1.1
    scale_axis(ax, "x", np.array([-reach, reach]), look, exact=True, most=4)
    ax.plot([-reach, reach], [-reach, reach], color=FAINT, linewidth=0.5 * look.line, zorder=1, gid="perfect")
    _points(ax, expected, rows["residual"][order], rows["arm"][order], arms, look)
    _label(ax, "normal quantile (sd)", "residual (sd)", look)


def _residual_axis(ax: Axes, residual: Array, look: Style, *, level: bool = True) -> None:
    reach = max(float(np.abs(residual[np.isfinite(residual)]).max(initial=0.0)), USUAL) * 1.15
    scale_axis(ax, "y", np.array([-reach, reach]), look, exact=True)
    if level:
        ax.axhline(0.0, color=FAINT, linewidth=0.5 * look.line, zorder=1)
        for edge in (-USUAL, USUAL):
            ax.axhline(edge, color=FAINT, linewidth=0.4 * look.line, linestyle=(0, (4, 3)), zorder=1, gid="usual")


def _label(ax: Axes, x: str, y: str, look: Style) -> None:
    spec = ax.get_subplotspec()
    rows, columns = spec.get_gridspec().get_geometry() if spec else (1, 1)
    size = root_figure(ax).get_size_inches() * 72
    room, high = 0.72 * size[0] / columns, size[1] / rows - 5 * look.text
    ax.set_xlabel(wrap(x, room, look.text, lines=2), fontsize=look.text, color=INK)
    ax.set_ylabel(wrap(y, max(high, 4 * look.text), look.text, lines=2), fontsize=look.text, color=INK)
