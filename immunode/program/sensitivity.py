"""A program with the derivatives of its states by some of its parameters as further states.

With x' = f(x, p, t), the derivative S of x by p obeys S' = J S + df/dp, J the Jacobian of f, and S(0) is the derivative
of the initial value. An event at a time T(p) that makes x+ = g(x-, p, T) out of x- makes, out of S-,

    S+ = dg/dx (S- + f(x-) dT/dp) + dg/dT dT/dp + dg/dp - f(x+) dT/dp

The same as states of a program, they are integrated by every engine, with the same steps and the same events.
Source: Rozenvasser 1967 (Automation and Remote Control 28, 394-400); Maly & Petzold 1996,
doi:10.1016/0168-9274(95)00117-4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from immunode.errors import ModelError, did_you_mean
from immunode.program.delayed_slopes import LookingBack, looking_back
from immunode.program.graph import LEAVES, Graph
from immunode.program.program import Break, Change, Delay, Program

SMALLEST = 1e-6
"""Typical size of a state that starts at 0 and declares none."""
_FLAT = frozenset({"less", "less_equal", "equal", "and", "or", "not", "floor", "ceil"})
"""Operations whose derivative is 0 wherever there is one."""


def slope_name(quantity: str, parameter: str) -> str:
    """Return the name of a derivative among the states, switches and derived quantities of a program."""
    return f"d({quantity})/d({parameter})"


def with_sensitivities(graph: Graph, program: Program, by: Sequence[str], of: Sequence[str] = ()) -> Program:
    """Return a program that also computes derivatives of its states and some quantities by parameters.

    Derivatives that are 0 by structure are left out. One of a state is a state, of a switch a switch, of a flux or
    derived quantity a derived quantity, with the name `slope_name` gives it.

    Parameters
    ----------
    graph : Graph
        the one that holds the program's nodes.
    by : Sequence[str]
        parameters, or `"x(0)"` for the initial value of the state x.
    of : Sequence[str]
        fluxes, derived quantities and switches whose derivatives are wanted beside those of all states.

    Raises
    ------
    ModelError
        an unknown name; a model with events that fire on states, or with populations that die out at a limit; a delay
        that sees a jump at a time that depends on one of them.
    """
    if program.triggers:
        event = next((t.name for t in program.triggers if not t.hidden), "a condition on states and time")
        raise ModelError(f"{program.name}: no derivatives by parameters, for event '{event}' fires on a state")
    if program.extinct_below:
        state = next(s for s, limit in zip(program.states, program.extinct_below, strict=True) if limit)
        raise ModelError(f"{program.name}: no derivatives by parameters, for '{state}' is set to 0 below a limit")
    seeds = [_seed(program, name) for name in by]
    back = looking_back(graph, program, [seed.name for seed in seeds if seed.row >= 0])
    return _Slopes(graph, back, seeds, len(program.states)).program(of)


@dataclass(frozen=True, slots=True)
class _Seed:
    """What to differentiate by. row : of the parameter, or -1; state : whose initial value it is, or -1."""

    name: str
    row: int
    state: int


def _seed(program: Program, name: str) -> _Seed:
    declared = program.parameters[: len(program.values)]
    if name in declared:
        return _Seed(name, declared.index(name), -1)
    state = name[:-3] if name.endswith("(0)") else ""
    if state in program.states:
        return _Seed(name, -1, program.states.index(state))
    known = [*declared, *(f"{s}(0)" for s in program.states)]
    raise ModelError(f"{program.name}: no parameter '{name}' to differentiate by{did_you_mean(name, known)}")


@dataclass(slots=True)
class _Column:
    """The derivatives by one parameter. states, switches : leaf of a value -> leaf of its derivative.

    moving : leaf of a state -> node of its derivative, which for delayed states counts what the lag does.
    """

    seed: _Seed
    parameter: dict[int, int]
    states: dict[int, int]
    switches: dict[int, int]
    moving: dict[int, int]

    @property
    def steady(self) -> dict[int, int]:
        """How leaves other than states move."""
        return self.parameter | self.switches


class _Slopes:
    """One pass over one program."""

    def __init__(self, graph: Graph, back: LookingBack, seeds: Sequence[_Seed], known: int) -> None:
        program = back.program
        self.graph, self.base, self.back, self.known = graph, program, back, known
        self.state = [graph.leaf("state", i) for i in range(len(program.states))]
        self.names: list[str] = []
        self.switch_names: list[str] = []
        self.columns = [self._column(seed) for seed in seeds]
        self.time, self.zero = graph.leaf("time"), graph.number(0.0)

    def _column(self, seed: _Seed) -> _Column:
        program, graph = self.base, self.graph
        states, switches = _moved(graph, program, seed, self.known)
        parameter = {graph.leaf("parameter", seed.row): graph.number(1.0)} if seed.row >= 0 else {}
        column = _Column(seed, parameter, {}, {}, {})
        for i in sorted(states):
            column.states[self.state[i]] = graph.leaf("state", len(program.states) + len(self.names))
            self.names.append(slope_name(program.states[i], seed.name))
        for row in sorted(switches):
            leaf = graph.leaf("parameter", len(program.parameters) + len(self.switch_names))
            column.switches[graph.leaf("parameter", row)] = leaf
            self.switch_names.append(slope_name(program.parameters[row], seed.name))
        column.moving.update(column.states)
        for delay in program.delays:
            lag = graph.tangents([delay.lag], parameter).get(delay.lag)
            if lag is not None and delay.row in self.back.ways:
                way = graph.add("mul", self.back.ways[delay.row], lag)
                leaf = self.state[delay.row]
                own = column.states.get(leaf)
                column.moving[leaf] = graph.add("neg", way) if own is None else graph.add("sub", own, way)
        return column

    def program(self, of: Sequence[str]) -> Program:
        base, graph = self.base, self.graph
        rates = [rate for column in self.columns for rate in self._rates(column)]
        derivatives = [*base.derivatives, *rates]
        by_time = graph.derivatives(derivatives, self.time)
        breaks = [self._break(k, b) for k, b in enumerate(base.breaks)]
        derived = [pair for column in self.columns for pair in self._derived(column, of)]
        return replace(
            base,
            states=(*base.states, *self.names),
            parameters=(*base.parameters, *self.switch_names),
            switches=(*base.switches, *self.switch_names),
            initial=(*base.initial, *self._starts(base.initial, 0)),
            switch_initial=(*base.switch_initial, *self._starts(base.switch_initial, len(base.values))),
            derivatives=tuple(derivatives),
            jacobian=self._jacobian(rates),
            time_derivative=tuple(by_time.get(d, self.zero) for d in derivatives) if graph.timed(derivatives) else (),
            derived=(*base.derived, *derived),
            breaks=tuple(breaks),
            delays=(*base.delays, *(delay for column in self.columns for delay in self._delays(column))),
            typical=(*base.typical, *self._typical()),
            slopes=len(self.names),
            nodes=tuple(graph.nodes),
        )

    def _rates(self, column: _Column) -> list[int]:
        """Return J S + df/dp of each state that moves."""
        base, graph = self.base, self.graph
        direct = graph.tangents(base.derivatives, column.steady)
        totals = {i: direct[d] for i, d in enumerate(base.derivatives) if d in direct}
        for i, j, entry in base.jacobian:
            if self.state[j] in column.moving:
                term = graph.add("mul", entry, column.moving[self.state[j]])
                totals[i] = graph.add("add", totals[i], term) if i in totals else term
        return [totals.get(_row(graph, leaf), self.zero) for leaf in column.states]

    def _jacobian(self, rates: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
        base, graph = self.base, self.graph
        n = len(base.states)
        entries = list(base.jacobian)
        row = n
        for column in self.columns:
            place = {_row(graph, leaf): row + k for k, leaf in enumerate(column.states)}
            entries += [(place[i], place[j], node) for i, j, node in base.jacobian if i in place and j in place]
            row += len(place)
        for j, leaf in enumerate(self.state):
            bends = graph.derivatives(rates, leaf)
            entries += [(n + k, j, bends[rate]) for k, rate in enumerate(rates) if rate in bends]
        return tuple(sorted(entries))

    def _starts(self, initial: Sequence[int], first: int) -> list[int]:
        """Return derivatives of initial values. first : 0 for states, or row of the first switch."""
        starts = []
        for column in self.columns:
            slopes = self.graph.tangents(initial, column.parameter)
            for leaf in column.switches if first else column.states:
                i = _row(self.graph, leaf) - first
                own = not first and i == column.seed.state
                # a state that is given its initial value does not have the declared one
                starts.append(self.graph.number(1.0) if own else slopes.get(initial[i], self.zero))
        return starts

    def _typical(self) -> list[float]:
        """Return typical sizes: that of the state over that of the parameter, at the declared values."""
        base = self.base
        begun = [abs(value or 0.0) for value in self._declared(base.initial)]
        size = [t or max(y, SMALLEST) for t, y in zip(base.typical, begun, strict=True)]
        typical = []
        for column in self.columns:
            seed = column.seed
            scale = abs(base.values[seed.row]) if seed.row >= 0 else size[seed.state]
            typical += [size[_row(self.graph, leaf)] / (scale or 1.0) for leaf in column.states]
        return typical

    def _declared(self, nodes: Sequence[int]) -> list[float | None]:
        """Return what nodes of parameters are at the declared values."""
        graph = self.graph
        declared = {graph.leaf("parameter", i): graph.number(value) for i, value in enumerate(self.base.values)}
        return [graph.value(node) for node in graph.replaced(nodes, declared)]

    def _derived(self, column: _Column, of: Sequence[str]) -> Iterable[tuple[str, int]]:
        base, graph = self.base, self.graph
        known = dict((*base.fluxes, *base.derived))
        slopes = graph.tangents([known[name] for name in of if name in known], column.steady | column.moving)
        for name in of:
            if name in known:
                yield slope_name(name, column.seed.name), slopes.get(known[name], self.zero)

    def _delays(self, column: _Column) -> Iterable[Delay]:
        """Return the derivatives that are delayed ones."""
        base, graph = self.base, self.graph
        for delay in base.delays:
            leaf = column.states.get(self.state[delay.row])
            if leaf is not None:
                slopes = graph.tangents(delay.past, column.parameter)
                past = tuple(slopes.get(node, self.zero) for node in delay.past)
                of = column.states[self.state[delay.of]]
                yield Delay(_row(graph, leaf), _row(graph, of), delay.lag, past)

    def _break(self, position: int, event: Break) -> Break:
        """Return an event that changes derivatives as well."""
        before = len(event.changes)
        changes = list(event.changes)
        for column in self.columns:
            changes += self._changes(event, column, self.back.jumps.get(position, {}))
        return replace(event, changes=tuple(changes)) if len(changes) > before else event

    def _changes(self, event: Break, column: _Column, seen: Mapping[int, int]) -> list[Change]:
        """Return what an event makes of the derivatives by one parameter. seen : delayed states that jump as well."""
        graph, base = self.graph, self.base
        values = {graph.leaf(change.kind, change.index): change.node for change in event.changes}
        shift = self._shift(event, column) if values else None
        moving, after = dict(column.moving), list(base.derivatives)
        if shift is not None:
            after = graph.replaced(base.derivatives, {**seen, **values})
            for leaf, slope in zip(self.state, base.derivatives, strict=True):
                way = graph.add("mul", slope, shift)
                moving[leaf] = graph.add("add", moving[leaf], way) if leaf in moving else way
            moving[self.time] = shift
        slopes = graph.tangents(values.values(), column.steady | moving)
        changes = []
        for leaf, own in column.states.items():
            i = _row(graph, leaf)
            new = own
            if leaf in values:
                new = slopes.get(values[leaf], self.zero)
                if shift is not None:
                    new = graph.add("sub", new, graph.add("mul", after[i], shift))
            elif shift is not None and after[i] != base.derivatives[i]:
                bend = graph.add("sub", base.derivatives[i], after[i])
                new = graph.add("add", own, graph.add("mul", bend, shift))
            if new != own:
                changes.append(Change("state", _row(graph, own), self._once_begun(event, own, new)))
        for leaf, own in column.switches.items():
            if leaf in values:
                changes.append(Change("parameter", _row(graph, own), slopes.get(values[leaf], self.zero)))
        return changes

    def _shift(self, event: Break, column: _Column) -> int | None:
        """Return the derivative of the time of an event, None where it is 0."""
        graph = self.graph
        slopes = graph.tangents([event.first, event.every], column.parameter)
        shift = slopes.get(event.first)
        if event.every in slopes:
            times = graph.add("div", graph.add("sub", self.time, event.first), event.every)
            once = graph.add("equal", event.every, self.zero)
            wider = graph.add("mul", graph.add("where", once, self.zero, times), slopes[event.every])
            shift = wider if shift is None else graph.add("add", shift, wider)
        return shift

    def _once_begun(self, event: Break, own: int, new: int) -> int:
        """Return what a derivative becomes; of events of switches before time 0 a run has seen nothing."""
        if any(change.kind == "state" for change in event.changes):
            return new
        return self.graph.add("where", self.graph.add("less", self.time, self.zero), own, new)


def _row(graph: Graph, leaf: int) -> int:
    return int(str(graph.nodes[leaf][1]))


def _moved(graph: Graph, program: Program, seed: _Seed, known: int) -> tuple[set[int], set[int]]:
    """Return the states and the rows of switches whose derivatives are not 0 by structure.

    known : how many states may have one; the others only serve derivatives.
    """
    reach = _Reach(graph)
    reach.rows["parameter"] = {seed.row} - {-1}
    reach.rows["state"] = {seed.state} - {-1}
    n_values = len(program.values)
    turning = reach.on([("time", -1), *(("state", i) for i in range(len(program.states)))], _FLAT)
    before = -1
    while before != sum(map(len, reach.rows.values())):
        before = sum(map(len, reach.rows.values()))
        moving = reach.nodes()
        for i, (start, slope) in enumerate(zip(program.initial, program.derivatives, strict=True)):
            if slope in moving or (start in moving and i != seed.state):
                reach.rows["state"].add(i)
        for delay in program.delays:
            if delay.of in reach.rows["state"] or any(node in moving for node in delay.past):
                reach.rows["state"] |= {delay.of, delay.row}
            elif delay.lag in moving:
                reach.rows["state"].add(delay.row)
        reach.rows["parameter"] |= {n_values + k for k, node in enumerate(program.switch_initial) if node in moving}
        for event in program.breaks:
            timed = event.first in moving or event.every in moving
            for change in event.changes:
                if change.node in moving or (timed and (change.kind == "state" or change.node in turning)):
                    reach.rows[change.kind].add(change.index)
            if timed and event.changes:
                changed = reach.on([(change.kind, change.index) for change in event.changes])
                reach.rows["state"] |= {i for i, slope in enumerate(program.derivatives) if slope in changed}
    rows = reach.rows["state"]
    # a copy of what does not move is known without a derivative of its own
    still = {delay.row for delay in program.delays if delay.of not in rows}
    return {row for row in rows - still if row < known}, reach.rows["parameter"] - {seed.row}


class _Reach:
    """Which nodes move with some leaves. rows : kind of leaf -> rows of those that move."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.rows = graph, dict[str, set[int]]()

    def nodes(self) -> set[int]:
        """Return the nodes whose derivative is not 0 by structure."""
        return self.on([(kind, row) for kind, rows in self.rows.items() for row in rows], _FLAT)

    def on(self, leaves: Iterable[tuple[str, int]], flat: frozenset[str] = frozenset()) -> set[int]:
        """Return the nodes made from some leaves (kind, row; of time -1), by other operations than those in `flat`."""
        found = {self.graph.leaf(kind, *(() if kind == "time" else (row,))) for kind, row in leaves}
        for position, (kind, *rest) in enumerate(self.graph.nodes):
            if kind not in LEAVES and kind not in flat and any(o in found for o in rest):
                found.add(position)
        return found
