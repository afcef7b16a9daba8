"""Where conditions turn inside the steps of a kernel, as vector code: all lanes are searched at once.

The search is that of `numpy.event_search`, which says why. Its arithmetic is written without freedom for the compiler,
so that a condition that was found to hold does so wherever it is computed again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from immunode.program.conditions import comparisons
from immunode.program.llvm.text import Value
from immunode.program.nonsmooth import states_under
from immunode.solve.compiled.eighth_order import STEPS
from immunode.solve.compiled.queue import at_state
from immunode.solve.compiled.steps import Step
from immunode.solve.compiled.watch import closer
from immunode.solve.compiled.workspace import KernelFunction, Workspace
from immunode.solve.triggers.closer import CROWD, LOOKS, SPLITS
from immunode.solve.triggers.settling import PATIENCE

MOST_SPLITS = float(CROWD * SPLITS)
"""Looks that are added to one step."""
MOST_HALVINGS = 200
"""Halvings of a step end where no number lies between its two ends, after some 60; this is only a guard."""


def functions(workspace: Workspace, external: set[str]) -> list[str]:
    """Return the text of the functions that search steps; none where the program has no triggers."""
    if not workspace.program.triggers:
        return []
    return [_conditions(workspace, external), *closer.functions(workspace, external), _Watch(workspace, external).text]


def bernstein(step: Step, c: Sequence[Value], s: int | Value) -> list[Value]:
    """Return the Bernstein coefficients of a state in a step, from those of 1, x, x^2, ..."""
    code, degree, rows = step.code, len(c) - 1, [c[0]]
    for k in range(1, degree):
        total = c[0]
        for j in range(1, k + 1):
            total = code.fused(c[j], math.comb(k, j) / math.comb(degree, j), total)
        rows.append(total)
    return [*rows, step.new(s)]


def cut_short(f: KernelFunction, rows: list[Value], s: int | Value) -> list[Value]:
    """Return the Bernstein coefficients of what is left of a step, where it was cut (de Casteljau)."""
    code = f.code
    cut = f.get("cut")
    short = code.compare("olt", cut, math.inf)
    x = (cut - f.get("t")) / f.get("h_tried")
    left, b = [rows[0]], rows
    for _ in range(len(rows) - 1):
        b = [code.fused(x, after - before, before) for before, after in pairwise(b)]
        left.append(b[0])
    left[-1] = f.get("cut_y", s)
    return [code.select(short, part, row) for part, row in zip(left, rows, strict=True)]


def _conditions(workspace: Workspace, external: set[str]) -> str:
    """Return `conditions`: states u (n rows), time t -> writes 1 where a condition holds, else 0, to `seen`."""
    f = KernelFunction(workspace, "conditions", [("p", "u"), ("f", "t")], external)
    code = f.code
    values = at_state(f, code.argument("p", "u"), f.at("c"), code.argument("f", "t"))
    for i, value in enumerate(values.compute([t.condition for t in workspace.program.triggers])):
        f.put(code.select(code.compare("ogt", value, 0.5), code.number(1.0), 0.0), "seen", i)
    return f.text(attributes="nounwind noinline")


class _Watch:
    """Writes `watch`: the steps that end at the row `t_new` are searched.

    Where a condition turns true first goes to the row `cut`, infinite where none does, and the states there to
    `cut_y`; conditions that are false by then are noted in `holds`.
    """

    def __init__(self, workspace: Workspace, external: set[str]) -> None:
        self.workspace, self.triggers, self.degree = workspace, workspace.program.triggers, workspace.degree
        self.f = f = KernelFunction(workspace, "watch", external=external)
        self.code = code = f.code
        self.step = STEPS[workspace.method](f)
        self.rows = states_under(workspace.program, [t.condition for t in self.triggers])
        self.h = f.get("h_tried")
        self.step.look_back(self.h)
        f.put(code.number(math.inf), "cut")
        self.t, self.end = f.get("t"), f.get("t_new")
        self.step.look_inside(self.t, self.h)
        self.inside = {s: self.step.inside(s, self.h) for s in self.rows}
        self.compared = comparisons(workspace.program)
        self.sides: list[list[tuple[Value, Value]]] = []
        doubtful = self._doubtful() & code.compare("ogt", self.end, -math.inf)
        with code.when(code.any(doubtful)):
            for s, c in self.inside.items():
                self._keep(s, c)
            self._compare()
            self._search(doubtful)
        self.text = f.text(attributes="nounwind noinline")

    def _keep(self, s: int | Value, c: Sequence[Value]) -> None:
        for k, value in enumerate(c):
            self.f.put(value, "inside", s * (self.degree + 1) + k)

    def _doubtful(self) -> Value:
        """Return the lanes in whose step a condition may turn."""
        f, code = self.f, self.code
        if not self.compared.lines:
            return code.compare("ord", self.t, self.t)
        zero = code.number(0.0)
        b = {s: bernstein(self.step, c, s) for s, c in self.inside.items()}
        signs: list[list[Value]] = []
        for k in range(self.degree + 1):
            u = [b[s][k] if s in b else zero for s in range(self.workspace.n)]
            t = code.fused(self.end - self.t, k / self.degree, self.t)
            self.sides.append(closer.differences(f, u, t))
            for place, (difference, _) in enumerate(self.sides[-1]):
                now = [code.compare(sign, difference, 0.0) for sign in ("ogt", "olt", "oeq")]
                if k == 0:
                    signs.append(now)
                else:
                    signs[place] = [before & this for before, this in zip(signs[place], now, strict=True)]
        doubtful = code.integer(0, "m")
        for above, below, level in signs:
            doubtful = doubtful | ~(above | below | level)
        code.call("conditions", f.args, f.ws, f.at("y_new"), self.end)
        for i in range(len(self.triggers)):
            doubtful = doubtful | code.compare("une", f.get("seen", i), f.get("holds", i))
        return doubtful

    def _compare(self) -> None:
        """Write down what comparisons differ by inside the step, as Bernstein coefficients."""
        f, code = self.f, self.code
        if self.compared.lines:
            for k, found in enumerate(self.sides):
                closer.keep(f, k, found, self.degree, first=k == 0)
            return
        for place in range(len(self.compared.pairs)):
            f.put(code.number(0.0), "side_size", place)
        for k in range(self.degree + 1 if self.compared.pairs else 0):
            time = self.end if k == self.degree else code.fused(self.end - self.t, k / self.degree, self.t)
            self._go_to(time)
            code.call("sides", f.args, f.ws, f.at("u"), time, code.integer(k, "l"))
        for place in range(len(self.compared.pairs)):
            code.call("joined", f.args, f.ws, code.integer(place, "l"))

    def _search(self, doubtful: Value) -> None:
        f, code, count = self.f, self.code, len(self.triggers)
        self._mute()
        length = self.end - self.t
        looks = code.intrinsic("ceil", length / code.spread(f.given("spacing")))
        looks = code.select(code.compare("ogt", looks, LOOKS), looks, LOOKS)
        low, high = code.variable(self.t), code.variable(code.number(math.inf))
        start, width, splits = (code.variable(code.number(x)) for x in (0.0, 1.0, 0.0))
        open_ = code.variable(doubtful)
        with code.loop() as loop:
            now = code.load("m", open_)
            loop.leave_if(code.compare("eq", code.lanes(now), 0))
            begin, wide = code.load("f", start), code.load("f", width)
            k = begin + wide
            split = now & self._restless(begin / looks, k / looks)
            split = split & code.compare("ogt", wide, 2.0**-SPLITS)
            split = split & code.compare("olt", code.load("f", splits), MOST_SPLITS)
            last = code.compare("oge", k, looks)
            time = code.select(last, self.end, self.t + length * k / looks)
            self._look(time)
            here = now & ~split
            rises = [self._rises(i) & here for i in range(count)]
            some = code.integer(0, "m")
            for rising in rises:
                some = some | rising
            on = here & ~some
            for i, rising in enumerate(rises):
                f.change(some, code.select(rising, code.number(1.0), 0.0), "risen", i)
                f.change(on, f.get("holds", i) * f.get("seen", i), "holds", i)
            code.store(code.select(some, time, code.load("f", high)), high)
            code.store(code.select(on, time, code.load("f", low)), low)
            code.store(split | (on & ~last), open_)
            code.store(code.select(on, k, begin), start)
            code.store(self._next_width(k, wide, split), width)
            code.store(code.load("f", splits) + code.select(split, code.number(1.0), 0.0), splits)
        found = code.compare("olt", code.load("f", high), math.inf)
        with code.when(code.any(found)):
            self._halve(low, high, found)
            self._land(code.load("f", high))

    def _restless(self, start: Value, stop: Value) -> Value:
        """Return in which lanes conditions may turn and turn back in a part of the step."""
        f, code = self.f, self.code
        if not self.compared.pairs:
            return code.integer(0, "m")
        f.put(code.number(0.0), "restless")
        for place in range(len(self.compared.pairs)):
            code.call("turns", f.args, f.ws, code.integer(place, "l"), start, stop)
        return code.compare("ogt", f.get("restless"), 1.0)

    def _next_width(self, k: Value, width: Value, split: Value) -> Value:
        """Return how far the next look is: half as far where that was too far, else twice where two halves are done."""
        code = self.code
        pairs = k / width * 0.5
        whole = code.compare("oeq", code.intrinsic("floor", pairs), pairs) & code.compare("olt", width, 1.0)
        return code.select(split, width * 0.5, code.select(whole, width * 2.0, width))

    def _mute(self) -> None:
        """Note which conditions count as false, since what they fire would have no effect at the end of the step."""
        f, code = self.f, self.code
        patient = code.integer(0, "m")
        for i in range(len(self.triggers)):
            f.put(code.number(0.0), "muted", i)
            patient = patient | code.compare("oge", f.get("idle", i), PATIENCE)
        with code.when(code.any(patient)):
            values = at_state(f, f.at("y_new"), f.at("c"), self.end)
            for i, trigger in enumerate(self.triggers):
                if any(change.kind != "state" for change in trigger.changes):
                    continue
                still = code.compare("oge", f.get("idle", i), PATIENCE) & code.compare("olt", f.get("holds", i), 0.5)
                after = values.compute([change.node for change in trigger.changes])
                if trigger.sizes:
                    sizes = values.compute(trigger.sizes)
                    after = [value * size for value, size in zip(after, sizes, strict=True)]
                for change, value in zip(trigger.changes, after, strict=True):
                    moved = code.intrinsic("fabs", value - f.get("y_new", change.index))
                    still = still & code.compare("ole", moved, f.get("atol", change.index))
                f.put(code.select(still, code.number(1.0), 0.0), "muted", i)

    def _rises(self, i: int) -> Value:
        f, code = self.f, self.code
        holds = code.compare("ogt", f.get("seen", i), 0.5)
        return holds & code.compare("olt", f.get("holds", i), 0.5) & code.compare("olt", f.get("muted", i), 0.5)

    def _look(self, time: Value) -> None:
        """Write which conditions hold at a time inside the step."""
        self._go_to(time)
        self.code.call("conditions", self.f.args, self.f.ws, self.f.at("u"), time)

    def _go_to(self, time: Value) -> None:
        """Write the states at a time inside the step to the row `u`."""
        for s in self.rows:
            self.f.put(self._state(s, time), "u", s)

    def _state(self, s: int | Value, time: Value) -> Value:
        """Return a state at a time inside the step; at its end, that of the step itself."""
        f, code = self.f, self.code
        c = [f.get("inside", s * (self.degree + 1) + k) for k in range(self.degree + 1)]
        with code.exactly():
            x = (time - self.t) / self.h
            y = c[self.degree]
            for k in range(self.degree - 1, -1, -1):
                y = code.fused(y, x, c[k])
        return code.select(code.compare("oeq", time, self.end), self.step.new(s), y)

    def _halve(self, low: Value, high: Value, found: Value) -> None:
        """Move `high` to the first number at which a condition that has risen by it holds."""
        f, code = self.f, self.code
        tries = code.variable(code.integer(0, "l"))
        with code.loop() as loop:
            below, above = code.load("f", low), code.load("f", high)
            middle = below + (above - below) * 0.5
            between = code.compare("ogt", middle, below) & code.compare("olt", middle, above) & found
            count = code.load("l", tries)
            loop.leave_if(code.compare("eq", code.lanes(between), 0))
            loop.leave_if(code.compare("sgt", count, MOST_HALVINGS))
            code.store(count + 1, tries)
            self._look(middle)
            holds = code.integer(0, "m")
            for i in range(len(self.triggers)):
                holds = holds | code.compare("ogt", f.get("seen", i) * f.get("risen", i), 0.5)
            code.store(code.select(between & holds, middle, above), high)
            code.store(code.select(between & ~holds, middle, below), low)

    def _land(self, time: Value) -> None:
        f = self.f
        for s in f.states():
            if not isinstance(s, int) or s not in self.rows:
                self._keep(s, self.step.inside(s, self.h))
            f.put(self._state(s, time), "cut_y", s)
        f.put(time, "cut")
