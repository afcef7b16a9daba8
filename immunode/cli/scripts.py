"""The scripts behind the figures of `immunode figure` and `immunode gallery`: short texts, run as they are printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from immunode.errors import StudyError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from immunode.model.declaration import Model

PATIENTS, SEED = 256, 1
"""Virtual patients in the figures that show many, and the seed of their draw."""

MOST_EQUATIONS, MOST_INPUTS = 9, 60
"""Equations that fit on one page; parameters up to which a tornado is worth its runs."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a figure shall show.

    source : name or file of the model.   arms : names of arms, the control first.   quantities : what to show.
    until : end of the runs as Python text, "" for the model's own.
    """

    model: Model
    source: str
    variant: str
    arms: tuple[str, ...]
    quantities: tuple[str, ...]
    until: str
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
    def end(self) -> str:
        """`, until=...`, or nothing."""
        return f", until={self.until}" if self.until else ""

    @property
    def knobs(self) -> tuple[str, ...]:
        """Strengths of interventions, which can be given as doses from 0 to 1; those among the arms first."""
        from immunode.intervention import knobs

        names = [name for arm in self.treated for name in arm.split("+")]
        declared = sorted(self.model.interventions, key=lambda i: i.name not in names)
        return tuple(p.name for i in declared for p in knobs(self.model, i) if p.name == f"{i.name}.strength")

    @property
    def plotted(self) -> str:
        """The line that draws a result which has one figure, with a title of its own."""
        return self.show("found", ".plot(", own_title=True)

    def show(self, result: str, call: str, *, own_title: bool = False) -> str:
        """Return the line that draws a result. own_title : the figure writes a better one than the model's."""
        comma = ", " if call and not call.endswith("(") else ""
        title = "" if own_title or not self.model.title else f"title={self.model.title!r}, "
        return f"figure = {result}{call}{comma}{title}style={self.style!r})"


class _UnfitError(StudyError):
    """A kind of figure that says nothing about this model."""


def _need(holds: object, why: str) -> None:
    if not holds:
        raise _UnfitError(why)


def _runs(wish: Wish) -> str:
    return f"runs = im.simulate(model, arms={list(wish.arms)!r}{wish.end})"


def _sweep(wish: Wish, endpoints: str, keep: str = "") -> str:
    kept = f", keep=[{keep!r}]" if keep else ""
    return (
        f"design = im.sobol(im.space(model), n={PATIENTS}, seed={SEED}) * im.Arms.of(model, *{list(wish.arms)!r})\n"
        f"out = im.sweep(model, design, endpoints=[{endpoints}]{kept}{wish.end})"
    )


def _courses(wish: Wish) -> str:
    names = ", ".join(map(repr, wish.quantities))
    return f"{_runs(wish)}\n{wish.show('runs', f'.plot({names}')}"


def _timeline(wish: Wish) -> str:
    _need(wish.treated, "no arm has an intervention")
    return f"{_runs(wish)}\n{wish.show('runs', f'.plot({wish.first!r}, timeline=True')}"


def _diagram(wish: Wish) -> str:
    _need(len(wish.model.states) <= 20, "more than 20 states make no diagram that can be read")
    return f"run = im.simulate(model{wish.end})\n{wish.show('run', '.diagram(', own_title=True)}"


def _equations(wish: Wish) -> str:
    _need(
        len(wish.model.equations("latex").splitlines()) <= MOST_EQUATIONS,
        f"more than {MOST_EQUATIONS} equations do not fit on one page",
    )
    return (
        "from immunode.plot import equations\n\n"
        f"figure = equations(model.equations('latex'), title=model.name, style={wish.style!r})"
    )


def _atlas(wish: Wish) -> str:
    _need(wish.model.interventions and wish.model.readouts, "the model declares no interventions or no readouts")
    return f"found = im.atlas(model{wish.end})\n{wish.plotted}"


def _bands(wish: Wish) -> str:
    return f"{_sweep(wish, f'im.final({wish.first!r})', wish.first)}\n{wish.show('out', f'.plot.bands({wish.first!r}')}"


def _endpoints(wish: Wish) -> str:
    ends = ", ".join(f"im.{kind}({wish.first!r})" for kind in ("final", "peak", "auc"))
    return f"{_sweep(wish, ends)}\n{wish.show('out', '.plot.endpoints(')}"


def _waterfall(wish: Wish) -> str:
    _need("control" in wish.arms and wish.treated, "it compares with the arm control")
    arm = wish.treated[0]
    pair = replace(wish, arms=("control", arm))
    call = f".plot.waterfall('auc({wish.first})', baseline='control'"
    return f"{_sweep(pair, f'im.auc({wish.first!r})')}\n{wish.show('out', call)}"


def _time_to_event(wish: Wish) -> str:
    first = wish.first
    return (
        f"control = im.simulate(model{wish.end})\n"
        f'level = float(f"{{control[{first!r}].min() / 2 + control[{first!r}].max() / 2:.2g}}")\n'
        f'condition = f"{first} > {{level:g}}"\n'
        f"{_sweep(wish, 'im.time_to(condition)')}\n"
        f"{wish.show('out', '.plot.time_to_event(condition')}"
    )


def _heat(wish: Wish) -> str:
    _need(len(wish.model.parameters) <= MOST_INPUTS, f"more than {MOST_INPUTS} parameters to choose two from")
    _need(sum(bool(p.value or p.bounds) for p in wish.model.parameters) > 1, "it varies two parameters")
    call = f".plot.heat('auc({wish.first})', x, y"
    return (
        f"swings = im.tornado(model, endpoints='auc({wish.first})'{wish.end}).table()\n"
        "x, y = swings.sort_values('swing', ascending=False)['input'].head(2)\n"
        "ranges = {p.name: p.value * np.linspace(0.7, 1.3, 25) for p in model.parameters if p.name in (x, y)}\n"
        f"out = im.sweep(model, im.grid(ranges), endpoints=[im.auc({wish.first!r})]{wish.end})\n"
        f"{wish.show('out', call)}"
    )


def _tornado(wish: Wish) -> str:
    _need(len(wish.model.parameters) <= MOST_INPUTS, f"more than {MOST_INPUTS} inputs")
    return f"found = im.tornado(model, endpoints='auc({wish.first})'{wish.end})\n{wish.plotted}"


def _dose_response(wish: Wish) -> str:
    _need(wish.knobs, "the model declares no intervention with a strength to vary")
    return (
        f"found = im.dose_response(model, {wish.knobs[0]!r}, np.linspace(0, 1, 13), "
        f"endpoints='auc({wish.first})'{wish.end})\n{wish.plotted}"
    )


def _together(model: Model, knobs: tuple[str, str]) -> bool:
    """Return whether the interventions of two knobs can be given at the same time."""
    from immunode.errors import ImmunodeError
    from immunode.intervention import perturb

    try:
        perturb(model, *(model.intervention(knob.removesuffix(".strength")) for knob in knobs))
    except ImmunodeError:
        return False
    return True


def _isobole(wish: Wish) -> str:
    pair = next((pair for pair in combinations(wish.knobs, 2) if _together(wish.model, pair)), None)
    _need(pair, "the model declares no two interventions with a strength that can be given together")
    a, b = pair or ("", "")
    return (
        f"doses = {{{a!r}: np.linspace(0, 1, 13), {b!r}: np.linspace(0, 1, 13)}}\n"
        f"found = im.combination(model, doses, 'auc({wish.first})'{wish.end})\n{wish.plotted}"
    )


def _why(wish: Wish) -> str:
    states = (*wish.quantities, *(s.name for s in wish.model.states))
    known = {s.name for s in wish.model.states}
    _need("control" in wish.arms and wish.treated, "it explains an arm against the arm control")
    state, arm = next(name for name in states if name in known), wish.treated[0]
    return (
        f"runs = im.simulate(model, arms={['control', arm]!r}{wish.end})\n"
        f"found = im.explain(runs['control'], runs[{arm!r}], {state!r})\n{wish.plotted}"
    )


def _phase(wish: Wish) -> str:
    names = [s.name for s in wish.model.states]
    _need(len(names) == 2, "it shows models of two states")
    return (
        f"run = im.simulate(model{wish.end})\n"
        f'between = {{name: (0, float(f"{{1.5 * run[name].max():.2g}}")) for name in {names!r}}}\n'
        f"found = im.phase_plane(model, between)\n{wish.plotted}"
    )


def _basins(wish: Wish) -> str:
    return _phase(wish).replace("im.phase_plane(", "im.basins(")


def _bifurcation(wish: Wish) -> str:
    model = wish.model
    _need(len(model.states) <= 8, "more than 8 states")
    _need(any(p.value for p in model.parameters), "every parameter is 0")
    state = f"{wish.first!r}, " if wish.first in {s.name for s in model.states} else ""
    named = _named(model)
    if named:
        title = f"{model.name}: {named[0]}, its bifurcation parameter"
        found = f"found = im.continuation(model, {named[0]!r}, {named[1]!r})"
        return f"{found}\nfigure = found.plot({state}title={title!r}, style={wish.style!r})"
    endpoint = f"final({wish.first})"
    return (
        f"swings = im.tornado(model, endpoints={endpoint!r}{wish.end}).table()\n"
        "name = swings.sort_values('swing', ascending=False)['input'].iloc[0]\n"
        "chosen = next(p for p in model.parameters if p.name == name)\n"
        "between = chosen.bounds or sorted([0.3 * chosen.value, 3 * chosen.value])\n"
        "found = im.continuation(model, name, between)\n"
        f'figure = found.plot({state}title=f"{model.name}: {{name}}, which moves {endpoint} most", '
        f"style={wish.style!r})"
    )


def _named(model: Model) -> tuple[str, tuple[float, float]] | None:
    """Return the parameter that a model's file calls its bifurcation parameter, and the range it was studied in."""
    for p in model.parameters:
        said = f"{p.meaning}; {p.source}"
        if "bifurcation parameter" in said:
            studied = re.search(r"from ([\d.e+-]+) to ([\d.e+-]+)", said)
            given = (float(studied[1]), float(studied[2])) if studied else p.bounds
            return p.name, given or (0.3 * p.value, 3 * p.value)
    return None


def _work_precision(wish: Wish) -> str:
    return f"found = im.work_precision(model, rtols=[1e-4, 1e-6, 1e-8], n=256, seconds=0.1{wish.end})\n{wish.plotted}"


KINDS: Mapping[str, tuple[str, Callable[[Wish], str]]] = {
    "courses": ("Time courses by arm", _courses),
    "timeline": ("Interventions and what they do", _timeline),
    "diagram": ("The model as a picture", _diagram),
    "equations": ("Equations", _equations),
    "atlas": ("Every intervention on every read-out", _atlas),
    "bands": ("Virtual patients over time", _bands),
    "endpoints": ("Endpoints by arm", _endpoints),
    "waterfall": ("Change in each virtual patient", _waterfall),
    "time_to_event": ("Time to an event", _time_to_event),
    "tornado": ("What matters", _tornado),
    "heat": ("The two parameters that matter most", _heat),
    "dose_response": ("Dose and response", _dose_response),
    "isobole": ("Two interventions together", _isobole),
    "why": ("Why two arms differ", _why),
    "phase": ("Phase plane", _phase),
    "basins": ("Where each start ends", _basins),
    "bifurcation": ("Steady states over a parameter", _bifurcation),
    "work_precision": ("What precision costs", _work_precision),
}
"""Kind of figure -> its title and the function that writes its script."""


def write_script(kind: str, wish: Wish) -> str:
    """Return the script of a figure, up to the line that saves it.

    Raises
    ------
    StudyError : an unknown kind, or one that says nothing about the model.
    """
    if kind not in KINDS:
        raise StudyError(f"unknown kind of figure '{kind}'{did_you_mean(kind, KINDS)}")
    try:
        body = KINDS[kind][1](wish)
    except _UnfitError as error:
        raise StudyError(f"{wish.model.name}: no figure '{kind}': {error}") from None
    variant = f", variant={wish.variant!r}" if wish.variant else ""
    lines = ["import immunode as im", ""]
    if "np." in body:
        lines[:0] = ["import numpy as np", ""]
    if body.startswith("from "):
        extra, body = body.split("\n\n", 1)
        lines.insert(-1, extra)
    return "\n".join([*lines, f"model = im.load_model({wish.source!r}{variant})", body, ""])


def fits(kind: str, wish: Wish) -> str:
    """Return why a kind says nothing about the model; "" where it fits."""
    try:
        KINDS[kind][1](wish)
    except _UnfitError as error:
        return str(error)
    return ""


def run_script(script: str) -> Figure:
    """Return the figure that a script of this module draws: the text is run as it would be from a file."""
    from matplotlib.figure import Figure

    space: dict[str, object] = {"__name__": "immunode_figure"}
    exec(compile(script, "<figure>", "exec"), space)
    figure = space["figure"]
    assert isinstance(figure, Figure)
    return figure


def with_saving(script: str, name: str) -> str:
    """Return a script that also saves its figure, complete for a file of its own."""
    first = "import immunode as im\n"
    return script.replace(first, f"{first}from immunode.plot import save\n", 1) + f"\nprint(save(figure, {name!r}))\n"
