"""Outputs inside a step: the polynomials of all lanes are turned over, so that one output is one piece of memory.

Coefficients are computed with one run a lane. An output holds all states of one run, so each coefficient is transposed
once (states next to each other, lane after lane) and every output is then a short polynomial in vectors of states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from immunode.program.llvm.text import Code, Value
from immunode.solve.compiled.workspace import KernelFunction

LARGEST = 4
"""Coefficients of this many states fit into registers."""
AHEAD, LINE = 16, 8
"""Doubles between an output and the memory that is fetched for later ones, at least; doubles of a line of cache."""


def pieces(f: KernelFunction) -> Iterator[tuple[int | Value, int]]:
    """Yield the first state and the size, a power of two, of the pieces that an output is made of.

    The largest ones are one in a loop of the code where there are many.
    """
    n_states, first, size = f.workspace.n, 0, LARGEST
    if f.workspace.looped:
        with f.code.count_to(n_states // LARGEST) as piece:
            yield piece * LARGEST, LARGEST
        first = n_states // LARGEST * LARGEST
    while first < n_states:
        while size > n_states - first:
            size //= 2
        yield first, size
        first += size


def turn(f: KernelFunction, rows: list[Value]) -> list[Value]:
    """Return rows (one a state, their number a power of two) as one run of values: all states of lane 0, of lane 1, ...

    Each pass interleaves the first half of all with the second half, which turns places by one bit.
    """
    count = len(rows)
    passes = count.bit_length() - 1
    for _ in range(passes):
        half = len(rows) // 2
        rows = [part for a, b in zip(rows[:half], rows[half:], strict=True) for part in _interleaved(f, a, b)]
    return rows


def _interleaved(f: KernelFunction, a: Value, b: Value) -> list[Value]:
    code, width = f.code, f.code.width
    kind = code.types["f"]
    pieces = []
    for start in (0, width // 2):
        places = [place for i in range(start, start + width // 2) for place in (i, width + i)]
        mask = ", ".join(f"i32 {place}" for place in places)
        text = f"shufflevector {kind} {a.text}, {kind} {b.text}, <{width} x i32> <{mask}>"
        pieces.append(code.emit("f", text))
    return pieces


def write_inside(
    f: KernelFunction,
    due: Value,
    inside: Callable[[int | Value], list[Value]],
    h: Value,
    before: Callable[[], None] = lambda: None,
) -> None:
    """Write the outputs of the lanes in `due`: the next one of every lane, then again where more are due.

    inside : returns a state's coefficients (powers of x) in the step of size h that ends at the row `t_new`.
    before : writes what makes ready for it.
    """
    code = f.code
    bits = code.lanes(due)
    with code.when(code.compare("ne", bits, 0)):
        before()
        _keep_turned(f, inside)
        f.put(code.number(1.0) / h, "over_h")
        waiting = code.variable(bits)
        with code.loop() as loop:
            now = code.load("l", waiting)
            loop.leave_if(code.compare("eq", now, 0))
            code.store(code.integer(0, "l"), waiting)
            with code.over_lanes(now) as lane:
                again = _write_next(f, lane)
                more = code.bits("shl", code.cast(again, "l", "zext"), lane)
                code.store(code.load("l", waiting) | more, waiting)


def _write_next(f: KernelFunction, lane: Value) -> Value:
    """Write the next output of a lane; return whether the one after it is due as well."""
    code, n = f.code, f.workspace.n
    x = (f.one("t_out", lane) - f.one("t", lane)) * f.one("over_h", lane)
    place, index = f.one("place", lane, "l"), f.one("next_out", lane, "l") + 1
    out = code.address(f.given("out"), place)
    _write_states(f, lane, x, out)
    _fetch(f, out, max(AHEAD, 3 * n))
    f.put_one(place + n, "place", lane)
    f.put_one(index, "next_out", lane)
    after = code.load("d", code.address(f.given("times"), index))
    f.put_one(after, "t_out", lane)
    return code.compare("olt", after, f.one("t_new", lane))


def _fetch(f: KernelFunction, out: Value, ahead: int) -> None:
    """Ask for the memory that later outputs of this run are written to; each run has its own place in memory."""
    code, n = f.code, f.workspace.n
    code.external.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
    if f.workspace.looped:
        with code.count_to(-(-n // LINE)) as line:
            _fetch_line(code, out, (line * LINE + ahead).text)
        return
    for first in range(0, n, LINE):
        _fetch_line(code, out, str(ahead + first))


def _fetch_line(code: Code, out: Value, ahead: str) -> None:
    # not "inbounds": it may lie past the end, where nothing is touched
    where = code.emit("p", f"getelementptr double, ptr {out.text}, i64 {ahead}")
    code.lines.append(f"  call void @llvm.prefetch.p0(ptr {where.text}, i32 1, i32 3, i32 1)")


def _keep_turned(f: KernelFunction, inside: Callable[[int | Value], list[Value]]) -> None:
    """Write the coefficients (states, powers) where `_write_states` finds them."""
    for first, size in pieces(f):
        coefficients = [inside(first + s) for s in range(size)]
        for k in range(f.workspace.degree + 1):
            for i, row in enumerate(turn(f, [c[k] for c in coefficients])):
                f.code.store(row, _place(f, first, size, k, i), 64)


def _place(f: KernelFunction, first: int | Value, size: int, k: int, row: int = 0) -> Value:
    """Return the address of turned values; they lie without gaps."""
    return f.code.address(f.at("inside"), (first * (f.workspace.degree + 1) + (k * size + row)) * f.code.width)


def _write_states(f: KernelFunction, lane: Value, x: Value, out: Value) -> None:
    """Write the states of a lane at x, a fraction of the step, to the address `out`."""
    for first, size in pieces(f):
        place = lane * size
        degree = f.workspace.degree
        c = [_load(f.code, size, f.code.address(_place(f, first, size, k), place)) for k in range(degree + 1)]
        spread = _spread(f.code, size, x)
        y = c[degree]
        for k in range(degree - 1, -1, -1):
            y = _fused(f.code, size, y, spread, c[k])
        kind = _kind(size)
        f.code.lines.append(f"  store {kind} {y.text}, ptr {f.code.address(out, first).text}, align 8")


def _kind(size: int) -> str:
    return "double" if size == 1 else f"<{size} x double>"


def _load(code: Code, size: int, where: Value) -> Value:
    return code.emit("d", f"load {_kind(size)}, ptr {where.text}, align 8")


def _spread(code: Code, size: int, x: Value) -> Value:
    if size == 1:
        return x
    kind = _kind(size)
    one = code.emit("d", f"insertelement {kind} poison, double {x.text}, i64 0")
    return code.emit("d", f"shufflevector {kind} {one.text}, {kind} poison, <{size} x i32> zeroinitializer")


def _fused(code: Code, size: int, x: Value, y: Value, z: Value) -> Value:
    kind = _kind(size)
    name = f"@llvm.fmuladd.{'f64' if size == 1 else f'v{size}f64'}"
    code.external.add(f"declare {kind} {name}({kind}, {kind}, {kind})")
    return code.emit("d", f"call {code.flags}{kind} {name}({kind} {x.text}, {kind} {y.text}, {kind} {z.text})")
