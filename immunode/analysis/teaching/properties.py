"""The properties that an assignment asks of a model, each looked for in what the model does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.dynamics.steady import steady_states
from immunode.errors import StudyError, UnitError, did_you_mean
from immunode.language.evaluation import evaluate
from immunode.language.expression import names, parse
from immunode.model import Model
from immunode.model.units import convert
from immunode.model.views.balances import net_counts
from immunode.model.views.derived_values import quantities
from immunode.model.views.report import check
from immunode.study.simulations import simulate

if TYPE_CHECKING:
    from immunode.study.result.simulation import Simulation

Array = NDArray[np.float64]
CLOSE = 0.05
"""Relative distance at which a steady state counts as the one asked for."""
CHANGE = 0.01
"""Relative change below which a quantity does not respond."""
_CONSTANT = 1e-4
_STEADY = ("stable", "unstable")
_SIGNS = {"+": "more", "-": "less", "0": "nothing"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that is asked. `kind`: a key of `CHECKS`; `asked`: in words; `what`: the answer, by kind."""

    kind: str
    asked: str
    what: Any


@dataclass(frozen=True, slots=True)
class Setting:
    """How a model is run. arms : intervention -> what it is.   until : end of the runs, None for the model's own."""

    arms: Mapping[str, Any]
    until: float | str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a model has a property, what it does instead, and what to look at."""

    passed: bool
    found: str
    hint: str = ""


# What is asked --------------------------------------------------------------------------------------------------------


def read_influence(title: str, pair: str, sign: str) -> tuple[str, str]:
    """Return source and target of `"E -> T"`.

    Raises
    ------
    StudyError : no arrow, or a sign that is not "+", "-" or "0".
    """
    source, arrow, target = (part.strip() for part in pair.partition("->"))
    if not (source and arrow and target):
        raise StudyError(f"{title}: influences: write '{pair}' as 'E -> T'")
    if sign not in _SIGNS:
        raise StudyError(f"{title}: influence of {pair}: '{sign}' is not one of '+', '-', '0'")
    return source, target


def known_direction(title: str, name: str, direction: str) -> None:
    """Refuse a direction that is not "up" or "down"."""
    if direction not in ("up", "down"):
        raise StudyError(f"{title}: response to {name}: '{direction}' is not 'up' or 'down'")


def read_steady(title: str, kind: str, what: Any) -> tuple[str, Any]:
    """Return the question in words and (kind, number or steady states).

    Raises
    ------
    StudyError : a kind that is not "stable" or "unstable", or neither a number nor a list of states and values.
    """
    if kind not in _STEADY:
        raise StudyError(f"{title}: steady_states: unknown kind '{kind}'{did_you_mean(kind, _STEADY)}")
    if isinstance(what, int) and not isinstance(what, bool) and what >= 0:
        return f"number of {kind} steady states", (kind, what)
    listed = [what] if isinstance(what, Mapping) else what
    if isinstance(listed, Sequence) and listed and all(isinstance(one, Mapping) and one for one in listed):
        return f"where the {kind} steady states are", (kind, tuple(tuple(one.items()) for one in listed))
    raise StudyError(f"{title}: steady_states: give {kind} as a number or as [{{'T': 8e6}}, ...], not {what!r}")


# What the model does --------------------------------------------------------------------------------------------------


def _has_state(model: Model, one: Wanted, setting: Setting) -> Outcome:
    name, unit = one.what
    known = {state.name: state for state in model.states}
    if name not in known:
        others = did_you_mean(name, {s.name: s.meaning for s in model.states})
        return Outcome(False, "there is none", f"declare State('{name}', ...){others}")
    own = known[name].unit
    if unit is None:
        return Outcome(True, "yes")
    return _fits(model, name, own, unit)


def _fits(model: Model, name: str, own: str, unit: str) -> Outcome:
    extra = tuple(one.name for one in model.units)
    try:
        same = convert(1.0, own or "1", unit or "1", extra) == 1.0
    except UnitError:
        same = False
    if same:
        return Outcome(True, f"in {own}" if own else "dimensionless")
    return Outcome(False, f"in {own or 'no unit'}", f"{name} should be in {unit or 'no unit (dimensionless)'}")


def _signs(model: Model, one: Wanted, setting: Setting) -> Outcome:
    hint = "what takes something away must stop where none is left"
    # a rate such as S*I/(S + I) has no value where all are 0, which is no fault
    fallen = [f for f in check(model).findings if f.severity == "error" and f.where.startswith("state")]
    if fallen:
        return Outcome(False, f"{fallen[0].where}: {fallen[0].message}", hint)
    run = _run(model, setting)
    for state in model.states:
        values = run[state.name]
        if values.min() < -_CONSTANT * float(np.max(np.abs(values))):
            return Outcome(False, f"{state.name} falls to {values.min():.4g}", hint)
    return Outcome(True, "none does")


def _conserved(model: Model, one: Wanted, setting: Setting) -> Outcome:
    run = _run(model, setting)
    expression = parse(one.what)
    for name in sorted(names(expression)):
        run[name]
    values = np.broadcast_to(evaluate(expression, dict(run.values), run.times), run.times.shape)
    parts = sum(float(np.max(np.abs(run[name]))) for name in names(expression))
    moved = float(np.ptp(values)) / max(parts, 1e-300)
    if moved <= _CONSTANT:
        return Outcome(True, "yes")
    hint = "a process that moves something from one state to another is one arrow: 'S -> I'"
    return Outcome(False, f"it goes from {values[0]:.4g} to {values[-1]:.4g}", hint)


def _influence(model: Model, one: Wanted, setting: Setting) -> Outcome:
    source, target, sign = one.what
    known = [state.name for state in model.states]
    for name in (source, target):
        if name not in known:
            return Outcome(False, f"there is no state {name}", f"first declare {name}{did_you_mean(name, known)}")
    slopes = _slopes(model, source, target, _run(model, setting))
    scale = float(np.max(np.abs(slopes), initial=0.0))
    up, down = bool((slopes > 1e-6 * scale).any()), bool((slopes < -1e-6 * scale).any())
    effect = {(True, True): "now more, now less", (True, False): "more", (False, True): "less"}.get(
        (up, down), "nothing"
    )
    if effect == _SIGNS[sign]:
        return Outcome(True, f"{effect} {target}" if effect != "nothing" else effect)
    wanted = {"+": "raise", "-": "lower", "0": "leave alone"}[sign]
    hint = f"more {source} should {wanted} what {target} gains; look at the processes that move {target}"
    return Outcome(False, effect, hint)


def _slopes(model: Model, source: str, target: str, run: Simulation) -> Array:
    """Return the change of the target's net rate as the source grows by a thousandth, along a run and around it."""
    counts = net_counts(model)
    rows = np.linspace(0, len(run.times) - 1, 41).astype(int)
    t = np.tile(run.times[rows], 3)
    factor = np.repeat([0.1, 1.0, 10.0], len(rows))
    base: dict[str, Any] = {p.name: float(p.value) for p in model.parameters}
    base |= {s.name: evaluate(parse(str(s.initial)), base) for s in model.switches}
    for state in model.states:
        size = float(np.max(np.abs(run[state.name]))) or 1.0
        base[state.name] = np.maximum(np.tile(run[state.name][rows], 3), 1e-3 * size) * factor
    moving = [(p, net[target]) for p, net in zip(model.processes, counts, strict=True) if target in net]

    def net(values: dict[str, Any]) -> Array:
        known = quantities(model, values, t)
        terms = (count * evaluate(parse(p.rate), known, t) for p, count in moving)
        return np.sum([np.broadcast_to(term, t.shape) for term in terms], axis=0) if moving else np.zeros(t.shape)

    more = base | {source: base[source] * 1.001}
    slopes = np.asarray(net(more) - net(base), dtype=float)
    return np.asarray(slopes[np.isfinite(slopes)])


def _steady(model: Model, one: Wanted, setting: Setting) -> Outcome:
    kind, wanted = one.what
    every = steady_states(model)
    states = [state.values for state in every.found if state.stable == (kind == "stable")]
    shown = "; ".join(", ".join(f"{n} = {v:.4g}" for n, v in values.items()) for values in states) or "none"
    if isinstance(wanted, int):
        hint = "look at steady_states(model) and at how the rates depend on the states: a straight line has one zero"
        return Outcome(len(states) == wanted, f"{len(states)} ({shown})", "" if len(states) == wanted else hint)
    missing = [dict(point) for point in wanted if not any(_near(point, values) for values in states)]
    if not missing:
        return Outcome(True, shown)
    hint = f"{len(missing)} of {len(wanted)} {'is' if len(missing) == 1 else 'are'} not where it should be, to 5 %"
    return Outcome(False, shown, f"{hint}; set every rate to 0 on paper and compare")


def _near(point: Sequence[tuple[str, float]], values: Mapping[str, float]) -> bool:
    size = max((abs(v) for v in values.values()), default=0.0)
    return all(
        name in values and abs(values[name] - value) <= max(CLOSE * abs(value), 1e-6 * size if value == 0 else 0.0)
        for name, value in point
    )


def _response(model: Model, one: Wanted, setting: Setting) -> Outcome:
    name, quantity, direction = one.what
    known = [item.name for item in model.interventions]
    if name not in setting.arms and name not in known:
        hint = f"declare Intervention('{name}', [...]){did_you_mean(name, known)}"
        return Outcome(False, f"there is no intervention {name}", hint)
    given = setting.arms.get(name, [model.intervention(name)] if name in known else [])
    given = given if isinstance(given, list | tuple) else [given]
    runs = simulate(model, setting.until, arms={"without": [], "with": list(given)})
    before, after = (_measured(runs[arm], quantity) for arm in ("without", "with"))
    change = (after - before) / max(abs(before), 1e-300)
    answer = "up" if change > CHANGE else "down" if change < -CHANGE else "unchanged"
    text = f"{answer}, {before:.4g} to {after:.4g}"
    if answer == direction:
        return Outcome(True, text)
    hint = f"follow the arrows from what {name} changes to {quantity.split('(')[-1].rstrip(')')}"
    return Outcome(
        False, text, f"{hint}; im.treatments.explain(runs['without'], runs['with'], ...) shows which flux does it"
    )


def _measured(run: Simulation, quantity: str) -> float:
    """Return the time average of a quantity, or the endpoint that is written."""
    kind, _, rest = quantity.partition("(")
    values, t = (run[rest.rstrip(") ")], run.times) if rest else (run[quantity], run.times)
    if kind == "final" and rest:
        return float(values[-1])
    if kind in ("peak", "trough") and rest:
        return float(values.max() if kind == "peak" else values.min())
    area = float(np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(t)))
    return area if rest else area / float(t[-1] - t[0])


def _data(model: Model, one: Wanted, setting: Setting) -> Outcome:
    name, pairs, within = one.what
    times, seen = np.array(pairs).T
    grid = np.unique(np.append(times, 0.0))
    grid = grid if len(grid) > 1 else np.append(grid, model.horizon)
    run = simulate(model, times=grid)
    off = np.interp(times, grid, run[name]) - seen
    span = float(np.ptp(seen)) or float(np.max(np.abs(seen))) or 1.0
    distance = float(np.sqrt(np.mean(off**2))) / span
    distance_text = f"off by {100 * distance:.3g} % of their range"
    if distance <= within:
        return Outcome(True, distance_text)
    worst = int(np.argmax(np.abs(off)))
    side = "above" if off[worst] > 0 else "below"
    hint = f"the curve is farthest {side} the data at time {times[worst]:g}; im.fit(model, data, ...) may help"
    return Outcome(False, distance_text, hint)


def _run(model: Model, setting: Setting) -> Simulation:
    return simulate(model, setting.until)


CHECKS: Mapping[str, Callable[[Model, Wanted, Setting], Outcome]] = {
    "states": _has_state,
    "signs": _signs,
    "conserved": _conserved,
    "influence": _influence,
    "steady states": _steady,
    "response": _response,
    "data": _data,
}
