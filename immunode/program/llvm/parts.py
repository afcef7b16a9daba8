"""Many values of a program cut into parts, each to be a function: the time to compile one grows with its square.

The functions are called one after the other. What one computes and a later one needs is kept in rows of memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from immunode.program.llvm.source import LEAVES
from immunode.program.program import Program

OPERATIONS, WHOLE = 200, 600
"""Operations of one function, and how many stay whole, which is a tenth faster: tests/benchmarks/compile_time.py."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one function does.

    roots : places of the roots that it writes.   given : node -> row that it is read from.   kept : the same, written.
    """

    roots: tuple[int, ...]
    given: dict[int, int]
    kept: dict[int, int]


def cut(program: Program, roots: Sequence[int], known: frozenset[int]) -> tuple[list[Part], int]:
    """Return the parts in which roots are computed, in their order, and how many rows they need between them.

    known : nodes that every function can read.
    """
    computed: list[tuple[list[int], list[int]]] = [([], [])]
    seen: dict[int, int] = {}
    most = WHOLE if len(_new(program, roots, known, seen)) <= WHOLE else OPERATIONS
    for place, root in enumerate(roots):
        nodes, written = computed[-1]
        for node in _new(program, [root], known, seen):
            seen[node] = len(computed) - 1
            nodes.append(node)
        written.append(place)
        if len(nodes) >= most:
            computed.append(([], []))
    needs = [_from_before(program, nodes, seen, part) for part, (nodes, _) in enumerate(computed)]
    for part, (_, written) in enumerate(computed):
        needs[part] |= {roots[place] for place in written if seen.get(roots[place], part) < part}
    return _with_rows(computed, needs)


def _new(program: Program, roots: Sequence[int], known: frozenset[int], seen: dict[int, int]) -> list[int]:
    """Return the operations that roots need and that are not there yet, each after its operands."""
    found: dict[int, None] = {}
    stack = [(root, False) for root in roots]
    while stack:
        node, ready = stack.pop()
        if node in known or node in seen or node in found or program.nodes[node][0] in LEAVES:
            continue
        if ready:
            found[node] = None
            continue
        stack.append((node, True))
        stack += [(operand, False) for operand in _operands(program, node)]
    return list(found)


def _operands(program: Program, node: int) -> list[int]:
    return [operand for operand in program.nodes[node][1:] if isinstance(operand, int)]


def _from_before(program: Program, nodes: list[int], seen: dict[int, int], part: int) -> set[int]:
    return {o for node in nodes for o in _operands(program, node) if seen.get(o, part) < part}


def _with_rows(computed: list[tuple[list[int], list[int]]], needs: list[set[int]]) -> tuple[list[Part], int]:
    """Give every value that is needed later a row, which is free again after the last part that reads it."""
    last = {node: part for part, wanted in enumerate(needs) for node in wanted}
    rows: dict[int, int] = {}
    free: list[int] = []
    count, parts = 0, []
    for part, (nodes, written) in enumerate(computed):
        given = {node: rows[node] for node in sorted(needs[part])}
        kept = {}
        for node in (node for node in nodes if node in last):
            if not free:
                free, count = [count], count + 1
            rows[node] = kept[node] = free.pop()
        parts.append(Part(tuple(written), given, kept))
        free += [rows[node] for node in needs[part] if last[node] == part]
    return parts, count
