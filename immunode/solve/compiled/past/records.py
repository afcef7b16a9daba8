"""Records of steps as vector code: eight numbers of each lane, which lie side by side, become eight rows, and back.

The place of a number is (lane, part) in memory and (part, lane) in rows; every pass that interleaves the first half of
all numbers with the second half turns the bits of these places by one. One load of eight is much faster than eight
loads of one for each lane.
"""

from __future__ import annotations

from immunode.program.llvm.text import Code, Value
from immunode.solve.compiled.past.ring import SIZE

Vectors = list[Value]


def read_one(code: Code, place: Value, part: int) -> Value:
    """Return one part of the records at some addresses, one a lane."""
    kind = code.types["f"]
    row = Value(code, "f", "poison")
    for lane in range(code.width):
        number = code.load("d", code.address(_element(code, place, lane), part))
        row = code.emit("f", f"insertelement {kind} {row.text}, double {number.text}, i64 {lane}")
    return row


def read_records(code: Code, place: Value, first: Value | int) -> Vectors:
    """Return the parts of the records at some addresses, one a lane, from the double `first` on."""
    rows: list[Vectors] = [[] for _ in range(SIZE)]
    group = min(code.width, SIZE)
    for start in range(0, code.width, group):
        loaded = []
        for lane in range(start, start + group):
            where = code.address(_element(code, place, lane), first)
            loaded.append(code.emit("p", f"load {_kind(SIZE)}, ptr {where.text}, align 8"))
        turned = _turned(code, loaded, SIZE, group.bit_length() - 1)
        for part in range(SIZE):
            whole = turned[part * group // SIZE]
            rows[part].append(_piece(code, whole, SIZE, part * group % SIZE, group))
    return [_joined(code, pieces, group) for pieces in rows]


def write_records(code: Code, rows: Vectors, place: Value, first: int) -> None:
    """Write rows as the parts of the records at some addresses, one a lane."""
    group = min(code.width, SIZE)
    for start in range(0, code.width, group):
        pieces = [_piece(code, row, code.width, start, group) for row in rows]
        turned = _turned(code, pieces, group, SIZE.bit_length() - 1)
        for i, piece in enumerate(turned):
            lane, part = divmod(i * group, SIZE)
            where = code.address(_element(code, place, start + lane), first + part)
            code.lines.append(f"  store {_kind(group)} {piece.text}, ptr {where.text}, align 8")


def _kind(size: int) -> str:
    return f"<{size} x double>"


def _element(code: Code, place: Value, lane: int) -> Value:
    return code.emit("p", f"extractelement {code.types['q']} {place.text}, i64 {lane}")


def _shuffled(code: Code, one: Value, other: Value, size: int, places: list[int]) -> Value:
    mask = ", ".join(f"i32 {place}" for place in places)
    kind = _kind(size)
    return code.emit("f", f"shufflevector {kind} {one.text}, {kind} {other.text}, <{len(places)} x i32> <{mask}>")


def _turned(code: Code, vectors: Vectors, size: int, passes: int) -> Vectors:
    """Return vectors of some size with all their numbers in the order after some passes."""
    for _ in range(passes):
        half = len(vectors) // 2
        following = []
        for one, other in zip(vectors[:half], vectors[half:], strict=True):
            for start in (0, size // 2):
                places = [place for i in range(start, start + size // 2) for place in (i, size + i)]
                following.append(_shuffled(code, one, other, size, places))
        vectors = following
    return vectors


def _piece(code: Code, whole: Value, size: int, start: int, count: int) -> Value:
    if count == size:
        return whole
    return _shuffled(code, whole, whole, size, list(range(start, start + count)))


def _joined(code: Code, pieces: Vectors, size: int) -> Value:
    if len(pieces) == 1:
        return pieces[0]
    one, other = pieces
    return _shuffled(code, one, other, size, list(range(2 * size)))
