"""Fast reactions: in equilibrium at all times, next to the others.

A fast reaction runs `fast_ratio` times as fast as its rate says, so that what it moves is in equilibrium up to an error
of one in `fast_ratio` (Tikhonov's theorem), and a run begins at the equilibrium that fast reactions alone would reach.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from immunode.errors import ModelError
from immunode.exchange.sbml.reading.starts import at_start, pinned
from immunode.exchange.sbml.reading.state import Reading
from immunode.language.expression import name_problem, parse, parse_arrow
from immunode.language.tree import names, to_text
from immunode.model import Derived, Model, Parameter, Process
from immunode.program.lowering import lower
from immunode.program.numpy.functions import compile_numpy
from immunode.solve import solve

RATIO = 1e6
"""How much faster than its rate a fast reaction is; a parameter of the model."""
LONGEST = 1e9
"""Time that fast reactions get to come to equilibrium, at the rates in the file and in its unit."""


def hasten(model: Model, reading: Reading) -> Model:
    """Return a model whose fast reactions are fast and begin in equilibrium.

    Raises
    ------
    ModelError : fast reactions alone come to no equilibrium.

    Source: SBML Level 3 Version 1 Core, section 4.11.1 (the attribute fast).
    """
    reactions = [flux.name for flux in reading.fluxes.values() if flux.fast]
    fast = [p.name for p in model.processes if p.name in reactions or p.name.partition(".")[0] in reactions]
    if not fast:
        return model
    start = _equilibrium(model, fast)
    moved = dict(zip([s.name for s in model.states], start, strict=True))
    set_by = {n for s in model.states if isinstance(s.initial, str) and _is_moved(model, fast, s.name)
              for n in names(parse(s.initial))}  # fmt: skip
    values = {p.name: p.value for p in model.parameters if p.name in set_by}
    states = [replace(s, initial=float(moved[s.name])) if _is_moved(model, fast, s.name) else s for s in model.states]
    ratio = _free_name(model, "fast_ratio")
    said = "how many times faster than their rates fast reactions are"
    known = Parameter(ratio, RATIO, "", said, source="assumed: large enough for equilibrium")
    named = ", ".join(dict.fromkeys(reactions))
    remark = f"fast reactions ({named}) run {RATIO:g} times as fast as their rates say, from their equilibrium on"
    return model.replace(
        states=states,
        parameters=[*model.parameters, known],
        processes=[replace(p, rate=f"{ratio}*({p.rate})") if p.name in fast else p for p in model.processes],
        requirements=[*model.requirements, *pinned(values, f"the equilibrium of {named}")],
        remarks=(*model.remarks, remark),
    )


def _is_moved(model: Model, fast: list[str], state: str) -> bool:
    arrows = [parse_arrow(p.arrow) for p in model.processes if p.name in fast]
    return any(name == state for arrow in arrows for side in arrow for name, _ in side)


def _free_name(model: Model, base: str) -> str:
    groups = (model.states, model.parameters, model.derived, model.switches, model.processes)
    taken = {record.name for group in groups for record in group}
    while base in taken or name_problem(base):
        base += "_"
    return base


def _equilibrium(model: Model, fast: list[str]) -> NDArray[np.float64]:
    """Return the states that fast reactions alone reach from the initial values, time standing still at 0."""

    def still(text: str) -> str:
        return to_text(at_start(parse(text)))

    alone = model.replace(
        processes=[Process(p.name, p.arrow, still(p.rate)) for p in model.processes if p.name in fast],
        derived=[Derived(d.name, still(d.expression), d.unit) for d in model.derived],
        events=(),
        variants=(),
        observed=(),
        thresholds=(),
        story=None,
        trials=(),
        readouts=(),
        aliases=(),
    )
    functions = compile_numpy(lower(alone))
    times = np.geomspace(LONGEST / 100, LONGEST, 3)
    values = np.array(functions.program.values)[:, None]
    batch = solve(functions, values, times=times, engine="scipy", method="LSODA", rtol=1e-9)
    y = batch.y[:, :, 0]
    scale = np.max(np.abs(y), axis=0) + np.max(np.abs(y)) * 1e-6
    settled = np.abs(y[-1] - y[-2]) <= 1e-6 * scale
    if not settled.all():
        state = model.states[int(np.flatnonzero(~settled)[0])].name
        raise ModelError(f"{model.name}, fast reactions ({', '.join(fast)}): '{state}' comes to no equilibrium")
    final: NDArray[np.float64] = np.where(np.abs(y[-1]) < 1e-9 * np.max(np.abs(y[-1])), 0.0, y[-1])
    return final
