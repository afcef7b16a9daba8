"""What every other language is told of a model: numbers, formulas in order, rates, and doses as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from immunode.errors import ModelError
from immunode.exchange.scripts.syntax import Names, Syntax, comment
from immunode.exchange.starts import begun
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.language.tree import Expression, names, substitute
from immunode.model import Event, Model
from immunode.model.delays import first_delay
from immunode.model.records import pairs
from immunode.model.views.formulas import effective, right_hand_sides

MOST_STEPS = 20_000
"""Doses and switches that a text may hold."""
_AMOUNTS = (0.0, 1e-6, 0.3, 1.0, 2.5, 1e3, 1e7, 1e12)
"""Amounts at which an event must do what a dose does: a bound such as `min(x, 5e6)` must show."""


@dataclass(frozen=True, slots=True)
class Line:
    """A name with its expression, and what is said of it."""

    name: str
    value: Expression
    said: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One jump: at `time`, `target` becomes target + amount ("add"), amount ("replace") or target*amount ("scale")."""

    time: float
    target: str
    kind: str
    amount: float
    by: str


@dataclass(frozen=True, slots=True)
class Script:
    """A model with its interventions as plain equations, under names of one language.

    parameters, states, switches : with their (initial) values; states and switches in the order of their rows.
    formulas : derived quantities, changed parameters and fluxes, each after what it needs.
    rates : derivative of each state.   steps : doses and openings of windows up to `until`, in their order.
    sizes : typical size of each state.   known : name in the model -> name here.
    extinct : states that are gone once they fall below a value, with that value.
    """

    name: str
    model: Model
    until: float
    parameters: tuple[Line, ...]
    states: tuple[Line, ...]
    switches: tuple[Line, ...]
    formulas: tuple[Line, ...]
    rates: tuple[Line, ...]
    steps: tuple[Step, ...]
    sizes: tuple[float, ...]
    known: Mapping[str, str]
    extinct: tuple[tuple[str, float], ...] = ()

    @property
    def heading(self) -> list[str]:
        """Lines of the comment at the head of a text."""
        model = self.model
        applied = f"Interventions: {', '.join(model.applied)}." if model.applied else "No intervention is applied."
        doses = "Doses are a table of numbers, computed from the values below." if self.steps else ""
        unit = f"Time in {model.time_unit}." if model.time_unit else "Time has no unit."
        lines = [f"{model.heading}. {unit}", model.reference, applied, doses]
        return [" ".join(line.split()) for line in lines if line]


def write_out(model: Model, syntax: Syntax, until: float | None = None) -> Script:
    """Return what a text in another language holds. until : end of the table of doses, the model's horizon by default.

    Raises
    ------
    ModelError : the model has delays, events on conditions or extinctions, or an event that is no dose.
    """
    _check(model, syntax)
    model = begun(model)
    end = model.horizon if until is None else until
    chosen = Names(syntax)
    groups = (model.states, model.switches, model.parameters, model.derived, model.processes)
    changed = list(dict.fromkeys(effect.target for effect in model.effects))
    known = {one.name: chosen.new(one.name) for group in groups for one in group}
    known |= {f"{name}.effective": chosen.new(f"{name}_now") for name in changed}
    tree: dict[str, Expression] = {name: ("name", text) for name, text in known.items()}
    acting: dict[str, Expression] = {name: ("name", f"{name}.effective") for name in changed}

    def own(expression: Expression) -> Expression:
        return substitute(expression, tree)

    def value(given: float | str) -> Expression:
        return own(parse(given)) if isinstance(given, str) else ("number", float(given))

    formulas = _formulas(model, changed, acting)
    rates = [(name, right) for name, right in right_hand_sides(model, fluxes=True)]
    return Script(
        chosen.new(model.name),
        model,
        end,
        tuple(Line(known[p.name], value(p.value), comment(p.unit, p.meaning)) for p in model.parameters),
        tuple(Line(known[s.name], value(s.initial), comment(s.unit, s.meaning)) for s in model.states),
        tuple(Line(known[s.name], value(s.initial), comment(s.unit, s.meaning)) for s in model.switches),
        tuple(Line(known[name], own(right), said) for name, right, said in formulas),
        tuple(Line(known[name], own(right)) for name, right in rates),
        tuple(_steps(model, {n: e for n, e, _ in formulas}, acting, known, end)),
        tuple(_size(s.typical, s.initial) for s in model.states),
        known,
        tuple((known[s.name], float(s.extinct_below)) for s in model.states if s.extinct_below),
    )


def _size(typical: float, initial: float | str) -> float:
    return typical or max(abs(initial) if not isinstance(initial, str) else 1.0, 1e-6)


def _check(model: Model, syntax: Syntax) -> None:
    delay = first_delay(model)
    if delay:
        raise ModelError(f"{model.name}: '{delay}' makes it a delay equation, which can't be said here; SBML can")
    for event in model.events:
        if event.at is None:
            raise ModelError(
                f"{model.name}: event '{event.name}' happens on the condition {event.when}, which can't be said here; "
                "SBML can"
            )
    for state in model.states:
        if state.extinct_below and not syntax.extinct:
            raise ModelError(
                f"{model.name}: '{state.name}' dies out, which can't be said here; MATLAB, Julia and SBML can"
            )


def _formulas(model: Model, changed: list[str], acting: dict[str, Expression]) -> list[tuple[str, Expression, str]]:
    """Return derived quantities, changed parameters and fluxes with names of the model, each after what it needs."""
    found: dict[str, tuple[Expression, str]] = {}
    for derived in model.derived:
        found[derived.name] = substitute(parse(derived.expression), acting), comment(derived.unit, derived.meaning)
    for name in changed:
        own = [effect for effect in model.effects if effect.target == name]
        by = ", ".join(dict.fromkeys(effect.by for effect in own))
        found[f"{name}.effective"] = effective(name, own, acting), f"{name} as changed by {by}"
    for process in model.processes:
        found[process.name] = substitute(parse(process.rate), acting), comment(process.arrow, process.meaning)
    ordered: dict[str, None] = {}
    for start in found:
        stack = [start]
        while stack:
            missing = [n for n in names(found[stack[-1]][0]) if n in found and n not in ordered and n != stack[-1]]
            if missing:
                stack += missing
            else:
                ordered[stack.pop()] = None
    return [(name, *found[name]) for name in ordered]


# Doses ----------------------------------------------------------------------------------------------------------------


def _steps(
    model: Model,
    formulas: Mapping[str, Expression],
    acting: Mapping[str, Expression],
    known: Mapping[str, str],
    until: float,
) -> list[Step]:
    """Return what happens when. acting : parameter -> its name as changed by interventions, which doses follow."""
    values: dict[str, float] = {p.name: float(p.value) for p in model.parameters}
    switches = {s.name for s in model.switches}
    for switch in model.switches:
        values[switch.name] = _number(switch.initial, values)
    states = {s.name for s in model.states}

    def first(event: Event) -> bool:
        # at one time switches change before states
        return any(target in states for target, _ in pairs(event.changes))

    due: list[tuple[float, int, Event]] = []
    for order, event in enumerate(sorted(model.events, key=first)):
        start = _number(event.at or 0.0, values)
        every = _number(event.every, values) if event.every is not None else 0.0
        count = round(_number(event.count, values)) if event.every is not None else 1
        most = 1 + math.floor((until - start) / every * (1 + 1e-12)) if every > 0 else 1
        if min(count, most) + len(due) > MOST_STEPS:
            raise ModelError(f"{model.name}: more than {MOST_STEPS:,} doses; ask for a shorter time with until=")
        due += [(start + i * every, order, event) for i in range(min(count, most)) if 0 <= start + i * every <= until]
    initial: dict[str, float] = {}
    for state in model.states:
        initial[state.name] = float(evaluate(_flat(parse(str(state.initial)), formulas), {**initial, **values}, 0.0))
    steps = []
    for time, _, event in sorted(due, key=lambda one: one[:2]):
        # what an event at the start finds is known: the initial values, after the events before it
        at = initial if time == 0 else {}
        changes = [(target, _flat(substitute(parse(text), acting), formulas)) for target, text in pairs(event.changes)]
        made = [_step(model, event, target, change, values, time, at) for target, change in changes]
        for target, kind, amount in made:
            if target in switches:
                values[target] = amount
            if target in at:
                at[target] = {"add": at[target] + amount, "replace": amount, "scale": at[target] * amount}[kind]
            if (kind, amount) not in (("add", 0.0), ("scale", 1.0)):
                steps.append(Step(time, known[target], kind, amount, event.name))
    return steps


def _number(given: float | str, values: Mapping[str, float]) -> float:
    return float(evaluate(parse(given), values)) if isinstance(given, str) else float(given)


def _flat(expression: Expression, formulas: Mapping[str, Expression]) -> Expression:
    """Return an expression in parameters, switches and states."""
    while names(expression) & formulas.keys():
        expression = substitute(expression, formulas)
    return expression


def _step(
    model: Model,
    event: Event,
    target: str,
    expression: Expression,
    values: Mapping[str, float],
    time: float,
    at: Mapping[str, float],
) -> tuple[str, str, float]:
    """Return what an event does to a target, as a number to add, to put in its place, or to multiply by.

    expression : the target's new value, in parameters, switches and states.   at : states where they are known, at the
    start.
    """
    unknown = sorted(names(expression) - values.keys() - {target} - at.keys())
    if unknown:
        raise ModelError(
            f"{model.name}: event '{event.name}' changes '{target}' by '{unknown[0]}', and these texts hold doses as "
            "numbers only; SBML can say it"
        )

    def after(before: float) -> float:
        return float(evaluate(expression, {**at, **values, target: before}, time))

    if target in values:
        return target, "replace", after(0.0)
    first, slope = after(0.0), after(1.0) - after(0.0)
    for kind, amount, would in (
        ("replace", first, lambda x: first),
        ("add", first, lambda x: x + first),
        ("scale", slope, lambda x: slope * x),
    ):
        if all(math.isclose(after(x), would(x), rel_tol=1e-9, abs_tol=1e-12) for x in _AMOUNTS):
            return target, kind, amount
    if target in at:
        now, then = at[target], after(at[target])
        return (target, "add", 0.0) if then == now else (target, "replace", then)
    raise ModelError(f"{model.name}: event '{event.name}' does more to '{target}' than a dose does")


def initial_switches(made: Script) -> list[tuple[str, float]]:
    """Return name here and value at the start of each switch."""
    values = {made.known[p.name]: float(p.value) for p in made.model.parameters}
    return [(line.name, float(evaluate(line.value, values))) for line in made.switches]
