"""Curves of time to event: the share of patients without it, by arm."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.charts.time_courses import courses
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import write_note
from immunode.plot.kit.style import Style, find_style, styled
from immunode.plot.kit.text import noun


def time_to_event(
    times: Mapping[str, ArrayLike],
    *,
    until: float,
    time_unit: str,
    event: str,
    whom: str = "virtual patients",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return a figure of the share of patients without an event over time, one step curve an arm.

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
    steps = {arm: _steps(v, until) for arm, v in table.items()}
    quantity = f"{noun(whom)} without {event}"
    figure = courses(
        {arm: t for arm, (t, _) in steps.items()},
        {quantity: {arm: share for arm, (_, share) in steps.items()}},
        units={quantity: "%"},
        time_unit=time_unit,
        title=title,
        style=look,
        axes=axes,
    )
    ax = axes if axes is not None else figure.axes[0]
    with styled(look):
        ax.set_ylim(0, 104)
        ax.set_yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100"])
    size = max(v.size for v in table.values())
    write_note(figure, f"{size:,} {whom}, all watched to the end", look)
    return figure


def _steps(times: Array, until: float) -> tuple[Array, Array]:
    """Return times and the % without the event, as corners of a staircase that falls at every event."""
    events = np.sort(times[times <= until])
    left = 100 * (1 - np.arange(events.size + 1) / times.size)
    t = np.concatenate([[0.0], np.repeat(events, 2), [until]])
    return t, np.repeat(left, 2)
