"""The comparisons that conditions of events are made of, so that a whole step can be judged at once."""

from __future__ import annotations

from dataclasses import dataclass

from immunode.program.nonsmooth import courses
from immunode.program.program import Program, once_a_structure

_BOOLEAN = frozenset({"and", "or", "not", "where"})
_RELATIONS = frozenset({"less", "less_equal", "equal"})


@dataclass(frozen=True)
class Comparisons:
    """What the conditions of all triggers compare.

    pairs : of nodes, each once.
    lines : whether they decide all conditions, and both sides of all are of first degree in states and time. Then,
        where states are polynomials, the signs of their differences at the Bernstein coefficients of a step tell
        whether a condition can turn inside it.
    """

    pairs: tuple[tuple[int, int], ...]
    lines: bool


@once_a_structure
def comparisons(program: Program) -> Comparisons:
    """Return what the conditions of all triggers compare."""
    degrees = _degrees(program)
    pairs, lines = set[tuple[int, int]](), True
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
        elif kind in _RELATIONS:
            pairs.add((min(places), max(places)))
            lines = lines and max(degrees[place] for place in places) == 1
        else:
            lines = False
    return Comparisons(tuple(sorted(pairs)), lines)


@once_a_structure
def timed_comparisons(program: Program) -> tuple[tuple[int, ...], ...]:
    """Return of each trigger the nodes of comparisons that turn with time and no state."""
    known = courses(program)
    return tuple(
        tuple(sorted(place for place in _relations(program, trigger.condition) if _on_time_alone(known[place])))
        for trigger in program.triggers
    )


def _on_time_alone(course: frozenset[str]) -> bool:
    return "time" in course and "state" not in course


def _relations(program: Program, condition: int) -> set[int]:
    """Return the nodes of the comparisons that a condition is made of."""
    todo, seen = [condition], set[int]()
    while todo:
        node = todo.pop()
        kind, *operands = program.nodes[node]
        if kind in _BOOLEAN and node not in seen:
            todo += [int(str(operand)) for operand in operands]
        seen.add(node)
    return {node for node in seen if program.nodes[node][0] in _RELATIONS}


def settles_at_once(program: Program) -> bool:
    """Return whether there are triggers, what they fire never waits, and no condition turns at a known time."""
    none = ("number", 0.0)
    at_once = all(program.nodes[trigger.delay] == none for trigger in program.triggers)
    return bool(program.triggers) and at_once and not program.moments


def never_tied(program: Program) -> bool:
    """Return whether no two events can have equal priorities: all that are declared are different numbers."""
    ranks = [program.nodes[trigger.priority] for trigger in program.triggers if trigger.ranked]
    return all(kind == "number" for kind, *_ in ranks) and len(set(ranks)) == len(ranks)


def switched(program: Program) -> tuple[int, ...]:
    """Return the rows of the parameters that triggers change."""
    return tuple(sorted({c.index for t in program.triggers for c in t.changes if c.kind != "state"}))


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
