"""The steps of all lanes written on a tape, one vector a row; see `tape` for what an entry holds.

Steps that are no quartics are written as several, each of which is as exact as the tolerance asks: all lanes have their
own number of pieces, and those of a pass are as many entries as the lane with most of them needs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from immunode.program.llvm import vector_math
from immunode.program.llvm.text import Value
from immunode.solve.compiled.eighth_order import STEPS
from immunode.solve.compiled.steps import Step
from immunode.solve.compiled.watch.search import bernstein, cut_short
from immunode.solve.compiled.workspace import KernelFunction, Workspace
from immunode.solve.tape import DEGREE, HEAD, MISFIT, MOST_PIECES, NODE_PRODUCT, PER_STATE, THROUGH_FIVE


def tape(workspace: Workspace, external: set[str]) -> str:
    """Return `tape`: the steps that end at the row `t_new` are written down, before they are accepted."""
    f = KernelFunction(workspace, "tape", external=external)
    h = f.get("h_tried")
    step = STEPS[workspace.method](f)
    step.look_back(h)
    write_step(f, step, h)
    return f.text(attributes="nounwind noinline")


def most_entries(workspace: Workspace) -> int:
    """Return how many entries a pass may write."""
    return 1 if workspace.degree == DEGREE else MOST_PIECES


def write_step(f: KernelFunction, step: Step, h: Value) -> None:
    """Write the steps tried: the states that are watched, or all of a system whose step lies in registers."""
    if f.workspace.degree == DEGREE:
        _write_quartics(f, step, h)
    else:
        _Pieces(f, step, h)


def _write_quartics(f: KernelFunction, step: Step, h: Value) -> None:
    def when() -> tuple[Value, Value, Value]:
        t, t_new = f.get("t"), f.get("t_new")
        return t, t_new, f.code.compare("ogt", t_new, -math.inf)

    def rows(s: int | Value) -> list[Value]:
        quartic = bernstein(step, step.inside(s, h), s)
        return cut_short(f, quartic, s) if f.workspace.program.triggers else quartic

    _write_entry(f, when, rows)


def _write_entry(
    f: KernelFunction, when: Callable[[], tuple[Value, Value, Value]], rows: Callable[[int | Value], list[Value]]
) -> None:
    """Write one entry. when : returns where it begins and ends, and the lanes that have one.   rows : of a state."""
    code, width = f.code, f.workspace.width
    taped, apart = f.given("taped"), f.given("tape_end") * width
    entry = code.address(f.given("tape"), taped * width)
    f.give_back(taped + 1, "taped")
    begin, end, good = when()
    # switches turn inside the kernel: a step has the parameters of the log's entry before it
    column = "column" if f.workspace.turns else "run"
    code.store(code.select(good, f.get("run", kind="i"), -1), entry)
    code.store(begin, code.address(entry, apart))
    code.store(end - begin, code.address(entry, apart * 2))
    code.store(code.select(good, f.get(column, kind="i"), -1), code.address(entry, apart * 3))
    for s, place in _watched(f):
        _write_state(f, code.address(entry, apart * (place * PER_STATE + HEAD)), apart, rows(s))


def _watched(f: KernelFunction) -> Iterator[tuple[int | Value, int | Value]]:
    """Go through the states that are written down and their places in an entry, in a loop of the code."""
    if f.workspace.small:
        yield from ((row, row) for row in range(f.workspace.n))
        return
    with f.code.count_to(f.given("n_watch")) as i:
        yield f.code.load("l", f.code.address(f.given("watch"), i, "i64")), i


class _Pieces:
    """Writes steps of a higher degree as quartics through five points of each piece."""

    def __init__(self, f: KernelFunction, step: Step, h: Value) -> None:
        self.f, self.code, self.step, self.degree = f, f.code, step, f.workspace.degree
        code = f.code
        self.t, t_new = f.get("t"), f.get("t_new")
        good = code.compare("ogt", t_new, -math.inf)
        self.length = t_new - self.t
        # of the polynomial, whose length may have been cut, or set to that of a stop
        self.end = self.length / h
        rtol = code.spread(f.given("rtol"))
        worst = code.variable(code.number(0.0))
        for s, _ in _watched(f):
            c = step.inside(s, h)
            for k, value in enumerate(c):
                f.put(value, "inside", s * (self.degree + 1) + k)
            miss = self._bend(c) / step.scale(s, rtol)
            before = code.load("f", worst, 64)
            code.store(code.select(code.compare("ogt", miss, before), miss, before), worst, 64)
        self.count = self._number(code.load("f", worst, 64))
        number = code.variable(code.number(0.0))
        with code.loop() as loop:
            self.k = code.load("f", number, 64)
            self.open = good & code.compare("olt", self.k, self.count)
            loop.leave_if(code.compare("eq", code.lanes(self.open), 0))
            self.last = code.compare("oge", self.k + 1.0, self.count)
            self.share = code.number(1.0) / self.count
            _write_entry(f, self._when, self._rows)
            code.store(self.k + 1.0, number, 64)

    def _bend(self, c: list[Value]) -> Value:
        """Return a bound of the fifth derivative over 5! of a polynomial of degree 7: it is a parabola."""
        code = self.code
        parabola = [c[5], code.fused(c[6], 3.0, c[5]), code.fused(c[7], 21.0, code.fused(c[6], 6.0, c[5]))]
        largest = code.number(0.0)
        for value in parabola:
            size = code.intrinsic("fabs", value)
            largest = code.select(code.compare("ogt", size, largest), size, largest)
        return largest

    def _number(self, worst: Value) -> Value:
        """Return how many quartics it takes to come as near as is asked for, a whole number of each lane."""
        code = self.code
        part = code.intrinsic("fabs", self.end)
        miss = worst * part * part * part * part * part * (NODE_PRODUCT / MISFIT)
        least = code.select(code.compare("ogt", miss, 1.0), miss, 1.0)
        least = code.select(code.compare("olt", least, 1e100), least, 1e100)
        pieces = vector_math.rough_exp2(code, vector_math.rough_log2(code, least) * (1.0 / (DEGREE + 1)))
        pieces = code.intrinsic("ceil", pieces)
        return code.select(code.compare("olt", pieces, float(MOST_PIECES)), pieces, float(MOST_PIECES))

    def _when(self) -> tuple[Value, Value, Value]:
        begin = self.t + self.length * (self.k * self.share)
        end = self.t + self.length * ((self.k + 1.0) * self.share)
        return begin, self.code.select(self.last, self.f.get("t_new"), end), self.open

    def _rows(self, s: int | Value) -> list[Value]:
        f, code = self.f, self.code
        c = [f.get("inside", s * (self.degree + 1) + k) for k in range(self.degree + 1)]
        points = []
        for j in range(DEGREE + 1):
            x = (self.k + j / DEGREE) * self.share * self.end
            y = c[-1]
            for coefficient in c[-2::-1]:
                y = code.fused(y, x, coefficient)
            points.append(y)
        y_end = self.step.new(s)
        if f.workspace.program.triggers:
            y_end = code.select(code.compare("olt", f.get("cut"), math.inf), f.get("cut_y", s), y_end)
        points[-1] = code.select(self.last, y_end, points[-1])
        return [self.step.combine(row.tolist(), points.__getitem__) for row in THROUGH_FIVE]


def _write_state(f: KernelFunction, where: Value, apart: Value, rows: list[Value]) -> None:
    """Write the Bernstein coefficients of a state in the step, and the largest and smallest; rows lie `apart`."""
    code = f.code
    highest = lowest = rows[0]
    for row in rows[1:]:
        highest = code.select(code.compare("ogt", row, highest), row, highest)
        lowest = code.select(code.compare("olt", row, lowest), row, lowest)
    for k, row in enumerate([*rows, highest, lowest]):
        code.store(row, code.address(where, apart * k))
