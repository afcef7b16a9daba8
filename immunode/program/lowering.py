"""Lowering: a Model becomes a Program, with shared subexpressions and the analytic Jacobian."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from immunode.errors import ModelError, did_you_mean
from immunode.language.expression import Expression, names, parse, parse_arrow, to_text
from immunode.model import Event, Model
from immunode.model.records import NEVER_NEGATIVE
from immunode.program.delayed_states import DelayedStates, Lag, check_lag
from immunode.program.graph import Graph
from immunode.program.program import Break, Change, Program, Trigger
from immunode.program.sensitivity import with_sensitivities
from immunode.program.time_conditions import TimeConditions
from immunode.program.timed_events import timed_breaks

LONG_CHAIN = 50
"""Derived quantities, each needing the next, beyond which they are added in order."""

_BENDING = frozenset({"exp", "tanh", "sinh", "cosh", "atan", "sqrt", "abs", "min", "max"})
"""Functions that are most bent where their argument is 0, or where their two arguments are equal."""


@lru_cache(maxsize=256)
def lower(model: Model, integrals: tuple[str, ...] = (), by: tuple[str, ...] = (), of: tuple[str, ...] = ()) -> Program:
    """Return the Program of a model.

    Parameters
    ----------
    integrals : tuple[str, ...]
        names of states, fluxes or derived quantities; each adds a state `integral(name)` that starts at 0 and whose
        derivative is that quantity, so that its integral over time is as exact as the tolerance.
    by : tuple[str, ...]
        parameters, or initial values `"x(0)"`, by which all states are differentiated; the derivatives are states
        `d(x)/d(k)`, see `with_sensitivities`.
    of : tuple[str, ...]
        fluxes and derived quantities to differentiate as well.

    Raises
    ------
    ModelError
        a name is unknown; the model can't be differentiated.
    """
    lowering = _Lowering(model)
    program = lowering.program(integrals)
    return with_sensitivities(lowering.graph, program, by, of) if by else program


class _Lowering:
    """One pass over one model: names become nodes of one graph."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.graph = Graph()
        self.state_rows = {s.name: i for i, s in enumerate(model.states)}
        rows = [p.name for p in model.parameters] + [s.name for s in model.switches]
        self.parameter_rows = {name: i for i, name in enumerate(rows)}
        self.expressions: dict[str, Expression] = {d.name: parse(d.expression) for d in model.derived}
        self.effects: dict[str, list[Any]] = {}
        for effect in model.effects:
            self.effects.setdefault(effect.target, []).append(effect)
        self.known: dict[tuple[str, int], int] = {}
        self.lag: Lag | None = None
        taken = frozenset((*self.state_rows, *rows, *self.expressions))
        self.conditions = TimeConditions(self.graph, len(model.parameters), len(rows), taken, model.horizon)
        self.watched = self.exact = False

    def program(self, integrals: tuple[str, ...]) -> Program:
        model, graph = self.model, self.graph
        own = (*self.state_rows, *(f"integral({name})" for name in integrals))
        self.delayed = DelayedStates(graph, own)
        self._long_chains()
        states = [graph.leaf("state", i) for i in range(len(model.states) + len(integrals))]
        fluxes = {p.name: self.node(parse(p.rate)) for p in model.processes}
        derivatives = self._derivatives(fluxes)
        derived = {d.name: self.lookup(d.name) for d in model.derived}
        derived |= {f"{target}.effective": self.lookup(target) for target in self.effects}
        for name in integrals:
            derivatives.append(self._quantity(name, fluxes, derived))
        jacobian = self._jacobian([*states, *self.delayed.leaves()], derivatives)
        time = graph.leaf("time")
        by_time = graph.derivatives(derivatives, time)
        zero = graph.number(0.0)
        initial = [self._raw(s.initial) for s in model.states] + [zero] * len(integrals)
        # at one time switches change first, so that a window that opens then already counts for a dose given then
        timed = sorted((e for e in model.events if e.at is not None), key=self._moves_state)
        breaks, triggers = self._state_events()
        breaks = [*(self._break(event) for event in timed), *breaks]
        # what only events look back at came last
        derivatives += [zero for _ in self.delayed.names]
        pasts = self._pasts()
        initial += self.delayed.initial(initial, pasts)
        copied = [model.states[of] for of in self.delayed.sources()]
        hidden = self.conditions
        return Program(
            name=model.name,
            time_unit=model.time_unit,
            states=(*own, *self.delayed.names),
            parameters=(*self.parameter_rows, *hidden.names),
            values=tuple(float(p.value) for p in model.parameters),
            switches=(*(s.name for s in model.switches), *hidden.names),
            switch_initial=(*(self._raw(s.initial) for s in model.switches), *(zero for _ in hidden.names)),
            initial=tuple(initial),
            derivatives=tuple(derivatives),
            jacobian=jacobian,
            time_derivative=tuple(by_time.get(d, zero) for d in derivatives) if graph.timed(derivatives) else (),
            fluxes=tuple(fluxes.items()),
            derived=tuple(derived.items()),
            breaks=(*hidden.breaks, *breaks),
            triggers=(*hidden.triggers, *triggers),
            moments=tuple(hidden.moments) if hidden.triggers or triggers else (),
            requirements=(
                *((self._raw(r.condition), r.message) for r in model.requirements),
                *self.delayed.requirements(),
            ),
            extinct_below=self._extinct_below(len(integrals) + len(copied)),
            never_negative=tuple((i, s.kind) for i, s in enumerate(model.states) if s.kind in NEVER_NEGATIVE),
            typical=(
                *(float(s.typical) for s in model.states),
                *(0.0 for _ in integrals),
                *(float(s.typical) for s in copied),
            ),
            max_step=float(model.max_step),
            delays=self.delayed.records(pasts),
            nodes=tuple(graph.nodes),
        )

    def node(self, expression: Expression, raw: bool = False) -> int:
        """Return the node of an expression; with `raw`, parameters have their declared values only."""
        kind, *rest = expression
        graph = self.graph
        if kind == "number":
            return graph.number(float(rest[0]))
        if kind == "name":
            return self.lookup(str(rest[0]), raw)
        if kind == "time":
            time = graph.leaf("time")
            return time if self.lag is None else graph.add("sub", time, self.lag.node)
        if kind == "call" and rest[0] == "delay":
            return self._ago(rest[1], rest[2])
        if kind == "call":
            return self._call(str(rest[0]), [self.node(a, raw) for a in rest[1:]], raw)
        if kind == "compare":
            return self._compare(str(rest[0]), self.node(rest[1], raw), self.node(rest[2], raw))
        operands = [self.node(a, raw) for a in rest]
        if kind == "pow":
            self._stop_at(operands[:1], raw)
        if kind == "piecewise":
            result = operands[-1]
            for value, condition in reversed(list(zip(operands[0:-1:2], operands[1:-1:2], strict=True))):
                result = graph.add("where", condition, value, result)
            return result
        return graph.add(str(kind), *operands)

    def _stop_at(self, operands: list[int], raw: bool) -> None:
        """Let solvers stop where what a function bends is zero, or where two sides of min or max are equal."""
        if not (raw or self.exact or self.watched):
            one, other = operands if len(operands) == 2 else (operands[0], self.graph.number(0.0))
            self.conditions.stop_at(one, other)

    def _long_chains(self) -> None:
        """Add derived quantities in order where they need each other in a chain too long for recursion."""
        needs = {name: names(expression) & self.expressions.keys() for name, expression in self.expressions.items()}
        depths: dict[str, int] = {}
        for start in needs:
            stack = [start]
            while stack:
                missing = [name for name in needs[stack[-1]] if name not in depths]
                if missing:
                    stack += missing
                    continue
                name = stack.pop()
                depths[name] = 1 + max((depths[other] for other in needs[name]), default=0)
        for name in sorted(depths, key=depths.__getitem__) if max(depths.values(), default=0) > LONG_CHAIN else ():
            self.lookup(name)

    def lookup(self, name: str, raw: bool = False) -> int:
        """Return the node of a name: a state, a switch, a derived quantity or a parameter (effective unless `raw`).

        Within a delay it is what the name stood for then.
        """
        lag = None if raw else self.lag
        if name in self.state_rows:
            row = self.state_rows[name]
            return self.graph.leaf("state", row) if lag is None else self.delayed.leaf(row, lag)
        if name in self.parameter_rows and (raw or name not in self.effects):
            row = self.parameter_rows[name]
            if lag is not None and row >= len(self.model.parameters):
                by, dot, _ = name.partition(".")
                what = f"what '{by}' changes" if dot else f"the switch '{name}'"
                raise ModelError(
                    f"{self.model.name}: a delay looks back at {what}, which has no history; write the delay around "
                    "states alone"
                )
            return self.graph.leaf("parameter", row)
        key = (name, -1 if lag is None else lag.node)
        if key not in self.known:
            self.known[key] = self._effective(name) if name in self.effects else self.node(self.expressions[name])
        return self.known[key]

    def _ago(self, expression: Expression, lag: Expression) -> int:
        """Return the node of an expression as it was some time ago: all in it that changes is looked up then."""
        outer, self.lag = self.lag, None
        try:
            inner = Lag(self.node(lag), to_text(lag))
            kinds = self.conditions.depends_on(inner.node)
            changed = next((name for name in sorted(names(lag)) if name in self.effects), "")
            check_lag(self.graph, inner, kinds, self.model.name, changed)
            self.lag = inner.longer(self.graph, outer)
            if self.graph.value(self.lag.node) == 0.0:
                self.lag = None
            return self.node(expression)
        finally:
            self.lag = outer

    def _pasts(self) -> dict[int, int]:
        """Return the nodes of what declared histories say of states that are looked back at; no treatment was then."""
        texts = {row: self.model.states[row].history for row in sorted(set(self.delayed.sources()))}
        self.exact, before = True, self.exact
        pasts = {row: self.node(parse(text), raw=True) for row, text in texts.items() if text}
        self.exact = before
        return pasts

    def _effective(self, name: str) -> int:
        """Return (k + sum w (value - k)) * product of factors + sum of terms, in the effects' own order."""
        graph = self.graph
        base = value = graph.leaf("parameter", self.parameter_rows[name])
        effects = self.effects[name]
        for effect in (e for e in effects if e.how == "set"):
            gap = graph.add("sub", self.node(parse(effect.value)), base)
            value = graph.add("add", value, graph.add("mul", self.node(parse(effect.weight)), gap))
        for effect in (e for e in effects if e.how == "scale"):
            value = graph.add("mul", value, self.node(parse(effect.value)))
        for effect in (e for e in effects if e.how == "add"):
            value = graph.add("add", value, self.node(parse(effect.value)))
        return value

    def _raw(self, value: float | str) -> int:
        return self.node(parse(value), raw=True) if isinstance(value, str) else self.graph.number(float(value))

    def _call(self, function: str, operands: list[int], raw: bool) -> int:
        graph = self.graph
        if function in _BENDING:
            self._stop_at(operands, raw)
        if function == "hill":
            return graph.hill(*operands)
        if function == "michaelis":
            return graph.add("div", operands[0], graph.add("add", operands[1], operands[0]))
        if function in ("min", "max"):
            result = operands[0]
            for operand in operands[1:]:
                result = graph.add(function, result, operand)
            return result
        return graph.add(function, *operands)

    def _compare(self, sign: str, left: int, right: int) -> int:
        if self.exact:
            return self.conditions.exact(sign, left, right)
        return self.conditions.compare(sign, left, right, watched=self.watched)

    def _derivatives(self, fluxes: dict[str, int]) -> list[int]:
        graph = self.graph
        totals: list[int | None] = [None] * len(self.model.states)
        for process in self.model.processes:
            consumed, produced = parse_arrow(process.arrow)
            for sign, side in (("sub", consumed), ("add", produced)):
                for name, count in side:
                    term = graph.add("mul", graph.number(count), fluxes[process.name])
                    row = self.state_rows[name]
                    start = totals[row]
                    if start is None:
                        totals[row] = term if sign == "add" else graph.add("neg", term)
                    else:
                        totals[row] = graph.add(sign, start, term)
        volumes = {c.name: c.volume for c in self.model.compartments}
        result = []
        for state, total in zip(self.model.states, totals, strict=True):
            node = graph.number(0.0) if total is None else total
            if state.compartment and not state.amount:
                volume = volumes[state.compartment]
                size = self.node(parse(volume)) if isinstance(volume, str) else graph.number(float(volume))
                node = graph.add("div", node, size)
            result.append(node)
        return result

    def _jacobian(self, states: list[int], derivatives: list[int]) -> tuple[tuple[int, int, int], ...]:
        entries = []
        rows: dict[int, list[int]] = {}
        for row, node in enumerate(derivatives):
            rows.setdefault(node, []).append(row)
        # most states move few others: a column of a large system is made of these
        for column, (state, moved) in enumerate(self.graph.reached(rows, states).items()):
            slopes = self.graph.derivatives(moved, state)
            entries += [(row, column, slopes[d]) for d in moved if d in slopes for row in rows[d]]
        return tuple(sorted(entries))

    def _quantity(self, name: str, fluxes: dict[str, int], derived: dict[str, int]) -> int:
        if name in self.state_rows:
            return self.lookup(name)
        switches = {s.name for s in self.model.switches}
        quantity = self.lookup(name) if name in switches else {**derived, **fluxes}.get(name)
        if quantity is None:
            known = [*self.state_rows, *fluxes, *derived, *switches]
            raise ModelError(f"{self.model.name}: no quantity '{name}' to integrate{did_you_mean(name, known)}")
        return quantity

    def _extinct_below(self, n_integrals: int) -> tuple[float, ...]:
        limits = (*(float(s.extinct_below) for s in self.model.states), *(0.0,) * n_integrals)
        return limits if any(limits) else ()

    def _moves_state(self, event: Event) -> bool:
        return any(target in self.state_rows for target in dict(event.changes))

    def _changes(self, event: Event) -> tuple[Change, ...]:
        changes = []
        for target, text in dict(event.changes).items():
            kind, rows = ("state", self.state_rows) if target in self.state_rows else ("parameter", self.parameter_rows)
            changes.append(Change(kind, rows[target], self._now(parse(text))))
        return tuple(changes)

    def _sizes(self, event: Event) -> tuple[int, ...]:
        """Return by what each new value is multiplied, empty where none is."""
        sizes = dict(event.sizes)
        return tuple(self._now(parse(sizes.get(target, "1"))) for target in dict(event.changes)) if sizes else ()

    def _break(self, event: Event) -> Break:
        zero = 0.0 if event.every is None else event.every
        first = self._raw(0.0 if event.at is None else event.at)
        return Break(event.name, first, self._raw(zero), self._raw(event.count), self._changes(event))

    def _state_events(self) -> tuple[list[Break], list[Trigger]]:
        """Return the events with a condition: all as breaks where time and parameters tell when, else as triggers."""
        events = [event for event in self.model.events if event.at is None]
        if not self.conditions.triggers:
            breaks = timed_breaks(self.conditions, events, self._now, self._changes, self._sizes)
            if breaks is not None:
                return breaks, []
        return [], [self._trigger(event) for event in events]

    def _trigger(self, event: Event) -> Trigger:
        condition = self._within(parse(event.when), watched=True)
        delay = self._now(parse(event.delay)) if isinstance(event.delay, str) else self.graph.number(float(event.delay))
        priority = self._now(parse(event.priority)) if event.priority else self.graph.number(0.0)
        return Trigger(
            name=event.name,
            condition=condition,
            changes=self._changes(event),
            delay=delay,
            priority=priority,
            ranked=bool(event.priority),
            persistent=event.persistent,
            initially=event.initially,
            from_trigger=event.from_trigger,
            sizes=self._sizes(event),
        )

    def _now(self, expression: Expression) -> int:
        """Return the node of an expression that is computed once, at an event."""
        return self._within(expression, exact=True)

    def _within(self, expression: Expression, *, watched: bool = False, exact: bool = False) -> int:
        before = self.watched, self.exact
        self.watched, self.exact = watched, exact
        try:
            return self.node(expression)
        finally:
            self.watched, self.exact = before
