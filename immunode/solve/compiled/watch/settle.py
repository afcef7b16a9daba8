"""State events executed inside a kernel, as vector code: all lanes whose step was cut, at once.

The rules are those of `triggers.settling`. What is rare is left to it, and a lane in which that turns up in the middle
of a moment goes back to where the moment began, behind the breaks at its time: events of equal priority (one is drawn),
one that fires again while it waits for others of the moment, more than a few at once. Events with delays are never
executed here.
"""

from __future__ import annotations

import math

from immunode.program.conditions import switched
from immunode.program.llvm.source import Values
from immunode.program.llvm.text import Value
from immunode.program.program import Trigger
from immunode.solve import step_size
from immunode.solve.compiled.queue import at_state, first_step, memory_at_start
from immunode.solve.compiled.workspace import FIRED, GOES_ON, MOST_AT_ONCE, KernelFunction, Workspace
from immunode.solve.status import Status


def functions(workspace: Workspace, external: set[str], order: int) -> list[str]:
    """Return the text of `settle` and what it calls; none where events are left to the driver."""
    if not workspace.settles:
        return []
    texts = [_restart(workspace, external, order), _note(workspace), _Settle(workspace, external).text]
    return [*texts, _renew(workspace, external)] if switched(workspace.program) else texts


def _renew(workspace: Workspace, external: set[str]) -> str:
    """Return `renew`: in the lanes of a word of bits, what is prepared from switches is so anew."""
    f = KernelFunction(workspace, "renew", [("l", "bits")], external)
    code = f.code
    lanes = code.mask(code.argument("l", "bits"))

    def state(row: int) -> Value:
        raise AssertionError(row)

    actions = workspace.actions
    assert actions is not None
    place = {row: i for i, row in enumerate(actions.held)}
    values = Values(code, workspace.program, state, lambda row: f.get("held", place[row]), lambda: code.number(0.0), {})
    fresh = values.compute(workspace.prepared[i] for i in actions.settled)
    for i, value in zip(actions.settled, fresh, strict=True):
        f.change(lanes, value, "c", i)
    return f.text(attributes="nounwind noinline")


def _restart(workspace: Workspace, external: set[str], order: int) -> str:
    """Return `restart`: the lanes of a word of bits are given a first step from where they stand."""
    f = KernelFunction(workspace, "restart", [("l", "bits")], external)
    code = f.code
    lanes = f.code.mask(code.argument("l", "bits"))
    f.change(lanes, first_step(f, order, "begun", waiting=False), "h")
    for name, number in (
        ("growth", step_size.GROW_MOST),
        ("h_most", math.inf),
        ("memory", memory_at_start(workspace.n)),
    ):
        f.change(lanes, code.number(number), name)
    f.change(lanes, code.integer(0), "stiff")
    if not workspace.explicit:
        f.change(lanes, code.number(0.0), "h_before")
    for s in f.states():
        if workspace.explicit:
            f.change(lanes, f.get("begun", s), "slope", s)
        else:
            f.change(lanes, code.number(0.0), "y_before", s)
    return f.text(attributes="nounwind noinline")


def _note(workspace: Workspace) -> str:
    """Return `note`: an event of a lane is written to the log; its states before lie in `u`, those after in `y`.

    Rows of an entry are those of `jump_log`.
    """
    f = KernelFunction(workspace, "note", [("l", "lane")])
    code, lane, n = f.code, f.code.argument("l", "lane"), workspace.n
    entry, room = f.given("logged"), f.given("log_end")
    where = code.address(f.given("log"), entry)
    code.store(f.one("run", lane, "l"), where)
    code.store(f.one("t", lane), code.address(where, room))
    with code.count_to(n) as s:
        code.store(f.one("u", lane, "d", s), code.address(where, (s + 2) * room))
        code.store(f.one("y", lane, "d", s), code.address(where, (s + (n + 2)) * room))
    assert workspace.actions is not None
    with code.count_to(len(workspace.actions.switches)) as k:
        code.store(f.one("held", lane, "d", k), code.address(where, (k + (2 + 2 * n)) * room))
    # steps from here on have the parameters of this entry
    f.put_one(entry + f.given("stride"), "column", lane)
    f.give_back(entry + 1, "logged")
    return f.text(attributes="nounwind noinline")


class _Settle:
    """Writes `settle`: fires all that is due in the lanes of a word of bits.

    The row `code` is then GOES_ON where a lane goes on, 0 where it is at its end, the status of a failure, or FIRED
    where the driver is to do it.
    """

    def __init__(self, workspace: Workspace, external: set[str]) -> None:
        self.workspace, self.triggers, self.n = workspace, workspace.program.triggers, workspace.n
        self.f = f = KernelFunction(workspace, "settle", [("l", "bits")], external)
        self.code = code = f.code
        self.bits = code.argument("l", "bits")
        assert workspace.actions is not None
        self.place = {row: i for i, row in enumerate(workspace.actions.switches)}
        self.first = {i: sum(len(t.changes) for t in self.triggers[:i]) for i in range(len(self.triggers))}
        self.lanes = code.mask(self.bits)
        self.t = f.get("t")
        self.steps = f.get("steps", kind="i")
        self.logged = f.given("logged")
        self._open()
        self.going, self.failed = code.variable(self.lanes), code.variable(code.integer(0, "m"))
        tries = code.variable(code.integer(0, "l"))
        with code.loop() as loop:
            count = code.load("l", tries)
            loop.leave_if(code.compare("sge", count, MOST_AT_ONCE))
            code.store(count + 1, tries)
            self._look()
            going = code.load("m", self.going)
            loop.leave_if(code.compare("eq", code.lanes(going), 0))
            self._execute(going)
        self._close(code.load("m", self.going) | code.load("m", self.failed))
        self.text = f.text(attributes="nounwind noinline")

    def _open(self) -> None:
        """Write down how the moment begins."""
        f, code = self.f, self.code
        for s in f.states():
            f.put(f.get("y", s), "y_begun", s)
        for i in range(len(self.triggers)):
            f.put(f.get("holds", i), "holds_begun", i)
            f.put(f.get("idle", i), "idle_begun", i)
            f.put(code.number(0.0), "waits", i)
            if self.workspace.beside:
                f.put(f.get("turned", i), "turned_now", i)
        for k in range(len(self.place)):
            f.put(f.get("held", k), "held_begun", k)

    def _is(self, name: str, i: int) -> Value:
        return self.code.compare("ogt", self.f.get(name, i), 0.5)

    def _look(self) -> None:
        """Fire what has turned true; lanes in which nothing waits then are done."""
        f, code = self.f, self.code
        code.call("conditions", f.args, f.ws, f.at("y"), self.t)
        going, failed = code.load("m", self.going), code.load("m", self.failed)
        one, some = code.number(1.0), code.integer(0, "m")
        for i, trigger in enumerate(self.triggers):
            seen, held = self._is("seen", i), self._is("holds", i)
            rising = seen & ~held & going
            if self.workspace.beside:
                if trigger.persistent:
                    rising = rising | (self._is("turned_now", i) & ~held & going)
                f.put(code.number(0.0), "turned_now", i)
            held = seen & (held | rising)
            f.change(going, code.select(held, one, 0.0), "holds", i)
            waits = self._is("waits", i)
            if not trigger.persistent:
                waits = waits & held
            failed = failed | (waits & rising)
            f.change(going, code.select(waits | rising, one, 0.0), "waits", i)
            some = some | waits | rising
            if trigger.from_trigger:
                with code.when(code.any(rising)):
                    values = self._now().compute([change.node for change in trigger.changes])
                    for k, value in enumerate(values):
                        f.change(rising, value, "decided", self.first[i] + k)
        code.store(failed, self.failed)
        code.store(going & some & ~failed, self.going)

    def _now(self) -> Values:
        return at_state(self.f, self.f.at("y"), self.f.at("c"), self.t)

    def _execute(self, going: Value) -> None:
        """Execute the first of the events that wait in each lane."""
        f, code = self.f, self.code
        best, tied = self._first()
        code.store(code.load("m", self.failed) | (going & tied), self.failed)
        going = going & ~tied
        for s in f.states():
            f.put(f.get("y", s), "u", s)
        for i, trigger in enumerate(self.triggers):
            mine = going & code.compare("oeq", best, float(i))
            with code.when(code.any(mine)):
                self._change(i, trigger, mine)
        f.change(going, f.get("steps", kind="i") + 1, "steps")
        with code.when(code.compare("ne", f.given("log_end"), 0)), code.over_lanes(code.lanes(going)) as lane:
            code.call("note", f.args, f.ws, lane)
        if switched(self.workspace.program):
            code.call("renew", f.args, f.ws, code.lanes(going))
        code.store(going & ~code.load("m", self.failed), self.going)

    def _first(self) -> tuple[Value, Value]:
        """Return which event comes first in each lane, and the lanes in which another one is its equal."""
        code = self.code
        ranked = [trigger.priority for trigger in self.triggers if trigger.ranked]
        known = dict(zip(ranked, self._now().compute(ranked), strict=True))
        best, group, key = code.number(-1.0), code.number(math.inf), code.number(math.inf)
        tied, rank = code.integer(0, "m"), code.integer(0, "m")
        for i, trigger in enumerate(self.triggers):
            mine = code.number(0.0 if trigger.hidden else 2.0)
            low = code.number(0.0)
            if trigger.ranked:
                low = -known[trigger.priority]
                number = code.compare("ord", low, low)
                mine = mine + code.select(number, code.number(0.0), 1.0)
                low = code.select(number, low, 0.0)
            else:
                mine = mine + 1.0
            waits = self._is("waits", i)
            same = code.compare("oeq", mine, group)
            better = waits & (code.compare("olt", mine, group) | (same & code.compare("olt", low, key)))
            equal = waits & same & code.compare("oeq", low, key) & rank
            tied = (tied & ~better) | equal
            is_ranked = code.integer(int(trigger.ranked), "m")
            rank = code.select(better, is_ranked, rank)
            best, group = code.select(better, code.number(float(i)), best), code.select(better, mine, group)
            key = code.select(better, low, key)
        return best, tied

    def _change(self, i: int, trigger: Trigger, mine: Value) -> None:
        f, code = self.f, self.code
        values = self._now()
        fresh = values.compute([change.node for change in trigger.changes])
        sizes = values.compute(trigger.sizes)
        decided = fresh
        if trigger.from_trigger:
            decided = [f.get("decided", self.first[i] + k) for k in range(len(fresh))]
        if sizes:
            fresh, decided = ([v * size for v, size in zip(vs, sizes, strict=True)] for vs in (fresh, decided))
        still = code.integer(int(all(change.kind == "state" for change in trigger.changes)), "m")
        for change, value in zip(trigger.changes, fresh, strict=True):
            if change.kind == "state":
                moved = code.intrinsic("fabs", value - f.get("y", change.index))
                still = still & code.compare("ole", moved, f.get("atol", change.index))
        f.change(mine, code.select(still, f.get("idle", i) + 1.0, 0.0), "idle", i)
        for change, value in zip(trigger.changes, decided, strict=True):
            if change.kind == "state":
                f.change(mine, value, "y", change.index)
            else:
                f.change(mine, value, "held", self.place[change.index])
        f.change(mine, code.number(0.0), "waits", i)

    def _close(self, left: Value) -> None:
        """Undo the moment where it is left to the driver; let the other lanes go on."""
        f, code = self.f, self.code
        left = left & self.lanes
        with code.when(code.any(left)):
            for s in f.states():
                f.change(left, f.get("y_begun", s), "y", s)
            for i in range(len(self.triggers)):
                f.change(left, f.get("holds_begun", i), "holds", i)
                f.change(left, f.get("idle_begun", i), "idle", i)
            for k in range(len(self.place)):
                f.change(left, f.get("held_begun", k), "held", k)
            f.change(left, self.steps, "steps")
            f.change(left, code.integer(FIRED), "code")
            with code.over_lanes(code.lanes(left)) as lane:
                self._strike_out(lane)
        done = self.lanes & ~left
        with code.over_lanes(code.lanes(done)) as lane:
            code.call("show", f.args, f.ws, lane)
        ends = done & code.compare("oge", self.t, code.spread(f.given("t_end")))
        on = done & ~ends
        f.change(ends, code.integer(0), "code")
        if self.workspace.beside:
            f.change(ends, code.integer(1), "final")
            for i in range(len(self.triggers)):
                f.change(done, code.number(0.0), "turned", i)
        with code.when(code.any(on)):
            code.call("restart", f.args, f.ws, code.lanes(on))
            h = f.get("h")
            f.change(on, code.integer(GOES_ON), "code")
            wrong = on & ~code.compare("ord", h, h)
            for s in f.states():
                f.change(wrong, f.get("begun", s), "scaled", s)
            f.change(wrong, code.integer(Status.NOT_FINITE), "code")
            spent = on & code.compare("sge", f.get("steps", kind="i"), code.spread(f.given("max_steps")))
            f.change(spent & ~wrong, code.integer(Status.TOO_MANY_STEPS), "code")

    def _strike_out(self, lane: Value) -> None:
        """Take what was logged of a lane in this moment as not written: the run -1."""
        f, code = self.f, self.code
        run = f.one("run", lane, "l")
        with code.count_to(f.given("logged"), first=self.logged) as k:
            entry = code.address(f.given("log"), k)
            with code.when(code.compare("eq", code.load("l", entry), run)):
                code.store(code.integer(-1, "l"), entry)
