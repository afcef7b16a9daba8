"""One step of each method as vector code, for all lanes of a kernel; the loop around it is in `kernel`.

The arithmetic is that of `methods`, which says where it comes from.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from immunode.program.llvm import vector_math
from immunode.program.llvm.tables import Tables
from immunode.program.llvm.text import Value
from immunode.solve.compiled.queue import at_state
from immunode.solve.compiled.workspace import KernelFunction, Workspace
from immunode.solve.numpy.methods import BACK_LEAST, BACK_MOST, CORRECTION_LIMIT, FAST, PIVOT_LIMIT
from immunode.solve.step_size import EXPLICIT, STIFF, Controller
from immunode.solve.tableaus import RODAS5P, TSIT5

_TINY_STEP = 1e-200


class Step(ABC):
    """A method's step inside the kernel `f`: tries one, judges it, and knows the states inside it."""

    name: ClassVar[str]
    error_order: ClassVar[int]
    controller: ClassVar[Controller]
    explicit: ClassVar[bool] = False

    h: Value

    def __init__(self, f: KernelFunction) -> None:
        self.f, self.code, self.workspace, self.n = f, f.code, f.workspace, f.workspace.n

    @classmethod
    def functions(cls, workspace: Workspace, external: set[str]) -> list[str]:
        """Return the text of functions that the step calls."""
        return []

    @abstractmethod
    def attempt(self, t: Value, h: Value) -> None:
        """Try a step."""

    @abstractmethod
    def error(self, s: int | Value) -> Value:
        """Return the error estimate of a state."""

    @abstractmethod
    def new(self, s: int | Value) -> Value:
        """Return the state at the end of the step."""

    @abstractmethod
    def accept(self, good: Value, h: Value) -> None:
        """Keep what the next step needs, in lanes whose step is good; called before the state is overwritten."""

    @abstractmethod
    def restart(self, lanes: Value, t: Value) -> None:
        """Take up lanes whose state was set from outside."""

    @abstractmethod
    def inside(self, s: int | Value, h: Value) -> list[Value]:
        """Return the coefficients of 1, x, ..., x^4 of a state inside the step, before `accept`."""

    def scale(self, s: int | Value, rtol: Value) -> Value:
        """Return the tolerated error of a state."""
        f, code = self.f, self.code
        before, after = code.intrinsic("fabs", f.get("y", s)), code.intrinsic("fabs", self.new(s))
        largest = code.select(code.compare("ogt", after, before), after, before)
        return code.fused(largest, rtol, f.get("atol", s))

    def look_back(self, h: Value) -> None:
        """Make ready to give the states inside a step of size h that another function tried."""
        self.h = h

    def failed(self) -> Value | None:
        """Return in which lanes the step has no meaning."""
        return None

    def combine(self, weights: Sequence[float], part: Callable[[int], Value], start: Value | None = None) -> Value:
        """Return start + sum of weights times parts."""
        total = start
        for j, weight in enumerate(weights):
            if weight:
                total = part(j) * weight if total is None else self.code.fused(part(j), weight, total)
        return self.code.number(0.0) if total is None else total


class ExplicitStep(Step):
    """Tsit5; for small systems the whole step stays in registers."""

    name, error_order, controller, explicit = "tsit5", TSIT5.error_order, EXPLICIT, True

    def attempt(self, t: Value, h: Value) -> None:
        f, code, n = self.f, self.code, self.n
        self.h = h
        self.slopes: list[list[Value]] = [[f.get("slope", s) for s in range(n)]] if self.workspace.small else []
        self.last: list[Value] = []
        if not self.workspace.small:
            for s in f.states():
                f.put(f.get("slope", s), "k", s)
        for i, row in enumerate(TSIT5.a, start=1):
            final, before = i == len(TSIT5.a), i == len(TSIT5.a) - 1
            target = "y_new" if final else "last" if before else "u"
            u = []
            for s in f.states():
                sum_of_slopes = self.combine(row, lambda j, s=s: self._slope(j, s))  # type: ignore[misc]
                value = code.fused(h, sum_of_slopes, f.get("y", s))
                u.append(value)
                if not self.workspace.small:
                    f.put(value, target, s)
            self.last = u if before else self.last
            time = code.fused(h, TSIT5.nodes[i - 1], t)
            if self.workspace.small:
                values = at_state(f, u, f.at("c"), time)
                self.slopes.append(values.compute(self.workspace.program.derivatives))
                self.y_new = u
            else:
                code.call("slope", f.args, f.ws, f.at(target), f.at("c"), f.at("k", i * n), time)

    def _slope(self, stage: int, s: int | Value) -> Value:
        if self.workspace.small:
            assert isinstance(s, int)
            return self.slopes[stage][s]
        return self.f.get("k", s + stage * self.n)

    def error(self, s: int | Value) -> Value:
        return self.combine(TSIT5.error, lambda j: self._slope(j, s)) * self.h

    def new(self, s: int | Value) -> Value:
        if self.workspace.small:
            assert isinstance(s, int)
            return self.y_new[s]
        return self.f.get("y_new", s)

    def accept(self, good: Value, h: Value) -> None:
        for s in self.f.states():
            self.f.change(good, self._slope(len(TSIT5.a), s), "slope", s)

    def restart(self, lanes: Value, t: Value) -> None:
        f = self.f
        self.code.call("slope", f.args, f.ws, f.at("y"), f.at("c"), f.at("ahead"), t)
        for s in range(self.n):
            f.change(lanes, f.get("ahead", s), "slope", s)

    def inside(self, s: int | Value, h: Value) -> list[Value]:
        y0, y1 = self.f.get("y", s), self.new(s)
        first, last = self._slope(0, s) * h, self._slope(len(TSIT5.a), s) * h
        quartic = self.combine(TSIT5.quartic, lambda j: self._slope(j, s)) * h
        rise = y1 - y0
        bend = first + last - rise * 2.0
        return [y0, first, rise - first - bend + quartic, bend - quartic * 2.0, quartic]

    def speed(self, scales: Sequence[Value]) -> Value:
        """Return |h lambda| as a fraction of what the method can take."""
        code, stages = self.code, len(TSIT5.a)
        change = apart = code.number(0.0)
        for s, scale in enumerate(scales):
            last = self.last[s] if self.workspace.small else self.f.get("last", s)
            one = (self._slope(stages, s) - self._slope(stages - 1, s)) * self.h / scale
            two = (self.new(s) - last) / scale
            change, apart = code.fused(one, one, change), code.fused(two, two, apart)
        return code.intrinsic("sqrt", change / apart) * (1.0 / TSIT5.real_limit)


class RosenbrockStep(Step):
    """Rodas5P; right-hand side with solution, and Jacobian with factorization, are functions of their own."""

    name, error_order, controller = "rodas5p", RODAS5P.error_order, STIFF

    @classmethod
    def functions(cls, workspace: Workspace, external: set[str]) -> list[str]:
        return [_stage(workspace, external), _open(workspace, external)]

    def attempt(self, t: Value, h: Value) -> None:
        f, code, n, tableau = self.f, self.code, self.n, RODAS5P
        timed = bool(self.workspace.program.time_derivative)
        safe = code.select(code.compare("ogt", h, _TINY_STEP), h, _TINY_STEP)
        over_h = code.number(1.0) / safe
        self.w = over_h * (1.0 / tableau.gamma)
        code.call("open_step", f.args, f.ws, t, h, self.w)
        for i in range(1, len(tableau.nodes)):
            row = tableau.a[i - 1]
            only_last = i > 1 and row == (*tableau.a[i - 2], 1.0)
            for s in f.states():
                part = self._part(s)
                u = f.get("u", s) + part(i - 1) if only_last else self.combine(row, part, f.get("y", s))
                f.put(u, "u", s)
                b = self.combine(tableau.c[i - 1], part) * over_h
                if timed and tableau.times[i]:
                    b = code.fused(f.get("by_time", s), tableau.times[i], b)
                f.put(b, "b", s)
            code.call("stage", f.args, f.ws, f.at("k", i * n), code.fused(h, tableau.nodes[i], t))
        last = len(tableau.nodes) - 1
        for s in f.states():
            f.put(f.get("u", s) + self._part(s)(last), "y_new", s)

    def _part(self, s: int | Value) -> Callable[[int], Value]:
        return lambda j: self.f.get("k", s + j * self.n)

    def error(self, s: int | Value) -> Value:
        return self._part(s)(len(RODAS5P.nodes) - 1)

    def new(self, s: int | Value) -> Value:
        return self.f.get("y_new", s)

    def failed(self) -> Value:
        return ~self.code.compare("olt", self.f.get("worst") * self.w, PIVOT_LIMIT)

    def accept(self, good: Value, h: Value) -> None:
        f = self.f
        f.change(good, h, "h_before")
        for s in f.states():
            f.change(good, f.get("y", s), "y_before", s)

    def restart(self, lanes: Value, t: Value) -> None:
        self.f.change(lanes, self.code.number(0.0), "h_before")

    def inside(self, s: int | Value, h: Value) -> list[Value]:
        y0, y1 = self.f.get("y", s), self.new(s)
        d1, d2, d3 = (self.combine(row, self._part(s)) for row in RODAS5P.dense)
        plain = [y0, y1 - y0 + d1, d2 - d1, d3 - d2, -d3]
        one, two = RODAS5P.shape
        shape = (one * two, -(one + two) - one * two, 1.0 + one + two, -1.0)
        short = self._shortfall(s, h, plain, shape)
        return [y0, *(self.code.fused(short, weight, c) for c, weight in zip(plain[1:], shape, strict=True))]

    def _shortfall(self, s: int | Value, h: Value, plain: list[Value], weights: Sequence[float]) -> Value:
        """Return what the polynomial lacks of the known shape; see `methods.Stiff._shortfall`."""
        code, f = self.code, self.f
        x = -(f.get("h_before") / h)
        value, shape = plain[4] * x, x * weights[3]
        for coefficient, weight in zip(plain[3:0:-1], weights[2::-1], strict=True):
            value = (value + coefficient) * x
            shape = (shape + weight) * x
        short = (f.get("y_before", s) - value - plain[0]) / shape
        usable = code.compare("olt", x, -BACK_LEAST) & code.compare("ogt", x, -BACK_MOST)
        scale = self.scale(s, code.spread(f.given("rtol"))) * CORRECTION_LIMIT
        usable = usable & code.compare("olt", code.intrinsic("fabs", short), scale)
        short = code.select(usable, short, 0.0)
        fast = h * f.get("diagonal", s)
        # bounded, so that the share of an infinite speed is 1 and not NaN
        squared = fast * fast
        squared = code.select(code.compare("olt", squared, 1e300), squared, 1e300)
        return short * (squared * vector_math.rough_inverse(code, squared + FAST**2))


def _stage(workspace: Workspace, external: set[str]) -> str:
    """Return `stage`: out = solution of (w - J) out = f(t, u) + b."""
    f = KernelFunction(workspace, "stage", [("p", "out"), ("f", "t")], external)
    code = f.code
    out = code.argument("p", "out")
    if workspace.tables is not None:
        code.call("slope", f.args, f.ws, f.at("u"), f.at("c"), out, code.argument("f", "t"))
        for s in f.states():
            where = code.address(out, s * workspace.width)
            code.store(code.load("f", where, 64) + f.get("b", s), where, 64)
        workspace.tables.solve(code, f.at("lu"), out)
    else:
        values = at_state(f, f.at("u"), f.at("c"), code.argument("f", "t")).compute(workspace.program.derivatives)
        _solve(f, [value + f.get("b", s) for s, value in enumerate(values)], out)
    return f.text(attributes="nounwind noinline")


def _solve(f: KernelFunction, right: list[Value], out: Value) -> None:
    workspace, code = f.workspace, f.code
    rows = {name: i for i, name in enumerate(workspace.factors.names)}
    solution = workspace.factors.solve(code, lambda name: f.get("lu", rows[name]), right)
    for s, value in enumerate(solution):
        code.store(value, code.address(out, s * workspace.width), 64)


def _open(workspace: Workspace, external: set[str]) -> str:
    """Return `open_step`: Jacobian, its factorization, and the first stage, which share their values."""
    f = KernelFunction(workspace, "open_step", [("f", "t"), ("f", "h"), ("f", "w")], external)
    code, program, n = f.code, workspace.program, workspace.n
    values = at_state(f, f.at("y"), f.at("c"), code.argument("f", "t"))
    slopes = values.compute(program.derivatives)
    entries = values.compute(node for *_, node in program.jacobian)
    place = {(i, j): k for k, (i, j, _) in enumerate(program.jacobian)}
    for s in range(n):
        f.put(entries[place[s, s]] if (s, s) in place else code.number(0.0), "diagonal", s)
    if program.time_derivative:
        for s, rate in enumerate(values.compute(program.time_derivative)):
            by_time = rate * code.argument("f", "h")
            f.put(by_time, "by_time", s)
            slopes[s] = code.fused(by_time, RODAS5P.times[0], slopes[s])
    if workspace.tables is not None:
        _open_in_loops(f, workspace.tables, slopes, entries)
        return f.text(attributes="nounwind noinline")
    factors, worst = workspace.factors.factorize(code, code.argument("f", "w"), entries)
    for i, factor in enumerate(factors):
        f.put(factor, "lu", i)
    f.put(worst, "worst")
    _solve(f, slopes, f.at("k"))
    return f.text(attributes="nounwind noinline")


def _open_in_loops(f: KernelFunction, tables: Tables, slopes: list[Value], entries: list[Value]) -> None:
    code, workspace = f.code, f.workspace
    for s, slope in enumerate(slopes):
        f.put(slope, "k", s)
    with code.count_to(len(workspace.factors.names)) as row:
        f.put(code.number(0.0), "lu", row)
    for (i, j, _), entry in zip(workspace.program.jacobian, entries, strict=True):
        f.put(entry, "lu", tables.slot[i, j])
    with code.count_to(workspace.n) as row:
        place = row + tables.first_pivot
        f.put(f.get("lu", place) - code.argument("f", "w"), "lu", place)
    tables.factorize(code, f.at("lu"), f.at("worst"))
    tables.solve(code, f.at("lu"), f.at("k"))


STEPS: dict[str, type[Step]] = {"tsit5": ExplicitStep, "rodas5p": RosenbrockStep}
SMALLEST_ERROR = math.log2(1e-200)
