"""States as they were some time ago: what `delay(x, tau)` becomes in a program under construction.

An engine sees a delayed state as one more state, so that outputs, fluxes and endpoints need to know nothing of it. It
fills these rows from its record of the run, see `solve.delays`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from immunode.errors import ModelError
from immunode.program.graph import Graph
from immunode.program.program import Delay


@dataclass(frozen=True, slots=True)
class Lag:
    """How far back. node : of parameters.   text : as it is written."""

    node: int
    text: str

    def longer(self, graph: Graph, other: Lag | None) -> Lag:
        """Return the lag of a delay within a delay."""
        if other is None:
            return self
        return Lag(graph.add("add", other.node, self.node), f"{other.text} + {self.text}")


class DelayedStates:
    """The delayed states of one program.

    names : of the states that are not delayed, of which the first ones are the model's.
    """

    def __init__(self, graph: Graph, names: tuple[str, ...]) -> None:
        self.graph, self.own = graph, names
        self._rows: dict[tuple[int, int], int] = {}
        self.names: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._rows)

    def leaf(self, row: int, lag: Lag) -> int:
        """Return the node of the state `row` as it was `lag` ago."""
        key = (row, lag.node)
        if key not in self._rows:
            self._rows[key] = len(self.own) + len(self._rows)
            name = f"delay({self.own[row]}, {lag.text})"
            while name in self.names:
                name += "_"
            self.names.append(name)
        return self.graph.leaf("state", self._rows[key])

    def leaves(self) -> list[int]:
        """Return the nodes of all delayed states, in the order of their rows."""
        return [self.graph.leaf("state", row) for row in self._rows.values()]

    def sources(self) -> list[int]:
        """Return of which state each is a copy, in the order of their rows."""
        return [row for row, _ in self._rows]

    def records(self, pasts: dict[int, int]) -> tuple[Delay, ...]:
        """Return what engines need to know. pasts : state -> node of its history, where it has one."""
        time = self.graph.leaf("time")
        delays = []
        for (of, lag), row in self._rows.items():
            nodes = [pasts[of]] if of in pasts else []
            for _ in range(2 * len(nodes)):
                nodes.append(self.graph.derivatives([nodes[-1]], time).get(nodes[-1], self.graph.number(0.0)))
            delays.append(Delay(row, of, lag, tuple(nodes)))
        return tuple(delays)

    def initial(self, starts: list[int], pasts: dict[int, int]) -> list[int]:
        """Return the nodes of the values at time 0. starts : initial value of each state.   pasts : as in `records`."""
        time = self.graph.leaf("time")
        values = []
        for of, lag in self._rows:
            ago = self.graph.add("neg", lag)
            values.append(self.graph.replaced([pasts[of]], {time: ago})[0] if of in pasts else starts[of])
        return values

    def requirements(self) -> tuple[tuple[int, str], ...]:
        """Return the conditions on lags that parameters may break: (node, message)."""
        zero, most = self.graph.number(0.0), self.graph.number(sys.float_info.max)
        conditions = []
        for (_, lag), name in zip(self._rows, self.names, strict=True):
            if self.graph.value(lag) is None:
                conditions.append((self.graph.add("less_equal", zero, lag), f"the lag of {name} is below 0"))
                conditions.append((self.graph.add("less_equal", lag, most), f"the lag of {name} is infinite"))
        return tuple(conditions)


def check_lag(graph: Graph, lag: Lag, kinds: frozenset[str], who: str, changed: str) -> None:
    """Refuse a lag that changes in a run.

    kinds : what its node is made from.   changed : a name in it that an intervention changes, or "".

    Raises
    ------
    ModelError : it depends on time or states, or is a number below 0.
    """
    if kinds - {"parameter"}:
        why = f"an intervention changes '{changed}' in time" if changed else "it depends on time or states"
        raise ModelError(f"{who}: the lag '{lag.text}' of a delay must stay the same through a run, but {why}")
    value = graph.value(lag.node)
    if value is not None and value < 0:
        raise ModelError(f"{who}: the lag '{lag.text}' of a delay is below 0: the future is not known")
