"""Waterfall of individual changes: one bar a patient, sorted, one panel an arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import arm_grid_shape, is_bottom, is_left, make_panels, write_inside, write_note
from immunode.plot.kit.style import FAINT, INK, Style, arm_colors, find_style, readable, styled
from immunode.plot.kit.text import noun, wrap

_MOST_BARS = 200
_MOST_GAPS = 60  # up to so many bars stand apart
_CEILING = 100.0

UNSEEN = 1e-3
"""Part of the axis below which a bar can't be seen."""


def waterfall(
    values: Mapping[str, ArrayLike],
    *,
    label: str,
    lines: Mapping[str, float] | None = None,
    whom: str = "virtual patients",
    arms: Sequence[str] = (),
    control: str | None = None,
    title: str = "",
    style: str | Style = "slide",
    axes: Axes | list[Axes] | None = None,
) -> Figure:
    """Return a figure of each patient's change, from the largest rise to the largest fall.

    Source of the form: Gillespie 2012, Anticancer Research 32:3433 (waterfall plots of tumor response).

    Parameters
    ----------
    values : Mapping[str, array_like]
        arm -> shape (n_patients,), % change; NaN is left out and counted. Rises above +100 % are cut off and marked.
    label : str
        of the change, such as "tumor cells, change from baseline (%)".
    lines : Mapping[str, float] | None
        name -> height of lines across, such as {"partial response": -30}.
    whom : str
        what the runs are, in words for the note: "declared patients", "parameter sets, +-30 %".
    arms : Sequence[str]
        all arms of the study in order, which set the colors, where not all are drawn: an arm may be the baseline.
    control : str | None
        the arm in the color of the control, "" for none, None for one with such a name.
    style : str | Style
        "slide" or "paper".
    axes : Axes | list[Axes] | None
        as many as arms, to draw into a figure of your own.

    Raises
    ------
    StudyError
        nothing to draw.
    """
    table = {arm: np.asarray(v, float) for arm, v in values.items()}
    if not any(np.isfinite(v).any() for v in table.values()):
        raise StudyError("waterfall: nothing to draw; no run has a change from baseline")
    look, colors = find_style(style), arm_colors([*arms, *table], control)
    with styled(look):
        figure, panels = make_panels(
            len(table), look, axes, shape=arm_grid_shape(list(table), look), title=title, share_x=False, share_y=True
        )
        every = np.concatenate([v[np.isfinite(v)] for v in table.values()])
        low, high = _reach(np.append(every, list((lines or {}).values())))
        for ax, (arm, changes) in zip(panels, table.items(), strict=True):
            _draw_bars(ax, changes, colors[arm], look)
            ax.axhline(0, color=FAINT, linewidth=look.line * 0.4)
            for height in (lines or {}).values():
                ax.axhline(height, color=INK, linewidth=look.line * 0.35, linestyle=(0, (4, 3)))
            ax.set_xlim(0, 100)
            ax.set_ylim(low, high)
            if not (np.abs(changes[np.isfinite(changes)]) > UNSEEN * (high - low)).any():
                write_inside(ax, "no change" if np.isfinite(changes).any() else "no value", look)
            room = 0.85 * look.width * 72 / _columns(panels)
            ax.set_title(wrap(arm, room, look.text), loc="left", fontsize=look.text, color=readable(colors[arm]))
            if is_bottom(ax, panels):
                ax.set_xlabel(f"% of {noun(whom)}", fontsize=look.text)
        columns = [ax for ax in panels if is_left(ax, panels)]
        beside = wrap(label, 0.66 * look.height * 72 / len(columns), look.text, lines=2)
        fits = beside.split() == label.split()
        for ax in columns:
            ax.set_ylabel(beside if fits else "change (%)", fontsize=look.text)
        missing = sum(int((~np.isfinite(v)).sum()) for v in table.values())
        notes = [] if fits else [label]
        notes += [f"{max(v.size for v in table.values()):,} {whom}, sorted in each arm"]
        notes += [f"dashed: {name}" for name in lines or {}]
        notes += [f"triangle: above +{_CEILING:g} %"] if any((v > _CEILING).any() for v in table.values()) else []
        notes += [f"{missing} without a value"] if missing else []
        write_note(figure, "; ".join(notes), look)
    return figure


def _reach(values: Array) -> tuple[float, float]:
    """Return the ends of the axis: 0 and what the changes reach, at most the ceiling with its triangles."""
    least, most = min(0.0, float(values.min())), max(0.0, float(values.max()))
    cut = most > _CEILING
    most = min(most, _CEILING)
    room = 0.06 * max(most - least, 1e-9)
    return (least - room if least < 0 else 0.0), (most + (2 if cut else 1) * room if most > 0 else 0.5 * room)


def _columns(panels: Sequence[Axes]) -> int:
    """Return how many panels stand side by side."""
    spec = panels[0].get_subplotspec()
    return int(spec.get_gridspec().ncols) if spec is not None else 1


def _draw_bars(ax: Axes, changes: Array, color: str, style: Style) -> None:
    """Draw the bars of one arm, sorted, and a triangle above those that are cut off."""
    good = np.sort(changes[np.isfinite(changes)])[::-1]
    if good.size > _MOST_BARS:
        # a bar stands for several patients then: the one at its place in the order
        good = good[np.linspace(0, good.size - 1, _MOST_BARS).round().astype(int)]
    gap = 0.9 if good.size <= _MOST_GAPS else 1.0
    place = (np.arange(good.size) + 0.5) / max(good.size, 1) * 100
    ax.bar(place, np.minimum(good, _CEILING), width=100 / max(good.size, 1) * gap, color=color, linewidth=0)
    over = good > _CEILING
    ax.plot(place[over], np.full(over.sum(), _CEILING + 4), "^", color=color, markersize=style.text * 0.22)
