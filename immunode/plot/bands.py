"""Quantile bands of a sweep: what share of the runs lies where, over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.clock import clock, time_axis
from immunode.plot.courses import label_room, panel_room
from immunode.plot.figure import StyledFigure, is_bottom, make_panels
from immunode.plot.labels import Array, End, EndLabels
from immunode.plot.marks import Doses, Windows, draw_marks, rows_of, strip_height
from immunode.plot.style import FAINT, Style, arm_colors, arm_dashes, find_style, readable, styled
from immunode.plot.text import name_panel, scale_axis, wrap

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def bands(
    times: ArrayLike,
    quantiles: Mapping[str, ArrayLike],
    levels: Sequence[float] = LEVELS,
    *,
    quantity: str = "",
    unit: str = "",
    time_unit: str = "",
    labels: Mapping[str, str] | None = None,
    counts: Mapping[str, int] | None = None,
    doses: Doses | None = None,
    windows: Windows | None = None,
    title: str = "",
    style: str | Style = "slide",
    log: bool = False,
    together: bool | None = None,
    axes: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Return a figure of quantile bands by arm with the median as a line.

    Bands are the quantiles themselves, never mean +- 2 SD, so they stay within the values that occurred.

    Parameters
    ----------
    times : array, shape (n_times,), in `time_unit`.
    quantiles : arm -> array, shape (n_levels, n_times), in `unit`; rows in the order of `levels`.
    levels : increasing, each in (0, 1), symmetric around 0.5: (0.05, 0.25, 0.5, 0.75, 0.95).
    quantity : name of what is drawn.   labels : what the quantity and the arms mean, by name.
    counts : arm -> number of runs behind the quantiles; written into the note under the title.
    doses, windows, title, style, log : as in `courses`.
    together : all arms in one panel; by default up to two are, more get a panel each (with the first arm's
        median in every panel to compare with).
    axes : one axes where arms are drawn together, else one for each arm.

    Raises
    ------
    StudyError : nothing to draw, shapes or levels that don't fit, quantiles that cross.
    """
    look = find_style(style)
    t, table = _checked(times, quantiles, levels)
    arms, meaning = list(table), dict(labels or {})
    one = together if together is not None else len(arms) <= 2 or isinstance(axes, Axes)
    groups = [arms] if one else [[arm] for arm in arms]
    shown = clock(float(t[-1] - t[0]), time_unit)
    t = t * shown.factor
    marks = [_marks(doses or {}, windows or {}, group, arms) for group in groups]
    strip = max(strip_height(len(rows_of(*mark)), look) for mark in marks)
    widest, row = label_room([meaning.get(a, a) for a in (arms if one else arms[:1]) if a], look)
    everything = np.concatenate([q.ravel() for q in table.values()])
    with styled(look):
        figure, panels = make_panels(len(groups), look, axes, row=row + strip / 72, title=title, share_y=axes is None)
        room = panel_room(figure, panels, look, widest, strip)
        for ax, group, mark in zip(panels, groups, marks, strict=True):
            power = scale_axis(ax, "y", everything, look, log=log, most=max(2, min(5, int(room[1] / (2.2 * look.small)))))
            ends = [_band(ax, t, table[arm], arm, arms, meaning, look, log=log) for arm in group]
            if not one:
                ends = [] if group[0] == arms[0] else [_reference(ax, t, table[arms[0]], arms[0], meaning, look)]
            if any(end.text for end in ends):
                EndLabels(ax, ends, look, max(room[2], 4 * look.text))
            about = meaning.get(quantity, "") if one else meaning.get(group[0], group[0])
            name_panel(ax, quantity, about, unit, power, look, width=room[0] + 0.6 * room[2], height=room[1],
                       pad=strip + 0.35 * look.text)  # fmt: skip
            if not one:
                ax.set_title(ax.get_title(loc="left"), loc="left", fontweight="bold", fontsize=look.text,
                             color=readable(arm_colors(arms)[group[0]]), pad=strip + 0.35 * look.text)  # fmt: skip
            time_axis(ax, shown, float(t[0]), float(t[-1]), look, labelled=is_bottom(ax, panels),
                      most=max(3, min(8, int(room[0] / (3.2 * look.small)))))  # fmt: skip
            draw_marks(ax, *mark, arm_colors(arms), shown.factor, look, names=meaning, width=room[0], written=True)
        if isinstance(figure, StyledFigure):
            note = band_note(levels, counts or {}, arms)
            if not one and quantity in meaning:
                note = f"{meaning[quantity]}; {note}"
            note = wrap(note, 0.96 * 72 * look.width, look.small)
            figure.supxlabel(note, x=0.988, ha="right", fontsize=look.small, color=FAINT)
    return figure


def band_note(levels: Sequence[float], counts: Mapping[str, int], arms: Sequence[str]) -> str:
    """Return the sentence that says what the bands are: `line: median; bands: 25–75 % and 5–95 % of 500 runs an arm`."""
    half = len(levels) // 2
    pairs = [f"{100 * levels[i]:g}–{100 * levels[-1 - i]:g} %" for i in reversed(range(half))]
    text = "line: median" + ("; bands: " + " and ".join(pairs) if pairs else "")
    sizes = sorted({int(counts[arm]) for arm in arms if arm in counts})
    if not sizes:
        return text + " of the runs" * bool(pairs)
    many = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    return text + f" of {many} runs" + (" an arm" if len(arms) > 1 else "")


def _band(ax: Axes, t: Array, q: Array, arm: str, arms: Sequence[str], meaning: Mapping[str, str], style: Style, *,
          log: bool) -> End:  # fmt: skip
    """Draw the bands and the median of one arm; return the end of the median."""
    color, half = arm_colors(arms)[arm], len(q) // 2
    q = np.where(q > 0, q, np.nan) if log else q
    floor = ax.get_ylim()[0]
    for i in range(half):
        low = np.where(np.isnan(q[i]) & np.isfinite(q[-1 - i]), floor, q[i]) if log else q[i]
        ax.fill_between(t, low, q[-1 - i], color=color, alpha=0.14 + 0.16 * i, linewidth=0, zorder=1 + 0.1 * i, gid="band")
    ax.plot(t, q[half], color=color, linestyle=arm_dashes(arms)[arm], linewidth=style.line, zorder=3, label=arm or None)
    return _end(t, q[half], meaning.get(arm, arm), color)


def _reference(ax: Axes, t: Array, q: Array, arm: str, meaning: Mapping[str, str], style: Style) -> End:
    """Draw the first arm's median into another arm's panel; return its end."""
    color = arm_colors([arm, ""])[arm]
    median = q[len(q) // 2]
    ax.plot(t, median, color=color, linestyle=(0, (3, 2)), linewidth=0.6 * style.line, zorder=2, gid="reference")
    return _end(t, median, meaning.get(arm, arm), color)


def _end(t: Array, y: Array, name: str, color: str) -> End:
    good = np.flatnonzero(np.isfinite(y))
    if good.size == 0:
        return End(float(t[-1]), float("nan"), f"{name}: no values" if name else "", color, -np.inf)
    return End(float(t[good[-1]]), float(y[good[-1]]), name, color, float(np.mean(y[good])))


def _marks(doses: Doses, windows: Windows, group: Sequence[str], arms: Sequence[str]) -> tuple[Doses, Windows]:
    """Return the doses and windows that belong into the panel of `group`: its arms' own and those of no arm."""
    inside = [key for key in [*doses, *windows] if key in group or key not in arms]
    return {k: doses[k] for k in doses if k in inside}, {k: windows[k] for k in windows if k in inside}


def _checked(times: ArrayLike, quantiles: Mapping[str, ArrayLike], levels: Sequence[float]) -> tuple[Array, dict[str, Array]]:
    t = np.asarray(times, dtype=float)
    given = np.asarray(levels, dtype=float)
    if given.size % 2 == 0 or np.any(np.diff(given) <= 0) or not np.allclose(given + given[::-1], 1, atol=1e-9):
        raise StudyError(f"bands: levels {tuple(levels)} must increase and lie symmetric around 0.5, such as {LEVELS}")
    if not quantiles:
        raise StudyError("bands: no arm to draw; pass {arm: quantiles of shape (n_levels, n_times)}")
    table = {}
    for arm, values in quantiles.items():
        q = np.asarray(values, dtype=float)
        if t.ndim != 1 or t.size == 0 or q.shape != (given.size, t.size):
            raise StudyError(f"bands, arm '{arm}': quantiles of shape {q.shape}; {given.size} levels and times of shape "
                             f"{t.shape} need ({given.size}, {t.size})")  # fmt: skip
        step = np.diff(q, axis=0)
        if np.any(step[np.isfinite(step)] < 0):
            raise StudyError(f"bands, arm '{arm}': a higher quantile lies below a lower one; give rows in the order of levels")
        table[arm] = q
    return t, table
