"""Timed events inside a kernel: lanes that stand at a break have it applied and go on, without leaving the kernel.

The times of the next breaks of a lane are rows of the workspace; intervals, counts and how often each has come lie in
the caller's tables, one column a run. Events at one time come in the order of the program. Where others fire on states,
these are looked at before each break and after it, and `watch.settle` fires what has turned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from immunode.program.llvm.source import Values
from immunode.program.llvm.text import Value
from immunode.program.program import Change
from immunode.solve import step_size
from immunode.solve.compiled.actions import Actions
from immunode.solve.compiled.past.points import point_functions, see_until, stop_at
from immunode.solve.compiled.queue import all_finite, first_step, memory_at_start
from immunode.solve.compiled.workspace import FIRED, MOST_AT_ONCE, KernelFunction, Workspace
from immunode.solve.status import Status


def break_functions(workspace: Workspace, external: set[str], order: int) -> list[str]:
    """Return the functions that serve lanes at a break, and the constants that they read."""
    actions = workspace.actions
    if actions is None or not (actions.body or workspace.delays):
        return []
    parts = [_table("event_body", actions.body)]
    for i, (body, renewed) in enumerate(zip(actions.bodies, actions.renewed, strict=True)):
        f = KernelFunction(workspace, f"act_{i}", external=external)
        _write_action(f, body, renewed)
        parts.append(f.text(attributes="nounwind noinline"))
    parts += [_advance(workspace, external), _note(workspace, "note_before"), _note(workspace, "note_after")]
    if workspace.settles:
        return [*parts, _glance(workspace), _apply(workspace, external, actions)]
    parts.append(_first_steps(workspace, external, order))
    parts += point_functions(workspace, external)
    parts.append(_serve(workspace, external, actions))
    return parts


def _table(name: str, numbers: tuple[int, ...]) -> str:
    # an empty one is never read
    numbers = numbers or (0,)
    text = ", ".join(f"i64 {v}" for v in numbers)
    return f"@{name} = internal constant [{len(numbers)} x i64] [{text}]"


def _serve(workspace: Workspace, external: set[str], actions: Actions) -> str:
    """Return `serve`: breaks are applied in the lanes `bits` that stand at one; lanes to be let go are `attention`.

    Where the log has no room for what may come, lanes wait in `pending` and are served once it has.
    """
    f = KernelFunction(workspace, "serve", [("l", "bits")], external)
    code = f.code
    zero = code.integer(0, "l")
    bits = code.argument("l", "bits")
    here = code.mask(bits) & code.compare("eq", f.get("code", kind="i"), 0)
    here = here & code.compare("eq", f.get("final", kind="i"), 0)
    served = code.lanes(here)
    f.put_one(bits & code.bits("xor", served, -1), "attention", zero)
    with code.when(code.compare("eq", served, 0)):
        code.returns()
        code.place(code.label())
    f.put(_row(f, here), "landed")
    with code.count_to(len(actions.body)) as i:
        _fire(f, actions, i, served)
    _go_on(f, served)
    return f.text(attributes="nounwind noinline")


def _apply(workspace: Workspace, external: set[str], actions: Actions) -> str:
    """Return `apply`: breaks are applied in the lanes `bits` that stand at one, beside events that fire on states.

    Where the log has no room for what may come, `pending` is set to `bits`; called again, it goes on where it was.
    """
    f = KernelFunction(workspace, "apply", [("l", "bits")], external)
    code = f.code
    bits, status = code.argument("l", "bits"), f.get("code", kind="i")
    here = code.mask(bits) & (code.compare("eq", status, 0) | code.compare("eq", status, FIRED))
    here = here & code.compare("eq", f.get("final", kind="i"), 0) & code.compare("oge", f.get("t"), f.get("t_stop"))
    served = code.lanes(here)
    with code.when(code.compare("eq", served, 0)):
        code.returns()
        code.place(code.label())
    f.put(_row(f, here), "landed")
    code.call("glance", f.args, f.ws, served)
    with code.count_to(len(actions.body)) as i:
        _fire(f, actions, i, bits)
    _aim(f, _mask(f, "landed"))
    return f.text(attributes="nounwind noinline")


def _glance(workspace: Workspace) -> str:
    """Return `glance`: conditions that are false in the lanes `bits` are noted, and those that have turned true."""
    f = KernelFunction(workspace, "glance", [("l", "bits")])
    code = f.code
    lanes, one = code.mask(code.argument("l", "bits")), code.number(1.0)
    code.call("conditions", f.args, f.ws, f.at("y"), f.get("t"))
    for i in range(len(workspace.program.triggers)):
        holds, seen = (code.compare("ogt", f.get(name, i), 0.5) for name in ("holds", "seen"))
        f.change(lanes & seen & ~holds, one, "turned", i)
        f.change(lanes & ~seen, code.number(0.0), "holds", i)
    return f.text(attributes="nounwind noinline")


def _row(f: KernelFunction, mask: Value) -> Value:
    return f.code.select(mask, f.code.integer(-1), 0)


def _mask(f: KernelFunction, name: str) -> Value:
    return f.code.compare("ne", f.get(name, kind="i"), 0)


def _fire(f: KernelFunction, actions: Actions, i: Value, served: Value) -> None:
    """Apply break i in the lanes where it is due, as often as it is."""
    code, zero = f.code, f.code.integer(0, "l")
    with code.loop() as again:
        due = _mask(f, "landed") & code.compare("ole", f.get("break_time", i), f.get("t"))
        now = code.lanes(due)
        again.leave_if(code.compare("eq", now, 0))
        room = f.given("log_end")
        logging = code.compare("ne", room, 0)
        # behind breaks there is to be room for what fires on states
        needed = f.workspace.width * (1 + MOST_AT_ONCE) if f.workspace.settles else f.workspace.width
        with code.when(logging & code.compare("sgt", f.given("logged") + needed, room)):
            f.put_one(served, "pending", zero)
            code.returns()
            code.place(code.label())
        f.put(_row(f, due), "due")
        if f.workspace.delays:
            f.change(due, code.integer(-1), "jumped")
        with code.when(logging), code.over_lanes(now) as lane:
            code.call("note_before", f.args, f.ws, lane)
        which = _entry(f, "event_body", i)
        for k in range(len(actions.bodies)):
            with code.when(code.compare("eq", which, k)):
                code.call(f"act_{k}", f.args, f.ws)
        with code.over_lanes(now) as lane:
            code.call("advance", f.args, f.ws, lane, i)
        with code.when(logging), code.over_lanes(now) as lane:
            code.call("note_after", f.args, f.ws, lane)
        if f.workspace.settles:
            code.call("glance", f.args, f.ws, now)


def _entry(f: KernelFunction, table: str, i: Value) -> Value:
    return f.code.load("l", f.code.emit("p", f"getelementptr inbounds i64, ptr @{table}, i64 {i.text}"))


def _advance(workspace: Workspace, external: set[str]) -> str:
    """Return `advance`: break i has come once more in a lane; see `Runs` for when it comes next."""
    f = KernelFunction(workspace, "advance", [("l", "lane"), ("l", "i")], external)
    code, lane, i = f.code, f.code.argument("l", "lane"), f.code.argument("l", "i")
    place = i * f.given("stride") + f.one("run", lane, "l")
    fired_at = code.address(f.given("fired"), place)
    fired = code.load("l", fired_at) + 1
    code.store(fired, fired_at)
    times = code.cast(fired, "d", "sitofp")
    first, every, count = (code.load("d", code.address(f.given(n), place)) for n in ("first", "every", "count"))
    with code.exactly():
        following = first + every * times
    following = code.select(code.compare("olt", times, count), following, math.inf)
    f.put_one(following, "break_time", lane, i)
    return f.text(attributes="nounwind")


def _note(workspace: Workspace, name: str) -> str:
    """Return `note_before` or `note_after`: one side of a jump in a lane is written into the log.

    Rows of an entry: run, time, states before, states after, switches after.
    """
    f = KernelFunction(workspace, name, [("l", "lane")])
    code, lane, n = f.code, f.code.argument("l", "lane"), workspace.n
    assert workspace.actions is not None
    before, room = name == "note_before", f.given("log_end")
    entry = f.given("logged") if before else f.one("entry", lane, "l")
    where = code.address(f.given("log"), entry)

    def column(row: str, count: int, first: int) -> None:
        with code.count_to(count) as k:
            code.store(f.one(row, lane, "d", k), code.address(where, (k + first) * room))

    if before:
        code.store(f.one("run", lane, "l"), where)
        code.store(f.one("t", lane), code.address(where, room))
        column("y", n, 2)
        f.put_one(entry, "entry", lane)
        f.give_back(entry + 1, "logged")
    else:
        column("y", n, 2 + n)
        column("held", len(workspace.actions.switches), 2 + 2 * n)
        # steps from here on have the parameters of this entry
        f.put_one(entry + f.given("stride"), "column", lane)
    return f.text(attributes="nounwind noinline")


def _first_steps(workspace: Workspace, external: set[str], order: int) -> str:
    """Return `first_steps`: in the lanes `bits` one is chosen."""
    f = KernelFunction(workspace, "first_steps", [("l", "bits")], external)
    f.change(f.code.mask(f.code.argument("l", "bits")), first_step(f, order, "now", waiting=False), "h")
    return f.text(attributes="nounwind noinline")


def _go_on(f: KernelFunction, served: Value) -> None:
    """Let the lanes that were served go on, or end."""
    code, zero = f.code, f.code.integer(0, "l")
    if f.workspace.delays:
        code.call("stand", f.args, f.ws, served)
    here, t = _mask(f, "landed"), f.get("t")
    t_end = _aim(f, here)
    with code.over_lanes(served & code.lanes(code.compare("ole", f.get("t_out"), t))) as lane:
        code.call("show", f.args, f.ws, lane)
    arrived = here & code.compare("oge", t, t_end)
    f.change(arrived, code.integer(1), "final")
    onward = here & ~arrived
    code.call("slope", f.args, f.ws, f.at("y"), f.at("c"), f.at("now"), t)
    lost = onward & ~all_finite(f, "now")
    spent = onward & code.compare("sge", f.get("steps", kind="i"), code.spread(f.given("max_steps")))
    f.change(spent, code.integer(Status.TOO_MANY_STEPS), "code")
    f.change(lost, code.integer(Status.NOT_FINITE), "code")
    ended = lost | spent
    with code.when(code.any(ended)):
        for s in f.states():
            f.change(ended, f.get("now", s), "scaled", s)
    _restart(f, onward)
    before = f.one("attention", zero, "l")
    f.put_one(before | code.lanes(arrived | ended), "attention", zero)


def _aim(f: KernelFunction, here: Value) -> Value:
    """Let lanes stop at their next break, or where they end; return where that is."""
    code = f.code
    following = code.variable(code.number(math.inf))
    assert f.workspace.actions is not None
    with code.count_to(len(f.workspace.actions.body)) as i:
        one, least = f.get("break_time", i), code.load("f", following)
        code.store(code.select(code.compare("olt", one, least), one, least), following)
    one, t_end = code.load("f", following), code.spread(f.given("t_end"))
    if f.workspace.delays:
        point = f.get("next_point")
        one = code.select(code.compare("olt", point, one), point, one)
    last = code.compare("ogt", one, t_end)
    stop = code.select(last, t_end, one)
    stop_at(f, here, stop)
    f.change(here & last, code.integer(1), "final")
    see_until(f, here, stop)
    return t_end


def _restart(f: KernelFunction, onward: Value) -> None:
    """Take up lanes behind their break, with a new first step."""
    code, workspace = f.code, f.workspace
    if workspace.explicit:
        for s in f.states():
            f.change(onward, f.get("now", s), "slope", s)
    else:
        f.change(onward, code.number(0.0), "h_before")
    f.change(onward, code.number(memory_at_start(workspace.n)), "memory")
    f.change(onward, code.number(step_size.GROW_MOST), "growth")
    fresh = code.lanes(onward)
    with code.when(code.compare("ne", fresh, 0)):
        code.call("first_steps", f.args, f.ws, fresh)


def _write_action(f: KernelFunction, body: Sequence[Change], renewed: Sequence[int]) -> None:
    """Write what an event does in the lanes whose row `due` is not 0.

    renewed : positions of prepared values that are computed again afterwards.
    """
    code, workspace = f.code, f.workspace
    assert workspace.actions is not None
    place = {row: i for i, row in enumerate(workspace.actions.held)}
    due = code.compare("ne", f.get("due", kind="i"), 0)

    def values() -> Values:
        return Values(
            code,
            workspace.program,
            lambda row: f.get("y", row),
            lambda row: f.get("held", place[row]),
            lambda: f.get("t"),
            {},
        )

    # as written: a count of intervals must not be off by rounding
    with code.exactly():
        new = values().compute(change.node for change in body)
    for change, value in zip(body, new, strict=True):
        if change.kind == "state":
            f.change(due, value, "y", change.index)
        else:
            f.change(due, value, "held", place[change.index])
    fresh = values().compute(workspace.prepared[i] for i in renewed)
    for i, value in zip(renewed, fresh, strict=True):
        f.change(due, value, "c", i)
