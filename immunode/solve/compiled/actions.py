"""What the events of a program do to a lane, as vector code: new values, and what is prepared from them anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from immunode.program.conditions import settles_at_once, switched
from immunode.program.program import Change, Program, once_a_structure

MOST_NODES = 5000
"""Events that need more code than so many nodes are served between the calls of a kernel, which compiles sooner."""
_CONSTANT = ("number", "state", "time")


@dataclass(frozen=True)
class Actions:
    """The events of a program as its kernels carry them out.

    bodies : what timed events do, each once.   body : which of them each break has.
    held : rows of `p` that lanes keep.   switches : rows of `p` that events set, the first of `held`.
    renewed : of each body, positions in `prepared` of what changes with the switches that it sets.
    settled : the same of all events that fire on states.
    """

    bodies: tuple[tuple[Change, ...], ...]
    body: tuple[int, ...]
    held: tuple[int, ...]
    switches: tuple[int, ...]
    renewed: tuple[tuple[int, ...], ...]
    settled: tuple[int, ...] = ()

    @property
    def roots(self) -> Iterable[int]:
        """Nodes of all new values."""
        return (change.node for body in self.bodies for change in body)


@once_a_structure
def kernel_actions(program: Program, prepared: tuple[int, ...]) -> Actions | None:
    """Return what a kernel does at the events of a program; None where they are served between its calls.

    That is so where there are none, unless it has delays, whose breaking points are served like breaks; where timed
    events are too much code, and where what fires on states has to wait.

    prepared : nodes that right-hand side and Jacobian need, as `llvm.source.prepared` returns them.
    """
    if program.triggers and not settles_at_once(program):
        return None
    if not (program.breaks or program.delays or program.triggers):
        return None
    bodies = tuple(dict.fromkeys(b.changes for b in program.breaks))
    reach = _Reach(program)
    size, held, renewed = 0, set[int](), []
    fired = set(switched(program))
    switches = tuple(sorted(fired.union(c.index for body in bodies for c in body if c.kind == "parameter")))
    below = {node: reach.of([node]) for node in prepared} if switches else {}
    rows = {node: reach.rows(leaves) for node, leaves in below.items()}

    def again(turned: set[int]) -> tuple[int, ...]:
        return tuple(i for i, node in enumerate(prepared) if turned & rows[node]) if turned else ()

    for body in bodies:
        nodes = reach.of(c.node for c in body)
        renewed.append(again({c.index for c in body if c.kind == "parameter"}))
        nodes |= set().union(*(below[prepared[i]] for i in renewed[-1]))
        size += len(nodes)
        held |= reach.rows(nodes)
    settled = again(fired)
    held |= set().union(*(rows[prepared[i]] for i in settled))
    if size > MOST_NODES:
        return None
    return Actions(
        bodies=bodies,
        body=tuple(bodies.index(b.changes) for b in program.breaks),
        held=(*switches, *sorted(held - set(switches))),
        switches=switches,
        renewed=tuple(renewed),
        settled=settled,
    )


class _Reach:
    """Which nodes others are made from."""

    def __init__(self, program: Program) -> None:
        self.nodes = program.nodes

    def of(self, roots: Iterable[int]) -> set[int]:
        stack, seen = list(roots), set[int]()
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                kind, *rest = self.nodes[node]
                if kind not in _CONSTANT and kind != "parameter":
                    stack += [int(o) for o in rest]  # type: ignore[call-overload]
        return seen

    def rows(self, nodes: Iterable[int]) -> set[int]:
        """Return the rows of `p` among nodes."""
        leaves = (self.nodes[node] for node in nodes)
        return {int(leaf[1]) for leaf in leaves if leaf[0] == "parameter"}  # type: ignore[call-overload]
