"""Whether a right-hand side has corners in its states, which error estimates may not see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from immunode.program.program import Program, once_a_structure

_LEAVES = frozenset({"number", "parameter", "time", "state", "past"})
_JUMPS = frozenset({"less", "less_equal", "equal", "floor", "ceil"})
_ROUNDINGS = {"floor": -2, "ceil": -3}
FLOOR, CEIL = _ROUNDINGS.values()
"""Stand for the other side of an edge where a node is rounded: the next whole number."""
ON_IT = 1e-100
"""How far a whole number is from itself: it belongs to the interval that it rounds with."""
_GUARD = 1e-100
"""A bound at 0 < |number| below this only keeps logarithms and quotients finite."""


@once_a_structure
def has_corners(program: Program) -> bool:
    """Return whether min, max or abs of states can bend a derivative."""
    return any(_bends(program, node) for node, course in _needed(program) if "state" in course)


@once_a_structure
def has_jumps(program: Program) -> bool:
    """Return whether a condition on states, or a rounding of them, can make a derivative jump."""
    return any(node[0] in _JUMPS for node, course in _needed(program) if "state" in course)


@once_a_structure
def edges(program: Program) -> tuple[tuple[int, int], ...]:
    """Return pairs of nodes where a derivative bends or jumps when they are equal; -1 stands for 0.

    Bends at a time that follows from parameters alone are none: solvers stop there. A node that is rounded has `FLOOR`
    or `CEIL` in place of another.
    """
    pairs: dict[tuple[int, int], None] = {}
    for node, course in _needed(program):
        if node[0] in _ROUNDINGS and course & {"state", "time"}:
            pairs[_place(node[1]), _ROUNDINGS[str(node[0])]] = None
        on_states = "state" in course and (node[0] in ("less", "less_equal") or _bends(program, node))
        if on_states or (_at_unknown_times(course) and _bends(program, node)):
            one, *other = (_place(k) for k in node[1:])
            pairs[one, other[0] if other else -1] = None
    return tuple(sorted(pairs))


def _at_unknown_times(course: frozenset[str]) -> bool:
    """Return whether what depends on time and on no state is more than a straight line with fixed coefficients."""
    return "time" in course and "state" not in course and bool(course & {"bent", "switch"})


def _needed(program: Program) -> Iterator[tuple[tuple[object, ...], frozenset[str]]]:
    """Yield the operations that derivatives need, each with what its operands depend on."""
    known = courses(program)
    seen: set[int] = set()
    todo = list(program.derivatives)
    while todo:
        place = todo.pop()
        node = program.nodes[place]
        if place in seen or node[0] in _LEAVES:
            continue
        seen.add(place)
        operands = [_place(k) for k in node[1:]]
        yield node, frozenset().union(*(known[k] for k in operands))
        todo += operands


def courses(program: Program) -> list[frozenset[str]]:
    """Return what each node depends on: "state", "time", "switch"; and "bent" where it is no straight line in time."""
    declared = len(program.parameters) - len(program.switches)
    found: list[frozenset[str]] = []
    for kind, *operands in program.nodes:
        if kind == "parameter" and _place(operands[0]) >= declared:
            found.append(frozenset({"switch"}))
        elif kind in _LEAVES:
            found.append(frozenset({str(kind)} & {"state", "time"}))
        else:
            of = [found[_place(k)] for k in operands]
            timed = ["time" in course for course in of]
            straight = kind in ("add", "sub", "neg") or (kind == "mul" and sum(timed) == 1)
            straight = straight or (kind == "div" and not timed[1])
            found.append(frozenset().union(*of, {"bent"} if any(timed) and not straight else ()))
    return found


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
