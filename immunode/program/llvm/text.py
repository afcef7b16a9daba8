"""LLVM vector code written as text: values with operators, memory, branches, functions.

Every value is a vector with one element a lane, or a scalar. Kinds: "f" floats, "i" 64-bit integers, "m" masks, one a
lane each; "d" one double, "l" one 64-bit integer, "b" one bit, "p" a pointer, "q" pointers, one a lane.
Floating-point arithmetic through operators may be fused (contract), ignores the sign of zero (nsz) and may turn
quotients into products (arcp): NaN and infinity are kept. `exactly` switches that off.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

LOOSE = "contract nsz arcp "


class Value:
    """One computed value of a function under construction."""

    __slots__ = ("code", "kind", "text")

    def __init__(self, code: Code, kind: str, text: str) -> None:
        self.code, self.kind, self.text = code, kind, text

    def __add__(self, other: Value | float) -> Value:
        return self.code.arithmetic("add", self, other)

    def __sub__(self, other: Value | float) -> Value:
        return self.code.arithmetic("sub", self, other)

    def __mul__(self, other: Value | float) -> Value:
        return self.code.arithmetic("mul", self, other)

    def __truediv__(self, other: Value | float) -> Value:
        return self.code.arithmetic("div", self, other)

    def __neg__(self) -> Value:
        return self.code.emit(self.kind, f"fneg {self.code.flags}{self.code.types[self.kind]} {self.text}")

    def __and__(self, other: Value | int) -> Value:
        return self.code.bits("and", self, other)

    def __or__(self, other: Value | int) -> Value:
        return self.code.bits("or", self, other)

    def __invert__(self) -> Value:
        return self.code.bits("xor", self, -1)


class Code:
    """The body of one function.

    width : lanes.   external : names of scalar functions called, collected over a module.
    """

    def __init__(self, width: int, name: str, parameters: str, result: str = "void", external: set[str] | None = None):
        self.width, self.name, self.parameters, self.result = width, name, parameters, result
        self.types = {
            "f": f"<{width} x double>", "i": f"<{width} x i64>", "m": f"<{width} x i1>",
            "d": "double", "l": "i64", "b": "i1", "p": "ptr", "q": f"<{width} x ptr>",
        }  # fmt: skip
        self.lines: list[str] = []
        self.variables: list[str] = []
        self.count = 0
        self.flags = LOOSE
        self.external: set[str] = set() if external is None else external

    # values

    def emit(self, kind: str, text: str) -> Value:
        self.count += 1
        name = f"%v{self.count}"
        self.lines.append(f"  {name} = {text}")
        return Value(self, kind, name)

    def argument(self, kind: str, name: str) -> Value:
        return Value(self, kind, f"%{name}")

    def number(self, x: float, kind: str = "f") -> Value:
        bits = struct.unpack("<Q", struct.pack("<d", x))[0]
        return self._constant(kind, f"0x{bits:016X}")

    def integer(self, x: int, kind: str = "i") -> Value:
        return self._constant(kind, str(x))

    def _constant(self, kind: str, text: str) -> Value:
        if kind in "fim":
            element = {"f": "double", "i": "i64", "m": "i1"}[kind]
            text = f"<{', '.join([f'{element} {text}'] * self.width)}>"
        return Value(self, kind, text)

    def _same(self, x: Value | float, kind: str) -> Value:
        if isinstance(x, Value):
            return x
        return self.number(float(x), kind) if kind in "fd" else self.integer(int(x), kind)

    def arithmetic(self, operation: str, x: Value, other: Value | float) -> Value:
        y = self._same(other, x.kind)
        if x.kind in "fd":
            return self.emit(x.kind, f"f{operation} {self.flags}{self.types[x.kind]} {x.text}, {y.text}")
        return self.emit(x.kind, f"{operation} {self.types[x.kind]} {x.text}, {y.text}")

    def bits(self, operation: str, x: Value, other: Value | int) -> Value:
        """Return and, or, xor, shl, lshr, ashr of integers or masks."""
        y = self._same(other, x.kind)
        return self.emit(x.kind, f"{operation} {self.types[x.kind]} {x.text}, {y.text}")

    def compare(self, relation: str, x: Value, other: Value | float) -> Value:
        """Return whether x `relation` other: olt, ole, oeq, une, uno, ... of floats; slt, sge, eq, ... of integers."""
        y = self._same(other, x.kind)
        word = "fcmp" if x.kind in "fd" else "icmp"
        kind = "m" if x.kind in "fim" else "b"
        return self.emit(kind, f"{word} {relation} {self.types[x.kind]} {x.text}, {y.text}")

    def select(self, condition: Value, x: Value, other: Value | float) -> Value:
        y = self._same(other, x.kind)
        kind, mask = self.types[x.kind], self.types[condition.kind]
        return self.emit(x.kind, f"select {mask} {condition.text}, {kind} {x.text}, {kind} {y.text}")

    def fused(self, x: Value, other: Value | float, addend: Value | float) -> Value:
        """Return x * other + addend, in one operation where the machine has it."""
        y, z = self._same(other, x.kind), self._same(addend, x.kind)
        return self.intrinsic("fmuladd", x, y, z)

    def intrinsic(self, name: str, *x: Value) -> Value:
        t = self.types[x[0].kind]
        suffix = f"v{self.width}f64" if x[0].kind == "f" else "f64"
        flags = self.flags if name in ("fmuladd", "sqrt") else ""
        self.external.add(f"declare {t} @llvm.{name}.{suffix}({', '.join([t] * len(x))})")
        given = ", ".join(f"{t} {v.text}" for v in x)
        return self.emit(x[0].kind, f"call {flags}{t} @llvm.{name}.{suffix}({given})")

    def each(self, function: str, x: Value) -> Value:
        """Return a scalar function of the C library, lane by lane."""
        self.external.add(f"declare double @{function}(double)")
        result = Value(self, "f", "zeroinitializer")
        for lane in range(self.width):
            one = self.element(x, lane)
            value = self.emit("d", f"call double @{function}(double {one.text})")
            result = self.emit("f", f"insertelement {self.types['f']} {result.text}, double {value.text}, i64 {lane}")
        return result

    def element(self, x: Value, lane: int) -> Value:
        kind = {"f": "d", "i": "l", "m": "b"}[x.kind]
        return self.emit(kind, f"extractelement {self.types[x.kind]} {x.text}, i64 {lane}")

    def cast(self, x: Value, kind: str, how: str = "bitcast") -> Value:
        return self.emit(kind, f"{how} {self.types[x.kind]} {x.text} to {self.types[kind]}")

    def spread(self, x: Value) -> Value:
        """Return a scalar in every lane."""
        kind = {"d": "f", "l": "i"}[x.kind]
        t, s = self.types[kind], self.types[x.kind]
        one = self.emit(kind, f"insertelement {t} poison, {s} {x.text}, i64 0")
        zeros = f"<{self.width} x i32> zeroinitializer"
        return self.emit(kind, f"shufflevector {t} {one.text}, {t} poison, {zeros}")

    def lanes(self, mask: Value) -> Value:
        """Return a mask as the low bits of an integer."""
        word = f"i{self.width}"
        narrow = self.emit("l", f"bitcast {self.types['m']} {mask.text} to {word}")
        return self.emit("l", f"zext {word} {narrow.text} to i64")

    def mask(self, bits: Value) -> Value:
        """Return the low bits of an integer as a mask, the reverse of `lanes`."""
        word = f"i{self.width}"
        narrow = self.emit("l", f"trunc i64 {bits.text} to {word}")
        return self.emit("m", f"bitcast {word} {narrow.text} to {self.types['m']}")

    def any(self, mask: Value) -> Value:
        return self.compare("ne", self.lanes(mask), 0)

    def first(self, bits: Value) -> Value:
        """Return the position of the lowest set bit."""
        self.external.add("declare i64 @llvm.cttz.i64(i64, i1)")
        return self.emit("l", f"call i64 @llvm.cttz.i64(i64 {bits.text}, i1 true)")

    @contextmanager
    def exactly(self) -> Iterator[None]:
        """Compute every operation as written."""
        before, self.flags = self.flags, ""
        yield
        self.flags = before

    # memory

    def address(self, base: Value, index: Value | int, size: str = "double") -> Value:
        position = index.text if isinstance(index, Value) else str(index)
        return self.emit("p", f"getelementptr inbounds {size}, ptr {base.text}, i64 {position}")

    def load(self, kind: str, where: Value, align: int = 8) -> Value:
        return self.emit(kind, f"load {self.types[kind]}, ptr {where.text}, align {align}")

    def store(self, x: Value, where: Value, align: int = 8, whole: bool = False) -> None:
        """Write a value. whole : all lanes even where some keep what they had.

        Otherwise LLVM makes a masked store of them, and processors wait long for what such a store wrote.
        """
        word = "store volatile" if whole else "store"
        self.lines.append(f"  {word} {self.types[x.kind]} {x.text}, ptr {where.text}, align {align}")

    def variable(self, start: Value) -> Value:
        """Return the address of a local variable; `load` and `store` use it, the compiler keeps it in a register."""
        self.count += 1
        name = f"%s{self.count}"
        self.variables.append(f"  {name} = alloca {self.types[start.kind]}, align 64")
        where = Value(self, "p", name)
        self.store(start, where)
        return where

    # control

    def label(self) -> str:
        self.count += 1
        return f"b{self.count}"

    def place(self, label: str) -> None:
        self.lines.append(f"{label}:")

    def jump(self, label: str) -> None:
        self.lines.append(f"  br label %{label}")

    def branch(self, condition: Value, yes: str, no: str) -> None:
        self.lines.append(f"  br i1 {condition.text}, label %{yes}, label %{no}")

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        yes, end = self.label(), self.label()
        self.branch(condition, yes, end)
        self.place(yes)
        yield
        self.jump(end)
        self.place(end)

    @contextmanager
    def loop(self) -> Iterator[Loop]:
        """Repeat until `leave_if`."""
        again, end = self.label(), self.label()
        self.jump(again)
        self.place(again)
        yield Loop(self, end)
        self.jump(again)
        self.place(end)

    @contextmanager
    def over_lanes(self, bits: Value) -> Iterator[Value]:
        """Go through the set bits of an integer; the lane is the value."""
        left = self.variable(bits)
        with self.loop() as loop:
            now = self.load("l", left)
            loop.leave_if(self.compare("eq", now, 0))
            self.store(now & (now - 1), left)
            yield self.first(now)

    @contextmanager
    def count_to(self, n: Value | int, first: Value | None = None) -> Iterator[Value]:
        """Go through first (or 0) .. n - 1."""
        position = self.variable(self.integer(0, "l") if first is None else first)
        with self.loop() as loop:
            now = self.load("l", position)
            loop.leave_if(self.compare("sge", now, n))
            yield now
            self.store(now + 1, position)

    def call(self, function: str, *arguments: Value) -> None:
        given = ", ".join(f"{self.types[a.kind]} {a.text}" for a in arguments)
        self.lines.append(f"  call void @{function}({given})")

    def returns(self, x: Value | None = None) -> None:
        self.lines.append("  ret void" if x is None else f"  ret {self.types[x.kind]} {x.text}")

    def text(self, linkage: str = "internal", attributes: str = "nounwind") -> str:
        head = f"define {linkage} {self.result} @{self.name}({self.parameters}) {attributes} {{".replace("  ", " ")
        return "\n".join([head, "entry:", *self.variables, *self.lines, "}", ""])


class Loop:
    """A loop that is being written."""

    def __init__(self, code: Code, end: str) -> None:
        self.code, self.end = code, end

    def leave_if(self, condition: Value) -> None:
        on = self.code.label()
        self.code.branch(condition, self.end, on)
        self.code.place(on)
