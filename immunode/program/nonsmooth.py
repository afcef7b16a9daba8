"""Whether a right-hand side has corners in its states, which error estimates may not see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from immunode.program.program import Program, once_a_structure

_LEAVES = frozenset({"number", "parameter", "time", "state", "past"})
_JUMPS = frozenset({"less", "less_equal", "equal", "floor", "ceil"})
_GUARD = 1e-100
"""A bound at 0 < |number| below this only keeps logarithms and quotients finite."""


@once_a_structure
def has_corners(program: Program) -> bool:
    """Return whether min, max or abs of states can bend a derivative."""
    return any(_bends(program, node) for node in _on_states(program))


@once_a_structure
def has_jumps(program: Program) -> bool:
    """Return whether a condition on states, or a rounding of them, can make a derivative jump."""
    return any(node[0] in _JUMPS for node in _on_states(program))


@once_a_structure
def edges(program: Program) -> tuple[tuple[int, int], ...]:
    """Return pairs of nodes where a derivative bends or jumps when they are equal; -1 stands for 0."""
    pairs: dict[tuple[int, int], None] = {}
    for node in _on_states(program):
        if node[0] in ("less", "less_equal") or _bends(program, node):
            one, *other = (_place(k) for k in node[1:])
            pairs[one, other[0] if other else -1] = None
    return tuple(sorted(pairs))


def _on_states(program: Program) -> Iterator[tuple[object, ...]]:
    """Yield the operations that derivatives need and that depend on states."""
    on_states: list[bool] = []
    for node in program.nodes:
        operands = () if node[0] in _LEAVES else node[1:]
        on_states.append(node[0] == "state" or any(on_states[_place(k)] for k in operands))
    seen: set[int] = set()
    todo = list(program.derivatives)
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        node = program.nodes[place]
        if node[0] in _LEAVES:
            continue
        if on_states[place]:
            yield node
        todo += [_place(k) for k in node[1:]]


def _bends(program: Program, node: tuple[object, ...]) -> bool:
    if node[0] in ("min", "max"):
        bounds = [program.nodes[_place(k)] for k in node[1:]]
        return not any(b[0] == "number" and isinstance(b[1], float) and 0 < abs(b[1]) < _GUARD for b in bounds)
    return node[0] == "abs"


def _place(operand: object) -> int:
    assert isinstance(operand, int)
    return operand


def states_under(program: Program, roots: Iterable[int]) -> list[int]:
    """Return the rows of the states that some nodes depend on, in order; of a past they are none."""
    todo, seen, rows = list(roots), set[int](), set[int]()
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        kind, *operands = program.nodes[node]
        if kind == "state":
            rows.add(int(str(operands[0])))
        elif kind not in _LEAVES:
            todo += [int(str(operand)) for operand in operands]
    return sorted(rows)
