"""How expressions are written in other languages: one walk of the tree, one table for each language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from immunode.language.tree import Expression, fold, number_text

_OR, _AND, _COMPARE, _ADD, _MUL, _POW, _ATOM = range(1, 8)
_INFIX = {"add": (" + ", _ADD), "sub": (" - ", _ADD), "mul": ("*", _MUL), "div": ("/", _MUL)}


@dataclass(frozen=True, slots=True)
class Syntax:
    """What differs between languages.

    Attributes
    ----------
    power : str
        sign of a power; "" calls `pow`.
    choose : str
        name of a function of a condition and two values.
    names : Mapping[str, str]
        functions whose name differs, such as `{"log": "LOG"}`; one that is not here keeps its own.
    compare : Mapping[str, str]
        signs that differ.
    logic : tuple[str, str, str]
        and, or, not.
    time : str
        name of the time.
    decimal : bool
        whether numbers need a point, since 1/2 would be 0.
    taken : frozenset[str]
        words that no quantity may be called.
    case_blind : bool
        whether A and a are one name; then `taken` is in lower case.
    reserved : tuple[str, ...]
        words made of a quantity's name that the language gives a meaning, such as `"{}_0"`.
    longest : int
        characters of a name.
    extinct : bool
        whether a text can say that a population dies out.
    truncate : str
        name of the function that drops decimals, where there is neither floor nor ceil.
    choice : Callable[[str, str, str], str] | None
        writes a choice where there is no such function: condition, value, otherwise -> what stands for it.
    """

    power: str = "^"
    choose: str = "ifelse"
    names: Mapping[str, str] = field(default_factory=dict)
    compare: Mapping[str, str] = field(default_factory=dict)
    logic: tuple[str, str, str] = (" && ", " || ", "!")
    time: str = "t"
    decimal: bool = False
    taken: frozenset[str] = frozenset()
    case_blind: bool = False
    reserved: tuple[str, ...] = ()
    longest: int = 60
    extinct: bool = False
    truncate: str = ""
    choice: Callable[[str, str, str], str] | None = None

    def number(self, value: float) -> str:
        """Return a number that reads back as it is."""
        text = number_text(value)
        if self.decimal and "." not in text:
            mantissa, e, exponent = text.partition("e")
            text = f"{mantissa}.0{e}{exponent}"
        return text

    def write(self, expression: Expression) -> str:
        """Return an expression as text of the language."""

        def leaf(node: Expression) -> tuple[str, int]:
            if node[0] == "number":
                return self.number(node[1]), _ATOM if node[1] >= 0 else _ADD
            return (self.time if node[0] == "time" else node[1]), _ATOM

        text: str = fold(plain(expression), leaf, self._join)[0]
        return text

    def _join(self, node: Expression, parts: list[tuple[str, int]]) -> tuple[str, int]:
        kind = node[0]
        texts = [text for text, _ in parts]

        def at(i: int, least: int) -> str:
            return texts[i] if parts[i][1] >= least else f"({texts[i]})"

        if kind in _INFIX:
            sign, level = _INFIX[kind]
            return f"{at(0, level)}{sign}{at(1, level + 1)}", level
        if kind == "neg":
            return f"-{at(0, _POW)}", _ADD
        if kind == "pow":
            if not self.power:
                return f"{self.names.get('pow', 'pow')}({texts[0]}, {texts[1]})", _ATOM
            return f"{at(0, _ATOM)}{self.power}{at(1, _ATOM)}", _POW
        if kind == "compare":
            return f"{at(0, _ADD)} {self.compare.get(node[1], node[1])} {at(1, _ADD)}", _COMPARE
        if kind == "not":
            return f"{self.logic[2]}({texts[0]})", _ATOM
        if kind in ("and", "or"):
            level = _AND if kind == "and" else _OR
            return f"{at(0, level)}{self.logic[kind == 'or']}{at(1, level + 1)}", level
        if kind == "piecewise":
            return self._choices(texts), _ATOM
        return self._call(str(node[1]), texts), _ATOM

    def _choices(self, texts: list[str]) -> str:
        result = texts[-1]
        for value, condition in reversed(list(zip(texts[0:-1:2], texts[1::2], strict=True))):
            made = self.choice(condition, value, result) if self.choice else ""
            result = made or f"{self.choose}({condition}, {value}, {result})"
        return result

    def _call(self, function: str, texts: list[str]) -> str:
        if function in ("min", "max"):
            result = texts[0]
            for text in texts[1:]:
                sign = self.compare.get("<", "<") if function == "min" else self.compare.get(">", ">")
                made = self.choice(f"{result} {sign} {text}", result, text) if self.choice else ""
                result = made or f"{self.names.get(function, function)}({result}, {text})"
            return result
        name = self.names.get(function, function)
        if function in ("floor", "ceil") and self.truncate and self.choice:
            whole, side = f"{self.truncate}({texts[0]})", "<" if function == "floor" else ">"
            step = f"{whole} {'-' if function == 'floor' else '+'} 1.0"
            return self.choice(f"{texts[0]} {self.compare.get(side, side)} {whole}", step, whole)
        return f"{name}({', '.join(texts)})"


def plain(expression: Expression) -> Expression:
    """Return an expression without `hill` and `michaelis`: hill(x, K, n) is max(x, 0)^n/(K^n + max(x, 0)^n)."""

    def leaf(node: Expression) -> Expression:
        return node

    def join(node: Expression, parts: list[Expression]) -> Expression:
        if node[0] == "call" and node[1] == "hill":
            x: Expression = ("call", "max", parts[0], ("number", 0.0))
            up: Expression = ("pow", x, parts[2])
            return ("div", up, ("add", ("pow", parts[1], parts[2]), up))
        if node[0] == "call" and node[1] == "michaelis":
            return ("div", parts[0], ("add", parts[1], parts[0]))
        return (*node[: len(node) - len(parts)], *parts)

    result: Expression = fold(expression, leaf, join)
    return result


class Names:
    """Names of one language for those of a model, each unlike all others and no word of the language."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.used: set[str] = set()
        self.meanings: set[str] = set()

    def new(self, name: str) -> str:
        """Return an unused name made of `name`: `drug.dose` gives `drug_dose`."""
        base = re.sub(r"\W", "_", name, flags=re.ASCII)[: self.syntax.longest]
        made, n = base, 1
        while not self._free(made):
            n += 1
            made = f"{base[: self.syntax.longest - len(str(n)) - 1]}_{n}"
        self.used.add(self._key(made))
        self.meanings |= self._meant(made)
        return made

    def _free(self, made: str) -> bool:
        key = self._key(made)
        if key in self.used or key in self.syntax.taken or key in self.meanings:
            return False
        return not self._meant(made) & self.used

    def _meant(self, made: str) -> set[str]:
        return {self._key(form.format(made)) for form in self.syntax.reserved}

    def _key(self, name: str) -> str:
        return name.lower() if self.syntax.case_blind else name


def comment(*texts: str) -> str:
    """Return the parts of a comment that are not empty, on one line."""
    return ", ".join(" ".join(text.split()) for text in texts if text)


def wrapped(entries: Iterable[str], before: str = "  ", width: int = 100) -> str:
    """Return entries with commas between, broken into lines."""
    lines: list[str] = []
    for entry in entries:
        if lines and len(lines[-1]) + len(entry) + 2 <= width:
            lines[-1] += f", {entry}"
        else:
            lines.append(before + entry)
    return ",\n".join(lines)
