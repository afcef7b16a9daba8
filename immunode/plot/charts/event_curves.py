"""Curves of time to event: the share of patients without it, by arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError
from immunode.plot.charts.time_courses import courses
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import write_note
from immunode.plot.kit.style import FAINT, Style, arm_colors, find_style, readable, styled
from immunode.plot.kit.text import noun, width_of, wrap
from immunode.plot.kit.time_axes import clock

EARLY = 0.15
"""Events that all lie within this part of the runs are shown alone: after them the curves are flat."""


def time_to_event(
    times: Mapping[str, ArrayLike],
    *,
    until: float,
    time_unit: str,
    event: str,
    whom: str = "virtual patients",
    control: str | None = None,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a figure of the share of patients without an event over time, one step curve an arm.

    Below stand the numbers at risk: how many patients of each arm have no event yet at each time of the axis.

    Parameters
    ----------
    times : Mapping[str, array_like]
        arm -> shape (n_patients,), time of the event in `time_unit`; infinity: not until the end (all patients are
        watched to the end, so the curve is the Kaplan-Meier estimate); NaN is left out.
    until : float
        end of the runs, in `time_unit`.
    event : str
        what happens, in words or as a condition.
    whom : str
        what the runs are, in words for the note: "declared patients", "parameter sets, +-30 %".
    control : str | None
        the arm in the color of the control, "" for none, None for one with such a name.
    style : str | Style
        "slide" or "paper".
    axes : Axes | None
        to draw into a figure of your own.

    Raises
    ------
    StudyError
        nothing to draw.

    References
    ----------
    Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452.
    """
    table = {arm: np.asarray(v, float) for arm, v in times.items()}
    table = {arm: v[~np.isnan(v)] for arm, v in table.items()}
    table = {arm: v for arm, v in table.items() if v.size}
    if not table:
        raise StudyError("time to event: nothing to draw; no run is ok")
    look = find_style(style)
    shown = _shown(table, until)
    steps = {arm: _steps(v, shown) for arm, v in table.items()}
    quantity = "share"  # beside the axis, which the numbers at risk make lower; what it is stands above
    figure = courses(
        {arm: t for arm, (t, _) in steps.items()},
        {quantity: {arm: share for arm, (_, share) in steps.items()}},
        units={quantity: "%"},
        labels={quantity: f"{noun(whom)} without event: {event}"},
        time_unit=time_unit,
        title=title,
        style=look,
        control=control,
        axes=axes,
    )
    ax = axes if axes is not None else figure.axes[0]
    with styled(look):
        ax.set_ylim(0, 104)
        ax.set_yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100"])
        _numbers_at_risk(ax, table, shown, time_unit, control, look)
    size = max(v.size for v in table.values())
    told = f"{size:,} {whom}, all watched to the end"
    if shown < until:
        told += " of the runs; no event after what is shown"
    write_note(figure, told, look)
    return figure


def _shown(table: Mapping[str, Array], until: float) -> float:
    """Return where the time axis ends: where events end, if all lie within a small first part of the runs."""
    last = max((float(v[v <= until].max(initial=0.0)) for v in table.values()), default=0.0)
    return 1.5 * last if 0 < last < EARLY * until else until


def _steps(times: Array, until: float) -> tuple[Array, Array]:
    """Return times and the % without the event, as corners of a staircase that falls at every event."""
    events = np.sort(times[times <= until])
    left = 100 * (1 - np.arange(events.size + 1) / times.size)
    t = np.concatenate([[0.0], np.repeat(events, 2), [until]])
    return t, np.repeat(left, 2)


def at_risk(times: Array, moments: Array) -> NDArray[np.intp]:
    """Return how many have no event before each moment, shape (n_moments,). times : shape (n_patients,)."""
    return np.asarray((times[:, None] >= moments - 1e-9 * np.abs(moments)).sum(axis=0))


def _numbers_at_risk(
    ax: Axes, table: Mapping[str, Array], until: float, time_unit: str, control: str | None, style: Style
) -> None:
    """Write the numbers at risk under the ticks of the time axis, a row an arm, as journals do."""
    factor, size = clock(until, time_unit).factor, style.least
    ticks = [float(tick) for tick in ax.xaxis.get_majorticklocs() if -1e-9 <= tick <= until * factor * (1 + 1e-9)]
    colors, pitch = arm_colors(table, control), 1.25 * size
    first = -(style.text + 1.4 * style.small + 1.1 * size)  # below the ticks and the label of the axis
    common: dict[str, Any] = {"textcoords": "offset points", "fontsize": size, "va": "center"}
    below = ax.get_xaxis_transform()
    beside = 0.6 * width_of(f"{max(values.size for values in table.values()):,}", size) + 0.9 * size
    ax.annotate(
        "at risk", (1, 0), xytext=(beside, first), ha="left", color=FAINT, gid="at-risk-head",
        annotation_clip=False, xycoords="axes fraction", **common,
    )  # fmt: skip
    room = (0.2 if style.fixed else 0.3) * style.width * 72 - beside
    longest = max(width_of(arm, size) for arm in table)
    named = max(0.8 * size, min(size, 0.99 * size * room / longest))
    for i, (arm, values) in enumerate(table.items(), 1):
        for tick, count in zip(ticks, at_risk(values, np.array(ticks) / factor), strict=True):
            ax.annotate(
                f"{count:,}", (tick, 0), xytext=(0, first - i * pitch), ha="center", color=readable(colors[arm]),
                gid="at-risk", annotation_clip=False, xycoords=below, **common,
            )  # fmt: skip
        ax.annotate(
            wrap(arm, room, named, lines=1), (1, 0), xytext=(beside, first - i * pitch), ha="left",
            color=readable(colors[arm]), gid="at-risk-arm", annotation_clip=False, xycoords="axes fraction",
            **{**common, "fontsize": named},
        )  # fmt: skip
