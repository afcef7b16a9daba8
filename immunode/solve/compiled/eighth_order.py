"""The pair of order 8 as vector code, and the steps of all methods by name."""

from __future__ import annotations

from immunode.program.llvm.text import Value
from immunode.solve.compiled.steps import ExplicitStep, RosenbrockStep, Scales, Step
from immunode.solve.eighth_order.tableau import DOP853, POWERS
from immunode.solve.step_size import EIGHTH

_TINY = 1e-300


class EighthStep(ExplicitStep):
    """Dormand's and Prince's pair of order 8; the states inside a step take three more stages."""

    name, error_order, controller = DOP853.name, DOP853.error_order, EIGHTH
    tableau = DOP853

    def judged(self, square: Value, scales: Scales) -> Value:
        """See `Step`; the arithmetic is that of `numpy.eighth_order`."""
        code = self.code

        def more(total: Value, s: int | Value) -> Value:
            other = self.combine(DOP853.other_error, lambda j: self._slope(j, s)) * self.h / scales[s]
            return code.fused(other, other, total)

        both = code.fused(self.f.fold(code.number(0.0), more), 0.01, square)
        # the order of the comparison keeps a NaN
        both = code.select(code.compare("olt", both, _TINY), code.number(_TINY), both)
        return square * (square / both)

    def look_inside(self, t: Value, h: Value) -> None:
        """See `Step`."""
        first = len(DOP853.a) + 1
        if self.workspace.small:
            del self.slopes[first:]
        for i, (row, node) in enumerate(zip(DOP853.more, DOP853.more_nodes, strict=True), start=first):
            self._stage(i, row, node, t, "u")

    def inside(self, s: int | Value, h: Value) -> list[Value]:
        """See `Step`."""
        y0, first, last = self.f.get("y", s), self._slope(0, s) * h, self._slope(len(DOP853.a), s) * h
        rise = self.new(s) - y0
        parts = [rise, first - rise, rise * 2.0 - (first + last)]
        parts += [self.combine(weights, lambda j: self._slope(j, s)) * h for weights in DOP853.dense]
        return [y0, *(self.combine(row, lambda i: parts[i]) for row in POWERS)]


STEPS: dict[str, type[Step]] = {step.name: step for step in (ExplicitStep, RosenbrockStep, EighthStep)}
