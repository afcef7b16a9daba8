"""Functions of a kernel that act on single lanes: a run is taken up, its outputs are written, it is let go."""

from __future__ import annotations

import math
from collections.abc import Callable

from immunode.program.llvm import vector_math
from immunode.program.llvm.source import Values
from immunode.program.llvm.text import Value
from immunode.solve import step_size
from immunode.solve.compiled.actions import Actions
from immunode.solve.compiled.part_functions import call_parts, functions_of_parts
from immunode.solve.compiled.past.lookup import look
from immunode.solve.compiled.workspace import EPS, KernelFunction, Workspace
from immunode.solve.status import Status


def right_hand_side(workspace: Workspace, external: set[str]) -> list[str]:
    """Return `slope`: u (n rows), c, out (n rows), t -> writes dy/dt; and what it calls."""
    f = KernelFunction(workspace, "slope", [("p", "u"), ("p", "c"), ("p", "out"), ("f", "t")], external)
    code, derivatives = f.code, workspace.program.derivatives
    u, c, out, t = (code.argument(kind, name) for kind, name in (("p", "u"), ("p", "c"), ("p", "out"), ("f", "t")))
    called: list[str] = []
    look(f, t)
    if workspace.looped:
        called = functions_of_parts(workspace, external, "slope", derivatives, at_arguments, _store_out)
        call_parts(f, "slope", u, c, out, t)
    else:
        for s, value in enumerate(at_state(f, u, c, t).compute(derivatives)):
            _store_out(f, s, value)
    return [*called, f.text(attributes="nounwind noinline")]


def _store_out(f: KernelFunction, s: int, value: Value) -> None:
    f.code.store(value, f.code.address(f.code.argument("p", "out"), s * f.workspace.width), 64)


def at_arguments(f: KernelFunction) -> Values:
    """Return the writer of nodes of a function whose parameters are u, c and t."""
    code = f.code
    return at_state(f, code.argument("p", "u"), code.argument("p", "c"), code.argument("f", "t"))


def at_state(f: KernelFunction, u: Value | list[Value], c: Value, t: Value) -> Values:
    """Return a writer of nodes at states `u` (their address, or values), prepared values `c` (address), time `t`.

    Delayed states change as they were seen to at the last `look`.
    """
    code, workspace = f.code, f.workspace

    def state(row: int) -> Value:
        return u[row] if isinstance(u, list) else code.load("f", code.address(u, row * workspace.width), 64)

    def parameter(row: int) -> Value:
        raise AssertionError(row)

    rows = {node: i for i, node in enumerate(workspace.prepared)}

    def known(node: int) -> Value:
        return code.load("f", code.address(c, rows[node] * workspace.width), 64)

    def seen(node: int) -> Value:
        d, order = workspace.past[node]
        return f.get(f"past_{order}", d)

    leaves: dict[int, Callable[[int], Value]] = dict.fromkeys(workspace.prepared, known)
    leaves |= dict.fromkeys(workspace.past, seen)
    return Values(code, workspace.program, state, parameter, lambda: t, leaves)


def begin(workspace: Workspace, external: set[str], order: int) -> list[str]:
    """Return `begin`: the runs from position `from` of the queue on, one a lane, are made ready; and what it calls."""
    f = KernelFunction(workspace, "begin", [("l", "from")], external)
    code, width, n = f.code, workspace.width, workspace.n
    last = f.given("n_queue") - 1
    with code.count_to(width) as lane:
        position = code.argument("l", "from") + lane
        position = code.select(code.compare("slt", position, last), position, last)
        run = code.load("l", code.address(f.given("queue"), position))
        _copy_column(f, "y", f.given("y"), f.given("y_stride"), n, run, lane, waiting=True)
        _copy_column(f, "atol", f.given("atol"), f.given("y_stride"), n, run, lane, waiting=True)
        _copy_column(
            f, "p", f.given("p"), f.given("stride"), len(workspace.program.parameters), run, lane, waiting=False
        )
        for name in ("holds", "idle") if workspace.program.triggers else ():
            rows = len(workspace.program.triggers)
            _copy_column(f, name, f.given(name), f.given("stride"), rows, run, lane, waiting=True)
        f.put_one(run, "run", lane, waiting=True)
        for name in ("t", "t_stop"):
            f.put_one(code.load("d", code.address(f.given(name), run)), name, lane, waiting=True)
        for name in ("final", "next_out", "steps", "rejected"):
            f.put_one(code.load("l", code.address(f.given(name), run)), name, lane, waiting=True)
        following = f.one("next_out", lane, "l", waiting=True)
        f.put_one(code.load("d", code.address(f.given("times"), following)), "t_out", lane, waiting=True)
        if workspace.actions is not None:
            events = len(workspace.actions.body)
            _copy_column(f, "break_time", f.given("break_time"), f.given("stride"), events, run, lane, waiting=True)
        for d, delay in enumerate(workspace.delays):
            begun = code.load("d", code.address(f.given("begun"), f.given("y_stride") * delay.of + run))
            f.put_one(begun, "before", lane, d, waiting=True)
        place = (run * f.given("n_times") + following) * n
        f.put_one(place, "place", lane, waiting=True)
    called: list[str] = []
    if workspace.looped:
        called = functions_of_parts(workspace, external, "prepare", workspace.prepared, _at_parameters, _store_prepared)
        call_parts(f, "prepare", f.at("u"), f.at("c"), f.at("u"), code.number(0.0))
    else:
        for i, value in enumerate(_at_parameters(f).compute(workspace.prepared)):
            _store_prepared(f, i, value)
    _prepare(f)
    if workspace.delays:
        # they have no past yet: that is for the lanes
        _write_lags(f)
        f.put(code.number(0.0), "h", waiting=True)
        return [*called, f.text(attributes="nounwind noinline")]
    h = first_step(f, order, "begun", waiting=True)
    if workspace.explicit:
        for s in f.states():
            f.put(f.get("begun", s), "slope", s, waiting=True)
    f.put(h, "h", waiting=True)
    return [*called, f.text(attributes="nounwind noinline")]


def _write_lags(f: KernelFunction) -> None:
    code = f.code
    longest = code.number(math.inf)
    for d, lag in enumerate(_at_parameters(f).compute(delay.lag for delay in f.workspace.delays)):
        f.put(lag, "lag", d, waiting=True)
        shorter = code.compare("ogt", lag, 0.0) & code.compare("olt", lag, longest)
        longest = code.select(shorter, lag, longest)
    f.put(longest, "longest", waiting=True)


def _store_prepared(f: KernelFunction, i: int, value: Value) -> None:
    f.put(value, "c", i, waiting=True)


def _copy_column(
    f: KernelFunction, name: str, source: Value, stride: Value, rows: int, run: Value, lane: Value, waiting: bool
) -> None:
    code = f.code
    with code.count_to(rows) as row:
        f.put_one(code.load("d", code.address(source, row * stride + run)), name, lane, row, waiting)


def _at_parameters(f: KernelFunction) -> Values:
    """Return a writer of nodes that depend on parameters alone."""

    def state(row: int) -> Value:
        raise AssertionError(row)

    return Values(f.code, f.workspace.program, state, lambda row: f.get("p", row), lambda: f.code.number(0.0), {})


def _prepare(f: KernelFunction) -> None:
    code, workspace = f.code, f.workspace
    stop = f.get("t_stop", waiting=True)
    f.put(stop - code.intrinsic("fabs", stop) * (4.0 * EPS), "t_near", waiting=True)
    f.put(code.number(step_size.GROW_MOST), "growth", waiting=True)
    f.put(code.number(math.inf), "h_most", waiting=True)
    f.put(code.integer(0), "stiff", waiting=True)
    f.put(code.integer(-1), "busy", waiting=True)
    f.put(code.number(memory_at_start(workspace.n)), "memory", waiting=True)
    if workspace.actions is not None:
        for i, row in enumerate(workspace.actions.held):
            f.put(f.get("p", row), "held", i, waiting=True)
        f.put(f.get("run", kind="i", waiting=True), "column", waiting=True)
    if workspace.beside:
        for i in range(len(workspace.program.triggers)):
            f.put(code.number(0.0), "turned", i, waiting=True)
    if not workspace.explicit:
        f.put(code.number(0.0), "h_before", waiting=True)
        for s in f.states():
            f.put(code.number(0.0), "y_before", s, waiting=True)


def memory_at_start(n: int) -> float:
    """Return log2 of the sum of squares that stands for the smallest error remembered."""
    return math.log2(n) + 2.0 * math.log2(step_size.LOWEST_ERROR)


def first_step(f: KernelFunction, order: int, slopes: str, waiting: bool) -> Value:
    """Return the size of the first step, NaN where the right-hand side is not finite.

    slopes : rows that the right-hand side is written to.   waiting : whether it is of the runs that wait.
    """
    code = f.code
    t = f.get("t", waiting=waiting)
    longest = f.get("t_stop", waiting=waiting) - t
    if f.workspace.delays:
        lag = f.get("longest", waiting=waiting)
        longest = code.select(code.compare("olt", lag, longest), lag, longest)
    c = f.at("c", waiting=waiting)
    code.call("slope", f.args, f.ws, f.at("y", waiting=waiting), c, f.at(slopes), t)
    size = _root_mean_square(f, lambda s: f.get("y", s, waiting=waiting), waiting)
    speed = _root_mean_square(f, lambda s: f.get(slopes, s), waiting)
    slow = code.compare("olt", size, 1e-5) | code.compare("olt", speed, 1e-5)
    h = code.select(slow, code.number(1e-6), size * 0.01 / speed)
    h = code.select(code.compare("olt", code.intrinsic("fabs", h), math.inf), h, 1e-6)
    h = code.select(code.compare("olt", h, longest), h, longest)
    for s in f.states():
        f.put(f.get("y", s, waiting=waiting) + h * f.get(slopes, s), "u", s)
    code.call("slope", f.args, f.ws, f.at("u"), c, f.at("ahead"), t + h)
    bend = _root_mean_square(f, lambda s: f.get("ahead", s) - f.get(slopes, s), waiting) / h
    largest = code.select(code.compare("olt", bend, speed), speed, bend)
    flat = code.compare("ole", largest, 1e-15)
    least = code.select(code.compare("olt", h, 1e-3), code.number(1e-6), h * 1e-3)
    root = vector_math.exp(code, vector_math.log(code, code.number(0.01) / largest) * (1.0 / order))
    step = code.select(flat, least, root)
    # a look ahead that left the domain says that the scale is smaller still
    step = code.select(code.compare("olt", step, math.inf), step, h * 1e-3)
    step = code.select(code.compare("olt", step, h * 100.0), step, h * 100.0)
    if f.workspace.program.triggers:
        # between events that only turn switches, or stop clocks, nothing bends: no need to feel one's way
        step = code.select(code.compare("oeq", bend, 0.0), longest, step)
    step = code.select(code.compare("olt", step, longest), step, longest)
    return code.select(all_finite(f, slopes), step, math.nan)


def all_finite(f: KernelFunction, rows: str) -> Value:
    """Return in which lanes all of a row for each state is finite."""
    code = f.code

    def unsound(total: Value, s: int | Value) -> Value:
        """Add what is zero where a value is finite and NaN elsewhere."""
        value = f.get(rows, s)
        with code.exactly():
            return total + value * 0.0

    total = f.fold(code.number(0.0), unsound)
    return code.compare("ord", total, total)


def _root_mean_square(f: KernelFunction, part: Callable[[int | Value], Value], waiting: bool) -> Value:
    """Return the root mean square over states of a part, each over the error tolerated at the start."""
    code, rtol = f.code, f.code.spread(f.given("rtol"))

    def more(total: Value, s: int | Value) -> Value:
        size = code.intrinsic("fabs", f.get("y", s, waiting=waiting))
        scale = f.get("atol", s, waiting=waiting) + rtol * size
        scaled = part(s) / scale
        return total + scaled * scaled

    return code.intrinsic("sqrt", f.fold(code.number(0.0), more) * (1.0 / f.workspace.n))


def fill(workspace: Workspace) -> str:
    """Return `fill`: the next run of the queue goes into `lane`, or the lane falls idle."""
    f = KernelFunction(workspace, "fill", [("l", "lane")])
    code, width = f.code, workspace.width
    lane, zero = code.argument("l", "lane"), code.integer(0, "l")
    with code.loop() as loop:
        position = f.one("next", zero, "l")
        with code.when(code.compare("sge", position, f.given("n_queue"))):
            _idle(f, lane)
            code.returns()
            code.place(code.label())
        f.put_one(position + 1, "next", zero)
        source = code.bits("and", position, width - 1)
        with code.when(code.compare("eq", source, 0)):
            code.call("begin", f.args, f.ws, position)
        with code.count_to(workspace.kept) as row:
            value = f.one("y", source, "l", row, waiting=True)
            f.put_one(value, "y", lane, row)
        if f.workspace.delays:
            # what it shows is still to be looked up
            for name, number in (("fresh", -1), ("jumped", -1), ("code", 0)):
                f.put_one(code.integer(number, "l"), name, lane)
        else:
            code.call("show", f.args, f.ws, lane)
        h = f.one("h", lane)
        finite = code.compare("ord", h, h)
        loop.leave_if(finite & code.compare("slt", f.one("steps", lane, "l"), f.given("max_steps")))
        for s in f.states():
            # what is not finite is the trouble
            slope = f.one("begun", source, "d", s)
            f.put_one(slope, "scaled", lane, s)
        spent = code.integer(Status.TOO_MANY_STEPS, "l")
        f.put_one(code.select(finite, spent, Status.NOT_FINITE), "code", lane)
        code.call("finish", f.args, f.ws, lane)
    return f.text(attributes="nounwind noinline")


def _idle(f: KernelFunction, lane: Value) -> None:
    code = f.code
    infinite, nothing = code.number(math.inf, "d"), code.number(0.0, "d")
    for name in ("t_stop", "t_near", "t_out"):
        f.put_one(infinite, name, lane)
    f.put_one(nothing, "h", lane)
    f.put_one(code.integer(0, "l"), "busy", lane)


def show(workspace: Workspace) -> str:
    """Return `show`: the outputs that are due where `lane` stands are written."""
    f = KernelFunction(workspace, "show", [("l", "lane")])
    code, lane = f.code, f.code.argument("l", "lane")
    with code.loop() as loop:
        loop.leave_if(code.compare("ogt", f.one("t_out", lane), f.one("t", lane)))
        place = f.one("place", lane, "l")
        out = code.address(f.given("out"), place)
        with code.count_to(workspace.n) as s:
            code.store(f.one("y", lane, "d", s), code.address(out, s))
        following = f.one("next_out", lane, "l") + 1
        f.put_one(following, "next_out", lane)
        f.put_one(place + workspace.n, "place", lane)
        f.put_one(code.load("d", code.address(f.given("times"), following)), "t_out", lane)
    return f.text(attributes="nounwind noinline")


def finish(workspace: Workspace) -> str:
    """Return `finish`: the run in `lane` is written back with its outcome, and what is the matter."""
    f = KernelFunction(workspace, "finish", [("l", "lane")])
    code, lane = f.code, f.code.argument("l", "lane")
    outcome = f.one("code", lane, "l")
    landed = code.compare("eq", outcome, 0)
    with code.when(landed & code.compare("ne", f.one("final", lane, "l"), 0)):
        code.call("show", f.args, f.ws, lane)
    run = f.one("run", lane, "l")
    stride, y = f.given("y_stride"), f.given("y")
    with code.count_to(workspace.n) as s:
        code.store(f.one("y", lane, "d", s), code.address(y, s * stride + run))
    if workspace.program.triggers:
        with code.count_to(len(workspace.program.triggers)) as i:
            for name in ("holds", "idle", "turned") if workspace.beside else ("holds", "idle"):
                code.store(f.one(name, lane, "d", i), code.address(f.given(name), i * f.given("stride") + run))
    code.store(f.one("t", lane), code.address(f.given("t"), run))
    code.store(outcome, code.address(f.given("outcome"), run))
    for name in ("next_out", "steps", "rejected", "final"):
        code.store(f.one(name, lane, "l"), code.address(f.given(name), run))
    if workspace.actions is not None:
        _give_back_events(f, workspace.actions, lane, run)
    with code.when(~landed):
        worst, which = code.variable(code.number(-1.0, "d")), code.variable(code.integer(0, "l"))
        with code.count_to(workspace.n) as s:
            size = code.intrinsic("fabs", f.one("scaled", lane, "d", s))
            size = code.select(code.compare("olt", size, math.inf), size, math.inf)
            larger = code.compare("ogt", size, code.load("d", worst))
            code.store(code.select(larger, s, code.load("l", which)), which)
            code.store(code.select(larger, size, code.load("d", worst)), worst)
        code.store(code.load("l", which), code.address(f.given("trouble"), run))
    return f.text(attributes="nounwind noinline")


def _give_back_events(f: KernelFunction, actions: Actions, lane: Value, run: Value) -> None:
    """Write the switches of a lane and the times of its next breaks to where another kernel takes them up."""
    code, stride = f.code, f.given("stride")
    with code.count_to(len(actions.body)) as i:
        code.store(f.one("break_time", lane, "d", i), code.address(f.given("break_time"), i * stride + run))
    for held, row in enumerate(actions.switches):
        code.store(f.one("held", lane, "d", held), code.address(f.given("p"), stride * row + run))


def attend(workspace: Workspace) -> str:
    """Return `attend`: lanes at a break go on, the runs in the others are let go, and the next ones taken up."""
    f = KernelFunction(workspace, "attend", [("l", "bits")])
    code, bits = f.code, f.code.argument("l", "bits")
    zero = code.integer(0, "l")
    if workspace.actions is not None and not workspace.settles:
        f.put_one(zero, "pending", zero)
        code.call("serve", f.args, f.ws, bits)
        bits = f.one("attention", zero, "l")
    if workspace.delays:
        _attend_again(f, bits)
        return f.text(attributes="nounwind noinline")
    with code.over_lanes(bits) as lane:
        code.call("finish", f.args, f.ws, lane)
        code.call("fill", f.args, f.ws, lane)
    return f.text(attributes="nounwind noinline")


def _attend_again(f: KernelFunction, bits: Value) -> None:
    """Take up runs until none is done at once: each looks at its past where it begins."""
    code, zero = f.code, f.code.integer(0, "l")
    left = code.variable(bits)
    with code.loop() as loop:
        now = code.load("l", left)
        loop.leave_if(code.compare("eq", now, 0))
        with code.over_lanes(now) as lane:
            code.call("finish", f.args, f.ws, lane)
            code.call("fill", f.args, f.ws, lane)
        begun = now & code.lanes(code.compare("ne", f.get("busy", kind="i"), 0))
        f.put_one(zero, "attention", zero)
        code.call("serve", f.args, f.ws, begun)
        code.store(f.one("attention", zero, "l"), left)
