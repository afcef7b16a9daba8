"""Work and precision: what an error costs in time, one line a tool, one panel a model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import StyledFigure, is_left, make_panels, write_note
from immunode.plot.kit.labels import End, EndLabels
from immunode.plot.kit.panel import Room, label_room, panel_room
from immunode.plot.kit.style import DASHES, FAINT, INK, PAPER, Style, arm_colors, find_style, styled
from immunode.plot.kit.text import number, quantity_label, raised, scale_axis, wrap

if TYPE_CHECKING:
    import pandas as pd

MARKERS = "os^DvPX*"
"""Shapes of points, one a tool: what is left of the colors on gray paper."""
EXACT = 1e-16
"""Errors below this, 0 among them, are drawn here."""
_PREFIXES = (("s", 1.0), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9))


def work_precision(
    measured: Mapping[str, ArrayLike] | pd.DataFrame,
    *,
    floor: float | Mapping[str, float] = 0.0,
    mark: float = 1e-6,
    error_label: str = "error (relative)",
    time_label: str = "processor time a run",
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return a figure of time against error, both on log axes, each tool named at its most precise point.

    Precision grows to the right and cost upward, so the better tool is the lower one.

    Source of the form: Hairer, Norsett & Wanner 1993, doi:10.1007/978-3-540-78862-1, section II.10.

    Parameters
    ----------
    measured : Mapping[str, array_like] | DataFrame
        table with the columns "tool", "error" (dimensionless) and "seconds" (a run), one row a measurement; in the
        order of points on a line. "panel" (or "model"): a panel for each of its values. "rtol": to ring one. "runs":
        how many were timed together, for the note. Rows without a finite error and a time above 0 are left out, and
        counted in the note.
    floor : float | Mapping[str, float]
        error of the reference, one number or one a panel; what lies beyond it is shaded.
    mark : float
        the rtol whose points are ringed.
    error_label, time_label : str
        what the axes say.
    title, style
        as in `courses`.
    axes : Axes | Sequence[Axes] | None
        as many axes as panels, to draw into a figure of your own.

    Raises
    ------
    StudyError
        a column is missing, or there is nothing to draw.
    """
    look = find_style(style, axes if isinstance(axes, Axes) else None)
    columns, n_left_out = _columns(measured)
    panels, tools = (list(dict.fromkeys(columns[name].tolist())) for name in ("panel", "tool"))
    middle = float(np.exp(np.mean(np.log([columns["seconds"].min(), columns["seconds"].max()]))))
    unit, factor = next((p for p in _PREFIXES if middle * p[1] >= 1), _PREFIXES[-1])
    floors = floor if isinstance(floor, Mapping) else dict.fromkeys(panels, floor)
    with styled(look):
        across = min(len(panels), look.columns)
        shape = (math.ceil(len(panels) / across), across)
        room = label_room(tools, look, across, 0.0)
        figure, spots = make_panels(
            len(panels), look, axes, shape=shape, row=room.row, title=title, share_x=False, share_y=True
        )
        room = panel_room(figure, spots, look, room)
        shaded = False
        for ax, panel in zip(spots, panels, strict=True):
            rows = {name: column[columns["panel"] == panel] for name, column in columns.items()}
            scale_axis(ax, "y", columns["seconds"] * factor, look, log=True, most=6)
            _errors(ax, columns["error"], look, most=max(3, int(room.width / (3.4 * look.small))))
            shaded |= _shade(ax, float(floors.get(panel, 0.0)))
            ends = [_line(ax, tool, tools, rows, factor, mark, look) for tool in tools if tool in rows["tool"]]
            EndLabels(ax, ends, look, max(room.labels, 4 * look.text), room.size)
            beside = is_left(ax, spots) or not isinstance(figure, StyledFigure)
            _name(ax, panel, error_label, quantity_label(time_label, unit) if beside else "", room, look)
        write_note(figure, _note(columns, mark, shaded, n_left_out), look)
    return figure


def _name(ax: Axes, panel: str, across: str, up: str, room: Room, look: Style) -> None:
    """Write the title of a panel and the labels of its axes, as far as they are not empty."""
    wide = room.width + room.labels
    if panel:
        ax.set_title(wrap(panel, wide, look.text), loc="left", fontsize=look.text, color=INK)
    ax.set_xlabel(wrap(across, wide, look.text, lines=2), fontsize=look.text)
    if up:
        ax.set_ylabel(wrap(up, room.height + look.text, look.text, lines=3), fontsize=look.text)


def _columns(measured: Mapping[str, ArrayLike] | pd.DataFrame) -> tuple[dict[str, NDArray[Any]], int]:
    """Return the columns of what can be drawn, and how many rows can't."""
    known = [str(name) for name in measured]
    for name in ("tool", "error", "seconds"):
        if name not in known:
            raise StudyError(f"work_precision: no column '{name}' in {', '.join(known)}{did_you_mean(name, known)}")
    n = len(np.asarray(measured["tool"]))
    columns: dict[str, NDArray[Any]] = {"tool": np.asarray(measured["tool"], dtype=str)}
    columns["panel"] = np.full(n, "")
    for name in ("model", "panel"):
        if name in known:
            columns["panel"] = np.asarray(measured[name], dtype=str)
    for name in ("error", "seconds", "rtol", "runs"):
        columns[name] = np.asarray(measured[name], float) if name in known else np.full(n, np.nan)
    for name, column in columns.items():
        if column.shape != (n,):
            raise StudyError(f"work_precision: column '{name}' has the shape {column.shape}; {n} tools need ({n},)")
    error, seconds = columns["error"], columns["seconds"]
    good = np.isfinite(error) & (error >= 0) & np.isfinite(seconds) & (seconds > 0)
    if not good.any():
        raise StudyError("work_precision: nothing to draw; no row has a finite error and a time above 0")
    columns["error"] = np.maximum(columns["error"], EXACT)
    return {name: column[good] for name, column in columns.items()}, int((~good).sum())


def _errors(ax: Axes, errors: Array, look: Style, *, most: int) -> None:
    """Scale the axis of errors, the smallest on the right."""
    low, high = np.log10(errors.min()), np.log10(errors.max())
    room = 0.06 * max(high - low, 1.0)
    scale_axis(ax, "x", 10 ** np.array([low - room, high + room]), look, log=True, most=most, exact=True)
    if high - low >= 2:  # powers of ten only: numbers between them say nothing more of an error
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0,), numticks=most))
    ax.invert_xaxis()


def _shade(ax: Axes, floor: float) -> bool:
    """Shade errors that are smaller than that of the reference, and return whether there are any."""
    right = ax.get_xlim()[1]
    if floor > right:
        ax.axvspan(floor, right, color=FAINT, alpha=0.13, linewidth=0, zorder=0, gid="floor")
    return floor > right


def _line(
    ax: Axes, tool: str, tools: Sequence[str], rows: Mapping[str, NDArray[Any]], factor: float, mark: float, look: Style
) -> End:
    """Draw the line of one tool; return its most precise point, to be named."""
    mine, place = rows["tool"] == tool, tools.index(tool)
    error, taken, color = rows["error"][mine], rows["seconds"][mine] * factor, arm_colors(tools)[tool]
    ax.plot(
        error, taken, color=color, linestyle=DASHES[3 * (place // len(MARKERS)) % len(DASHES)], linewidth=look.line,
        marker=MARKERS[place % len(MARKERS)], markersize=0.45 * look.text, markeredgecolor=PAPER,
        markeredgewidth=0.03 * look.text, label=tool, gid="tool",
    )  # fmt: skip
    ringed = np.isclose(rows["rtol"][mine], mark, rtol=1e-6, atol=0)
    ax.plot(
        error[ringed], taken[ringed], "o", color=color, markersize=0.85 * look.text, markerfacecolor="none",
        markeredgewidth=0.07 * look.text, gid="ring",
    )  # fmt: skip
    last = int(np.argmin(error))
    return End(float(error[last]), float(taken[last]), tool, color, float(taken[last]))


def _note(columns: Mapping[str, NDArray[Any]], mark: float, shaded: bool, left_out: int) -> str:
    rtols = np.unique(columns["rtol"][np.isfinite(columns["rtol"])])
    parts = ["lower is cheaper, right is closer"]
    if rtols.size > 1:
        parts.append(f"points: rtol {_power(rtols[-1])} to {_power(rtols[0])}")
    if np.isclose(rtols, mark, rtol=1e-6, atol=0).any():
        parts.append(f"ring: rtol {_power(mark)}")
    most = np.max(columns["runs"][np.isfinite(columns["runs"])], initial=0)
    parts += [f"up to {most:,.0f} runs side by side"] if most > 1 else []
    parts += ["gray: closer than the reference is known"] if shaded else []
    parts += [f"{left_out} measurement{'s' * (left_out != 1)} without a value"] if left_out else []
    return "; ".join(parts)


def _power(rtol: float) -> str:
    power = round(float(np.log10(rtol)))
    return f"10{raised(power)}" if np.isclose(rtol, 10.0**power) else number(rtol)
