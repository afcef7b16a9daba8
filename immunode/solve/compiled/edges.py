"""Steps over a bend or a jump of the right-hand side as vector code; `edges` says what is done and why."""

from __future__ import annotations

import math

from immunode.program.llvm.text import Value
from immunode.program.nonsmooth import edges
from immunode.solve.compiled.queue import at_state
from immunode.solve.compiled.steps import Scales, Step
from immunode.solve.compiled.workspace import KernelFunction
from immunode.solve.numpy.edges import BEYOND, LEAST, MOST, SHALLOW, STRICTER


class EdgeCode:
    """What a kernel knows of the edges of its lanes in one pass."""

    def __init__(self, f: KernelFunction, step: Step) -> None:
        self.f, self.code, self.step = f, f.code, step
        self.pairs = edges(f.workspace.program)
        self.parts = self.code.variable(self.code.number(math.inf)) if self.pairs else None

    def judge(self, square: Value, good: Value, busy: Value, t: Value, t_new: Value, scales: Scales) -> Value:
        """Return which of the good steps are good enough for the edges that they cross; note where these are."""
        if self.parts is None:
            return good
        code = self.code
        strict = busy & code.compare("ogt", square * STRICTER**2, float(self.f.workspace.n))
        with code.when(code.compare("ne", code.lanes(strict), 0)):
            code.store(self._parts(strict, t, t_new, scales), self.parts)
        return good & ~code.compare("olt", code.load("f", self.parts), math.inf)

    def _parts(self, strict: Value, t: Value, t_new: Value, scales: Scales) -> Value:
        f, code = self.f, self.code
        begin = [f.get("y", s) for s in range(f.workspace.n)]
        end = [self.step.new(s) for s in range(f.workspace.n)]
        aside = [y + scales[s] for s, y in enumerate(end)]
        three = (self._gaps(begin, t), self._gaps(end, t_new), self._gaps(aside, t_new))
        parts = code.number(math.inf)
        for before, after, moved in zip(*three, strict=True):
            part = before / (before - after)
            depth = code.intrinsic("fabs", moved - after) * SHALLOW
            deep = code.compare("ogt", code.intrinsic("fabs", before), depth)
            deep = deep | code.compare("ogt", code.intrinsic("fabs", after), depth)
            crossed = strict & deep & code.compare("olt", before * after, 0.0) & code.compare("olt", part, parts)
            parts = code.select(crossed, part, parts)
        return parts

    def _gaps(self, y: list[Value], t: Value) -> list[Value]:
        nodes = [node for pair in self.pairs for node in pair if node >= 0]
        values = dict(zip(nodes, at_state(self.f, y, self.f.at("c"), t).compute(nodes), strict=True))
        return [values[one] - values[other] if other >= 0 else values[one] for one, other in self.pairs]

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
