"""A graph of computed values in which nothing is computed twice, and its exact derivatives.

Every node is added through `Graph.add`, which folds constants, drops neutral elements and returns the node that
already holds the same value, so common subexpressions are shared by construction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from immunode.program.program import Node

COMMUTATIVE = frozenset({"add", "mul", "min", "max", "equal", "and", "or"})
LEAVES = frozenset({"number", "state", "parameter", "time"})
MAX_UNROLLED_POWER = 12
TINY = 1e-300
"""Stands for a concentration of zero in a Hill term, so that its logarithm and its slope stay finite."""
TINY_ROOT = 1e-150

_FOLD: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": lambda a, b: math.pow(a, b),
    "min": min,
    "max": max,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "tanh": math.tanh,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "floor": math.floor,
    "ceil": math.ceil,
    "less": lambda a, b: float(a < b),
    "less_equal": lambda a, b: float(a <= b),
    "equal": lambda a, b: float(a == b),
    "and": lambda a, b: float(bool(a) and bool(b)),
    "or": lambda a, b: float(bool(a) or bool(b)),
    "not": lambda a: float(not a),
}


class Graph:
    """Nodes in the order in which they can be computed; each is added once."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._position: dict[Node, int] = {}
        self._slopes: dict[int, tuple[tuple[int, int], ...]] = {}

    def number(self, value: float) -> int:
        """Return the node of a constant."""
        return self._intern(("number", float(value)))

    def leaf(self, kind: str, *index: int) -> int:
        """Return the node of `("state", i)`, `("parameter", i)` or `("time",)`."""
        return self._intern((kind, *index))

    def value(self, node: int) -> float | None:
        """Return the number a node stands for, or None if it is not a constant."""
        kind, *rest = self.nodes[node]
        return float(rest[0]) if kind == "number" else None  # type: ignore[arg-type]

    def add(self, operation: str, *operands: int) -> int:
        """Return the node of an operation, simplified where that changes no value."""
        constants = [self.value(o) for o in operands]
        if operation in _FOLD and all(c is not None for c in constants):
            folded = self._fold(operation, [c for c in constants if c is not None])
            if folded is not None:
                return folded
        simpler = self._simplify(operation, operands, constants)
        if simpler is not None:
            return simpler
        return self._intern((operation, *operands))

    def hill(self, x: int, half: int, exponent: int) -> int:
        """Return x^n / (K^n + x^n) with x below 0 counted as 0.

        Written as 1/(1 + exp(n (log K - log x))): logarithms are shared between terms, nothing overflows, small
        values keep their relative precision. Its slopes are set by hand, so that they are the limits from above at
        x = 0 and at K = 0, and large instead of infinite; below x = 0 they are those at 0.
        """
        one = self.number(1.0)
        floor = self.add("max", x, self.number(TINY))
        above = self.off_zero(half)
        n = self.value(exponent)
        if n == 1.0:
            ratio = self.add("div", half, floor)
            value = self.add("div", floor, self.add("add", half, floor))
        elif n is not None and n.is_integer() and 1 < n <= MAX_UNROLLED_POWER:
            ratio = self.add("pow", self.add("div", half, floor), exponent)
            value = self.add("div", one, self.add("add", one, ratio))
        else:
            distance = self.add("sub", self.add("log", above), self.add("log", floor))
            ratio = self.add("exp", self.add("mul", exponent, distance))
            value = self.add("div", one, self.add("add", one, ratio))
        if value not in self._slopes and self.nodes[value][0] not in LEAVES:
            open_part = self.add("mul", value, self.add("sub", one, value))
            steep = self.add("mul", exponent, open_part)
            # 1 - value, to all digits where that is near 0
            rest = self.add("div", one, self.add("add", one, self.add("div", one, ratio)))
            share = self.add("mul", value, rest)
            by_half = self.add("div", self.add("mul", exponent, share), above)
            if n == 1.0:
                by_half = self.add("div", value, self.add("add", half, floor))
            apart = self.add("sub", self.add("log", floor), self.add("log", above))
            self._slopes[value] = (
                (x, self.add("div", steep, floor)),
                (half, self.add("neg", by_half)),
                (exponent, self.add("mul", share, apart)),
            )
        return value

    def off_zero(self, node: int) -> int:
        """Return a value moved up by so little that only 0 is another number then."""
        return self.add("add", node, self.number(TINY))

    def derivatives(self, targets: Iterable[int], leaf: int) -> dict[int, int]:
        """Return, for each target that depends on `leaf`, the node of its derivative by that leaf."""
        return self.tangents(targets, {leaf: self.number(1.0)})

    def reached(self, targets: Iterable[int], leaves: Sequence[int]) -> dict[int, list[int]]:
        """Return for each leaf the targets that it can move, in their order."""
        wanted = list(targets)
        sets = {leaf: 1 << k for k, leaf in enumerate(leaves)}
        for position in sorted(self.needed(wanted)):
            found = sets.get(position, 0)
            for operand in (*self._operands(position), *(x for x, _ in self._slopes.get(position, ()))):
                found |= sets.get(operand, 0)
            if found:
                sets[position] = found
        return {leaf: [t for t in wanted if sets.get(t, 0) >> k & 1] for k, leaf in enumerate(leaves)}

    def tangents(self, targets: Iterable[int], seeds: Mapping[int, int]) -> dict[int, int]:
        """Return, for each target that moves, the node of its rate where leaves move as `seeds` says: leaf -> rate."""
        wanted = list(targets)
        slope = dict(seeds)
        for position in sorted(self.needed(wanted)):
            derivative = None if position in seeds else self._derivative(position, slope)
            if derivative is not None and self.value(derivative) != 0.0:
                slope[position] = derivative
        return {target: slope[target] for target in wanted if target in slope}

    def needed(self, targets: Iterable[int]) -> set[int]:
        """Return the nodes that some nodes are computed from, or have their slopes set by, with these themselves."""
        todo, seen = list(targets), set[int]()
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo += self._operands(node)
                todo += [x for x, _ in self._slopes.get(node, ())]
        return seen

    def timed(self, targets: Iterable[int]) -> bool:
        """Return whether time enters some nodes; where it is rounded, their slope by it is 0 all the same."""
        return self.leaf("time") in self.needed(targets)

    def replaced(self, targets: Sequence[int], leaves: Mapping[int, int]) -> list[int]:
        """Return targets with some of the leaves that they are computed from replaced by other nodes."""
        now = dict(leaves)
        for position in sorted(self.needed(targets)):
            if position in now:
                continue
            operands = self._operands(position)
            moved = tuple(now[o] for o in operands)
            if moved == operands:
                now[position] = position
                continue
            now[position] = self.add(str(self.nodes[position][0]), *moved)
        return [now[target] for target in targets]

    def _operands(self, node: int) -> tuple[int, ...]:
        kind, *rest = self.nodes[node]
        return () if kind in LEAVES else tuple(int(o) for o in rest)  # type: ignore[call-overload]

    def _intern(self, node: Node) -> int:
        kind, *rest = node
        # a + b and b + a are one value to the bit; the order first written is the one that is shown
        key = (kind, *sorted(rest)) if kind in COMMUTATIVE else (kind, *map(repr, rest)) if kind == "number" else node  # type: ignore[type-var]
        position = self._position.get(key)
        if position is None:
            position = self._position[key] = len(self.nodes)
            self.nodes.append(node)
        return position

    def _negated(self, node: int) -> int | None:
        """Return what a node is the negative of, or None."""
        kind, *rest = self.nodes[node]
        return int(rest[0]) if kind == "neg" else None  # type: ignore[call-overload]

    def _fold(self, operation: str, constants: list[float]) -> int | None:
        try:
            result = _FOLD[operation](*constants)
        except (ArithmeticError, ValueError):
            return None
        return self.number(result) if math.isfinite(result) else None

    def _simplify(self, operation: str, operands: tuple[int, ...], constants: list[float | None]) -> int | None:
        if operation in ("add", "sub", "mul", "div"):
            return self._simplify_arithmetic(operation, operands, constants)
        if operation == "neg":
            return self._negated(operands[0])
        if operation == "pow":
            return self._simplify_power(operands[0], constants[1])
        if operation in ("and", "or"):
            # a constant side decides, or has no say
            for constant, other in ((constants[0], operands[1]), (constants[1], operands[0])):
                if constant is not None:
                    return other if bool(constant) == (operation == "and") else self.number(float(bool(constant)))
        if operation == "where":
            if operands[1] == operands[2]:
                return operands[1]
            if constants[0] is not None:
                return operands[1] if constants[0] else operands[2]
        return None

    def _simplify_arithmetic(
        self, operation: str, operands: tuple[int, ...], constants: list[float | None]
    ) -> int | None:
        left, right = operands
        a, b = constants
        if operation in ("add", "sub"):
            if b == 0:
                return left
            if a == 0:
                return right if operation == "add" else self.add("neg", right)
            opposite = self._negated(right)
            return None if opposite is None else self.add("sub" if operation == "add" else "add", left, opposite)
        if a == 0 or (b == 0 and operation == "mul"):
            return self.number(0.0)
        if b == 1:
            return left
        if operation == "mul" and a == 1:
            return right
        if b == -1:
            return self.add("neg", left)
        if operation == "mul" and a == -1:
            return self.add("neg", right)
        # a sign is moved outward, to vanish in the sum around it; the value stays the same to the bit
        for position, operand in enumerate(operands):
            opposite = self._negated(operand)
            if opposite is not None:
                inner = (opposite, right) if position == 0 else (left, opposite)
                return self.add("neg", self.add(operation, *inner))
        return None

    def _simplify_power(self, base: int, exponent: float | None) -> int | None:
        if exponent is None:
            return None
        if exponent == 0.5:
            return self.add("sqrt", base)
        if not exponent.is_integer() or abs(exponent) > MAX_UNROLLED_POWER:
            return None
        if exponent < 0:
            return self.add("div", self.number(1.0), self.add("pow", base, self.number(-exponent)))
        if exponent in (0.0, 1.0):
            return base if exponent else self.number(1.0)
        half = self.add("pow", base, self.number(exponent // 2))
        square = self.add("mul", half, half)
        return self.add("mul", square, base) if exponent % 2 else square

    def _derivative(self, position: int, slope: dict[int, int]) -> int | None:
        """Return the derivative of one node from those of its operands; None where it is zero by structure."""
        if position in self._slopes:
            terms = [self.add("mul", partial, slope[x]) for x, partial in self._slopes[position] if x in slope]
            return self._sum(terms)
        operation, *rest = self.nodes[position]
        if operation in LEAVES:
            return None
        operands = [int(o) for o in rest]  # type: ignore[call-overload]
        if not any(o in slope for o in operands):
            return None
        zero = self.number(0.0)
        rates = [slope.get(o, zero) for o in operands]
        return _RULES[str(operation)](self, position, operands, rates) if operation in _RULES else None

    def _sum(self, terms: list[int]) -> int | None:
        total: int | None = None
        for term in terms:
            total = term if total is None else self.add("add", total, term)
        return total


Rule = Callable[[Graph, int, list[int], list[int]], int]


def _mul_rule(g: Graph, _: int, x: list[int], d: list[int]) -> int:
    return g.add("add", g.add("mul", d[0], x[1]), g.add("mul", x[0], d[1]))


def _div_rule(g: Graph, node: int, x: list[int], d: list[int]) -> int:
    return g.add("div", g.add("sub", d[0], g.add("mul", node, d[1])), x[1])


def _pow_rule(g: Graph, node: int, x: list[int], d: list[int]) -> int:
    exponent = g.value(x[1])
    # 0**n has the slope 0 for n = 0 and above 1, 1 for n = 1, and one without bounds between
    base = x[0] if exponent is not None and not 0 < exponent < 1 else g.off_zero(x[0])
    power = g.add("pow", base, g.add("sub", x[1], g.number(1.0)))
    through_base = g.add("mul", g.add("mul", x[1], power), d[0])
    if g.value(d[1]) == 0:
        return through_base
    return g.add("add", through_base, g.add("mul", g.add("mul", node, g.add("log", g.off_zero(x[0]))), d[1]))


def _scaled(factor: Callable[[Graph, int, int], int]) -> Rule:
    return lambda g, node, x, d: g.add("mul", factor(g, node, x[0]), d[0])


def _over(divisor: Callable[[Graph, int, int], int]) -> Rule:
    return lambda g, node, x, d: g.add("div", d[0], divisor(g, node, x[0]))


def _root(g: Graph, node: int) -> int:
    """Return a root to divide by: so small that the slope is large, and 0/0 is 0, where the root is 0."""
    return g.add("max", node, g.number(TINY_ROOT))


def _one_minus_square(g: Graph, node: int) -> int:
    return g.add("sub", g.number(1.0), g.add("mul", node, node))


def _one_plus_square(g: Graph, node: int) -> int:
    return g.add("add", g.number(1.0), g.add("mul", node, node))


_RULES: dict[str, Rule] = {
    "add": lambda g, _, x, d: g.add("add", d[0], d[1]),
    "sub": lambda g, _, x, d: g.add("sub", d[0], d[1]),
    "neg": lambda g, _, x, d: g.add("neg", d[0]),
    "mul": _mul_rule,
    "div": _div_rule,
    "pow": _pow_rule,
    "exp": _scaled(lambda g, node, x: node),
    "log": _over(lambda g, node, x: x),
    "sqrt": _over(lambda g, node, x: g.add("mul", g.number(2.0), _root(g, node))),
    "abs": lambda g, _, x, d: g.add("where", g.add("less", x[0], g.number(0.0)), g.add("neg", d[0]), d[0]),
    "tanh": _scaled(lambda g, node, x: _one_minus_square(g, node)),
    "tan": _scaled(lambda g, node, x: _one_plus_square(g, node)),
    "sin": _scaled(lambda g, node, x: g.add("cos", x)),
    "cos": _scaled(lambda g, node, x: g.add("neg", g.add("sin", x))),
    "sinh": _scaled(lambda g, node, x: g.add("cosh", x)),
    "cosh": _scaled(lambda g, node, x: g.add("sinh", x)),
    "asin": _over(lambda g, node, x: _root(g, g.add("sqrt", _one_minus_square(g, x)))),
    "acos": _over(lambda g, node, x: g.add("neg", _root(g, g.add("sqrt", _one_minus_square(g, x))))),
    "atan": _over(lambda g, node, x: _one_plus_square(g, x)),
    "min": lambda g, _, x, d: g.add("where", g.add("less_equal", x[0], x[1]), d[0], d[1]),
    "max": lambda g, _, x, d: g.add("where", g.add("less_equal", x[1], x[0]), d[0], d[1]),
    "where": lambda g, _, x, d: g.add("where", x[0], d[1], d[2]),
}
