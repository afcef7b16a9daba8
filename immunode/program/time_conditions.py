"""Comparisons with time inside rates, so that no solver steps over the moment at which one turns.

Where the moment follows from parameters alone, a hidden switch is turned by a break at it; else by a pair of hidden
triggers, which an engine that finds roots watches.
"""

from __future__ import annotations

from dataclasses import dataclass

from immunode.program.graph import LEAVES, Graph
from immunode.program.program import Break, Change, Trigger

NEVER = 1e300
NEXT = 2.3e-16
"""What t * (1 + NEXT) is: one of the next two numbers above t."""
_RELATIONS = {"<": ("less", False), "<=": ("less_equal", False), ">": ("less", True), ">=": ("less_equal", True)}


@dataclass(frozen=True, slots=True)
class Crossing:
    """When the two sides of a comparison are equal: `time`, a node of parameters; `slope` of left - right by time."""

    time: int
    slope: int
    gap: int
    """left - right at time 0, a node of parameters."""


class TimeConditions:
    """The hidden switches, breaks and triggers of one program under construction.

    n_values : rows of `p` that are parameters, not switches.   first_row : of the first hidden switch.
    taken : names that are in use.   span : a typical length of a run, in the model's time unit.
    """

    def __init__(self, graph: Graph, n_values: int, first_row: int, taken: frozenset[str], span: float) -> None:
        self.graph, self.n_values, self.first_row, self.taken, self.span = graph, n_values, first_row, taken, span
        self.names: list[str] = []
        self.breaks: list[Break] = []
        self.triggers: list[Trigger] = []
        self.moments: dict[int, None] = {}
        self._after: dict[int, int] = {}
        self._flipped: dict[int, int] = {}
        self._kinds: list[frozenset[str]] = []
        self._started: dict[int, int] = {}
        self._stops: set[int] = set()

    def depends_on(self, node: int) -> frozenset[str]:
        """Return which of "time", "state", "switch", "parameter" a node is made from."""
        for kind, *rest in self.graph.nodes[len(self._kinds) :]:
            if kind == "parameter":
                kinds = frozenset({"parameter" if int(rest[0]) < self.n_values else "switch"})  # type: ignore[call-overload]
            elif kind in LEAVES:
                kinds = frozenset() if kind == "number" else frozenset({str(kind)})
            else:
                kinds = frozenset().union(*(self._kinds[int(o)] for o in rest))  # type: ignore[call-overload]
            self._kinds.append(kinds)
        return self._kinds[node]

    def exact(self, sign: str, left: int, right: int) -> int:
        """Return the plain comparison."""
        if sign == "==":
            return self.graph.add("equal", left, right)
        operation, swapped = _RELATIONS[sign]
        return self.graph.add(operation, *((right, left) if swapped else (left, right)))

    def compare(self, sign: str, left: int, right: int, *, watched: bool = False) -> int:
        """Return a node that holds while the comparison does and turns only at break points.

        watched : the caller finds the moment itself where parameters alone don't tell it.
        """
        plain = self.exact(sign, left, right)
        if "time" not in self.depends_on(plain):
            return plain
        crossing = self.crossing(left, right)
        if crossing is None:
            self._await(left, right)
            return plain if watched else self._flip(plain)
        if sign == "==":
            both = [self.compare(s, left, right, watched=watched) for s in ("<=", ">=")]
            return self.graph.add("and", *both)
        return self._turning(sign, crossing)

    def crossing(self, left: int, right: int) -> Crossing | None:
        """Return when left = right, if left - right is linear in time and otherwise made from parameters."""
        return self._linear(left, right, frozenset({"parameter"}))

    def _await(self, left: int, right: int) -> None:
        """Note when left = right, if that is known as long as no switch turns: even `t == x` is then not missed."""
        crossing = self._linear(left, right, frozenset({"parameter", "switch"}))
        if crossing is not None:
            self.moments[crossing.time] = None

    def _linear(self, left: int, right: int, constant: frozenset[str]) -> Crossing | None:
        """Return when left = right, if left - right is linear in time and otherwise made from what is `constant`."""
        graph = self.graph
        time = graph.leaf("time")
        gap = graph.add("sub", left, right)
        if self.depends_on(gap) - constant - {"time"}:
            return None
        slope = graph.derivatives([gap], time).get(gap)
        if slope is None or self.depends_on(slope) - constant or not self._smooth(gap):
            return None
        at_start = self._at_start(gap)
        one = graph.value(slope)
        if one in (1.0, -1.0) and time in (left, right):
            moment = right if left == time else left
        else:
            moment = graph.add("neg", graph.add("div", at_start, slope))
            if one is None:
                still = graph.add("equal", slope, graph.number(0.0))
                moment = graph.add("where", still, graph.number(NEVER), moment)
        return Crossing(moment, slope, at_start)

    def stop_at(self, left: int, right: int) -> None:
        """Let solvers stop when left = right, if parameters tell when: what is narrow there is then not stepped over.

        `exp(-((t - 500)/0.05)**2)` is 0 wherever a long step looks at it, but not where it stops.
        """
        crossing = self.crossing(left, right) if "time" in self.depends_on(self.graph.add("sub", left, right)) else None
        if crossing is None or 0.0 in (self.graph.value(crossing.gap), self.graph.value(crossing.slope)):
            return
        when = self.graph.value(crossing.time)
        if crossing.time in self._stops or (when is not None and when <= 0):
            return
        self._stops.add(crossing.time)
        zero, one = self.graph.number(0.0), self.graph.number(1.0)
        self.breaks.append(Break(f"stop_{len(self._stops)}", crossing.time, zero, one, ()))

    def just_after(self, moment: int) -> int:
        """Return the next time after a moment, for comparisons that are still false at it."""
        graph = self.graph
        size = graph.add("mul", graph.add("abs", moment), graph.number(NEXT))
        return graph.add("add", moment, graph.add("max", size, graph.number(self.span * 1e-18)))

    def _smooth(self, gap: int) -> bool:
        """Return whether no kink or jump in time hides in a node: its slope by time is then the whole story."""
        todo, seen = [gap], set()
        while todo:
            node = todo.pop()
            if node in seen or "time" not in self.depends_on(node):
                continue
            seen.add(node)
            kind, *rest = self.graph.nodes[node]
            if kind in LEAVES:
                continue
            if kind not in ("add", "sub", "neg", "mul", "div"):
                return False
            todo += [int(o) for o in rest]  # type: ignore[call-overload]
        return True

    def _at_start(self, node: int) -> int:
        """Return a node with time 0 put in."""
        if "time" not in self.depends_on(node):
            return node
        if node not in self._started:
            kind, *rest = self.graph.nodes[node]
            zero = self.graph.number(0.0)
            started = zero if kind == "time" else self.graph.add(str(kind), *(self._at_start(int(o)) for o in rest))  # type: ignore[call-overload]
            self._started[node] = started
        return self._started[node]

    def _turning(self, sign: str, crossing: Crossing) -> int:
        graph = self.graph
        over, strict = sign in (">", ">="), sign in ("<", ">")
        slope = graph.value(crossing.slope)
        if slope is not None:
            return self._side(over == (slope > 0), strict, crossing.time)
        rising = graph.add("less", graph.number(0.0), crossing.slope)
        still = graph.add("equal", crossing.slope, graph.number(0.0))
        moving = graph.add(
            "where", rising, self._side(over, strict, crossing.time), self._side(not over, strict, crossing.time)
        )
        return graph.add("where", still, self.exact(sign, crossing.gap, graph.number(0.0)), moving)

    def _side(self, later: bool, strict: bool, moment: int) -> int:
        """Return whether it is after (`later`) or before a moment."""
        after = self._switch_at(self.just_after(moment) if strict == later else moment)
        return after if later else self.graph.add("not", after)

    def _switch_at(self, moment: int) -> int:
        """Return a condition that is false before a moment and true from it on."""
        graph = self.graph
        if moment not in self._after:
            row, condition = self._new_switch("after")
            zero, one = graph.number(0.0), graph.number(1.0)
            self.breaks.append(Break(self.names[-1], moment, zero, one, (Change("parameter", row, one),)))
            self._after[moment] = condition
        return self._after[moment]

    def _flip(self, condition: int) -> int:
        """Return a condition that follows another one at roots only."""
        graph = self.graph
        if condition not in self._flipped:
            row, switch = self._new_switch("while")
            for word, watched, value in (("on", condition, 1.0), ("off", graph.add("not", condition), 0.0)):
                change = Change("parameter", row, graph.number(value))
                name = f"{self.names[-1]}_{word}"
                zero = graph.number(0.0)
                self.triggers.append(Trigger(name, watched, (change,), zero, zero, initially=value == 0.0, hidden=True))
            self._flipped[condition] = switch
        return self._flipped[condition]

    def _new_switch(self, word: str) -> tuple[int, int]:
        graph = self.graph
        row = self.first_row + len(self.names)
        name = f"{word}_{len(self.names) + 1}"
        while name in self.taken:
            name += "_"
        self.names.append(name)
        return row, graph.add("less", graph.number(0.5), graph.leaf("parameter", row))
