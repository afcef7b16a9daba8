"""Delay equations that are differentiated by parameters: what their lags add where they depend on one.

The derivative of x(t - tau) by a parameter is S(t - tau) - x'(t - tau) dtau/dp, S the derivative of x. The first term
is a delayed state like any other. In the second, x'(t - tau) is the right-hand side at what is found by looking back
twice, or before the start the slope of the history; a switch that turns at t = tau tells which. Where the history does
not lead to the initial value, x(t - tau) jumps then, at a time that moves with the lag.
Source: Baker & Paul 1997, Pitfalls in parameter estimation for delay differential equations,
doi:10.1137/S1064827595287560.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from immunode.errors import ModelError
from immunode.program.graph import Graph
from immunode.program.program import Break, Change, Delay, Program


@dataclass(frozen=True, slots=True)
class LookingBack:
    """A program that knows how fast delayed states change.

    program : with further delayed states, switches and breaks.
    ways : row of a delayed state whose lag moves -> node of how fast its source changed then.
    jumps : position of a break -> leaf of a delayed state -> its value just after.
    """

    program: Program
    ways: Mapping[int, int]
    jumps: Mapping[int, Mapping[int, int]]


def looking_back(graph: Graph, program: Program, names: Iterable[str]) -> LookingBack:
    """Return what a program needs in order to be differentiated by the parameters `names`.

    Raises
    ------
    ModelError
        a jump of a state would be seen again at a time that moves with one of them.
    """
    leaves = {name: graph.leaf("parameter", program.parameters.index(name)) for name in names}
    one = graph.number(1.0)
    for name, leaf in leaves.items():
        moved = [d for d in program.delays if graph.tangents([d.lag], {leaf: one})]
        _check(graph, program, name, leaf, moved)
    moving = [d for d in program.delays if graph.tangents([d.lag], dict.fromkeys(leaves.values(), one))]
    return _Extension(graph, program).looking_back(moving) if moving else LookingBack(program, {}, {})


def _check(graph: Graph, program: Program, name: str, leaf: int, moved: list[Delay]) -> None:
    """Refuse jumps whose images move with a parameter. moved : the delays whose lags do."""
    if not program.delays:
        return
    seed = {leaf: graph.number(1.0)}
    for event in program.breaks:
        if not any(change.kind == "state" for change in event.changes):
            continue
        timed = graph.tangents([event.first, event.every], seed)
        if timed or moved:
            delay = program.states[(moved or program.delays)[0].row]
            why = f"the lag of '{delay}' depends" if moved else f"the time of event '{event.name}' depends"
            raise ModelError(
                f"{program.name}: no derivatives by '{name}': {why} on it, and the jump at event '{event.name}' is "
                "seen again later"
            )


def tells_lags(program: Program) -> bool:
    """Return whether a program knows how fast delayed states change, as derivatives by a lag need it."""
    return any(name.startswith(_OVER) for name in program.switches)


_OVER = "lag over: "
"""Begins the names of switches that no model can have."""


class _Extension:
    """One pass over one program."""

    def __init__(self, graph: Graph, program: Program) -> None:
        self.graph, self.base = graph, program
        self.time, self.zero = graph.leaf("time"), graph.number(0.0)
        self.known = {(d.of, d.lag): d.row for d in program.delays}
        self.copies = {d.row: d for d in program.delays}
        self.pasts = {d.of: d.past for d in program.delays if d.past}
        self.more: list[Delay] = []

    def looking_back(self, moving: list[Delay]) -> LookingBack:
        base, graph = self.base, self.graph
        switches: dict[int, int] = {}
        for delay in moving:
            switches.setdefault(delay.lag, len(base.parameters) + len(switches))
        ways = {delay.row: self._way(delay, switches[delay.lag]) for delay in moving}
        jumps = {
            len(base.breaks) + k: {
                graph.leaf("state", d.row): base.initial[d.of] for d in moving if d.lag == lag and d.past
            }
            for k, lag in enumerate(switches)
        }
        return LookingBack(self._program(switches), ways, jumps)

    def _way(self, delay: Delay, switch: int) -> int:
        """Return the node of how fast the source of a delay changed when it looks back at it."""
        graph, slope = self.graph, self.base.derivatives[delay.of]
        ago = graph.add("sub", self.time, delay.lag)
        then = {self.time: ago}
        for leaf in sorted(graph.needed([slope])):
            kind, *rest = graph.nodes[leaf]
            if kind == "state":
                then[leaf] = graph.leaf("state", self._row(int(str(rest[0])), delay.lag))
            if kind == "parameter" and int(str(rest[0])) >= len(self.base.values):
                name = self.base.states[delay.row]
                changed = self.base.parameters[int(str(rest[0]))]
                raise ModelError(
                    f"{self.base.name}: no derivatives by the lag of '{name}': its slope depends on '{changed}', which "
                    "changes in time and has no history"
                )
        after = graph.replaced([slope], then)[0]
        before = graph.replaced([delay.past[1]], {self.time: ago})[0] if delay.past else self.zero
        return graph.add("where", graph.leaf("parameter", switch), after, before)

    def _row(self, of: int, lag: int) -> int:
        """Return the row of a state, which may be a delayed one, as it was so much longer ago."""
        copy = self.copies.get(of)
        if copy is not None:
            of, lag = copy.of, self.graph.add("add", copy.lag, lag)
        key = (of, lag)
        if key not in self.known:
            self.known[key] = len(self.base.states) + len(self.more)
            self.more.append(Delay(self.known[key], of, lag, self.pasts.get(of, ())))
        return self.known[key]

    def _program(self, switches: dict[int, int]) -> Program:
        """Return the program with the delayed states that were added. switches : lag -> row of what turns then."""
        base, graph, zero, one = self.base, self.graph, self.zero, self.graph.number(1.0)
        starts = []
        for d in self.more:
            ago = graph.add("neg", d.lag)
            starts.append(graph.replaced([d.past[0]], {self.time: ago})[0] if d.past else base.initial[d.of])
        zeros = (zero,) * len(self.more)
        names = tuple(f"{base.states[d.of]} looked back at {k}" for k, d in enumerate(self.more))
        turned = tuple(f"{_OVER}{k}" for k in range(len(switches)))
        breaks = [
            Break(name, lag, zero, one, (Change("parameter", row, one),))
            for name, (lag, row) in zip(turned, switches.items(), strict=True)
        ]
        return replace(
            base,
            states=(*base.states, *names),
            parameters=(*base.parameters, *turned),
            switches=(*base.switches, *turned),
            switch_initial=(*base.switch_initial, *(zero for _ in turned)),
            initial=(*base.initial, *starts),
            derivatives=(*base.derivatives, *zeros),
            time_derivative=(*base.time_derivative, *zeros) if base.time_derivative else (),
            typical=(*base.typical, *(base.typical[d.of] for d in self.more)),
            breaks=(*base.breaks, *breaks),
            delays=(*base.delays, *self.more),
            nodes=tuple(graph.nodes),
        )
