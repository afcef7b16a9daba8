"""The size of a first step as vector code; see `step_size.first_step`."""

from __future__ import annotations

import math

from immunode.program.llvm import vector_math
from immunode.program.llvm.text import Value
from immunode.solve import step_size
from immunode.solve.compiled.workspace import KernelFunction


def memory_at_start(n: int) -> float:
    """Return log2 of the sum of squares that stands for the smallest error remembered."""
    return math.log2(n) + 2.0 * math.log2(step_size.LOWEST_ERROR)


def first_step(f: KernelFunction, order: int, slopes: str, waiting: bool) -> Value:
    """Return the size of the first step, NaN where the right-hand side is not finite.

    slopes : rows that the right-hand side is written to.   waiting : whether it is of the runs that wait.
    """
    code, n = f.code, f.workspace.n
    t, rtol = f.get("t", waiting=waiting), code.spread(f.given("rtol"))
    longest = f.get("t_stop", waiting=waiting) - t
    c = f.at("c", waiting=waiting)
    code.call("slope", f.args, f.ws, f.at("y", waiting=waiting), c, f.at(slopes), t)

    def scale(s: int) -> Value:
        return f.get("atol", s, waiting=waiting) + rtol * code.intrinsic("fabs", f.get("y", s, waiting=waiting))

    size = speed = code.number(0.0)
    for s in range(n):
        size = size + _square(f.get("y", s, waiting=waiting) / scale(s))
        speed = speed + _square(f.get(slopes, s) / scale(s))
    size, speed = (code.intrinsic("sqrt", x * (1.0 / n)) for x in (size, speed))
    slow = code.compare("olt", size, 1e-5) | code.compare("olt", speed, 1e-5)
    h = code.select(slow, code.number(1e-6), size * 0.01 / speed)
    h = code.select(code.compare("olt", code.intrinsic("fabs", h), math.inf), h, 1e-6)
    h = code.select(code.compare("olt", h, longest), h, longest)
    for s in range(n):
        f.put(f.get("y", s, waiting=waiting) + h * f.get(slopes, s), "u", s)
    code.call("slope", f.args, f.ws, f.at("u"), c, f.at("ahead"), t + h)
    bend = code.number(0.0)
    for s in range(n):
        bend = bend + _square((f.get("ahead", s) - f.get(slopes, s)) / scale(s))
    bend = code.intrinsic("sqrt", bend * (1.0 / n)) / h
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
    total = code.number(0.0)
    with code.exactly():
        # zero for finite values, NaN for others
        for s in range(f.workspace.n):
            total = total + f.get(rows, s) * 0.0
    return code.compare("ord", total, total)


def _square(x: Value) -> Value:
    return x * x
