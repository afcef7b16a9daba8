"""The kernel of one program and method: a loop that steps all lanes, serves single ones, and ends with the queue."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager

from immunode.program.llvm import compile as llvm_compile
from immunode.program.llvm import shared_math, vector_math
from immunode.program.llvm.text import Loop, Value
from immunode.program.program import Program
from immunode.solve import step_size
from immunode.solve.compiled.breaks import break_functions
from immunode.solve.compiled.edges import EdgeCode, edge_functions
from immunode.solve.compiled.eighth_order import STEPS
from immunode.solve.compiled.output import write_inside
from immunode.solve.compiled.past.lookup import keep_step, look_function, remembered
from immunode.solve.compiled.past.points import turn_aside
from immunode.solve.compiled.queue import attend, begin, fill, finish, right_hand_side, show
from immunode.solve.compiled.steps import ExplicitStep, Scales
from immunode.solve.compiled.tape_entries import most_entries, tape, write_step
from immunode.solve.compiled.watch import search, settle
from immunode.solve.compiled.workspace import (
    EPS,
    FIRED,
    GOES_ON,
    HANDED_OVER,
    MOST_AT_ONCE,
    KernelFunction,
    Workspace,
)
from immunode.solve.numpy.lockstep import RELAX, STABLE
from immunode.solve.numpy.stiffness import HELD_BACK, STIFF_FAR, STIFF_LIMIT
from immunode.solve.status import Status

ENTRY = "immunode_run"
MANY_STATES = 24


def width(n_states: int, method: str) -> int:
    """Return the number of lanes, as measured: many where a step waits for results, few where registers are short.

    Large systems get fewer, which halves the time to compile them.
    """
    if n_states <= 4 and method != "rodas5p":
        return 16
    if not llvm_compile.wide():
        return 4
    return 16 if n_states <= MANY_STATES else 8


def kernel_source(program: Program, method: str) -> tuple[str, Workspace]:
    """Return the text of a kernel and its workspace."""
    workspace = Workspace(program, method, width(len(program.states), method))
    external: set[str] = set()
    step = STEPS[method]
    parts = [
        *look_function(workspace, external),
        *right_hand_side(workspace, external),
        *begin(workspace, external, step.error_order),
    ]
    parts += [fill(workspace), show(workspace), finish(workspace), *step.functions(workspace, external)]
    parts += [*break_functions(workspace, external, step.error_order), attend(workspace)]
    parts += [] if workspace.small else [output(workspace, external)]
    parts += [] if workspace.small else [tape(workspace, external)]
    parts += edge_functions(workspace, external)
    parts += search.functions(workspace, external) + settle.functions(workspace, external, step.error_order)
    parts.append(_Kernel(workspace, external).text)
    parts += shared_math.definitions("".join(parts), workspace.width, external)
    parts += workspace.tables.constants if workspace.tables is not None else []
    external |= {"declare i64 @llvm.cttz.i64(i64, i1)"}
    external |= {"declare double @llvm.fabs.f64(double)"}
    return "\n".join([*sorted(external), "", *parts]), workspace


class _Kernel:
    """Writes the loop."""

    def __init__(self, workspace: Workspace, external: set[str]) -> None:
        self.workspace = workspace
        self.f = f = KernelFunction(workspace, ENTRY, external=external)
        self.code = code = f.code
        self.step = STEPS[workspace.method](f)
        self.n = workspace.n
        with code.when(code.compare("eq", f.given("resume"), 0)):
            f.put_one(code.integer(0, "l"), "next", code.integer(0, "l"))
            if workspace.settles:
                f.put_one(code.integer(0, "l"), "pending", code.integer(0, "l"))
            with code.count_to(workspace.width) as lane:
                code.call("fill", f.args, f.ws, lane)
            if workspace.delays:
                code.call("attend", f.args, f.ws, self._busy_lanes())
        if workspace.actions is not None:
            self._resume()
        alive = code.variable(self._busy_lanes())
        self.rtol = code.spread(f.given("rtol"))
        with code.loop() as loop:
            if workspace.settles:
                self._settle(loop, alive)
            loop.leave_if(code.compare("eq", code.load("l", alive), 0))
            tape_end = f.given("tape_end")
            taped, further = f.given("taped"), most_entries(workspace) - 1
            full = code.compare("sge", taped + further if further else taped, tape_end)
            loop.leave_if(full & code.compare("ne", tape_end, 0))
            if workspace.actions is not None and not workspace.settles:
                loop.leave_if(code.compare("ne", f.one("pending", code.integer(0, "l"), "l"), 0))
            if workspace.delays:
                loop.leave_if(code.compare("ne", f.given("crowded"), 0))
            attention = self._pass()
            if workspace.settles:
                f.put_one(attention, "pending", code.integer(0, "l"))
            else:
                self._attend(attention, alive)
        more = code.load("l", alive)
        if workspace.settles:
            more = more | f.one("pending", code.integer(0, "l"), "l")
        f.give_back(more, "more")
        self.text = f.text(linkage="")

    def _attend(self, attention: Value, alive: Value) -> None:
        f, code = self.f, self.code
        with self._when_any(attention):
            code.call("attend", f.args, f.ws, attention)
            code.store(self._busy_lanes(), alive)

    def _settle(self, loop: Loop, alive: Value) -> None:
        """Execute the events of the last pass, and attend to the lanes that do not go on then."""
        f, code, zero = self.f, self.code, self.code.integer(0, "l")
        pending = f.one("pending", zero, "l")
        log_end = f.given("log_end")
        needed = f.given("logged") + self.workspace.width * MOST_AT_ONCE
        loop.leave_if(code.compare("ne", log_end, 0) & code.compare("sgt", needed, log_end))
        f.put_one(zero, "pending", zero)
        with self._when_any(pending):
            if self.workspace.beside:
                code.call("apply", f.args, f.ws, pending)
                loop.leave_if(code.compare("ne", f.one("pending", zero, "l"), 0))
            status = f.get("code", kind="i")
            here = (code.compare("eq", status, FIRED) | code.compare("eq", status, 0)) & code.mask(pending)
            with code.when(code.any(here)):
                code.call("settle", f.args, f.ws, code.lanes(here))
            on = code.lanes(code.compare("eq", f.get("code", kind="i"), GOES_ON))
            self._attend(code.bits("and", pending, code.bits("xor", on, -1)), alive)

    def _resume(self) -> None:
        """Serve the lanes that wait for room in the log; all have the parameters now that their runs have by then."""
        f, code = self.f, self.code
        with code.when(code.compare("ne", f.given("resume"), 0)):
            f.put(f.get("run", kind="i"), "column")
            if self.workspace.settles:
                return
            waiting = f.one("pending", code.integer(0, "l"), "l")
            with self._when_any(waiting):
                code.call("attend", f.args, f.ws, waiting)

    def _when_any(self, bits: Value) -> AbstractContextManager[None]:
        return self.code.when(self.code.compare("ne", bits, 0))

    def _busy(self) -> Value:
        return self.code.compare("ne", self.f.get("busy", kind="i"), 0)

    def _busy_lanes(self) -> Value:
        return self.code.lanes(self._busy())

    def _pass(self) -> Value:
        """Write one step of all lanes; return the bits of those that need to be served."""
        f, code, step = self.f, self.code, self.step
        t, t_stop = f.get("t"), f.get("t_stop")
        left = t_stop - t
        wish = f.get("h")
        h = code.select(code.compare("olt", wish, left), wish, left)
        if self.workspace.program.max_step:
            h = code.select(code.compare("olt", h, self.workspace.program.max_step), h, self.workspace.program.max_step)
        if self.workspace.delays:
            longest = f.get("longest")
            h = code.select(code.compare("olt", h, longest), h, longest)
        step.attempt(t, h)
        square = self._judge()
        failed = step.failed()
        if failed is not None:
            square = code.select(failed, code.number(math.nan), square)
        good = code.compare("ole", square, float(self.n))
        t_new = t + h
        self.edges = EdgeCode(f, step)
        good = self.edges.judge(square, good, self._busy(), t, h, self.scales)
        landed = good & code.compare("oge", t_new, f.get("t_near"))
        t_new = code.select(landed, t_stop, t_new)
        busy = self._busy()
        fired = self._watch(good, busy, h, t_new)
        if fired is not None:
            landed, t_new = landed | fired, code.select(fired, f.get("cut"), t_new)
        level = self._level(square)
        self.h_next = code.variable(self._next_step(level, h, good))
        growth = code.variable(code.number(step_size.GROW_MOST))
        f.put(code.integer(Status.TOO_MANY_STEPS), "code")
        steps = f.get("steps", kind="i") + 1
        f.put(steps, "steps")
        limit = code.spread(f.given("max_steps"))
        spent = code.compare("sge", steps, limit)
        ends = code.variable(landed | spent)
        with self._when_any(code.lanes(spent)):
            self._keep_errors()
        self._look_for_stiffness(steps, good & busy, t_new, h, ends)
        with self._when_any(code.lanes(busy & ~good)):
            self._reject(good, square, level, t, h, growth, ends)
        f.put(code.load("f", self.h_next), "h")
        f.put(code.load("f", growth), "growth")
        self._write_inside(good & busy, t, h, t_new)
        if self.workspace.delays:
            keep_step(f, good & busy, t, t_new, {s: step.inside(s, h) for s in self.workspace.sources})
            forgets = code.compare("sge", remembered(f), code.spread(f.given("ring_most")))
            with self._when_any(code.lanes(forgets)):
                self._keep_errors()
            code.store(code.load("m", ends) | forgets, ends)
            landed = landed & ~forgets
        step.accept(good, h)
        before = {s: f.get("y", s) for s, limit in enumerate(self.workspace.program.extinct_below) if limit}
        for s in f.states():
            f.change(good, step.new(s), "y", s)
            if fired is not None:
                f.change(fired, f.get("cut_y", s), "y", s)
        t_now = code.select(good, t_new, t)
        f.change(good, t_new, "t")
        self._extinguish(before, t_now)
        f.change(landed, code.integer(0), "code")
        if fired is not None:
            f.change(fired, code.integer(FIRED), "code")
        return code.lanes(code.load("m", ends) & busy)

    def _watch(self, good: Value, busy: Value, h: Value, t_new: Value) -> Value | None:
        """Return the lanes in whose step a condition turns true; None where the program has none."""
        f, code = self.f, self.code
        if not self.workspace.program.triggers:
            return None
        f.put(code.select(good & busy, t_new, -math.inf), "t_new")
        f.put(h, "h_tried")
        code.call("watch", f.args, f.ws)
        return code.compare("olt", f.get("cut"), math.inf)

    def _judge(self) -> Value:
        """Return the sum over states of the squares of error over tolerance."""
        f, code, step = self.f, self.code, self.step
        self.scales = Scales(f)

        def more(square: Value, s: int | Value) -> Value:
            scaled = step.error(s) / self.scales.keep(s, step.scale(s, self.rtol))
            return code.fused(scaled, scaled, square)

        return step.judged(f.fold(code.number(0.0), more), self.scales)

    def _level(self, square: Value) -> Value:
        """Return log2 of the mean square of the error over the tolerance, within bounds."""
        code = self.code
        bounded = code.select(code.compare("ogt", square, 1e-200), square, 1e-200)
        bounded = code.select(code.compare("olt", bounded, 1e200), bounded, 1e200)
        return vector_math.rough_log2(code, bounded) - math.log2(self.n)

    def _next_step(self, level: Value, h: Value, good: Value) -> Value:
        """Return the size of the next step if this one is good, and remember the error where it is."""
        f, code, controller = self.f, self.code, self.step.controller
        exponent = code.fused(level, -2.0 * controller.unit, math.log2(controller.safety))
        if controller.remembers:
            exponent = code.fused(f.get("memory"), 0.5 * controller.unit, exponent)
        factor = vector_math.rough_exp2(code, exponent)
        growth = f.get("growth")
        factor = code.select(code.compare("olt", factor, growth), factor, growth)
        factor = code.select(code.compare("ogt", factor, step_size.SHRINK_MOST), factor, step_size.SHRINK_MOST)
        result = h * factor
        if controller.remembers:
            lowest = 2.0 * math.log2(step_size.LOWEST_ERROR)
            level = code.select(code.compare("ogt", level, lowest), level, lowest)
            f.change(good, level, "memory")
        if self.step.explicit:
            most = f.get("h_most")
            result = code.select(code.compare("olt", result, most), result, most)
            f.put(most * RELAX, "h_most")
        return result

    def _reject(self, good: Value, square: Value, level: Value, t: Value, h: Value, growth: Value, ends: Value) -> None:
        f, code, step = self.f, self.code, self.step
        bad = ~code.compare("olt", square, math.inf)
        factor = vector_math.rough_exp2(
            code, code.fused(level, -0.5 / step.error_order, math.log2(step.controller.safety))
        )
        factor = code.select(code.compare("ogt", factor, step_size.SHRINK_MOST), factor, step_size.SHRINK_MOST)
        factor = code.select(bad, code.number(step_size.SHRINK_NOT_FINITE), factor)
        smaller = self.edges.shorter(h, h * factor)
        if isinstance(step, ExplicitStep):
            speed = step.speed(self.scales)
            fast = code.compare("ogt", speed, 1.0) & code.compare("olt", speed, math.inf) & ~good
            stable = code.select(fast, h * (code.number(STABLE) / speed), math.inf)
            smaller = code.select(code.compare("olt", stable, smaller), stable, smaller)
            f.change(fast, stable, "h_most")
        code.store(code.select(good, code.load("f", self.h_next), smaller), self.h_next)
        code.store(code.select(good, code.number(step_size.GROW_MOST), 1.0), growth)
        rejected = f.get("rejected", kind="i")
        f.change(~good, rejected + 1, "rejected")
        shortest = code.spread(f.given("shortest"))
        least = code.intrinsic("fabs", t) * (4.0 * EPS)
        least = code.select(code.compare("ogt", least, shortest), least, shortest)
        lost = code.compare("olt", smaller, least) & ~good
        outcome = code.select(bad, code.integer(Status.NOT_FINITE), Status.STEP_TOO_SMALL)
        f.change(lost, outcome, "code")
        code.store(code.load("m", ends) | lost, ends)
        self._keep_errors()

    def _extinguish(self, before: dict[int, Value], t: Value) -> None:
        """Set populations that fell below their limit to 0, and give their lanes a fresh start."""
        f, code = self.f, self.code
        limits = [(s, limit) for s, limit in enumerate(self.workspace.program.extinct_below) if limit]
        if not limits:
            return
        gone = {s: code.compare("oge", before[s], v) & code.compare("olt", f.get("y", s), v) for s, v in limits}
        lanes = code.integer(0, "m")
        for which in gone.values():
            lanes = lanes | which
        with self._when_any(code.lanes(lanes)):
            for s, which in gone.items():
                f.change(which, code.number(0.0), "y", s)
            self.step.restart(lanes, t)
            if self.workspace.delays:
                turn_aside(f, lanes)

    def _keep_errors(self) -> None:
        """Write down the errors, so that the state in trouble can be named."""
        for s in self.f.states():
            self.f.put(self.step.error(s) / self.scales[s], "scaled", s)

    def _look_for_stiffness(self, steps: Value, good: Value, t_new: Value, h: Value, ends: Value) -> None:
        f, code, step = self.f, self.code, self.step
        if not isinstance(step, ExplicitStep):
            return
        check = code.spread(f.given("check"))
        look = code.compare("eq", steps & check, 0) & good
        with self._when_any(code.lanes(look)):
            fast = code.compare("ogt", step.speed(self.scales), HELD_BACK)
            stiff = f.get("stiff", kind="i")
            count = code.select(fast, stiff + 1, 0)
            count = code.select(look, count, stiff)
            f.put(count, "stiff")
            ahead = code.spread(f.given("t_end")) - t_new
            far = code.compare("ogt", ahead, h * STIFF_FAR)
            over = look & code.compare("sge", count, STIFF_LIMIT) & far
            f.change(over, code.integer(HANDED_OVER), "code")
            code.store(code.load("m", ends) | over, ends)

    def _write_inside(self, good: Value, t: Value, h: Value, t_new: Value) -> None:
        """Write the outputs that lie inside the step."""
        f, code, step = self.f, self.code, self.step
        f.put(code.select(good, t_new, -math.inf), "t_new")
        due = good & code.compare("olt", f.get("t_out"), t_new)
        self._write_tape(t, h)
        if self.workspace.small:
            write_inside(f, due, lambda s: step.inside(s, h), h, lambda: step.look_inside(t, h))
            return
        f.put(h, "h_tried")
        with self._when_any(code.lanes(due)):
            step.look_inside(t, h)
            for lane in range(0, self.workspace.width, output_lanes(self.workspace)):
                code.call("output", f.args, code.address(f.ws, lane))

    def _write_tape(self, t: Value, h: Value) -> None:
        """Write the step on the tape, if there is one."""
        f, code = self.f, self.code
        with code.when(code.compare("ne", f.given("tape_end"), 0)):
            self.step.look_inside(t, h)
            if self.workspace.small:
                write_step(f, self.step, h)
            else:
                f.put(h, "h_tried")
                code.call("tape", f.args, f.ws)


def output_lanes(workspace: Workspace) -> int:
    """Return how many lanes are taken at a time when outputs are written: what it reads must not fill the cache."""
    return min(workspace.width, 8)


def output(workspace: Workspace, external: set[str]) -> str:
    """Return `output`: the outputs that lie inside the steps of some lanes are written."""
    f = KernelFunction(workspace, "output", external=external, lanes=output_lanes(workspace))
    h = f.get("h_tried")
    step = STEPS[workspace.method](f)
    step.look_back(h)
    due = f.code.compare("olt", f.get("t_out"), f.get("t_new"))
    write_inside(f, due, lambda s: step.inside(s, h), h)
    return f.text(attributes="nounwind noinline")
