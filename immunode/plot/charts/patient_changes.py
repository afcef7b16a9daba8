"""Waterfall of individual changes: one bar a patient, sorted, one panel an arm."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike

from immunode.errors import StudyError
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import (
    arm_grid_shape,
    is_bottom,
    is_left,
    make_panels,
    root_figure,
    row_name_width,
    write_inside,
    write_note,
)
from immunode.plot.kit.style import FAINT, INK, Style, arm_colors, find_style, readable, styled
from immunode.plot.kit.text import noun, number, scale_axis, wrap

_MOST_BARS = 200
_MOST_GAPS = 60  # up to so many bars stand apart
CEILINGS = (100.0, 200.0, 300.0, 500.0)
"""Where bars may be cut off, in %."""
DEEPEST = 1e-3
"""Least fold change that is drawn."""

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
        arm -> shape (n_patients,), % change; NaN is left out and counted. Few rises above +100 %, or above 200, 300 or
        500, are cut off and marked; where more than one in twenty passes that, bars show how many times the baseline.
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
        ceiling = _ceiling(list(table.values()))
        if ceiling is None:
            table = {arm: 1 + v / 100 for arm, v in table.items()}
            lines = {name: 1 + height / 100 for name, height in (lines or {}).items()}
            label = label.replace("(%)", "(fold)")
        every = np.concatenate([v[np.isfinite(v)] for v in table.values()])
        scale = _Scale.of(np.append(every, list((lines or {}).values())), ceiling)
        wide = 72 * look.width / _columns(panels)
        for ax, (arm, changes) in zip(panels, table.items(), strict=True):
            _draw_bars(ax, changes, colors[arm], look, scale, 0.75 * wide)
            ax.axhline(scale.none, color=FAINT, linewidth=look.line * 0.4)
            for height in (lines or {}).values():
                ax.axhline(height, color=INK, linewidth=look.line * 0.35, linestyle=(0, (4, 3)))
            ax.set_xlim(0, 100)
            scale.set(ax, look)
            if not scale.seen(changes):
                write_inside(ax, "no change" if np.isfinite(changes).any() else "no value", look)
            room = row_name_width(look) if _columns(panels) == 5 else 0.85 * wide
            ax.set_title(wrap(arm, room, look.text), loc="left", fontsize=look.text, color=readable(colors[arm]))
            if is_bottom(ax, panels):
                ax.set_xlabel(f"% of {noun(whom)}", fontsize=look.text)
        columns = [ax for ax in panels if is_left(ax, panels)]
        beside = wrap(label, 0.66 * look.height * 72 / len(columns), look.text, lines=2)
        fits = beside.split() == label.split()
        for ax in columns:
            ax.set_ylabel(beside if fits else f"change ({'%' if ceiling else 'fold'})", fontsize=look.text)
        missing = sum(int((~np.isfinite(v)).sum()) for v in table.values())
        notes = [] if fits else [label]
        notes += [f"{max(v.size for v in table.values()):,} {whom}, sorted in each arm"]
        notes += [f"dashed: {name}" for name in lines or {}]
        notes += scale.cut(table.values())
        notes += [f"{missing} without a value"] if missing else []
        write_note(figure, "; ".join(notes), look)
    return figure


def _ceiling(arms: Sequence[Array]) -> float | None:
    """Return the % at which bars are cut off; None where more than one in twenty of an arm would be, at any."""
    top = max(float(np.quantile(v[np.isfinite(v)], 0.95)) for v in arms if np.isfinite(v).any())
    return next((ceiling for ceiling in CEILINGS if top <= ceiling), None)


@dataclass(frozen=True, slots=True)
class _Scale:
    """The axis of changes: % around 0, or how many times the baseline around 1, on a logarithmic axis.

    low, high : where bars are cut off.   ends : of the axis.   none : the height of no change.
    """

    low: float
    high: float
    ends: tuple[float, float]
    none: float

    @classmethod
    def of(cls, values: Array, ceiling: float | None) -> _Scale:
        """Return the scale for changes. ceiling : in %; None for times the baseline."""
        if ceiling is None:
            high = max(float(values.max()), 2.0)
            low = min(max(float(values[values > 0].min(initial=1.0)), DEEPEST), 0.5)
            return cls(low, high, (low / 1.6, high * 1.3), 1.0)
        least, most = min(0.0, float(values.min())), max(0.0, float(values.max()))
        cut = most > ceiling
        most = min(most, ceiling)
        room = 0.06 * max(most - least, 1e-9)
        above = most + (2 if cut else 1) * room if most > 0 else 0.5 * room
        return cls(-math.inf, ceiling, (least - room if least < 0 else 0.0, above), 0.0)

    @property
    def fold(self) -> bool:
        """Whether it is times the baseline."""
        return self.none == 1.0

    def set(self, ax: Axes, style: Style) -> None:
        """Give axes this scale."""
        if self.fold:
            scale_axis(ax, "y", np.array(self.ends), style, log=True, exact=True, grid=False)
        ax.set_ylim(*self.ends)

    def seen(self, changes: Array) -> bool:
        """Return whether any bar is high enough to be seen."""
        good = changes[np.isfinite(changes)]
        if self.fold:
            return bool((np.abs(np.log(np.maximum(good, self.low))) > UNSEEN * np.log(self.high / self.low)).any())
        return bool((np.abs(good) > UNSEEN * (self.ends[1] - self.ends[0])).any())

    def cut(self, arms: Iterable[Array]) -> list[str]:
        """Return what the triangles mean, in words."""
        every = np.concatenate(list(arms))
        notes = [f"triangle: above +{self.high:g} %"] if (every > self.high).any() else []
        return notes + ([f"triangle: below {number(self.low, 2)} times"] if (every < self.low).any() else [])


def _columns(panels: Sequence[Axes]) -> int:
    """Return how many panels stand side by side."""
    spec = panels[0].get_subplotspec()
    return int(spec.get_gridspec().ncols) if spec is not None else 1


def _draw_bars(ax: Axes, changes: Array, color: str, style: Style, scale: _Scale, wide: float) -> None:
    """Draw the bars of one arm, sorted, and triangles beyond those that are cut off. wide : of the axes, in points."""
    good = np.sort(changes[np.isfinite(changes)])[::-1]
    if good.size > _MOST_BARS:
        # a bar stands for several patients then: the one at its place in the order
        good = good[np.linspace(0, good.size - 1, _MOST_BARS).round().astype(int)]
    gap = 0.9 if good.size <= _MOST_GAPS else 1.0
    place = (np.arange(good.size) + 0.5) / max(good.size, 1) * 100
    height = np.clip(good, scale.low, scale.high) - scale.none
    ax.bar(place, height, width=100 / max(good.size, 1) * gap, bottom=scale.none, color=color, linewidth=0)
    size = 0.3 * style.text
    apart = max(1, math.ceil(1.5 * size * max(good.size, 1) / wide))  # triangles stay apart
    sides = (good > scale.high, scale.high, "^", 0.7), (good < scale.low, scale.low, "v", -0.7)
    for beyond, end, mark, lift in sides:
        at = place[beyond][apart // 2 :: apart] if beyond.sum() > apart // 2 else place[beyond]
        if at.size:
            above = ScaledTranslation(0, lift * size / 72, root_figure(ax).dpi_scale_trans)
            ax.plot(at, np.full(at.size, end), mark, color=color, markersize=size, transform=ax.transData + above)
