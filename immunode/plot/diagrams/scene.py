"""Where everything in a diagram stands: one answer for paper, screen and the lab, in points from the top left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from immunode.model import Model
from immunode.plot.diagrams.graph import Arrow, Influence
from immunode.plot.diagrams.layout import arrange, grid_of
from immunode.plot.diagrams.lettering import Letterer, process_words, state_words
from immunode.plot.diagrams.routing import Router
from immunode.plot.kit.arrays import Array

_LABEL = 11.0
"""Widest line of a label, in sizes of its letters."""
_MOST_GROUNDS = 4
"""Compartments that stand beside each other; more leave too little room for each."""
_MOST_LINKED = 24
"""States up to which influences decide where states stand, too: beyond, their lines are too many to be short."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a diagram is drawn on.

    size : in points.   text, small : sizes of the names of states and of all else.   top : room for a key above.
    values : whether a value is written under the name of each state.
    """

    size: tuple[float, float]
    text: float
    small: float
    top: float = 0.0
    values: bool = False


@dataclass(frozen=True, slots=True)
class Icon:
    """A state: its shape around `center`, a symbol inside, and its label around `spot`.

    symbol : "" where the label says it.   half : half width and half height of the label.
    """

    name: str
    kind: str
    center: Array
    symbol: str
    label: str
    spot: Array
    half: Array


@dataclass(frozen=True, slots=True)
class Route:
    """An arrow: its curves (each with whether it ends in a point), where what acts on it ends, and its name.

    name : "" where there was no room.
    """

    arrow: Arrow
    curves: tuple[tuple[Array, bool], ...]
    valve: Array
    name: str = ""
    spot: Array | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A line from a state to the middle of the arrow, or to the state, that it acts on."""

    influence: Influence
    curve: Array


@dataclass(frozen=True, slots=True)
class Ground:
    """The area of a compartment: left, top, width, height."""

    name: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole diagram."""

    sheet: Sheet
    radius: float
    icons: tuple[Icon, ...]
    routes: tuple[Route, ...]
    threads: tuple[Thread, ...]
    grounds: tuple[Ground, ...]

    @property
    def unnamed(self) -> int:
        """Arrows without room for their names."""
        return sum(not route.name for route in self.routes)


def compose(
    model: Model,
    arrows: tuple[Arrow, ...],
    acting: Sequence[Influence],
    sheet: Sheet,
    *,
    named: bool = True,
    together: bool = True,
    spots: Array | None = None,
    told: Mapping[str, str] | None = None,
) -> Scene:
    """Return the diagram of a model on a sheet.

    acting : influences that are drawn.   named : whether names of processes are written where there is room.
    together : whether influences are seen at once, so that they keep clear of each other; else one by one.
    spots : places on the grid as from `grid_places`, which are found anew without.
    told : the values that are written below labels, where they are known: their width is kept free.
    """
    seen = acting if together else ()
    spots = grid_places(model, arrows, seen, sheet) if spots is None else spots
    groups, top = _groups(model), sheet.top
    columns, rows = int(spots[:, 0].max()) + 1, int(np.floor(spots[:, 1].max() + 0.5)) + 1
    pitch = np.array([sheet.size[0] / columns, (sheet.size[1] - top) / rows])
    names = [state.name for state in model.states]
    # few icons are drawn larger
    radius = float(min(0.2 * pitch[1], 0.19 * pitch[0], max(3.4, 5.8 - 0.8 * len(names)) * sheet.text))
    wide = min(0.86 * float(pitch[0]), _LABEL * sheet.small)
    words = {s.name: state_words(s, radius, sheet.text, sheet.small, wide) for s in model.states}
    lines = max(label.count("\n") + 1 for _, label in words.values()) + sheet.values
    below = 1.25 * sheet.small * lines
    span = float(np.ptp(spots[:, 1]))
    if span:  # a staggered grid is higher than its rows, and the last row has labels below
        pitch[1] = min(float(pitch[1]), (sheet.size[1] - top - 2 * radius - below) / span)
    centers = (spots + 0.5) * pitch
    _center(centers, sheet, radius, below)
    places = dict(zip(names, centers, strict=True))
    kinds = {s.name: s.kind for s in model.states}
    router = Router(sheet.size, sheet.text, radius, places, kinds, (0.3 * float(pitch[0]), below))
    routes = _routes(router, arrows, seen)
    threads = tuple(Thread(f, _thread(router, f, routes, sheet, together)) for f in acting)
    letterer = Letterer(sheet.size, (0.0, top), sheet.small, places, kinds, radius, router.used)
    letterer.place_labels({name: label for name, (_, label) in words.items()}, (told or {}) if sheet.values else None)
    icons = [Icon(s.name, s.kind, places[s.name], *words[s.name], *letterer.labels[s.name]) for s in model.states]
    lettered = _lettered(model, letterer, routes) if named else routes
    drawn = tuple(thread for thread in threads if len(thread.curve) > 3)
    return Scene(sheet, radius, tuple(icons), tuple(lettered), drawn, _grounds(model, groups, spots, pitch, sheet))


def grid_places(model: Model, arrows: Sequence[Arrow], acting: Sequence[Influence], sheet: Sheet) -> Array:
    """Return where states stand on a grid whose cells fit the sheet, shape (n_states, 2): column and row from 0."""
    names = [state.name for state in model.states]
    index = {name: i for i, name in enumerate(names)}
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for arrow in arrows:
        for a in arrow.takes:
            for b in arrow.makes:
                weights[index[a], index[b]] += 3.0
    for influence in acting if len(names) <= _MOST_LINKED else ():
        ends: tuple[str, ...] = (influence.target,)
        if not influence.target:
            arrow = arrows[influence.arrow]
            ends = arrow.takes[:1] + arrow.makes[:1]
        for end in dict.fromkeys(ends):
            if end != influence.state:
                weights[index[influence.state], index[end]] += 1.0
    columns, rows = grid_of(len(names), sheet.size[0] / (sheet.size[1] - sheet.top))
    return arrange(len(names), [(a, b, w) for (a, b), w in weights.items()], columns, rows, _groups(model))


def _groups(model: Model) -> list[int]:
    """Return the position of each state's compartment from 1, 0 for none; nothing where all share one or few do."""
    known = [c.name for c in model.compartments]
    groups = [known.index(s.compartment) + 1 if s.compartment in known else 0 for s in model.states]
    return groups if 1 < len(set(groups)) <= _MOST_GROUNDS else []


def _center(centers: Array, sheet: Sheet, radius: float, below: float) -> None:
    """Move all icons so that they and their labels stand in the middle of the sheet."""
    low = centers.min(axis=0) - radius
    high = centers.max(axis=0) + radius + np.array([0.0, below])
    middle = np.array([sheet.size[0], sheet.size[1] + sheet.top]) / 2
    centers += middle - (low + high) / 2


def _routes(router: Router, arrows: Sequence[Arrow], acting: Sequence[Influence]) -> list[Route]:
    """Return the arrows in their order; those between states are drawn first."""
    routes: dict[int, Route] = {}
    for i in sorted(range(len(arrows)), key=lambda i: not (arrows[i].takes and arrows[i].makes)):
        arrow = arrows[i]
        if arrow.takes and arrow.makes:
            routes[i] = _between(router, arrow)
            continue
        inward = not arrow.takes
        pull = [router.centers[f.state] for f in acting if f.arrow == i]
        curves = tuple((router.stub(name, inward, pull), True) for name in (arrow.makes if inward else arrow.takes))
        routes[i] = Route(arrow, curves, curves[0][0][len(curves[0][0]) // 2])
    return [routes[i] for i in range(len(arrows))]


def _lettered(model: Model, letterer: Letterer, routes: Sequence[Route]) -> list[Route]:
    """Return the arrows with their names, where there is room."""
    states = {state.label or state.meaning for state in model.states}
    called = {process.name: process_words(process, states) for process in model.processes}
    return [Route(r.arrow, r.curves, r.valve, *letterer.process(r.arrow, r.curves, called)) for r in routes]


def _between(router: Router, arrow: Arrow) -> Route:
    """Return the arrow of a process that takes and makes states; of more than two they meet in the middle."""
    centers = router.centers
    if len(arrow.takes) == len(arrow.makes) == 1:
        own = (arrow.takes[0], arrow.makes[0])
        curve = router.between(centers[own[0]], centers[own[1]], own)
        return Route(arrow, ((curve, True),), curve[len(curve) // 2])
    valve = np.mean([np.mean([centers[n] for n in side], axis=0) for side in (arrow.takes, arrow.makes)], axis=0)
    into = [(router.between(centers[name], valve, (name,)), False) for name in arrow.takes]
    out = [(router.between(valve, centers[name], (name,)), True) for name in arrow.makes]
    return Route(arrow, (*into, *out), valve)


def _thread(router: Router, influence: Influence, routes: Sequence[Route], sheet: Sheet, together: bool) -> Array:
    """Return the line of an influence, which ends just before the arrow, or at the state that it acts on."""
    draw = router.between if together else router.across
    if influence.target:
        both = influence.state, influence.target
        return draw(router.centers[both[0]], router.centers[both[1]], both)
    route = routes[influence.arrow]
    curve = draw(router.centers[influence.state], route.valve, (influence.state,))
    far = np.hypot(*(curve - route.valve).T) < 0.6 * sheet.text
    return curve[: int(np.argmax(far))] if far.any() else curve


def _grounds(model: Model, groups: list[int], spots: Array, pitch: Array, sheet: Sheet) -> tuple[Ground, ...]:
    """Return the areas of the compartments, which hold whole columns."""
    grounds = []
    for group in sorted(set(groups)):
        mine = spots[np.array(groups) == group, 0]
        left, right = float(mine.min() * pitch[0]), float((mine.max() + 1) * pitch[0])
        name = model.compartments[group - 1].name if group else "no compartment"
        gap = 0.2 * sheet.text
        grounds.append(Ground(name, (left + gap, sheet.top, right - left - 2 * gap, sheet.size[1] - sheet.top)))
    return tuple(grounds)
