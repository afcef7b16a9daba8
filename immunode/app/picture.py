"""The drawing of a model in the page: the diagram that figures show, as plain data, laid out for wide and narrow."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.language.expression import names, parse
from immunode.plot.diagrams.drawing import readable_influences
from immunode.plot.diagrams.graph import Arrow, Influence, arrows, influences
from immunode.plot.diagrams.icons import KINDS, outline
from immunode.plot.diagrams.scene import Route, Scene, Sheet, compose, grid_places
from immunode.plot.kit.text import pretty_unit

if TYPE_CHECKING:
    from immunode.app.bench import Bench
    from immunode.model import Model, State

Data = dict[str, Any]
Array = NDArray[np.float64]

SHEETS = {"wide": (640.0, 478.0), "narrow": (362.0, 286.0)}
"""Sizes of the drawing beside curves and on a phone, in the pixels of a page that is not enlarged."""
_LETTERS = {"wide": ((14, 13.0, 12.0), (24, 12.0, 11.0), (60, 10.5, 10.0)), "narrow": ((60, 11.5, 10.5),)}
"""Up to so many states: size of symbols and of other words."""
_VALUED, _TOLD = 14, 24
"""States up to which there is room for their values, and for labels and names of processes instead of bare names."""


def scenes(bench: Bench) -> dict[str, Data]:
    """Return the drawing of all states of a bench for each of `SHEETS`; states of drugs are among them."""
    model = bench.composed
    shown = arrows(model)
    acting = _influences(model, shown)
    few = readable_influences(len(acting))
    many = len(model.states) > _TOLD
    if many:
        model = model.replace(states=tuple(replace(s, meaning="") for s in model.states))
    sheets = {name: _sheet(model, name) for name in SHEETS}
    spots = grid_places(model, shown, acting if few else (), sheets["wide"])
    told = {state.name: _widest_value(state) for state in model.states}
    return {
        name: _scene_data(
            compose(
                model, shown, acting, sheet, named=name == "wide" and not many, together=few, spots=spots, told=told
            ),
            model,
            few,
        )
        for name, sheet in sheets.items()
    }


def _widest_value(state: State) -> str:
    """Return words about as wide as the page's value of a state ever is: four digits or a power, and the unit."""
    unit = pretty_unit(state.unit)
    start = abs(float(state.initial)) if isinstance(state.initial, int | float) else state.typical or 1.0
    return f"{'8.88×10⁸' if start and not 1e-2 <= start < 1e4 else '0.8888'} {unit}".strip()


def shapes() -> dict[str, str]:
    """Return the shape of each kind of states as the path of an SVG, inside a circle of radius 1 around 0."""
    return {kind: _polygon(outline(kind)) for kind in KINDS}


def targets(bench: Bench) -> dict[str, list[int]]:
    """Return for each intervention the positions of the processes whose rate it changes."""
    model = bench.composed
    inside = {d.name: set(names(parse(d.expression))) for d in model.derived}
    found: dict[str, list[int]] = {placed.declared.name: [] for placed in bench.placed}
    reached = [_reached(set(names(parse(process.rate))), inside) for process in model.processes]
    for effect in model.effects:
        if effect.by in found:
            found[effect.by] += [j for j, used in enumerate(reached) if effect.target in used]
    return {name: sorted(set(rows)) for name, rows in found.items()}


def _reached(used: set[str], inside: dict[str, set[str]]) -> set[str]:
    """Return all names that a rate rests on, through derived quantities."""
    seen: set[str] = set()
    todo = set(used)
    while todo:
        name = todo.pop()
        seen.add(name)
        todo |= inside.get(name, set()) - seen
    return seen


def _influences(model: Model, shown: tuple[Arrow, ...]) -> tuple[Influence, ...]:
    """Return what acts on what without treatment, and what drugs do besides at half of their strength."""
    on = {p.name: 0.5 for p in model.parameters if p.name.endswith(".strength")}
    treated = model.with_values(on).replace(switches=tuple(replace(s, initial=1.0) for s in model.switches))
    bare = influences(model, shown)
    known = {(one.state, one.arrow) for one in bare}
    return (*bare, *(one for one in influences(treated, shown) if (one.state, one.arrow) not in known))


def _sheet(model: Model, name: str) -> Sheet:
    n = len(model.states)
    text, small = next((text, small) for most, text, small in _LETTERS[name] if n <= most)
    return Sheet(SHEETS[name], text, small, top=1.8 * small, values=name == "wide" and n <= _VALUED)


def _scene_data(scene: Scene, model: Model, few: bool) -> Data:
    rows = {process.name: j for j, process in enumerate(model.processes)}
    symbols = {state.name.casefold() for state in model.states}
    (wide, high), sheet = scene.sheet.size, scene.sheet
    return {
        "size": [wide, high],
        "text": [sheet.text, sheet.small],
        "values": sheet.values,
        "radius": _short(scene.radius),
        "all": few,
        "icons": [
            {
                "name": icon.name,
                "kind": icon.kind if icon.kind in KINDS else "",
                "at": _point(icon.center),
                "symbol": icon.symbol,
                "label": icon.label.split("\n"),
                "spot": _point(icon.spot),
                "half": _point(icon.half),
            }
            for icon in scene.icons
        ],
        "routes": [_route(route, rows, symbols) for route in scene.routes],
        "threads": [
            {
                "state": thread.influence.state,
                "route": thread.influence.arrow,
                "sign": thread.influence.sign,
                "d": _curve(thread.curve),
                "end": _end(thread.curve),
            }
            for thread in scene.threads
        ],
        "grounds": [{"name": g.name, "box": [_short(v) for v in g.box]} for g in scene.grounds],
    }


def _is_code(name: str, route: Route, states: set[str]) -> bool:
    """Return whether the name of an arrow is one of code: without a label, and made with the symbol of a state."""
    plain = ", ".join(route.arrow.processes).replace("_", " ").casefold()
    said = name.replace("\n", " ").removesuffix("…").strip().casefold()
    words = re.split(r"[\s.,]+", said)
    return plain.startswith(said) and any(len(word) <= 2 or word in states for word in words)


def _route(route: Route, rows: dict[str, int], states: set[str]) -> Data:
    arrow = route.arrow
    name = "" if _is_code(route.name, route, states) else route.name
    return {
        "processes": [rows[name] for name in arrow.processes],
        "takes": list(arrow.takes),
        "makes": list(arrow.makes),
        "curves": [[_curve(curve), int(pointed)] for curve, pointed in route.curves],
        "valve": _point(route.valve),
        "name": name.split("\n") if name else [],
        "spot": _point(route.spot) if route.spot is not None else None,
    }


def _curve(points: Array) -> str:
    """Return a part of a parabola, given as points at equal steps of its parameter, as the path of an SVG."""
    first, last = points[0], points[-1]
    middle = (len(points) - 1) // 2
    share = middle / (len(points) - 1)
    control = (points[middle] - (1 - share) ** 2 * first - share**2 * last) / (2 * share * (1 - share))
    return "M{} {}Q{} {} {} {}".format(*map(_short, (*first, *control, *last)))


def _end(curve: Array) -> list[float]:
    """Return the last point of a curve and the angle in degrees at which it comes in."""
    way = curve[-1] - curve[-3]
    return [*_point(curve[-1]), _short(float(np.degrees(np.arctan2(way[1], way[0]))))]


def _polygon(points: Array) -> str:
    return "M" + "L".join(f"{x:.3g},{y:.3g}" for x, y in points.round(3) + 0.0) + "Z"


def _point(point: Array) -> list[float]:
    return [_short(float(v)) for v in point]


def _short(value: float) -> float:
    """Return a coordinate to a tenth of a pixel, which is short as text."""
    tenth = round(float(value), 1) + 0.0
    return int(tenth) if tenth == int(tenth) else tenth
