"""Initial values of a file in terms of what a user may change: parameters, and other initial values.

A number of the file that others begin with never ends in their texts. A quantity that never changes stays a name; a
state or switch of which another begins has a parameter `x.initial` of its own: the number it begins with, or what is
added to the expression it begins with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from immunode.errors import ModelError
from immunode.exchange.sbml.reading.functions import number
from immunode.exchange.sbml.reading.state import Quantity, Reading
from immunode.exchange.sbml.reading.writable import constant, finite
from immunode.language.evaluation import evaluate
from immunode.language.expression import parse
from immunode.language.tree import Expression, fold, names, number_text, substitute, to_text, walk
from immunode.model import Requirement
from immunode.model.checks.structure import find_circle

SHORT = 300
"""Nodes of a text that is surely not too long for the parser."""
LARGEST = 3000
"""Nodes of an initial value; one of more is computed, and what it was computed with is required to stay."""


class Starts:
    """The initial values of one reading.

    own : state or switch -> its parameter `x.initial` and the value of that.
    requirements : what must hold where a value could be computed for the file's parameters only.
    """

    def __init__(
        self, reading: Reading, definitions: Mapping[str, Expression], inline: Callable[[Expression], Expression]
    ) -> None:
        self.reading = reading
        self.own: dict[str, tuple[str, float]] = {}
        self.requirements: list[Requirement] = []
        quantities = reading.quantities.values()
        self._fixed = {q.name for q in quantities if q.fixed}
        self._begin = {q.name for q in quantities if q.kind in ("state", "switch")}
        self._known = {**definitions, **{name: inline(reading.quantities[name].value) for name in self._begin}}
        self._needs = {name: names(value) & self._known.keys() for name, value in self._known.items()}
        circle = find_circle(self._needs)
        if circle:
            raise reading.error("initial values and rules", f"{' -> '.join(circle)} depends on itself")
        self._values: dict[str, float] = {}
        self._short: dict[str, Expression] = {}
        self._whole: dict[str, Expression] = {}
        self._shorten()
        for name, equation in reading.solved.items():
            self.requirements += pinned(self._used(names(equation) - {name}), name)

    def text(self, name: str) -> float | str:
        """Return the initial value of a state or switch, or a size, as a number or a text of parameters."""
        made = self._in_parameters(name)
        value = constant(made)
        if value is not None:
            return value
        text = to_text(made)
        if tree_size(made, {}) > SHORT and not _is_readable(text):
            return to_text(self._computed(name))
        return text

    def fixed(self, name: str) -> float | Expression:
        """Return what never changes: a number, or an expression of parameters and others that never change."""
        value = constant(self._short[name])
        return self._short[name] if value is None else value

    def _shorten(self) -> None:
        """Find the values at time 0 that are asked for; the names in them are parameters or never change."""
        roots = self._fixed | self._begin
        behind = [*(self._needs[root] for root in roots)]
        behind += [(names(equation) & self._known.keys()) - {name} for name, equation in self.reading.solved.items()]
        asked = _reached((other for others in behind for other in others), self._needs, roots)
        stand: dict[str, Expression] = {}
        sizes: dict[str, int] = {}
        for name in ordered({n: self._needs[n] for n in self._known if n in roots or n in asked}):
            value = at_start(self._known[name])
            if tree_size(value, sizes) > LARGEST:
                value = self._computed(name)
            else:
                value = self._folded(substitute(value, {other: stand[other] for other in self._needs[name]}))
            if name in self._begin and name in asked:
                value = self._with_own(name, value)
            self._short[name] = value
            stand[name] = ("name", name) if name in self._fixed else value
            sizes[name] = tree_size(stand[name], {})

    def _with_own(self, name: str, value: Expression) -> Expression:
        own, begun = self.reading.fresh(f"{name}.initial"), constant(value)
        self.own[name] = own, 0.0 if begun is None else begun
        return ("name", own) if begun is not None else ("add", value, ("name", own))

    def _folded(self, expression: Expression) -> Expression:
        value = constant(expression)
        return number(value) if value is not None and math.isfinite(value) else finite(expression, self.reading.number)

    def _in_parameters(self, name: str) -> Expression:
        """Return a value at time 0 in parameters only; what never changes is one where it is a number."""
        needs: dict[str, set[str]] = {}
        todo = [name]
        while todo:
            one = todo.pop()
            inside = names(self._short[one]) & self._fixed
            needs[one] = {other for other in inside if constant(self._short[other]) is None}
            todo += [other for other in needs[one] if other not in needs and other not in self._whole]
        sizes: dict[str, int] = {}
        for one in ordered({n: [other for other in needs[n] if other in needs] for n in needs}):
            if one not in self._whole:
                put = {other: self._whole[other] for other in needs[one]}
                sizes |= {other: tree_size(value, {}) for other, value in put.items() if other not in sizes}
                large = tree_size(self._short[one], sizes) > LARGEST
                self._whole[one] = self._computed(one) if large else substitute(self._short[one], put)
        return self._whole[name]

    def _computed(self, name: str) -> Expression:
        """Return a value whose text is too long, and require that what it was computed with stays."""
        self.requirements += pinned(self._used({name}), name)
        self.reading.remark(f"'{name}': its initial value is computed once, since its expression is too long")
        return self.reading.number(self._values[name])

    def _used(self, asked: Iterable[str]) -> dict[str, float]:
        """Return the parameters on which quantities rest at time 0, and their values; all values are known then."""
        parameters = {q.name: constant(q.value) or 0.0 for q in self.reading.quantities.values() if _is_given(q)}
        parameters[self.reading.math.zero] = 0.0
        used = {name: parameters[name] for name in asked if name in parameters}
        reached = _reached((name for name in asked if name in self._needs), self._needs, ())
        for one in ordered({n: self._needs[n] for n in reached}):
            if one not in self._values:
                self._values[one] = float(evaluate(at_start(self._known[one]), {**parameters, **self._values}))
            short = self._short.get(one)
            if one in self.own:
                used[self.own[one][0]] = self.own[one][1]
            elif one in self._fixed and short is not None and constant(short) is not None:
                used[one] = self._values[one]
            used |= {n: parameters[n] for n in names(self._known[one]) if n in parameters}
        used.pop(self.reading.math.zero, None)
        return used


def pinned(used: Mapping[str, float], name: str) -> list[Requirement]:
    """Return what is required of the parameters that an initial value was computed with."""
    said = f"{name} begins with a value that was computed when the file was read, for"
    return [
        Requirement(f"{parameter} == {number_text(value)}", f"{said} {parameter} = {value:g}; change it in the file")
        for parameter, value in sorted(used.items())
    ]


def at_start(expression: Expression) -> Expression:
    """Return an expression with 0 put for time."""

    def leaf(node: Expression) -> Expression:
        return number(0.0) if node[0] == "time" else node

    def join(node: Expression, parts: list[Expression]) -> Expression:
        return (*node[: len(node) - len(parts)], *parts)

    result: Expression = fold(expression, leaf, join)
    return result


def ordered(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Return names so that each comes after those it needs; there must be no circle."""
    done: dict[str, None] = {}
    for start in needs:
        stack = [start]
        while stack:
            name = stack[-1]
            missing = [other for other in needs[name] if other not in done] if name not in done else []
            if missing:
                stack.extend(missing)
            else:
                done[name] = None
                stack.pop()
    return list(done)


def _reached(first: Iterable[str], needs: Mapping[str, Iterable[str]], stop: Iterable[str]) -> set[str]:
    """Return the names that `first` rest on, themselves included; not what lies behind a name in `stop`."""
    found: set[str] = set()
    ends = set(stop)
    todo = list(first)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [] if name in ends else needs[name]
    return found


def _is_given(quantity: Quantity) -> bool:
    return quantity.kind == "parameter"


def tree_size(expression: Expression, sizes: Mapping[str, int]) -> int:
    """Return how many nodes an expression has, a name as many as `sizes` says."""
    return sum(sizes.get(node[1], 1) if node[0] == "name" else 1 for node in walk(expression))


def _is_readable(text: str) -> bool:
    try:
        parse(text)
    except ModelError:
        return False
    return True
