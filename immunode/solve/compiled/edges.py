"""Steps over a bend or a jump of the right-hand side as vector code; `edges` says what is done and why."""

from __future__ import annotations

import math
from collections.abc import Callable

from immunode.program.llvm.text import Value
from immunode.program.nonsmooth import CEIL, FLOOR, ON_IT, edges, states_under
from immunode.solve.compiled.queue import at_state
from immunode.solve.compiled.steps import Scales, Step
from immunode.solve.compiled.workspace import KernelFunction, Workspace
from immunode.solve.numpy.edges import BEYOND, INSIDE, LEAST, LOOKS, MOST, SHALLOW, STRICTER
from immunode.solve.tape import FROM_BERNSTEIN, THROUGH_FIVE


def edge_functions(workspace: Workspace, external: set[str]) -> list[str]:
    """Return the text of what is called at edges; none where there are none."""
    pairs = edges(workspace.program)
    if not pairs:
        return []
    return [_dip(workspace, external)] if workspace.small else [_dip(workspace, external), _gaps(workspace, external)]


def _dip(workspace: Workspace, external: set[str]) -> str:
    """Return `dip`: b0, ..., b4, positive at both ends, depth -> writes to `dip` where the quartic falls below 0.

    That is infinite where it is nowhere below -depth.
    """
    names = [f"b{k}" for k in range(5)]
    f = KernelFunction(workspace, "dip", [("f", name) for name in (*names, "depth")], external)
    code = f.code
    b = [code.argument("f", name) for name in names]
    depth = code.argument("f", "depth")
    c = [_weighted(f, row.tolist(), b) for row in FROM_BERNSTEIN]
    zero, infinite = code.number(0.0), code.number(math.inf)
    left, middle = code.variable(b[0]), code.variable(b[0])
    lowest, deepest = code.variable(infinite), code.variable(infinite)
    at, first = code.variable(zero), code.variable(infinite)
    with code.count_to(LOOKS + 1) as k:
        x = code.spread(code.cast(k, "d", "sitofp")) * (1.0 / LOOKS)
        right = c[4]
        for coefficient in c[3::-1]:
            right = code.fused(right, x, coefficient)
        one, two = code.load("f", left), code.load("f", middle)
        before = x - 1.0 / LOOKS
        inner = code.compare("ogt", before, 0.0)
        bend = one - two * 2.0 + right
        slope = right - one
        bottom = two - code.select(code.compare("ogt", bend, 0.0), slope * slope / (bend * 8.0), zero)
        lower = inner & code.compare("olt", two, code.load("f", lowest))
        code.store(code.select(lower, two, code.load("f", lowest)), lowest)
        code.store(code.select(lower, bottom, code.load("f", deepest)), deepest)
        code.store(code.select(lower, before, code.load("f", at)), at)
        so_far = code.load("f", first)
        falls = code.compare("olt", right, 0.0) & ~code.compare("olt", so_far, math.inf)
        code.store(code.select(falls, before + two / (two - right) * (1.0 / LOOKS), so_far), first)
        code.store(two, left)
        code.store(right, middle)
    place = code.select(code.compare("olt", code.load("f", lowest), 0.0), code.load("f", first), code.load("f", at))
    deep = code.compare("olt", code.load("f", deepest), -depth)
    f.put(code.select(deep, place, math.inf), "dip")
    return f.text(attributes="nounwind noinline")


def _weighted(f: KernelFunction, weights: list[float], parts: list[Value]) -> Value:
    """Return the sum of weights times parts."""
    total: Value | None = None
    for weight, part in zip(weights, parts, strict=True):
        if weight:
            total = part * weight if total is None else f.code.fused(part, weight, total)
    return f.code.number(0.0) if total is None else total


def _gaps(workspace: Workspace, external: set[str]) -> str:
    """Return `gaps`: states u (n rows), time t -> writes how far it is to each edge, to `gap`."""
    f = KernelFunction(workspace, "gaps", [("p", "u"), ("f", "t")], external)
    for i, gap in enumerate(_differences(f, f.code.argument("p", "u"), f.code.argument("f", "t"))):
        f.put(gap, "gap", i)
    return f.text(attributes="nounwind noinline")


def _differences(f: KernelFunction, u: Value | list[Value], t: Value) -> list[Value]:
    pairs = edges(f.workspace.program)
    nodes = [node for pair in pairs for node in pair if node >= 0]
    values = dict(zip(nodes, at_state(f, u, f.at("c"), t).compute(nodes), strict=True))
    gaps = []
    for one, other in pairs:
        x = values[one]
        if other in (FLOOR, CEIL):
            gaps.append(_side_of_rounding(f, x if other == FLOOR else f.code.number(0.0) - x))
        else:
            gaps.append(x - values[other] if other >= 0 else x)
    return gaps


def _side_of_rounding(f: KernelFunction, x: Value) -> Value:
    """Return what the function of that name in `program.numpy.functions` returns."""
    code = f.code
    with code.exactly():
        whole = code.intrinsic("floor", x)
        part = x - whole
        odd = whole - code.intrinsic("floor", whole * 0.5) * 2.0
        rest = code.number(1.0) - part
    near = code.select(code.compare("olt", part, rest), part, rest)
    near = code.select(code.compare("ogt", near, ON_IT), near, ON_IT)
    return code.select(code.compare("ogt", odd, 0.5), code.number(0.0) - near, near)


class EdgeCode:
    """What a kernel knows of the edges of its lanes in one pass."""

    def __init__(self, f: KernelFunction, step: Step) -> None:
        self.f, self.code, self.step = f, f.code, step
        self.pairs = edges(f.workspace.program)
        self.parts = self.code.variable(self.code.number(math.inf)) if self.pairs else None
        program = f.workspace.program
        self.rows = states_under(program, (node for pair in edges(program) for node in pair if node >= 0))

    def judge(self, square: Value, good: Value, busy: Value, t: Value, h: Value, scales: Scales) -> Value:
        """Return which of the good steps h are good enough for the edges that they cross; note where these are."""
        if self.parts is None:
            return good
        code = self.code
        strict = busy & code.compare("ogt", square * STRICTER**2, float(self.f.workspace.n))
        good = good & busy
        with code.when(code.any(strict | good)):
            self._look(strict, good, t, h, scales)
        return good & ~code.compare("olt", code.load("f", self.parts), math.inf)

    def _look(self, strict: Value, good: Value, t: Value, h: Value, scales: Scales) -> None:
        """Note the parts of the steps at which they cross an edge."""
        f, code = self.f, self.code
        assert self.parts is not None
        zero, t_new = code.number(0.0), t + h
        parts, doubtful = code.number(math.inf), code.integer(0, "m")
        begin = self._gaps(lambda s: f.get("y", s), t)
        end = self._gaps(self.step.new, t_new)
        aside = self._gaps(lambda s: self.step.new(s) + scales[s], t_new)
        self.step.look_inside(t, h)
        coefficients = {s: self.step.inside(s, h) for s in self.rows}

        def inside(s: int, x: float) -> Value:
            y = coefficients[s][-1]
            for c in coefficients[s][-2::-1]:
                y = code.fused(y, x, c)
            return y

        between = [self._gaps(lambda s, x=x: inside(s, x), code.fused(h, x, t)) for x in INSIDE]  # type: ignore[misc]
        dips = []
        for before, *middle, after, moved in zip(begin, *between, end, aside, strict=True):
            part = before / (before - after)
            depth = code.intrinsic("fabs", moved - after) * SHALLOW
            deep = code.compare("ogt", code.intrinsic("fabs", before), depth)
            deep = deep | code.compare("ogt", code.intrinsic("fabs", after), depth)
            product = before * after
            crossed = strict & deep & code.compare("olt", product, 0.0) & code.compare("olt", part, parts)
            parts = code.select(crossed, part, parts)
            above = code.compare("ogt", before, 0.0)
            b = [_weighted(f, row.tolist(), [before, *middle, after]) for row in THROUGH_FIVE]
            b = [code.select(above, value, zero - value) for value in b]
            low = code.integer(0, "m")
            for value in b[1:4]:
                low = low | code.compare("olt", value, -depth)
            low = low & good & code.compare("ogt", product, 0.0)
            doubtful = doubtful | low
            dips.append((b, depth, low))
        code.store(parts, self.parts)
        with code.when(code.any(doubtful)):
            for b, depth, low in dips:
                with code.when(code.any(low)):
                    code.call("dip", f.args, f.ws, *b, depth)
                    dip, so_far = f.get("dip"), code.load("f", self.parts)
                    code.store(code.select(low & code.compare("olt", dip, so_far), dip, so_far), self.parts)

    def _gaps(self, y: Callable[[int], Value], t: Value) -> list[Value]:
        f = self.f
        if f.workspace.small:
            zero = f.code.number(0.0)
            return _differences(f, [y(s) if s in self.rows else zero for s in range(f.workspace.n)], t)
        for s in self.rows:
            f.put(y(s), "u", s)
        f.code.call("gaps", f.args, f.ws, f.at("u"), t)
        return [f.get("gap", i) for i in range(len(self.pairs))]

    def shorter(self, h: Value, smaller: Value) -> Value:
        """Return the next try of a step that was too long for its edge."""
        if self.parts is None:
            return smaller
        code = self.code
        parts = code.load("f", self.parts)
        part = parts * BEYOND
        part = code.select(code.compare("ogt", part, LEAST), part, LEAST)
        landing = h * code.select(code.compare("olt", part, MOST), part, MOST)
        shorter = code.compare("olt", parts, math.inf) & code.compare("olt", landing, smaller)
        return code.select(shorter, landing, smaller)
