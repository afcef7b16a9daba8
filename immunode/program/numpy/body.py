"""The bodies of the NumPy functions that a Program is written as: which values get a name, and each value's text."""

from __future__ import annotations

import textwrap
from typing import Protocol

from immunode.program.program import Program

_INFIX = {
    "add": ("+", 1), "sub": ("-", 1), "mul": ("*", 2), "div": ("/", 2), "pow": ("**", 4), "less": ("<", 0),
    "less_equal": ("<=", 0), "equal": ("==", 0),
}  # fmt: skip
CALLS = {
    "exp": "exp", "log": "log", "sqrt": "sqrt", "abs": "absolute", "tanh": "tanh", "sin": "sin", "cos": "cos",
    "tan": "tan", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sinh": "sinh", "cosh": "cosh",
    "floor": "floor", "ceil": "ceil",
    "min": "minimum", "max": "maximum", "where": "where", "not": "logical_not",
    "and": "logical_and", "or": "logical_or",
}  # fmt: skip
_ATOM, _NEGATION = 5, 3
_INLINE_LENGTH = 96
_WIDTH = 100


class Names(Protocol):
    """What a body needs of the writer of the whole program: what its values are called."""

    program: Program
    state_names: list[str]
    parameter_names: list[str]
    label: dict[int, str]
    prepared: list[int]
    row: dict[int, int]
    prefix: str


class Body:
    """The lines of one function: `lines` bind names, `texts` are the wanted values in order."""

    def __init__(self, writer: Names, nodes: list[int], bound: dict[int, str]) -> None:
        self.writer = writer
        self.bound = bound
        self.names: dict[int, str] = {}
        self.lines: list[str] = []
        order = self._order(nodes)
        self._bind_leaves(order)
        for node in order:
            if node in self.names or writer.program.nodes[node][0] == "number":
                continue
            label = writer.label.get(node)
            if self.uses[node] > 1 or label or len(self._text(node)[0]) > _INLINE_LENGTH:
                text = self._text(node)[0]
                self.names[node] = label or f"{writer.prefix}{node}"
                self.lines.append(f"    {self.names[node]} = {text}")
        self.texts = [self._text(node)[0] for node in nodes]

    def _order(self, nodes: list[int]) -> list[int]:
        """Return what has to be computed, operands first, and count how often each is used."""
        self.uses: dict[int, int] = dict.fromkeys(nodes, 0)
        for node in nodes:
            self.uses[node] += 1
        stack, seen = list(nodes), set()
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            kind, *rest = self.writer.program.nodes[node]
            if node in self.bound or kind in ("number", "state", "parameter", "time"):
                continue
            for operand in rest:
                self.uses[operand] = self.uses.get(operand, 0) + 1  # type: ignore[index,call-overload]
                stack.append(operand)  # type: ignore[arg-type]
        return sorted(seen)

    def _bind_leaves(self, order: list[int]) -> None:
        writer = self.writer
        nodes = writer.program.nodes
        wanted: dict[str, list[tuple[int, str]]] = {"y": [], "c": [], "p": []}
        for node in order:
            kind, *rest = nodes[node]
            if node in self.bound:
                wanted["c"].append((writer.row[node], self.bound[node]))
                self.names[node] = self.bound[node]
            elif kind == "state":
                self.names[node] = writer.state_names[int(rest[0])]  # type: ignore[call-overload]
                wanted["y"].append((int(rest[0]), self.names[node]))  # type: ignore[call-overload]
            elif kind == "parameter":
                self.names[node] = writer.parameter_names[int(rest[0])]  # type: ignore[call-overload]
                wanted["p"].append((int(rest[0]), self.names[node]))  # type: ignore[call-overload]
            elif kind == "time":
                self.names[node] = "t"
        sizes = {"y": len(writer.state_names), "c": len(writer.prepared), "p": len(writer.parameter_names)}
        for array, rows in wanted.items():
            for run in _consecutive(sorted(rows)):
                first, last = run[0][0], run[-1][0]
                part = f"{first or ''}:{last + 1 if last + 1 < sizes[array] else ''}"
                self.lines += _unpack([name for _, name in run], array, part)

    def _text(self, node: int) -> tuple[str, int]:
        """Return the text of a node and how tightly it binds."""
        if node in self.names:
            return self.names[node], _ATOM
        kind, *rest = self.writer.program.nodes[node]
        if kind == "number":
            value = float(rest[0])  # type: ignore[arg-type]
            text = str(int(value)) if value.is_integer() and abs(value) < 1e6 else repr(value)
            return (text, _NEGATION) if value < 0 else (text, _ATOM)
        parts = [self._text(int(o)) for o in rest]  # type: ignore[call-overload]
        if kind == "neg":
            text, bound = parts[0]
            return (f"-{text}" if bound >= 2 else f"-({text})"), _NEGATION if bound != 2 else 2
        if kind in _INFIX:
            sign, strength = _INFIX[str(kind)]
            left, right = (self._enclose(part, strength, side) for side, part in enumerate(parts))
            space = " " if strength < 2 else ""
            return f"{left}{space}{sign}{space}{right}", strength
        return f"{CALLS[str(kind)]}({', '.join(text for text, _ in parts)})", _ATOM

    @staticmethod
    def _enclose(part: tuple[str, int], strength: int, side: int) -> str:
        text, bound = part
        # equal strength: left operands group as written; right ones, and both of ** and comparisons, need brackets
        loose = bound < strength or (bound == strength and (side == 1 or strength in (0, 4)))
        return f"({text})" if loose or (bound == _NEGATION and side == 1) else text


def _unpack(names: list[str], array: str, part: str) -> list[str]:
    """Return `name, name = array[part]`, in brackets over several lines where it is long.

    A single name is bound to its row instead, however long it is: in brackets it would be unpacked.
    """
    if len(names) == 1:
        return [f"    {names[0]} = {array}[{part.partition(':')[0] or 0}]"]
    source = array if part == ":" else f"{array}[{part}]"
    row = ", ".join(names)
    if len(row) + len(source) < _WIDTH - 7:
        return [f"    {row} = {source}"]
    lines = wrap(row, "        ")
    return ["    (", *lines[:-1], f"{lines[-1]},", f"    ) = {source}"]


def wrap(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False)


def _consecutive(rows: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Return rows in groups of neighboring numbers."""
    groups: list[list[tuple[int, str]]] = []
    for row in rows:
        if groups and row[0] == groups[-1][-1][0] + 1:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups
