"""What comparisons differ by inside a step, as vector code, and how often they may turn in a part of it.

The rules are those of `triggers.closer`, which says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from immunode.program.conditions import comparisons
from immunode.program.llvm.text import Value
from immunode.solve.compiled.queue import at_state
from immunode.solve.compiled.workspace import KernelFunction, Workspace
from immunode.solve.triggers.closer import NOISE, through_nodes


def functions(workspace: Workspace, external: set[str]) -> list[str]:
    """Return the text of the functions of this module."""
    compared = comparisons(workspace.program)
    if not compared.pairs:
        return []
    made = [_turns(workspace)]
    return made if compared.lines else [*made, _sides(workspace, external), _joined(workspace)]


def differences(f: KernelFunction, u: Value | list[Value], t: Value) -> list[tuple[Value, Value]]:
    """Return what the sides of each comparison differ by at states u and time t, and the larger of their sizes."""
    code, pairs = f.code, comparisons(f.workspace.program).pairs
    nodes = [node for pair in pairs for node in pair]
    values = dict(zip(nodes, at_state(f, u, f.at("c"), t).compute(nodes), strict=True))
    found = []
    for one, other in pairs:
        a, b = code.intrinsic("fabs", values[one]), code.intrinsic("fabs", values[other])
        found.append((values[one] - values[other], code.select(code.compare("ogt", a, b), a, b)))
    return found


def keep(f: KernelFunction, k: int | Value, found: Sequence[tuple[Value, Value]], degree: int, first: bool) -> None:
    """Write differences to the row `side`, as number k of degree + 1, and their largest size to `side_size`."""
    code = f.code
    for place, (difference, size) in enumerate(found):
        f.put(difference, "side", place * (degree + 1) + k if isinstance(k, int) else k + place * (degree + 1))
        if not first:
            before = f.get("side_size", place)
            size = code.select(code.compare("ogt", size, before), size, before)
        f.put(size, "side_size", place)


def _sides(workspace: Workspace, external: set[str]) -> str:
    """Return `sides`: what comparisons differ by at states u and time t is kept as number k."""
    f = KernelFunction(workspace, "sides", [("p", "u"), ("f", "t"), ("l", "k")], external)
    found = differences(f, f.code.argument("p", "u"), f.code.argument("f", "t"))
    keep(f, f.code.argument("l", "k"), found, workspace.degree, first=False)
    return f.text(attributes="nounwind noinline")


def _joined(workspace: Workspace) -> str:
    """Return `joined`: values of a difference at equal distances become Bernstein coefficients."""
    degree = workspace.degree
    f = KernelFunction(workspace, "joined", [("l", "pair")])
    base = f.code.argument("l", "pair") * (degree + 1)
    values = [f.get("side", base + k) for k in range(degree + 1)]
    for k, row in enumerate(through_nodes(degree).tolist()):
        total = values[0] * row[0]
        for value, weight in zip(values[1:], row[1:], strict=True):
            total = f.code.fused(value, weight, total)
        f.put(total, "side", base + k)
    return f.text(attributes="nounwind noinline")


def _turns(workspace: Workspace) -> str:
    """Return `turns`: adds to the row `restless` how often a comparison may turn in a part of a step, 2 for more."""
    degree = workspace.degree
    f = KernelFunction(workspace, "turns", [("l", "pair"), ("f", "start"), ("f", "stop")])
    code = f.code
    pair, start, stop = code.argument("l", "pair"), code.argument("f", "start"), code.argument("f", "stop")
    rows = [f.get("side", pair * (degree + 1) + k) for k in range(degree + 1)]
    left = [rows[0]]
    for _ in range(degree):
        rows = [code.fused(stop, other - one, one) for one, other in pairwise(rows)]
        left.append(rows[0])
    x, b = start / stop, [left[-1]]
    for _ in range(degree):
        left = [code.fused(x, other - one, one) for one, other in pairwise(left)]
        b.append(left[-1])
    low = high = b[0]
    for value in b[1:]:
        low = code.select(code.compare("olt", value, low), value, low)
        high = code.select(code.compare("ogt", value, high), value, high)
    noise = code.compare("ole", high - low, f.get("side_size", pair) * NOISE)
    one_sign = code.compare("oge", low, 0.0) | code.compare("ole", high, 0.0) | noise
    falls = rises = code.compare("ord", low, low)  # b goes from the end of the part to its begin
    for after, before in pairwise(b):
        rises, falls = rises & code.compare("oge", after, before), falls & code.compare("ole", after, before)
    count = code.select(rises | falls, code.number(1.0), 2.0)
    f.put(f.get("restless") + code.select(one_sign, code.number(0.0), count), "restless")
    return f.text(attributes="nounwind noinline")
