"""Which figures fit a model, with which values, and the scripts that draw them again."""

from __future__ import annotations

import ast
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from immunode.cli import drawings
from immunode.errors import StudyError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from immunode.model.declaration import Model

MOST_EQUATIONS, MOST_INPUTS = 9, 60
"""Equations that fit on one page; parameters up to which a tornado is worth its runs."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a figure shall show.

    source : name or file of the model.   arms : names of arms, the control first.   quantities : what to show.
    until : end of the runs, None for the model's own.
    """

    model: Model
    source: str
    variant: str
    arms: tuple[str, ...]
    quantities: tuple[str, ...]
    until: float | str | None
    style: str

    @property
    def first(self) -> str:
        """The quantity of figures that show one."""
        return self.quantities[0]

    @property
    def treated(self) -> tuple[str, ...]:
        """The arms with an intervention."""
        return tuple(arm for arm in self.arms if arm != "control")

    @property
    def knobs(self) -> tuple[str, ...]:
        """Strengths of interventions, which can be given as doses from 0 to 1; those among the arms first."""
        from immunode.intervention import knobs

        names = [name for arm in self.treated for name in arm.split("+")]
        declared = sorted(self.model.interventions, key=lambda i: i.name not in names)
        return tuple(p.name for i in declared for p in knobs(self.model, i) if p.name == f"{i.name}.strength")


Values = dict[str, Any]
Chosen = tuple[Callable[..., Any], Values]
"""A function of `drawings`, and values of its own; those that every wish has are added where it takes them."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure, not yet drawn: a function, and the values that it is called with."""

    wish: Wish
    draw: Callable[..., Any]
    values: Values

    def figure(self) -> Figure:
        """Return the figure: the function is called, no text is executed."""
        from importlib import import_module

        from matplotlib.figure import Figure

        # the package as scripts see it; it is a value here, so that no module of ours imports the root
        figure = self.draw(import_module("immunode"), self.wish.model, **self.values)
        assert isinstance(figure, Figure)
        return figure

    def script(self, name: str) -> str:
        """Return a script that draws the figure and saves it as `name`: the values, then the text of the function."""
        body = _body(self.draw)
        variant = f", variant={literal(self.wish.variant)}" if self.wish.variant else ""
        head = ["import numpy as np", ""] if re.search(r"\bnp\.", body) else []
        head += ["import immunode as im", "from immunode.plot import save", ""]
        head += [f"model = im.load_model({literal(self.wish.source)}{variant})"]
        for key, value in self.values.items():
            head.append(f"{key} = {literal(value)}" + "  # the model's own end" * (key == "until" and value is None))
        return "\n".join([*head, "", body, "", f"print(save(figure, {literal(name)}))", ""])


def literal(value: object) -> str:
    """Return Python text that stands for a plain value and for nothing else; it can always be printed.

    Raises
    ------
    TypeError : it is anything but text, a number, None, or a list of these.
    """
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if value is None or type(value) in (str, int, float, bool):
        return repr(value)
    raise TypeError(f"a {type(value).__name__} has no text in a script")


def _body(draw: Callable[..., Any]) -> str:
    """Return the steps of a function as they stand in its file, without its docstring and its last line."""
    text = textwrap.dedent(inspect.getsource(draw))
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    first, last = function.body[1], function.body[-1]
    lines = text.splitlines()[first.lineno - 1 : last.lineno - 1]
    return textwrap.dedent("\n".join(lines)).rstrip()


class _UnfitError(StudyError):
    """A kind of figure that says nothing about this model."""


def _need(holds: object, why: str) -> None:
    if not holds:
        raise _UnfitError(why)


def _always(draw: Callable[..., Any]) -> Callable[[Wish], Chosen]:
    return lambda wish: (draw, {})


def _timeline(wish: Wish) -> Chosen:
    _need(wish.treated, "no arm has an intervention")
    return drawings.timeline, {}


def _diagram(wish: Wish) -> Chosen:
    _need(len(wish.model.states) <= 20, "more than 20 states make no diagram that can be read")
    return drawings.diagram, {}


def _equations(wish: Wish) -> Chosen:
    _need(
        len(wish.model.equations("latex").splitlines()) <= MOST_EQUATIONS,
        f"more than {MOST_EQUATIONS} equations do not fit on one page",
    )
    return drawings.equations, {}


def _atlas(wish: Wish) -> Chosen:
    _need(wish.model.interventions and wish.model.readouts, "the model declares no interventions or no readouts")
    return drawings.atlas, {}


def _waterfall(wish: Wish) -> Chosen:
    _need("control" in wish.arms and wish.treated, "it compares with the arm control")
    return drawings.waterfall, {"arm": wish.treated[0]}


def _heat(wish: Wish) -> Chosen:
    _need(len(wish.model.parameters) <= MOST_INPUTS, f"more than {MOST_INPUTS} parameters to choose two from")
    _need(sum(bool(p.value or p.bounds) for p in wish.model.parameters) > 1, "it varies two parameters")
    return drawings.heat, {}


def _tornado(wish: Wish) -> Chosen:
    _need(len(wish.model.parameters) <= MOST_INPUTS, f"more than {MOST_INPUTS} inputs")
    return drawings.tornado, {}


def _dose_response(wish: Wish) -> Chosen:
    _need(wish.knobs, "the model declares no intervention with a strength to vary")
    return drawings.dose_response, {"knob": wish.knobs[0]}


def _together(model: Model, knobs: tuple[str, str]) -> bool:
    """Return whether the interventions of two knobs can be given at the same time."""
    from immunode.errors import ImmunodeError
    from immunode.intervention import perturb

    try:
        perturb(model, *(model.intervention(knob.removesuffix(".strength")) for knob in knobs))
    except ImmunodeError:
        return False
    return True


def _isobole(wish: Wish) -> Chosen:
    pair = next((pair for pair in combinations(wish.knobs, 2) if _together(wish.model, pair)), ())
    _need(pair, "the model declares no two interventions with a strength that can be given together")
    return drawings.isobole, {"knobs": list(pair)}


def _why(wish: Wish) -> Chosen:
    states = (*wish.quantities, *(s.name for s in wish.model.states))
    known = {s.name for s in wish.model.states}
    _need("control" in wish.arms and wish.treated, "it explains an arm against the arm control")
    return drawings.why, {"arm": wish.treated[0], "state": next(name for name in states if name in known)}


def _plane(draw: Callable[..., Any]) -> Callable[[Wish], Chosen]:
    def choose(wish: Wish) -> Chosen:
        names = [s.name for s in wish.model.states]
        _need(len(names) == 2, "it shows models of two states")
        return draw, {"states": names}

    return choose


def _bifurcation(wish: Wish) -> Chosen:
    model = wish.model
    _need(len(model.states) <= 8, "more than 8 states")
    _need(any(p.value for p in model.parameters), "every parameter is 0")
    state = wish.first if wish.first in {s.name for s in model.states} else ""
    named = _named(model)
    if named:
        return drawings.bifurcation, {"parameter": named[0], "between": list(named[1]), "state": state}
    return drawings.bifurcation_of_most, {"state": state}


def _named(model: Model) -> tuple[str, tuple[float, float]] | None:
    """Return the parameter that a model's file calls its bifurcation parameter, and the range it was studied in."""
    for p in model.parameters:
        said = f"{p.meaning}; {p.source}"
        if "bifurcation parameter" in said:
            low, high = _studied(said) or p.bounds or (0.3 * p.value, 3 * p.value)
            return p.name, (float(low), float(high))
    return None


def _studied(said: str) -> tuple[float, float] | None:
    """Return the range in "from 0 to 50", where two finite numbers stand there."""
    found = re.search(r"from ([\d.e+-]+) to ([\d.e+-]+)", said)
    try:
        low, high = (float(found[1]), float(found[2])) if found else (math.nan, math.nan)
    except ValueError:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


KINDS: Mapping[str, tuple[str, Callable[[Wish], Chosen]]] = {
    "courses": ("Time courses by arm", _always(drawings.courses)),
    "timeline": ("Interventions and what they do", _timeline),
    "diagram": ("The model as a picture", _diagram),
    "equations": ("Equations", _equations),
    "atlas": ("Every intervention on every read-out", _atlas),
    "bands": ("Virtual patients over time", _always(drawings.bands)),
    "endpoints": ("Endpoints by arm", _always(drawings.endpoints)),
    "waterfall": ("Change in each virtual patient", _waterfall),
    "time_to_event": ("Time to an event", _always(drawings.time_to_event)),
    "tornado": ("What matters", _tornado),
    "heat": ("The two parameters that matter most", _heat),
    "dose_response": ("Dose and response", _dose_response),
    "isobole": ("Two interventions together", _isobole),
    "why": ("Why two arms differ", _why),
    "phase": ("Phase plane", _plane(drawings.phase)),
    "basins": ("Where each start ends", _plane(drawings.basins)),
    "bifurcation": ("Steady states over a parameter", _bifurcation),
    "work_precision": ("What precision costs", _always(drawings.work_precision)),
}
"""Kind of figure -> its title and the function that chooses how to draw it."""


def make_drawing(kind: str, wish: Wish) -> Drawing:
    """Return a figure ready to be drawn.

    Raises
    ------
    StudyError : an unknown kind, or one that says nothing about the model.
    """
    if kind not in KINDS:
        raise StudyError(f"unknown kind of figure '{kind}'{did_you_mean(kind, KINDS)}")
    try:
        draw, own = KINDS[kind][1](wish)
    except _UnfitError as error:
        raise StudyError(f"{wish.model.name}: no figure '{kind}': {error}") from None
    every = {
        "arms": list(wish.arms),
        "quantities": list(wish.quantities),
        "quantity": wish.first,
        "until": wish.until,
        "style": wish.style,
    }
    taken = [name for name in inspect.signature(draw).parameters if name not in ("im", "model")]
    return Drawing(wish, draw, {name: own[name] if name in own else every[name] for name in taken})


def fits(kind: str, wish: Wish) -> str:
    """Return why a kind says nothing about the model; "" where it fits."""
    try:
        KINDS[kind][1](wish)
    except _UnfitError as error:
        return str(error)
    return ""
