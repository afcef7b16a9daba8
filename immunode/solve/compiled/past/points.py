"""Lanes of a delay equation that stand at a break or a breaking point, as vector code; see `delays.BreakingPoints`."""

from __future__ import annotations

import math

from immunode.program.llvm.text import Value
from immunode.solve.compiled.past.lookup import look, seen_now, start_search
from immunode.solve.compiled.past.ring import POINTS
from immunode.solve.compiled.workspace import EPS, KernelFunction, Workspace
from immunode.solve.delays.breaking_points import HIGHEST, ROUNDING
from immunode.solve.numpy.lane_history import BESIDE


def point_functions(workspace: Workspace, external: set[str]) -> list[str]:
    """Return `arrive` and `stand`; none without delays."""
    return [_arrive(workspace, external), _stand(workspace, external)] if workspace.delays else []


def _arrive(workspace: Workspace, external: set[str]) -> str:
    """Return `arrive`: what is due where `lane` stands is taken off its points, what will be seen of it later added."""
    f = KernelFunction(workspace, "arrive", [("l", "lane")], external)
    code, lane, zero = f.code, f.code.argument("l", "lane"), f.code.integer(0, "l")
    n = len(workspace.delays)
    base = code.address(f.given("points"), lane * f.given("points_room") * 2)
    t = f.one("t", lane)
    longest = code.variable(code.number(0.0, "d"))
    with code.count_to(n) as d:
        code.store(_larger(f, f.one("lag", lane, "d", d), code.load("d", longest)), longest)
    with code.exactly():
        until = t + (code.intrinsic("fabs", t) + code.load("d", longest)) * ROUNDING
    jumped = code.compare("ne", f.one("jumped", lane, "l"), 0)
    order = code.variable(code.select(jumped, code.number(0.0, "d"), float(HIGHEST + 1)))
    count, at = code.variable(f.one("points_ahead", lane, "l")), code.variable(zero)
    with code.loop() as loop:
        k = code.load("l", at)
        loop.leave_if(code.compare("sge", k, code.load("l", count)))
        here = code.address(base, k * 2)
        due = code.compare("ole", code.load("d", here), until)
        with code.when(due):
            one, least = code.load("d", code.address(here, 1)), code.load("d", order)
            code.store(code.select(code.compare("olt", one, least), one, least), order)
            left = code.load("l", count) - 1
            code.store(left, count)
            last = code.address(base, left * 2)
            code.store(code.load("d", last), here)
            code.store(code.load("d", code.address(last, 1)), code.address(here, 1))
        code.store(code.select(due, k, k + 1), at)
    _add_images(f, base, count, code.load("d", order), lane)
    _note_next(f, base, code.load("l", count), lane)
    return f.text(attributes="nounwind noinline")


def _larger(f: KernelFunction, x: Value, y: Value) -> Value:
    return f.code.select(f.code.compare("ogt", x, y), x, y)


def _add_images(f: KernelFunction, base: Value, count: Value, order: Value, lane: Value) -> None:
    """Add when each delay sees the point that a lane stands at."""
    code = f.code
    with (
        code.when(code.compare("olt", order, float(HIGHEST))),
        code.count_to(len(f.workspace.delays)) as d,
    ):
        lag = f.one("lag", lane, "d", d)
        with code.when(code.compare("ogt", lag, 0.0)):
            now = code.load("l", count)
            where = code.address(base, now * 2)
            code.store(f.one("t", lane) + lag, where)
            code.store(order + 1.0, code.address(where, 1))
            code.store(now + 1, count)


def _note_next(f: KernelFunction, base: Value, count: Value, lane: Value) -> None:
    code = f.code
    least = code.variable(code.number(math.inf, "d"))
    with code.count_to(count) as k:
        one, other = code.load("d", code.address(base, k * 2)), code.load("d", least)
        code.store(code.select(code.compare("olt", one, other), one, other), least)
    f.put_one(code.load("d", least), "next_point", lane)
    f.put_one(count, "points_ahead", lane)
    # a lane may come to stand twice before the kernel is left
    needed = count + 2 * len(f.workspace.delays)
    with code.when(code.compare("sgt", needed, f.given("points_room"))):
        f.give_back(f.given("crowded") | POINTS, "crowded")


def _stand(workspace: Workspace, external: set[str]) -> str:
    """Return `stand`: the lanes `bits` start anew where they are, with their delayed states as they are just after."""
    f = KernelFunction(workspace, "stand", [("l", "bits")], external)
    code, bits = f.code, f.code.argument("l", "bits")
    here, t = code.mask(bits), f.get("t")
    fresh = here & code.compare("ne", f.get("fresh", kind="i"), 0)
    for name in ("taken", "points_ahead", "fresh"):
        f.change(fresh, code.integer(0), name)
    with code.over_lanes(bits) as lane:
        code.call("arrive", f.args, f.ws, lane)
    f.change(here, code.integer(0), "jumped")
    for d in range(len(workspace.delays)):
        lag = f.get("lag", d)
        f.change(fresh, code.integer(0), "at", d)
        with code.exactly():
            low = (t - lag) + (code.intrinsic("fabs", t) + lag) * BESIDE
        f.change(here, low, "low", d)
        f.change(here, code.number(math.inf), "high", d)
    start_search(f)
    look(f, t)
    for d, delay in enumerate(workspace.delays):
        f.change(here, seen_now(f, d, f.get("y", delay.of)), "y", delay.row)
        f.change(here, f.get("found", d, kind="i"), "at", d)
    return f.text(attributes="nounwind noinline")


def comes_sooner(f: KernelFunction, point: Value, stop: Value) -> Value:
    """Return whether lanes come to a breaking point before they come to another stop.

    Where events fire on states, one that is earlier by rounding is at that stop: all of a moment counts at once there.
    """
    sooner = f.code.compare("olt", point, stop)
    if not f.workspace.settles:
        return sooner
    return sooner & f.code.compare("olt", point, stop * (1.0 - ROUNDING))


def stop_at(f: KernelFunction, here: Value, stop: Value) -> None:
    """Let lanes stop at a time."""
    f.change(here, stop, "t_stop")
    f.change(here, stop - f.code.intrinsic("fabs", stop) * (4.0 * EPS), "t_near")


def see_until(f: KernelFunction, here: Value, stop: Value) -> None:
    """Let lanes see nothing beyond what there is to be seen until `stop`."""
    code = f.code
    for d in range(len(f.workspace.delays)):
        lag, low = f.get("lag", d), f.get("low", d)
        with code.exactly():
            high = (stop - lag) - (code.intrinsic("fabs", stop) + lag) * BESIDE
        f.change(here, code.select(code.compare("ogt", high, low), high, low), "high", d)


def turn_aside(f: KernelFunction, lanes: Value) -> None:
    """Let lanes in which a state jumped within a pass stop where that will be seen."""
    code = f.code
    f.change(lanes, code.integer(-1), "jumped")
    with code.over_lanes(code.lanes(lanes)) as lane:
        code.call("arrive", f.args, f.ws, lane)
    f.change(lanes, code.integer(0), "jumped")
    stop, point = f.get("t_stop"), f.get("next_point")
    sooner = lanes & comes_sooner(f, point, stop)
    f.change(sooner, code.integer(0), "final")
    stop_at(f, sooner, point)
    see_until(f, sooner, point)
