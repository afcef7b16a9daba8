"""A model as a picture: states as boxes, processes as arrows as wide as their flux, and what acts on what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path

from immunode.errors import StudyError
from immunode.model import Model
from immunode.model.views.words import name_labels
from immunode.plot.diagrams.graph import Arrow, Influence, arrows, influences, note, seen_value
from immunode.plot.diagrams.layout import arrange, bezier, clipped, grid_of, length_of
from immunode.plot.kit.arrays import Array
from immunode.plot.kit.figure import StyledFigure, make_panels, write_note
from immunode.plot.kit.style import FAINT, INK, PALETTE, PAPER, Style, find_style, readable, styled
from immunode.plot.kit.text import number, pretty_unit, size_within, width_of, wrap, wrap_to, wrap_whole

KINDS = {
    "cell": PALETTE[1],
    "signal": PALETTE[2],
    "pathogen": PALETTE[4],
    "drug": PALETTE[3],
    "damage": PALETTE[7],
    "": FAINT,
}
"""Colors of kinds of states; another kind is gray."""

READABLE = 14
"""States up to which every name of a process is worth a place; influences are shown for up to twice as many arrows."""

_BENDS = (0.0, 0.18, -0.18, 0.36, -0.36, 0.6, -0.6)
_AROUND = ((0, -1), (0, 1), (1, 0), (-1, 0), (1, -1), (-1, -1), (1, 1), (-1, 1))
_ANGLES = tuple(np.radians([180, 0, 270, 90, 225, 315, 135, 45]))


def diagram(
    model: Model,
    *,
    fluxes: Mapping[str, float] | None = None,
    values: Mapping[str, float] | None = None,
    moment: str = "",
    regulation: bool | None = None,
    title: str | None = None,
    style: str | Style = "slide",
    axes: Axes | None = None,
) -> Figure:
    """Return the diagram of a model.

    Processes that take and make the same states are one arrow. A thin line that ends on an arrow says that a state
    acts on it: with a dot faster, with a bar slower, with a ring one or the other.

    Parameters
    ----------
    fluxes : Mapping[str, float] | None
        process -> what it moves per time at one moment; then arrows are as wide as the square root of their flux,
        against the largest in the same unit.
    values : Mapping[str, float] | None
        state -> value then, written into the boxes.
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
    fits = len(acting) <= 2 * READABLE + 12
    acting = acting if (fits if regulation is None else regulation) else ()
    wide, high = look.width * 72, look.height * 72
    columns, rows = grid_of(len(model.states), wide / high)
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
        page = _Page(ax, look, model, shown, size)
        page.place(columns, rows, acting)
        page.draw(acting, values or {})
        write_note(figure, note(shown, acting, fluxes is not None, page.unnamed), look)
    return figure


def _height(rows: int, style: Style) -> float:
    """Return the height in inches that a diagram of so many rows needs."""
    return 0.0 if style.fixed else max(style.height, rows * 8.2 * style.text / 72)


@dataclass(slots=True)
class _Page:
    """The places of everything on one diagram, in points from the top left."""

    ax: Axes
    style: Style
    model: Model
    arrows: tuple[Arrow, ...]
    size: tuple[float, float]
    centers: dict[str, Array] = field(default_factory=dict)
    half: Array = field(default_factory=lambda: np.zeros(2))
    curves: dict[int, list[tuple[Array, bool]]] = field(default_factory=dict)
    valves: dict[int, Array] = field(default_factory=dict)
    used: list[Array] = field(default_factory=list)
    texts: list[tuple[Array, Array]] = field(default_factory=list)
    unnamed: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    lettering: float = 0.0

    @property
    def text(self) -> float:
        """Size of the names of processes in points."""
        return max(self.style.least, self.style.small * 0.8)

    @property
    def _inner(self) -> tuple[float, float]:
        """Width and height in points that the label of a state may take; its value stands below."""
        return 2 * self.half[0] - 0.6 * self.style.text, 2 * self.half[1] - 0.4 * self.style.text - 1.15 * self.text

    def place(self, columns: int, rows: int, acting: Sequence[Influence]) -> None:
        """Choose where states stand."""
        names = [state.name for state in self.model.states]
        self.labels = name_labels(self.model)
        index = {name: i for i, name in enumerate(names)}
        weights: dict[tuple[int, int], float] = defaultdict(float)
        for arrow in self.arrows:
            for a in arrow.takes:
                for b in arrow.makes:
                    weights[index[a], index[b]] += 3.0
        for influence in acting:
            arrow = self.arrows[influence.arrow]
            for end in dict.fromkeys(arrow.takes[:1] + arrow.makes[:1]):
                if end != influence.state:
                    weights[index[influence.state], index[end]] += 1.0
        known = [c.name for c in self.model.compartments]
        groups = [known.index(s.compartment) + 1 if s.compartment in known else 0 for s in self.model.states]
        groups = groups if len(set(groups)) > 1 else []
        spots = arrange(len(names), [(a, b, w) for (a, b), w in weights.items()], columns, rows, groups)
        columns = int(spots[:, 0].max()) + 1
        top = 1.5 * self.style.small
        pitch = np.array([self.size[0] / columns, (self.size[1] - top) / rows])
        places = (spots + 0.5) * pitch + np.array([0.0, top])
        low, high = places[:, 1].min(), places[:, 1].max()
        places[:, 1] += (top + self.size[1]) / 2 - (low + high) / 2 if len(set(spots[:, 1].round())) < rows else 0
        self.centers = dict(zip(names, places, strict=True))
        widest = max(width_of(self.labels[name], self.style.text, bold=True) for name in names)
        self.half = np.array([min(max(widest / 2 + 0.6 * self.style.text, 0.23 * pitch[0]), 0.34 * pitch[0]), 0.0])
        self.half[1] = min(2.0 * self.style.text, 0.27 * pitch[1])
        sizes = [size_within(self.labels[name], self._inner, self.style.text, self.style.least) for name in names]
        self.lettering = min(sizes)
        if groups:
            self._compartments(known, groups, spots, pitch, top)

    def _compartments(self, known: list[str], groups: list[int], spots: Array, pitch: Array, top: float) -> None:
        """Draw a ground with a name behind the states of each compartment."""
        for group in sorted(set(groups)):
            mine = spots[np.array(groups) == group, 0]
            left, right = mine.min() * pitch[0], (mine.max() + 1) * pitch[0]
            corner = (left + 0.2 * self.style.text, top)
            ground = FancyBboxPatch(
                corner, right - left - 0.4 * self.style.text, self.size[1] - top, facecolor=to_hex(_tint(FAINT, 0.07)),
                edgecolor="none", boxstyle=f"round,pad=0,rounding_size={self.style.text}", zorder=0, gid="compartment",
            )  # fmt: skip
            self.ax.add_patch(ground)
            name = known[group - 1] if group else "no compartment"
            self.ax.text(
                corner[0] + 0.5 * self.style.text, self.size[1] - 0.5 * self.style.text, name, fontsize=self.text,
                color=FAINT, va="bottom", ha="left", style="italic",
            )  # fmt: skip

    def draw(self, acting: Sequence[Influence], values: Mapping[str, float]) -> None:
        """Draw arrows, then influences, then boxes, then names of processes."""
        order = sorted(range(len(self.arrows)), key=lambda i: not (self.arrows[i].takes and self.arrows[i].makes))
        for i in order:
            self._route(i, acting)
        for i in order:
            self._arrow(i)
        for influence in acting:
            self._influence(influence)
        for state in self.model.states:
            self._box(state.name, state.kind, seen_value(values.get(state.name), state), state.unit)
        self._keys()
        for i in order:
            self._name(i)

    def _boxes(self, *but: str) -> list[tuple[Array, Array]]:
        return [(c, self.half + 0.35 * self.style.text) for name, c in self.centers.items() if name not in but]

    def _route(self, i: int, acting: Sequence[Influence]) -> None:
        """Choose the curves of one arrow and the point where influences end on it."""
        arrow = self.arrows[i]
        if arrow.takes and arrow.makes:
            ends = [self.centers[name] for name in (*arrow.takes, *arrow.makes)]
            if len(ends) == 2:
                curve = self._best(ends[0], ends[1], (arrow.takes[0], arrow.makes[0]))
                self.curves[i] = [(curve, True)]
                self.valves[i] = curve[len(curve) // 2]
            else:
                valve = np.mean(
                    [np.mean([self.centers[n] for n in side], axis=0) for side in (arrow.takes, arrow.makes)], 0
                )
                self.valves[i] = valve
                own = [(self._best(self.centers[name], valve, (name,)), False) for name in arrow.takes]
                self.curves[i] = own + [(self._best(valve, self.centers[name], (name,)), True) for name in arrow.makes]
        else:
            inward = not arrow.takes
            names = arrow.makes if inward else arrow.takes
            self.curves[i] = []
            for name in names:
                pull = [self.centers[f.state] for f in acting if f.arrow == i]
                self.curves[i].append((self._stub(name, inward, pull), True))
            self.valves[i] = self.curves[i][0][0][len(self.curves[i][0][0]) // 2]
        for curve, _ in self.curves[i]:
            self.used.append(curve)

    def _best(self, start: Array, end: Array, own: tuple[str, ...]) -> Array:
        """Return the curve between two points that passes the fewest boxes and lines."""
        here = [(self.centers[name], self.half + 0.12 * self.style.text) for name in own]
        choices = [clipped(bezier(start, end, bend, 49), here) for bend in _BENDS]
        costs = [
            self._price(curve, own) + 1.5 * abs(bend) if len(curve) > 2 else np.inf
            for curve, bend in zip(choices, _BENDS, strict=True)
        ]
        best = choices[int(np.argmin(costs))]
        return best if len(best) > 2 else bezier(start, end, 0.3, 49)

    def _price(self, curve: Array, own: tuple[str, ...]) -> float:
        """Return how much a curve disturbs: points inside boxes, close to other lines, off the page."""
        cost = 0.0
        for center, half in self._boxes(*own):
            cost += 0.5 * float(np.all(np.abs(curve - center) < half, axis=1).sum())
        inside = np.all((curve > 2) & (curve < np.array(self.size) - 2), axis=1)
        cost += 2.0 * float((~inside).sum())
        for other in self.used:
            near = np.hypot(*np.moveaxis(curve[:, None] - other[None, ::3], -1, 0)).min(axis=1)
            cost += 0.06 * float((near < 0.5 * self.style.text).sum())
        return cost

    def _stub(self, name: str, inward: bool, pull: Sequence[Array]) -> Array:
        """Return a short straight arrow from or to nowhere on the freest side of a box."""
        center, best, chosen = self.centers[name], np.inf, np.zeros((2, 2))
        reach = 1.9 * self.style.text
        for rank, angle in enumerate(_ANGLES if inward else (*_ANGLES[1::2], *_ANGLES[0::2])):
            way = np.array([np.cos(angle), np.sin(angle)])
            edge = center + way * min(self.half / np.maximum(np.abs(way), 1e-9)) + way * 0.12 * self.style.text
            curve = np.linspace(edge + way * reach, edge, 13)
            room = curve[0] + way * self.style.text * np.array([1.6, 0.7])
            cost = self._price(np.concatenate([curve, [room]]), (name,)) + 0.05 * rank
            cost += sum(0.3 * (1 - float(way @ (p - center)) / (np.hypot(*(p - center)) + 1e-9)) for p in pull)
            taken = [np.abs(room - spot) < half + self.style.text * np.array([1.6, 0.7]) for spot, half in self.texts]
            cost += 2.0 * sum(bool(t.all()) for t in taken)
            if cost < best:
                best, chosen = cost, curve if inward else curve[::-1]
        return chosen

    def _width(self, arrow: Arrow) -> float:
        """Return the width of an arrow in points."""
        if arrow.flux is None:
            return 0.8 * self.style.line
        most = max((a.flux or 0.0) for a in self.arrows if a.unit == arrow.unit)
        share = (arrow.flux / most) ** 0.5 if most > 0 else 0.0
        return float((0.3 + 2.2 * share) * self.style.line)

    def _arrow(self, i: int) -> None:
        wide = self._width(self.arrows[i])
        for curve, pointed in self.curves[i]:
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

    def _influence(self, influence: Influence) -> None:
        """Draw a thin line from a state to the middle of an arrow, with an end that says its direction."""
        arrow = self.arrows[influence.arrow]
        start, end = self.centers[influence.state], self.valves[influence.arrow]
        curve = self._best(start, end, (influence.state,))
        if len(curve) < 4:
            return
        gap = 0.5 * self._width(arrow) + 0.34 * self.style.text
        far = np.hypot(*(curve - end).T)
        curve = curve[: max(3, int(np.argmax(far < gap)) if (far < gap).any() else len(curve))]
        self.used.append(curve)
        kind = next(s.kind for s in self.model.states if s.name == influence.state)
        color = KINDS.get(kind, FAINT)
        wide = max(0.5, 0.4 * self.style.line)
        self._line(curve, color, wide, zorder=2.5, gid="influence")
        tip, way = curve[-1], curve[-1] - curve[-3]
        way = way / (np.hypot(*way) + 1e-9)
        if influence.sign < 0:
            side = np.array([-way[1], way[0]]) * 0.38 * self.style.text
            self._line(np.array([tip - side, tip + side]), color, 1.6 * wide, zorder=2.6, gid="slower")
        else:
            face = color if influence.sign > 0 else PAPER
            dot = Circle(
                tuple(tip), 0.22 * self.style.text, facecolor=face, edgecolor=color, linewidth=wide, zorder=2.6
            )
            self.ax.add_patch(dot)

    def _box(self, name: str, kind: str, value: float | None, unit: str) -> None:
        """Draw the box of a state with its label, and its value below where that leaves room for the label."""
        color, center = KINDS.get(kind, FAINT), self.centers[name]
        corner = center - self.half
        self.ax.add_patch(
            FancyBboxPatch(
                (corner[0], corner[1]), 2 * self.half[0], 2 * self.half[1], facecolor=_tint(color, 0.14),
                edgecolor=color, boxstyle=f"round,pad=0,rounding_size={0.5 * self.style.text}",
                linewidth=0.5 * self.style.line, zorder=3, gid="state",
            )
        )  # fmt: skip
        below = "" if value is None else f"{number(value)} {pretty_unit(unit) if unit else ''}".strip()
        small = wrap_whole(below, self._inner[0], self.text, 1)
        size, label = self.lettering, wrap_to(self.labels[name], self._inner, self.lettering)
        shift = 0.55 * self.text if small else 0.0
        ax = self.ax
        ax.text(center[0], center[1] - shift, label, fontsize=size, fontweight="bold", ha="center", va="center",
                color=INK, zorder=4, gid="state-name", linespacing=1.0)  # fmt: skip
        if small:
            lift = 0.55 * size * (label.count("\n") + 1)
            ax.text(center[0], center[1] + lift, small, fontsize=self.text, ha="center", va="center",
                    color=INK, zorder=4, gid="state-value", linespacing=1.0)  # fmt: skip

    def _keys(self) -> None:
        """Write the kinds of states in their colors along the top, where there are several."""
        kinds = list(dict.fromkeys(s.kind for s in self.model.states if s.kind))
        x = 0.3 * self.style.text
        for kind in kinds if len(kinds) > 1 else []:
            color = readable(KINDS.get(kind, FAINT))
            self.ax.text(x, 0, f"■ {kind}", fontsize=self.text, color=color, va="top", ha="left", gid="kind")
            x += width_of(f"■ {kind}", self.text) + 1.2 * self.style.text

    def _name(self, i: int) -> None:
        """Write what an arrow is where it covers nothing; else leave it out and count it."""
        arrow = self.arrows[i]
        processes = ", ".join(name.replace("_", " ") for name in arrow.processes)
        text = wrap(processes, 7.5 * self.text, self.text, lines=2)
        size = np.array([width_of(text, self.text), 1.15 * self.text * (text.count("\n") + 1)]) / 2 + 0.1 * self.text
        for spot in self._spots(i, size):
            inside = np.all(spot - size >= (0, 1.5 * self.text)) and np.all(spot + size <= np.array(self.size))
            boxes = [*self._boxes(), *self.texts]
            free = all(np.any(np.abs(spot - c) > h + size - 0.25 * self.style.text) for c, h in boxes)
            if inside and free and not self._crossed(spot, size, i):
                self.texts.append((spot, size + 0.3 * self.style.text))
                self.ax.text(spot[0], spot[1], text, fontsize=self.text, color=INK, ha="center", va="center", zorder=5,
                             gid="process-name", linespacing=1.0)  # fmt: skip
                return
        self.unnamed += 1

    def _spots(self, i: int, size: Array) -> list[Array]:
        """Return places for a name: at the open end of a stub, else beside the curve, the middle first."""
        arrow, curve = self.arrows[i], self.curves[i][0][0]
        spots = []
        if not (arrow.takes and arrow.makes):
            tip, before = (curve[0], curve[3]) if not arrow.takes else (curve[-1], curve[-4])
            way = (tip - before) / (np.hypot(*(tip - before)) + 1e-9)
            for lift in (0.3, 0.8):
                spots.append(tip + way * (size + lift * self.text))
                spots += [tip + np.array(way) * (size + lift * self.text) for way in _AROUND]
        gap = 0.5 * self._width(arrow) + 0.25 * self.text
        for share in (0.5, 0.38, 0.62, 0.25, 0.75):
            at = int(share * (len(curve) - 1))
            way = curve[min(at + 1, len(curve) - 1)] - curve[max(at - 1, 0)]
            side = np.array([-way[1], way[0]]) / (np.hypot(*way) + 1e-9)
            off = float(np.abs(side) @ size) + gap
            spots += [curve[at] + side * off, curve[at] - side * off]
        return spots

    def _crossed(self, spot: Array, size: Array, i: int) -> bool:
        """Return whether a line of the diagram runs through a name there."""
        reach = size - 0.1 * self.text
        own = [curve for curve, _ in self.curves[i]]
        lines = [*own, *(curve for curve in self.used if not any(curve is o for o in own))]
        return any(bool(np.any(np.all(np.abs(curve - spot) < reach, axis=1))) for curve in lines)


def _tint(color: str, share: float) -> tuple[float, float, float]:
    """Return a color mixed into the ground, opaque."""
    red, green, blue = (1 - share + share * c for c in to_rgb(color))
    return red, green, blue
