"""Delayed states as vector code: what lanes look back at, and the steps that they keep; see `numpy.lane_history`.

`found` is where each delay of a lane was seen last, `at` the same at the end of its last good step.
"""

from __future__ import annotations

import math

from immunode.program.llvm.source import Values
from immunode.program.llvm.text import Value
from immunode.solve.compiled.past.records import read_one, read_records, write_records
from immunode.solve.compiled.past.ring import END, RING, SIZE, TERMS
from immunode.solve.compiled.workspace import KernelFunction, Workspace

ORDERS = 3
"""What is looked up of a delayed state: its value, its slope, and where the method needs it the second derivative."""


def look_function(workspace: Workspace, external: set[str]) -> list[str]:
    """Return `look`: t -> writes the rows `past_0`, `past_1`, `past_2` of all delays of all lanes."""
    if not workspace.delays:
        return []
    f = KernelFunction(workspace, "look", [("f", "t")], external)
    code, t = f.code, f.code.argument("f", "t")
    some = code.variable(code.integer(0, "l"))
    with code.count_to(len(workspace.delays)) as d:
        when = t - f.get("lag", d)
        low, high = f.get("low", d), f.get("high", d)
        seen = code.select(code.compare("olt", when, low), low, when)
        seen = code.select(code.compare("ogt", seen, high), high, seen)
        place = _place(f, _search(f, d, seen))
        begin, _, over, *terms = read_records(code, place, _first(f, d))
        values = _derivatives(f, terms, (when - begin) * over, over)
        start = code.spread(f.given("t0"))
        before = code.compare("olt", seen, start) | code.compare("eq", f.get("taken", kind="i"), 0)
        for order, value in enumerate(values):
            was = f.get("before", d) if order == 0 else code.number(0.0)
            f.put(code.select(before, was, value), f"past_{order}", d)
        f.put(code.select(before, code.integer(-1), 0), "is_before", d)
        code.store(code.load("l", some) | code.lanes(before), some)
    if any(delay.past for delay in workspace.delays):
        with code.when(code.compare("ne", code.load("l", some), 0)):
            _declared(f, t)
    return [f.text(attributes="nounwind noinline"), _source_table(workspace)]


def _source_table(workspace: Workspace) -> str:
    places = [SIZE * workspace.sources.index(delay.of) for delay in workspace.delays]
    return f"@past_record = internal constant [{len(places)} x i64] [{', '.join(f'i64 {p}' for p in places)}]"


def _search(f: KernelFunction, d: Value, seen: Value) -> Value:
    """Return the number of the step in which each lane sees what it looks for, from where it found it before."""
    code = f.code
    at = code.variable(f.get("found", d, kind="i"))
    newest = f.get("taken", kind="i") - 1
    with code.loop() as loop:
        now = code.load("i", at, 64)
        further = code.compare("oge", seen, read_one(code, _place(f, now), END)) & code.compare("slt", now, newest)
        loop.leave_if(code.compare("eq", code.lanes(further), 0))
        code.store(code.select(further, now + 1, now), at, 64)
    result = code.load("i", at, 64)
    f.put(result, "found", d)
    return result


def _place(f: KernelFunction, number: Value) -> Value:
    """Return the addresses of the records of steps by their numbers, one a lane."""
    code, size = f.code, SIZE * len(f.workspace.sources)
    steps = code.spread(f.given("ring_steps"))
    lanes = Value(code, "i", f"<{', '.join(f'i64 {lane}' for lane in range(code.width))}>")
    place = (lanes * steps + code.bits("and", number, steps - 1)) * size
    text = f"getelementptr double, ptr {f.given('ring').text}, {code.types['i']} {place.text}"
    return code.emit("q", text)


def _first(f: KernelFunction, d: Value) -> Value | int:
    """Return where among the records of a step that of a delay's source begins."""
    if len(f.workspace.sources) == 1:
        return 0
    return f.code.load("l", f.code.emit("p", f"getelementptr inbounds i64, ptr @past_record, i64 {d.text}"))


def _derivatives(f: KernelFunction, terms: list[Value], x: Value, over: Value) -> list[Value]:
    """Return the value of polynomials at x, and their derivatives by time. over : 1 over the length of the step."""
    code = f.code
    values = []
    for order in range(2 if f.workspace.explicit else ORDERS):
        total = terms[-1] * float(math.perm(TERMS - 1, order))
        for k in range(TERMS - 2, order - 1, -1):
            total = code.fused(total, x, terms[k] * float(math.perm(k, order)))
        for _ in range(order):
            total = total * over
        values.append(total)
    return values


def _declared(f: KernelFunction, t: Value) -> None:
    """Write what histories say to lanes that look at what was before the start."""
    code, workspace = f.code, f.workspace
    rows = {node: i for i, node in enumerate(workspace.prepared)}
    known = dict.fromkeys(workspace.prepared, lambda node: f.get("c", rows[node]))
    for d, delay in enumerate(workspace.delays):
        if delay.past:
            when = t - f.get("lag", d)
            values = Values(code, workspace.program, _nothing, _nothing, lambda when=when: when, known)  # type: ignore[misc]
            before = code.compare("ne", f.get("is_before", d, kind="i"), 0)
            orders = 2 if workspace.explicit else ORDERS
            for order, value in enumerate(values.compute(delay.past[:orders])):
                f.change(before, value, f"past_{order}", d)


def _nothing(row: int) -> Value:
    raise AssertionError(row)


def look(f: KernelFunction, t: Value) -> None:
    """Write the call that looks up all delayed states at t, if there are any."""
    if f.workspace.delays:
        f.code.call("look", f.args, f.ws, t)


def start_search(f: KernelFunction) -> None:
    """Let the next search begin where the last good step ended; times within a step need not come in order then."""
    for d in range(len(f.workspace.delays)):
        f.put(f.get("at", d, kind="i"), "found", d)


def seen_now(f: KernelFunction, d: int, source: Value) -> Value:
    """Return a delayed state as it was looked up last, which is its source where the lag is 0."""
    none = f.code.compare("oeq", f.get("lag", d), 0.0)
    return f.code.select(none, source, f.get("past_0", d))


def keep_step(
    f: KernelFunction,
    good: Value,
    t: Value,
    t_new: Value,
    terms: dict[int, list[Value]],
    cut: tuple[Value, Value] | None = None,
) -> None:
    """Keep the steps of some lanes, and say where there is no room for another one.

    terms : state -> coefficients, of those that are looked back at.
    cut : lanes whose steps end before what their polynomials stand for, and how long these are.
    """
    code, workspace = f.code, f.workspace
    taken = f.get("taken", kind="i")
    place = _place(f, taken)
    length = t_new - t if cut is None else code.select(cut[0], cut[1], t_new - t)
    head = [t, t_new, code.number(1.0) / length]
    for i, s in enumerate(workspace.sources):
        # in lanes whose step is not good it is written where the next one will be
        write_records(code, [*head, *terms[s]], place, SIZE * i)
    f.change(good, taken + 1, "taken")
    # what was found is of the whole step
    whole = good if cut is None else good & ~cut[0]
    for d in range(len(workspace.delays)):
        f.change(whole, f.get("found", d, kind="i"), "at", d)
    full = code.compare("sge", remembered(f), code.spread(f.given("ring_steps"))) & good
    with code.when(code.any(full)):
        f.give_back(f.given("crowded") | RING, "crowded")


def remembered(f: KernelFunction) -> Value:
    """Return how many steps each lane has to keep."""
    code = f.code
    oldest = f.get("at", kind="i")
    for d in range(1, len(f.workspace.delays)):
        at = f.get("at", d, kind="i")
        oldest = code.select(code.compare("slt", at, oldest), at, oldest)
    return f.get("taken", kind="i") - oldest
