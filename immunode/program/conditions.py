"""The comparisons that conditions of events are made of, so that a whole step can be judged at once."""

from __future__ import annotations

from functools import lru_cache

from immunode.program.program import Program

_BOOLEAN = frozenset({"and", "or", "not", "where"})
_RELATIONS = frozenset({"less", "less_equal", "equal"})


@lru_cache(maxsize=256)
def comparisons(program: Program) -> tuple[tuple[int, int], ...] | None:
    """Return pairs of nodes that the conditions of all triggers compare; None where a pair tells too little.

    Both sides are of first degree in states and time. So where states are polynomials, the signs of their differences
    at the Bernstein coefficients of a step tell whether a condition can turn inside it.
    """
    degrees = _degrees(program)
    pairs: dict[tuple[int, int], None] = {}
    todo, seen = [trigger.condition for trigger in program.triggers], set[int]()
    while todo:
        node = todo.pop()
        if node in seen or degrees[node] == 0:
            continue
        seen.add(node)
        kind, *operands = program.nodes[node]
        places = [int(str(operand)) for operand in operands]
        if kind in _BOOLEAN:
            todo += places
        elif kind in _RELATIONS and max(degrees[place] for place in places) == 1:
            pairs[places[0], places[1]] = None
        else:
            return None
    return tuple(sorted(pairs))


def _degrees(program: Program) -> list[int]:
    """Return the degree of each node in states and time: 0, 1, or 2 for whatever is no line."""
    degrees: list[int] = []
    for kind, *operands in program.nodes:
        if kind in ("number", "parameter"):
            degrees.append(0)
        elif kind in ("state", "time"):
            degrees.append(1)
        else:
            of = [degrees[int(str(operand))] for operand in operands]
            if kind in ("add", "sub", "neg"):
                degree = max(of)
            elif kind == "mul":
                degree = sum(of)
            elif kind == "div" and of[1] == 0:
                degree = of[0]
            else:
                degree = 2 if any(of) else 0
            degrees.append(min(degree, 2))
    return degrees
