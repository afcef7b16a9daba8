"""MathML, as libSBML holds it, becomes expressions; what the expression language lacks is built from what it has."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from immunode.errors import ModelError, did_you_mean
from immunode.exchange.sbml.libsbml_access import libsbml
from immunode.exchange.sbml.reading.functions import FUNCTIONS, call, number
from immunode.language.tree import Expression, is_condition, names, operands, substitute

AVOGADRO = 6.02214179e23
"""Value that SBML Level 3 prescribes for its symbol avogadro, 1/mol."""
LARGEST = 50_000
"""Nodes that one expression may have when it is written out."""
MOST_ARGUMENTS = 5_000
"""Arguments of one operator; libSBML takes a time that grows with their square."""
DEEPEST = 300

TRUE: Expression = ("compare", "==", ("number", 0.0), ("number", 0.0))
FALSE: Expression = ("not", TRUE)
Scope = Mapping[str, Expression]


def as_value(expression: Expression) -> Expression:
    """Return an expression as a number: true is 1, false is 0."""
    if not is_condition(expression):
        return expression
    return number(1.0) if expression == TRUE else number(0.0) if expression == FALSE else (
        "piecewise", number(1.0), expression, number(0.0)
    )  # fmt: skip


def as_condition(expression: Expression) -> Expression:
    """Return an expression as a condition: a number other than 0 is true."""
    if is_condition(expression):
        return expression
    if expression[0] == "number":
        return TRUE if expression[1] else FALSE
    return ("not", ("compare", "==", expression, number(0.0)))


class Converter:
    """Turns the mathematics of one file into expressions.

    names : what each id of the file is called.   label : the file, for messages.
    start : what the file's time is when the model's is 0.
    `zero_used` : whether an infinity or a not-a-number occurred; then the model needs the parameter `zero`.
    `rates` : ids of which the rate of change is asked for, as the quantity `<name>.rate`.
    """

    def __init__(self, names: Mapping[str, str], label: str, zero: str, start: float = 0.0) -> None:
        self.names, self.label, self.start = names, label, start
        self.zero = zero
        self.zero_used = False
        self.rates: dict[str, None] = {}
        self.delays: list[tuple[Expression, Expression]] = []
        self.definitions: dict[str, Any] = {}
        self.known: dict[str, Expression] = {}
        self._sizes: dict[int, tuple[int, Expression]] = {}
        self._types = _types()

    def define(self, model: Any) -> None:
        """Take the function definitions of a libSBML model; refuse recursion."""
        for i in range(model.getNumFunctionDefinitions()):
            definition = model.getFunctionDefinition(i)
            if definition.getId() in self.definitions:
                raise ModelError(f"{self.label}: two function definitions have the id '{definition.getId()}'")
            self.definitions[definition.getId()] = definition.getMath()

    def value(self, node: Any, who: str, scope: Scope | None = None) -> Expression:
        """Return the expression of a number."""
        return as_value(self._start(node, who, scope))

    def condition(self, node: Any, who: str, scope: Scope | None = None) -> Expression:
        """Return the expression of a condition."""
        return as_condition(self._start(node, who, scope))

    def _start(self, node: Any, who: str, scope: Scope | None) -> Expression:
        self.who = f"{self.label}, {who}"
        self.left = LARGEST
        self._sizes = {}
        self.calls: list[str] = []
        return self._convert(node, scope or {}, 0)

    def special(self, value: float) -> Expression:
        """Return an expression for a number, infinities and not-a-number included."""
        if math.isfinite(value):
            return number(value)
        self.zero_used = True
        zero: Expression = ("name", self.zero)
        if math.isnan(value):
            return ("div", zero, zero)
        return ("div", number(math.copysign(1.0, value)), zero)

    def _convert(self, node: Any, scope: Scope, depth: int) -> Expression:
        """Return the expression of a node; parts that it repeats count as often as they would be written."""
        made = self._made(node, scope, depth)
        if self._size(made) > LARGEST:
            raise ModelError(f"{self.who}: written out, its mathematics has more than {LARGEST:,} parts")
        return made

    def _size(self, expression: Expression) -> int:
        """Return how many nodes an expression has as a tree; linear in those it has as a graph."""
        sizes, todo = self._sizes, [expression]
        while todo:
            node = todo[-1]
            parts = operands(node)
            missing = [part for part in parts if id(part) not in sizes]
            if missing:
                todo += missing
                continue
            todo.pop()
            sizes[id(node)] = (1 + sum(sizes[id(part)][0] for part in parts), node)
        return sizes[id(expression)][0]

    def _made(self, node: Any, scope: Scope, depth: int) -> Expression:
        self.left -= 1
        if self.left < 0:
            raise ModelError(f"{self.who}: written out, its mathematics has more than {LARGEST:,} parts")
        if depth > DEEPEST:
            raise ModelError(f"{self.who}: it is nested more than {DEEPEST} levels deep")
        if node is None:
            raise ModelError(f"{self.who}: a part of its mathematics is missing")
        kind = self._types.get(node.getType(), "")
        if kind == "number":
            return self.special(float(node.getValue()))
        if kind == "name":
            return self._name(node.getName(), scope)
        if kind == "user":
            return self._user(node, scope, depth)
        if kind == "rateOf":
            return self._rate(node, scope)
        if kind == "constant":
            return self._constant(node)
        if node.getNumChildren() > MOST_ARGUMENTS:
            raise ModelError(f"{self.who}: an operator has more than {MOST_ARGUMENTS:,} arguments")
        children = _operands(node, kind)
        parts = [self._convert(child, scope, depth + 1) for child in children]
        if kind in ("and", "or", "xor", "not", "implies"):
            needed = {"not": 1, "implies": 2}.get(kind, len(parts))
            if len(parts) != needed:
                raise ModelError(f"{self.who}: <{kind}> takes {needed} arguments; {len(parts)} found")
            return self._logical(kind, [as_condition(part) for part in parts])
        if kind == "piecewise":
            return self._piecewise(parts)
        values = [as_value(part) for part in parts]
        if kind in ("<", "<=", ">", ">=", "==", "!="):
            return self._relation(kind, values)
        if kind == "delay":
            return self._delay(values)
        if kind in FUNCTIONS:
            return call(kind, values, self.who)
        raise ModelError(f"{self.who}: <{node.getName() or kind or node.getType()}> is not known here")

    def _name(self, name: str, scope: Scope) -> Expression:
        if name in scope:
            bound = scope[name]
            size = self._size(bound)
            self.left -= size
            if self.left < 0:
                raise ModelError(f"{self.who}: written out, its mathematics has more than {LARGEST:,} parts")
            return bound
        if name not in self.names:
            raise ModelError(f"{self.who}: unknown name '{name}'{did_you_mean(name, list(self.names))}")
        own = self.names[name]
        return self.known.get(own, ("name", own))

    def _constant(self, node: Any) -> Expression:
        module = libsbml()
        kind = node.getType()
        if kind == module.AST_NAME_TIME:
            return ("add", ("time",), number(self.start)) if self.start else ("time",)
        if kind == module.AST_NAME_AVOGADRO:
            return number(AVOGADRO)
        if kind in (module.AST_CONSTANT_TRUE, module.AST_CONSTANT_FALSE):
            return TRUE if kind == module.AST_CONSTANT_TRUE else FALSE
        return number(math.e if kind == module.AST_CONSTANT_E else math.pi)

    def _user(self, node: Any, scope: Scope, depth: int) -> Expression:
        name = node.getName()
        if name not in self.definitions:
            raise ModelError(f"{self.who}: unknown function '{name}'{did_you_mean(name, list(self.definitions))}")
        if name in self.calls:
            circle = " -> ".join([*self.calls[self.calls.index(name) :], name])
            raise ModelError(f"{self.who}: the function definition {circle} calls itself")
        body = self.definitions[name]
        if body is None or body.getNumChildren() == 0:
            raise ModelError(f"{self.who}: the function definition '{name}' has no mathematics")
        n = body.getNumChildren() - 1
        if node.getNumChildren() != n:
            raise ModelError(f"{self.who}: {name}() takes {n} arguments; {node.getNumChildren()} found")
        arguments = [self._convert(node.getChild(i), scope, depth + 1) for i in range(n)]
        inner = {body.getChild(i).getName(): argument for i, argument in enumerate(arguments)}
        self.calls.append(name)
        result = self._convert(body.getChild(n), inner, depth + 1)
        self.calls.pop()
        return result

    def _rate(self, node: Any, scope: Scope) -> Expression:
        child = node.getChild(0)
        found = scope.get(child.getName()) if child is not None and child.isName() else None
        if found is None and child is not None and child.isName() and child.getName() in self.names:
            found = ("name", self.names[child.getName()])
        if found is None or found[0] != "name":
            raise ModelError(f"{self.who}: rateOf needs the id of a quantity")
        self.rates[found[1]] = None
        return ("name", f"{found[1]}.rate")

    def _delay(self, values: list[Expression]) -> Expression:
        if len(values) != 2:
            raise ModelError(f"{self.who}: <delay> takes 2 arguments; {len(values)} found")
        what, lag = values
        # before the start nothing changes
        now = ("time",) if not self.start else ("add", ("time",), number(self.start))
        moving: Expression = ("compare", ">=", now, number(self.start))
        for name in sorted(name for name in names(what) if name.endswith(".rate")):
            what = substitute(what, {name: ("piecewise", ("name", name), moving, number(0.0))})
        # what holds always held
        return what if what[0] == "number" or lag == ("number", 0.0) else ("call", "delay", what, lag)

    def _piecewise(self, parts: list[Expression]) -> Expression:
        if not parts:
            return self.special(math.nan)
        pairs = [(as_value(parts[i]), as_condition(parts[i + 1])) for i in range(0, len(parts) - 1, 2)]
        otherwise = as_value(parts[-1]) if len(parts) % 2 else self.special(math.nan)
        flat: list[Expression] = []
        for value, condition in pairs:
            if condition == FALSE:
                continue
            if condition == TRUE:
                otherwise = value
                break
            flat += [value, condition]
        return ("piecewise", *flat, otherwise) if flat else otherwise

    def _relation(self, sign: str, values: list[Expression]) -> Expression:
        if len(values) < 2:
            return TRUE
        pairs: list[Expression] = []
        for left, right in pairwise(values):
            pairs.append(("not", ("compare", "==", left, right)) if sign == "!=" else ("compare", sign, left, right))
        return self._logical("and", pairs)

    def _logical(self, kind: str, parts: list[Expression]) -> Expression:
        if kind == "not":
            return negation(parts[0])
        if kind == "implies":
            return self._logical("or", [negation(parts[0]), parts[1]])
        if kind == "xor":
            result = FALSE
            for part in parts:
                left = self._logical("and", [result, negation(part)])
                result = self._logical("or", [left, self._logical("and", [negation(result), part])])
            return result
        neutral, final = (TRUE, FALSE) if kind == "and" else (FALSE, TRUE)
        kept = [part for part in parts if part != neutral]
        if final in kept:
            return final
        if not kept:
            return neutral
        result = kept[0]
        for part in kept[1:]:
            result = (kind, result, part)
        return result


def _operands(node: Any, kind: str) -> list[Any]:
    """Return the operands of a node; a long sum or product, which libSBML nests to the left, is one again."""
    behind: list[Any] = []
    while kind in ("plus", "times") and node.getNumChildren() == 2 and len(behind) < MOST_ARGUMENTS:
        first = node.getChild(0)
        if first.getType() != node.getType() or first.getNumChildren() < 2:
            break
        behind.append(node.getChild(1))
        node = first
    return [*(node.getChild(i) for i in range(node.getNumChildren())), *reversed(behind)]


def negation(condition: Expression) -> Expression:
    """Return the opposite of a condition."""
    return condition[1] if condition[0] == "not" else ("not", condition)


def _types() -> dict[int, str]:
    """Return what each type of libSBML's nodes is called here."""
    m = libsbml()
    table = {
        "number": "INTEGER REAL REAL_E RATIONAL",
        "name": "NAME",
        "constant": "NAME_TIME NAME_AVOGADRO CONSTANT_TRUE CONSTANT_FALSE CONSTANT_E CONSTANT_PI",
        "user": "FUNCTION",
        "rateOf": "FUNCTION_RATE_OF",
        "delay": "FUNCTION_DELAY",
        "piecewise": "FUNCTION_PIECEWISE",
        "and": "LOGICAL_AND", "or": "LOGICAL_OR", "xor": "LOGICAL_XOR", "not": "LOGICAL_NOT",
        "implies": "LOGICAL_IMPLIES",
        "<": "RELATIONAL_LT", "<=": "RELATIONAL_LEQ", ">": "RELATIONAL_GT", ">=": "RELATIONAL_GEQ",
        "==": "RELATIONAL_EQ", "!=": "RELATIONAL_NEQ",
        "plus": "PLUS", "minus": "MINUS", "times": "TIMES", "divide": "DIVIDE",
        "power": "POWER FUNCTION_POWER",
    }  # fmt: skip
    types = {getattr(m, f"AST_{word}"): kind for kind, words in table.items() for word in words.split()}
    for kind in FUNCTIONS:
        found = getattr(m, f"AST_FUNCTION_{kind.upper().replace('ARC', 'ARC')}", None)
        if found is not None:
            types[found] = kind
    return types


Convert = Callable[[Any, str], Expression]
