"""A model as a picture: states as icons, processes as arrows as wide as their flux, and what acts on what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from immunode.errors import StudyError
from immunode.model import Model
from immunode.plot.diagrams.graph import Arrow, arrows, influences, note, wiring
from immunode.plot.diagrams.icons import KINDS, WORDS, outline
from immunode.plot.diagrams.layout import grid_of, length_of
from immunode.plot.diagrams.scene import Icon, Route, Scene, Sheet, Thread, compose
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import StyledFigure, make_panels, write_note
from immunode.plot.kit.style import FAINT, INK, PAPER, Style, find_style, readable, styled
from immunode.plot.kit.text import amount, number, width_of
from immunode.plot.kit.time_axes import clock

NOTHING = 1e-6
"""Part of its largest size below which the value of a state is nothing but what the solver leaves."""
READABLE = 14
"""States up to which every name of a process is worth a place; influences are shown for up to twice as many arrows."""
DENSE = 36
"""Arrows and influences beyond which gains and losses are left out, so that it can be followed what acts on what."""


def diagram(
    model: Model,
    *,
    fluxes: Mapping[str, float] | None = None,
    values: Mapping[str, float] | None = None,
    peaks: Mapping[str, float] | None = None,
    moment: str = "",
    regulation: bool | None = None,
    title: str | None = None,
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return the diagram of a model.

    Processes that take and make the same states are one arrow. A thin line that ends on an arrow says that a state
    acts on it: with a dot faster, with a bar slower, with a ring one or the other. Cells are round, signals hexagons,
    drugs capsules, pathogens stars, damage a diamond and other states squares.

    Parameters
    ----------
    fluxes : Mapping[str, float] | None
        process -> what it moves per time at one moment; then arrows are as wide as the square root of their flux,
        against the largest in the same unit.
    values : Mapping[str, float] | None
        state -> value then, written below its label; an icon is filled unless its state is 0.
    peaks : Mapping[str, float] | None
        state -> its largest size in the run; a value below a millionth of it is what the solver leaves of nothing, and
        is written as "≈ 0".
    moment : str
        when that is, in words.
    regulation : bool | None
        whether to show what acts on what; by default where there is room.

    Raises
    ------
    StudyError
        a model without states, or an unknown style.
    """
    if not model.states:
        raise StudyError(f"diagram: {model.name} has no states to draw")
    look = find_style(style)
    shown = arrows(model, fluxes)
    acting = influences(model, shown)
    if regulation is not False and len(shown) + len(acting) > DENSE:
        shown, acting = wiring(shown, acting)
    fits = readable_influences(len(acting), wired=any(one.target for one in acting))
    acting = acting if (fits if regulation is None else regulation) else ()
    wide, high = look.width * 72, look.height * 72
    rows = grid_of(len(model.states), wide / high)[1]
    heading = model.label + (f", {moment}" if moment else "") if title is None else title
    with styled(look):
        figure, panels = make_panels(1, look, axes, row=_height(rows, look), title=heading)
        ax = panels[0]
        ax.set_axis_off()
        box = ax.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
        size = (72 * box.width, 72 * box.height)
        if isinstance(figure, StyledFigure):
            taken = look.head * 1.7 * (1 if heading else 0) + look.small * 2.6
            size = (wide - look.text, figure.get_figheight() * 72 - taken)
        ax.set(xlim=(0, size[0]), ylim=(size[1], 0))
        small = max(look.least, look.small * 0.8)
        sheet = Sheet(size, look.text, small, top=1.5 * look.small, values=values is not None)
        told = None if values is None else _told(model, values, peaks or {})
        scene = compose(model, shown, acting, sheet, told=told)
        _Painter(ax, look, model, scene).draw(told)
        key = note(shown, acting, fluxes is not None, scene.unnamed)
        if any(text.startswith("≈") for text in (told or {}).values()):
            key += ("; " if key else "") + "≈ 0: below a millionth of its largest"
        write_note(figure, key, look)
    return figure


def moment_words(time: float, end: float, unit: str) -> str:
    """Return a time in words, in a unit of which there is at least one: "day 14". end : of the run."""
    shown = clock(2 * abs(time) or end, unit)
    return f"{shown.unit.partition(' (')[0] or 'time'} {number(time * shown.factor)}"


def readable_influences(n: int, *, wired: bool = False) -> bool:
    """Return whether so many influences can be shown at once. wired : without gains and losses there is more room."""
    return n <= (4 if wired else 2) * READABLE + 12


def _told(model: Model, values: Mapping[str, float], peaks: Mapping[str, float]) -> dict[str, str]:
    """Return the values of states in words: number and unit, `0` or `≈ 0`."""
    told = {}
    for state in model.states:
        value = values.get(state.name)
        if value is None:
            continue
        rest = value != 0 and abs(value) < NOTHING * abs(peaks.get(state.name, 0.0))
        told[state.name] = f"≈ {amount(0.0, state.unit)}" if rest else amount(value, state.unit)
    return told


def _height(rows: int, style: Style) -> float:
    """Return the height in inches that a diagram of so many rows needs."""
    return 0.0 if style.fixed else max(style.height, rows * 8.2 * style.text / 72)


@dataclass(slots=True)
class _Painter:
    """Puts a scene into axes whose units are points."""

    ax: Axes
    style: Style
    model: Model
    scene: Scene

    @property
    def text(self) -> float:
        """Size of all words but the symbols."""
        return self.scene.sheet.small

    @property
    def _halo(self) -> list[Any]:
        """A rim in the color of the ground, so that a line that runs behind a word does not strike it out."""
        return [withStroke(linewidth=0.25 * self.text, foreground=PAPER)]

    def draw(self, told: Mapping[str, str] | None) -> None:
        """Draw compartments, arrows, influences, icons and words, in this order."""
        self._grounds()
        for route in self.scene.routes:
            self._arrow(route)
        for thread in self.scene.threads:
            self._influence(thread)
        for icon in self.scene.icons:
            self._icon(icon, None if told is None else told.get(icon.name))
        self._keys()
        for route in self.scene.routes:
            if route.spot is not None:
                self.ax.text(route.spot[0], route.spot[1], route.name, fontsize=self.text, color=INK, ha="center",
                             va="center", zorder=5, gid="process-name", linespacing=1.0,
                             path_effects=self._halo)  # fmt: skip

    def _grounds(self) -> None:
        """Draw a ground with a name behind the states of each compartment."""
        for ground in self.scene.grounds:
            left, top, wide, high = ground.box
            patch = FancyBboxPatch(
                (left, top), wide, high, facecolor=to_hex(_tint(FAINT, 0.07)), edgecolor="none",
                boxstyle=f"round,pad=0,rounding_size={self.style.text}", zorder=0, gid="compartment",
            )  # fmt: skip
            self.ax.add_patch(patch)
            self.ax.text(
                left + 0.5 * self.style.text, top + high - 0.5 * self.style.text, ground.name, fontsize=self.text,
                color=FAINT, va="bottom", ha="left", style="italic",
            )  # fmt: skip

    def _width(self, arrow: Arrow) -> float:
        """Return the width of an arrow in points."""
        if arrow.flux is None:
            return 0.8 * self.style.line
        most = max((r.arrow.flux or 0.0) for r in self.scene.routes if r.arrow.unit == arrow.unit)
        share = (arrow.flux / most) ** 0.5 if most > 0 else 0.0
        return float((0.3 + 2.2 * share) * self.style.line)

    def _arrow(self, route: Route) -> None:
        wide = self._width(route.arrow)
        for curve, pointed in route.curves:
            head = (1.5 * wide + 0.35 * self.style.text) if pointed else 0.0
            cut = curve
            while len(cut) > 2 and length_of(cut) > length_of(curve) - 0.8 * head:
                cut = cut[:-1]
            self._line(cut, FAINT, wide, zorder=2, gid="flux")
            if pointed:
                tip, way = curve[-1], curve[-1] - cut[-1]
                way = way / (np.hypot(*way) + 1e-9)
                side = np.array([-way[1], way[0]]) * head * 0.5
                foot = tip - way * head
                self.ax.add_patch(
                    Polygon(np.array([tip, foot + side, foot - side]), color=FAINT, linewidth=0, zorder=2.1)
                )

    def _line(self, curve: Array, color: str, width: float, *, zorder: float, gid: str) -> None:
        patch = PathPatch(Path(curve), facecolor="none", edgecolor=color, linewidth=width, zorder=zorder, gid=gid)
        patch.set_capstyle("butt")
        self.ax.add_patch(patch)

    def _influence(self, thread: Thread) -> None:
        """Draw a thin line from a state to the middle of an arrow, with an end that says its direction."""
        kind = next(s.kind for s in self.model.states if s.name == thread.influence.state)
        color, curve, sign = KINDS.get(kind, FAINT), thread.curve, thread.influence.sign
        wide = max(0.5, 0.4 * self.style.line)
        self._line(curve, color, wide, zorder=2.5, gid="influence")
        tip, way = curve[-1], curve[-1] - curve[-3]
        way = way / (np.hypot(*way) + 1e-9)
        if sign < 0:
            side = np.array([-way[1], way[0]]) * 0.38 * self.style.text
            self._line(np.array([tip - side, tip + side]), color, 1.6 * wide, zorder=2.6, gid="slower")
            return
        face = color if sign > 0 else PAPER
        dot = Circle((tip[0], tip[1]), 0.22 * self.style.text, facecolor=face, edgecolor=color, linewidth=wide,
                     zorder=2.6)  # fmt: skip
        self.ax.add_patch(dot)

    def _shape(self, kind: str, center: Array, radius: float, face: object, zorder: float, gid: str) -> None:
        color = KINDS.get(kind, FAINT)
        self.ax.add_patch(
            Polygon(outline(kind) * radius + center, closed=True, facecolor=face, edgecolor=color, gid=gid,
                    linewidth=0.5 * self.style.line, joinstyle="round", zorder=zorder)
        )  # fmt: skip

    def _icon(self, icon: Icon, told: str | None) -> None:
        color = KINDS.get(icon.kind, FAINT)
        empty = told is not None and re.match(r"(≈ )?0( |$)|−", told) is not None
        face = PAPER if empty else _tint(color, 0.16)
        self._shape(icon.kind, icon.center, self.scene.radius, face, 3, "state")
        if icon.symbol:
            self.ax.text(icon.center[0], icon.center[1], icon.symbol, fontsize=self.style.text, fontweight="bold",
                         ha="center", va="center", color=INK, zorder=4, gid="state-symbol")  # fmt: skip
        high = 1.2 * self.text
        lines = icon.label.count("\n") + 1
        middle = icon.spot[1] - icon.half[1] + 0.5 * high * lines
        self.ax.text(icon.spot[0], middle, icon.label, fontsize=self.text, ha="center", va="center", color=INK,
                     zorder=4, gid="state-name", linespacing=1.0, path_effects=self._halo)  # fmt: skip
        if told is not None:
            self.ax.text(icon.spot[0], icon.spot[1] + icon.half[1] - 0.5 * high, told, fontsize=self.text, ha="center",
                         va="center", color=FAINT, zorder=4, gid="state-value", linespacing=1.0,
                         path_effects=self._halo)  # fmt: skip

    def _keys(self) -> None:
        """Draw the shapes of the kinds of states along the top, where there are several."""
        kinds = list(dict.fromkeys(s.kind for s in self.model.states))
        x, size = 0.3 * self.style.text, 0.45 * self.text
        for kind in kinds if len(kinds) > 1 else []:
            color = readable(KINDS.get(kind, FAINT))
            self._shape(kind, np.array([x + size, 0.75 * self.text]), size, _tint(color, 0.16), 3, "kind-shape")
            word = WORDS.get(kind, kind)
            self.ax.text(x + 2.6 * size, 0.75 * self.text, word, fontsize=self.text, color=color, va="center",
                         ha="left", gid="kind")  # fmt: skip
            x += 2.6 * size + width_of(word, self.text) + 1.2 * self.style.text


def _tint(color: str, share: float) -> tuple[float, float, float]:
    """Return a color mixed into the ground, opaque."""
    red, green, blue = (1 - share + share * c for c in to_rgb(color))
    return red, green, blue
