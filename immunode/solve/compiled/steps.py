"""One step of each method as vector code, for all lanes of a kernel; the loop around it is in `kernel`.

The arithmetic is that of `methods`, which says where it comes from.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from immunode.program.llvm import vector_math
from immunode.program.llvm.tables import Tables
from immunode.program.llvm.text import Value
from immunode.solve.compiled.part_functions import call_parts, functions_of_parts
from immunode.solve.compiled.past.lookup import look, seen_now, start_search
from immunode.solve.compiled.queue import at_arguments, at_state
from immunode.solve.compiled.workspace import KernelFunction, Workspace
from immunode.solve.numpy.methods import BACK_LEAST, BACK_MOST, CORRECTION_LIMIT, FAST, PIVOT_LIMIT
from immunode.solve.step_size import EXPLICIT, STIFF, Controller
from immunode.solve.tableaus import RODAS5P, TSIT5, ExplicitPair

_TINY_STEP = 1e-200


class Scales:
    """The tolerated errors of all states in a step: values at hand, or rows of the workspace of a large system."""

    def __init__(self, f: KernelFunction) -> None:
        self.f, self.values = f, list[Value]()

    def keep(self, s: int | Value, scale: Value) -> Value:
        """Note the scale of a state, and return it; states come in order."""
        if isinstance(s, int):
            self.values.append(scale)
        else:
            self.f.put(scale, "scale", s)
        return scale

    def __getitem__(self, s: int | Value) -> Value:
        return self.values[s] if isinstance(s, int) and self.values else self.f.get("scale", s)


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

    def judged(self, square: Value, scales: Scales) -> Value:
        """Return the sum over states of the squares of error over tolerance, from that of the one estimate."""
        return square

    def look_inside(self, t: Value, h: Value) -> None:
        """Make ready to give the states inside the step, where some are asked for."""
        return

    @abstractmethod
    def inside(self, s: int | Value, h: Value) -> list[Value]:
        """Return the coefficients of 1, x, x^2, ... of a state inside the step, before `accept`."""

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
    """An explicit pair, here Tsit5; for small systems the whole step stays in registers."""

    name, error_order, controller, explicit = "tsit5", TSIT5.error_order, EXPLICIT, True
    tableau: ClassVar[ExplicitPair] = TSIT5

    def attempt(self, t: Value, h: Value) -> None:
        f = self.f
        self.h = h
        start_search(f)
        self.slopes: list[list[Value]] = [[f.get("slope", s) for s in range(self.n)]] if self.workspace.small else []
        self.last: list[Value] = []
        if not self.workspace.small:
            for s in f.states():
                f.put(f.get("slope", s), "k", s)
        a, nodes = self.tableau.a, self.tableau.nodes
        for i, (row, node) in enumerate(zip(a, nodes, strict=True), start=1):
            target = "y_new" if i == len(a) else "last" if i == len(a) - 1 else "u"
            u = self._stage(i, row, node, t, target)
            self.last = u if target == "last" else self.last
            self.y_new = u
        for d, delay in enumerate(self.workspace.delays):
            seen = seen_now(f, d, self.new(delay.of))
            if self.workspace.small:
                self.y_new[delay.row] = seen
            else:
                f.put(seen, "y_new", delay.row)

    def _stage(self, i: int, row: Sequence[float], node: float, t: Value, target: str) -> list[Value]:
        """Write the slope of a stage from those before; return its argument, which goes to the row `target`."""
        f, code, n = self.f, self.code, self.n
        u = []
        for s in f.states():
            sum_of_slopes = self.combine(row, lambda j, s=s: self._slope(j, s))  # type: ignore[misc]
            value = code.fused(self.h, sum_of_slopes, f.get("y", s))
            u.append(value)
            if not self.workspace.small:
                f.put(value, target, s)
        time = code.fused(self.h, node, t)
        if self.workspace.small:
            look(f, time)
            self.slopes.append(at_state(f, u, f.at("c"), time).compute(self.workspace.program.derivatives))
        else:
            code.call("slope", f.args, f.ws, f.at(target), f.at("c"), f.at("k", i * n), time)
        return u

    def _slope(self, stage: int, s: int | Value) -> Value:
        if self.workspace.small:
            assert isinstance(s, int)
            return self.slopes[stage][s]
        return self.f.get("k", s + stage * self.n)

    def error(self, s: int | Value) -> Value:
        return self.combine(self.tableau.error, lambda j: self._slope(j, s)) * self.h

    def new(self, s: int | Value) -> Value:
        if self.workspace.small:
            assert isinstance(s, int)
            return self.y_new[s]
        return self.f.get("y_new", s)

    def accept(self, good: Value, h: Value) -> None:
        for s in self.f.states():
            self.f.change(good, self._slope(len(self.tableau.a), s), "slope", s)

    def restart(self, lanes: Value, t: Value) -> None:
        f = self.f
        self.code.call("slope", f.args, f.ws, f.at("y"), f.at("c"), f.at("ahead"), t)
        for s in f.states():
            f.change(lanes, f.get("ahead", s), "slope", s)

    def inside(self, s: int | Value, h: Value) -> list[Value]:
        y0, y1 = self.f.get("y", s), self.new(s)
        first, last = self._slope(0, s) * h, self._slope(len(self.tableau.a), s) * h
        quartic = self.combine(TSIT5.quartic, lambda j: self._slope(j, s)) * h
        rise = y1 - y0
        bend = first + last - rise * 2.0
        return [y0, first, rise - first - bend + quartic, bend - quartic * 2.0, quartic]

    def speed(self, scales: Scales) -> Value:
        """Return |h lambda| as a fraction of what the method can take."""
        code, stages = self.code, len(self.tableau.a)

        def change(total: Value, s: int | Value) -> Value:
            one = (self._slope(stages, s) - self._slope(stages - 1, s)) * self.h / scales[s]
            return code.fused(one, one, total)

        def apart(total: Value, s: int | Value) -> Value:
            two = (self.new(s) - self._last(s)) / scales[s]
            return code.fused(two, two, total)

        zero = code.number(0.0)
        return code.intrinsic("sqrt", self.f.fold(zero, change) / self.f.fold(zero, apart)) * (
            1.0 / self.tableau.real_limit
        )

    def _last(self, s: int | Value) -> Value:
        if self.workspace.small:
            assert isinstance(s, int)
            return self.last[s]
        return self.f.get("last", s)


class RosenbrockStep(Step):
    """Rodas5P; right-hand side with solution, and Jacobian with factorization, are functions of their own."""

    name, error_order, controller = "rodas5p", RODAS5P.error_order, STIFF

    @classmethod
    def functions(cls, workspace: Workspace, external: set[str]) -> list[str]:
        return [_stage(workspace, external), *_open(workspace, external)]

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
        for d, delay in enumerate(self.workspace.delays):
            f.put(seen_now(f, d, f.get("y_new", delay.of)), "y_new", delay.row)

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
    start_search(f)
    if workspace.tables is not None:
        code.call("slope", f.args, f.ws, f.at("u"), f.at("c"), out, code.argument("f", "t"))
        for s in f.states():
            where = code.address(out, s * workspace.width)
            code.store(code.load("f", where, 64) + f.get("b", s), where, 64)
        workspace.tables.solve(code, f.at("lu"), out)
    else:
        look(f, code.argument("f", "t"))
        values = at_state(f, f.at("u"), f.at("c"), code.argument("f", "t")).compute(workspace.program.derivatives)
        _solve(f, [value + f.get("b", s) for s, value in enumerate(values)], out)
    return f.text(attributes="nounwind noinline")


def _solve(f: KernelFunction, right: list[Value], out: Value) -> None:
    workspace, code = f.workspace, f.code
    rows = {name: i for i, name in enumerate(workspace.factors.names)}
    solution = workspace.factors.solve(code, lambda name: f.get("lu", rows[name]), right)
    for s, value in enumerate(solution):
        code.store(value, code.address(out, s * workspace.width), 64)


def _open(workspace: Workspace, external: set[str]) -> list[str]:
    """Return `open_step`: Jacobian, its factorization, and the first stage, which share their values; and its parts."""
    f = KernelFunction(workspace, "open_step", [("f", "t"), ("f", "h"), ("f", "w")], external)
    start_search(f)
    look(f, f.code.argument("f", "t"))
    if workspace.tables is not None:
        _open_in_loops(f, workspace.tables)
        called = functions_of_parts(workspace, external, "entries", workspace.opening, at_arguments, _store_opening)
        return [*called, f.text(attributes="nounwind noinline")]
    code, program, n = f.code, workspace.program, workspace.n
    values = at_state(f, f.at("y"), f.at("c"), code.argument("f", "t"))
    slopes = values.compute(program.derivatives)
    entries = values.compute(node for *_, node in program.jacobian)
    place = {(i, j): k for k, (i, j, _) in enumerate(program.jacobian)}
    for s in range(n):
        f.put(entries[place[s, s]] if (s, s) in place else code.number(0.0), "diagonal", s)
    if program.time_derivative:
        for s, rate in enumerate(values.compute(program.time_derivative)):
            slopes[s] = _with_time(f, s, rate, slopes[s])
    factors, worst = workspace.factors.factorize(code, code.argument("f", "w"), entries)
    for i, factor in enumerate(factors):
        f.put(factor, "lu", i)
    f.put(worst, "worst")
    _solve(f, slopes, f.at("k"))
    return [f.text(attributes="nounwind noinline")]


def _with_time(f: KernelFunction, s: int | Value, rate: Value, slope: Value) -> Value:
    """Keep what a state's rate in time adds to stages, and return the right side of the first one."""
    by_time = rate * f.code.argument("f", "h")
    f.put(by_time, "by_time", s)
    return f.code.fused(by_time, RODAS5P.times[0], slope)


def _store_opening(f: KernelFunction, place: int, value: Value) -> None:
    workspace, n = f.workspace, f.workspace.n
    timed = len(workspace.program.time_derivative)
    if place < n:
        f.put(value, "k", place)
    elif place < n + timed:
        f.put(value, "by_time", place - n)
    else:
        i, j, _ = workspace.program.jacobian[place - n - timed]
        assert workspace.tables is not None
        f.put(value, "lu", workspace.tables.slot[i, j])
        if i == j:
            f.put(value, "diagonal", i)


def _open_in_loops(f: KernelFunction, tables: Tables) -> None:
    code, workspace = f.code, f.workspace
    with code.count_to(len(workspace.factors.names)) as row:
        f.put(code.number(0.0), "lu", row)
    for s in f.states():
        f.put(code.number(0.0), "diagonal", s)
    call_parts(f, "entries", f.at("y"), f.at("c"), f.at("k"), code.argument("f", "t"))
    if workspace.program.time_derivative:
        for s in f.states():
            f.put(_with_time(f, s, f.get("by_time", s), f.get("k", s)), "k", s)
    with code.count_to(workspace.n) as row:
        place = row + tables.first_pivot
        f.put(f.get("lu", place) - code.argument("f", "w"), "lu", place)
    tables.factorize(code, f.at("lu"), f.at("worst"))
    tables.solve(code, f.at("lu"), f.at("k"))
