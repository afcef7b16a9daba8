"""How each kind of figure is drawn: functions called with values, whose bodies are also what their scripts say.

`immunode figure` calls such a function; the script that a figure remembers is its text, with the values above it. So
both are the same steps, and nothing is ever executed from text.

im : the package, under the name that scripts give it.   model : what is shown.   until : end of the runs, None for the
model's own.   Every function takes plain values besides, and ends in `return figure`, which its script leaves out.

Single runs name their engine: with "auto" it would depend on what was compiled before, and a script would draw other
last digits than the figure it came with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from immunode.model import Model

End = float | str | None
Log = bool | None


def story(im: Any, model: Model, log: Log, data: bool, style: str) -> Any:
    """Return the time courses of the model's story."""
    runs = im.teaching.run_story(model, engine="scipy")
    figure = runs.plot(log=log, data=data, style=style)
    return figure


def courses(
    im: Any, model: Model, arms: list[str], quantities: list[str], until: End, log: Log, data: bool, style: str
) -> Any:
    """Return time courses by arm."""
    runs = im.simulate(model, arms=arms, until=until, engine="scipy")
    figure = runs.plot(*quantities, title=model.heading, log=log, data=data, style=style)
    return figure


def timeline(im: Any, model: Model, arms: list[str], quantity: str, until: End, log: Log, style: str) -> Any:
    """Return a time course under the interventions that act."""
    runs = im.simulate(model, arms=arms, until=until, engine="scipy")
    figure = runs.plot(quantity, timeline=True, title=model.heading, log=log, style=style)
    return figure


def diagram(im: Any, model: Model, arms: list[str], until: End, style: str) -> Any:
    """Return the model as a picture, in the arm and at the moment at which most of it is at work."""
    runs = im.simulate(model, arms=arms, until=until, engine="scipy")
    figure = runs.diagram(style=style)
    return figure


def equations(im: Any, model: Model, style: str) -> Any:
    """Return the equations."""
    from immunode.plot import equations

    meanings = {state.name: state.label or state.meaning for state in model.states}
    figure = equations(model.equations("latex"), meanings=meanings, title=model.heading, style=style)
    return figure


def atlas(im: Any, model: Model, until: End, style: str) -> Any:
    """Return every intervention on every read-out."""
    found = im.treatments.atlas(model, until=until)
    figure = found.plot(style=style)
    return figure


def bands(
    im: Any,
    model: Model,
    arms: list[str],
    quantities: list[str],
    drawn: dict[str, int],
    seed: int,
    until: End,
    log: Log,
    data: bool,
    style: str,
) -> Any:
    """Return quantiles of patients or parameter sets over time. drawn : as `im.sweep` takes it, `patients` or `n`."""
    out = im.sweep(
        model, arms=arms, **drawn, seed=seed, endpoints=[im.final(quantities[0])], keep=quantities, until=until
    )
    figure = out.plot.bands(*quantities, title=model.heading, log=log, data=data, style=style)
    return figure


def endpoints(
    im: Any,
    model: Model,
    arms: list[str],
    quantity: str,
    drawn: dict[str, int],
    seed: int,
    until: End,
    log: Log,
    style: str,
) -> Any:
    """Return endpoints of patients or parameter sets by arm."""
    ends = [im.final(quantity), im.peak(quantity), im.auc(quantity)]
    out = im.sweep(model, arms=arms, **drawn, seed=seed, endpoints=ends, until=until)
    figure = out.plot.endpoints(title=model.heading, log=log, style=style)
    return figure


def waterfall(
    im: Any, model: Model, arms: list[str], quantity: str, drawn: dict[str, int], seed: int, until: End, style: str
) -> Any:
    """Return the change in each patient or parameter set between control and other arms."""
    out = im.sweep(model, arms=arms, **drawn, seed=seed, endpoints=[im.auc(quantity)], until=until)
    figure = out.plot.waterfall(f"auc({quantity})", baseline="control", title=model.heading, style=style)
    return figure


def waterfall_from_start(
    im: Any,
    model: Model,
    arms: list[str],
    quantity: str,
    endpoint: str,
    drawn: dict[str, int],
    seed: int,
    until: End,
    style: str,
) -> Any:
    """Return the change in each patient from the start to a later value, by arm."""
    ends = [im.at(quantity, 0), endpoint]
    out = im.sweep(model, arms=arms, **drawn, seed=seed, endpoints=ends, until=until)
    figure = out.plot.waterfall(endpoint, baseline=f"at({quantity}, 0)", title=model.heading, style=style)
    return figure


def time_to_event(
    im: Any,
    model: Model,
    arms: list[str],
    condition: str,
    drawn: dict[str, int],
    seed: int,
    until: End,
    data: bool,
    style: str,
) -> Any:
    """Return the share of patients or parameter sets that did not yet meet a condition."""
    out = im.sweep(model, arms=arms, **drawn, seed=seed, endpoints=[im.time_to(condition)], until=until)
    figure = out.plot.time_to_event(condition, title=model.heading, data=data, style=style)
    return figure


def responders(
    im: Any,
    model: Model,
    arms: list[str],
    rule: str,
    endpoint: str,
    drawn: dict[str, int],
    seed: int,
    until: End,
    data: bool,
    style: str,
) -> Any:
    """Return the share of patients or parameter sets that meet a threshold of the model, by arm."""
    out = im.sweep(model, arms=arms, **drawn, seed=seed, endpoints=[endpoint], until=until)
    figure = im.responders(out, rule).plot(title=model.heading, data=data, style=style)
    return figure


def tornado(im: Any, model: Model, quantity: str, until: End, style: str) -> Any:
    """Return how far each parameter moves a quantity."""
    found = im.sensitivity.tornado(model, endpoints=f"auc({quantity})", until=until)
    figure = found.plot(style=style)
    return figure


def heat(im: Any, model: Model, quantity: str, until: End, log: bool, style: str) -> Any:
    """Return a quantity over the two parameters that move it most."""
    swings = im.sensitivity.tornado(model, endpoints=f"auc({quantity})", until=until).table()
    x, y = swings.sort_values("swing", ascending=False)["input"].head(2)
    ranges = {p.name: p.value * np.linspace(0.7, 1.3, 25) for p in model.parameters if p.name in (x, y)}
    out = im.sweep(model, im.grid(ranges), endpoints=[im.auc(quantity)], until=until)
    figure = out.plot.heat(f"auc({quantity})", x, y, title=model.heading, z_log=log, style=style)
    return figure


def dose_response(im: Any, model: Model, knob: str, quantity: str, until: End, style: str) -> Any:
    """Return a quantity over the strength of an intervention."""
    doses = np.geomspace(0.01, 1, 17)
    found = im.treatments.dose_response(model, knob, doses, endpoints=f"auc({quantity})", until=until)
    figure = found.plot(style=style)
    return figure


def isobole(im: Any, model: Model, knobs: list[str], quantity: str, until: End, style: str) -> Any:
    """Return what two interventions do together."""
    doses = {knob: np.linspace(0, 1, 13) for knob in knobs}
    found = im.treatments.combination(model, doses, f"auc({quantity})", until=until)
    figure = found.plot(style=style)
    return figure


def why(im: Any, model: Model, arm: str, state: str, until: End, style: str) -> Any:
    """Return the processes by which an arm differs from control, when it differs most."""
    runs = im.simulate(model, arms=["control", arm], until=until, engine="scipy")
    apart = np.abs(runs[arm][state] - runs["control"][state])
    found = im.treatments.explain(runs["control"], runs[arm], state, at=float(runs[arm].times[max(1, apart.argmax())]))
    figure = found.plot(style=style)
    return figure


def phase(im: Any, model: Model, states: list[str], until: End, style: str) -> Any:
    """Return the phase plane of two states."""
    run = im.simulate(model, until=until, engine="scipy")
    between = {name: (0, float(f"{1.5 * run[name].max():.2g}")) for name in states}
    found = im.dynamics.phase_plane(model, between)
    figure = found.plot(style=style)
    return figure


def basins(im: Any, model: Model, states: list[str], until: End, style: str) -> Any:
    """Return where each start ends."""
    run = im.simulate(model, until=until, engine="scipy")
    between = {name: (0, float(f"{1.5 * run[name].max():.2g}")) for name in states}
    found = im.dynamics.basins(model, between)
    figure = found.plot(style=style)
    return figure


def bifurcation(im: Any, model: Model, parameter: str, between: list[float], state: str, style: str) -> Any:
    """Return steady states over the parameter that the model's file names for it. state : "" for the one that shows."""
    found = im.dynamics.continuation(model, parameter, between)
    figure = found.plot(state, title=f"{model.heading}: what its bifurcation parameter does", style=style)
    return figure


def bifurcation_of_most(im: Any, model: Model, quantity: str, state: str, until: End, style: str) -> Any:
    """Return steady states over the parameter that moves a quantity most. state : "" for the one that shows."""
    swings = im.sensitivity.tornado(model, endpoints=f"final({quantity})", until=until).table()
    name = swings.sort_values("swing", ascending=False)["input"].iloc[0]
    chosen = next(p for p in model.parameters if p.name == name)
    between = chosen.bounds or sorted([0.3 * chosen.value, 3 * chosen.value])
    found = im.dynamics.continuation(model, name, between)
    title = f"{model.heading}: over the parameter that matters most"
    figure = found.plot(state, title=title, style=style)
    return figure


def work_precision(im: Any, model: Model, until: End, style: str) -> Any:
    """Return what precision costs."""
    found = im.sweeps.work_precision(model, rtols=[1e-4, 1e-6, 1e-8], n=256, seconds=0.1, until=until)
    figure = found.plot(style=style)
    return figure
