"""A Program's values and its sparse factorization as vector code, one run a lane."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from immunode.program.llvm import shared_math, vector_math
from immunode.program.llvm.past import past_nodes
from immunode.program.llvm.text import Code, Value
from immunode.program.numpy.linear import filled, markowitz_order
from immunode.program.program import Program, once_a_structure

_ARITHMETIC = {"add": "add", "sub": "sub", "mul": "mul", "div": "div"}
_RELATIONS = {"less": "olt", "less_equal": "ole", "equal": "oeq"}
_INTRINSICS = {"sqrt": "sqrt", "abs": "fabs", "floor": "floor", "ceil": "ceil"}
_SCALAR = frozenset({"tanh", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh"})
LEAVES = frozenset({"number", "state", "parameter", "time", "past"})
_MOVING = frozenset({"state", "time", "past"})

Leaf = Callable[[int], Value]


def prepared(program: Program) -> tuple[int, ...]:
    """Return the nodes that depend on parameters alone and that right-hand side, Jacobian and state events need."""
    moving: list[bool] = []
    for kind, *rest in program.nodes:
        leaf = kind in LEAVES
        moving.append(kind in _MOVING if leaf else any(moving[int(o)] for o in rest))  # type: ignore[call-overload]
    roots = [*program.derivatives, *(node for *_, node in program.jacobian), *program.time_derivative]
    roots += [*event_nodes(program), *past_nodes(program)]
    needed: set[int] = set()
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        kind, *rest = program.nodes[node]
        if kind == "number" or kind in _MOVING:
            continue
        if moving[node]:
            stack += [int(o) for o in rest]  # type: ignore[call-overload]
        else:
            needed.add(node)
    return tuple(sorted(needed))


def event_nodes(program: Program) -> list[int]:
    """Return the nodes of conditions of triggers, and of what these fire."""
    nodes: list[int] = []
    for trigger in program.triggers:
        nodes += [trigger.condition, trigger.delay, trigger.priority, *trigger.sizes]
        nodes += [change.node for change in trigger.changes]
    return nodes


@once_a_structure
def _added_to_one(program: Program) -> frozenset[int]:
    """Return the nodes of exponentials that are used in 1 + e^x only."""
    used: dict[int, bool] = {}
    outside = [*program.derivatives, *program.time_derivative, *(node for *_, node in program.jacobian)]
    outside += [*event_nodes(program), *past_nodes(program)]
    outside += [change.node for event in program.breaks for change in event.changes]
    for kind, *rest in program.nodes:
        if kind in LEAVES:
            continue
        one = kind == "add" and any(program.nodes[int(o)] == ("number", 1.0) for o in rest)  # type: ignore[call-overload]
        for operand in rest:
            used[operand] = used.get(operand, True) and one  # type: ignore[index,call-overload]
    used |= dict.fromkeys(outside, False)
    return frozenset(o for o, one in used.items() if one and program.nodes[o][0] == "exp")


class Values:
    """Writes nodes of a program into a function; each is computed once.

    state, parameter : give the value of a row.   time : gives the time.   known : nodes that have a value already.
    """

    def __init__(
        self,
        code: Code,
        program: Program,
        state: Leaf,
        parameter: Leaf,
        time: Callable[[], Value],
        known: dict[int, Leaf],
    ) -> None:
        self.code, self.program = code, program
        self.state, self.parameter, self.time, self.known = state, parameter, time, known
        self.values: dict[int, Value] = {}
        self.bounded = _added_to_one(program)
        self.calls = shared_math.many(program)

    def compute(self, nodes: Iterable[int]) -> list[Value]:
        """Return the values of nodes, as floats."""
        wanted = list(nodes)
        for node in self._order(wanted):
            self.values[node] = self._write(node)
        return [self._float(node) for node in wanted]

    def _order(self, wanted: Sequence[int]) -> list[int]:
        stack, needed = list(wanted), set()
        while stack:
            node = stack.pop()
            if node in needed or node in self.values:
                continue
            needed.add(node)
            kind, *rest = self.program.nodes[node]
            if kind not in LEAVES and node not in self.known:
                stack += [int(o) for o in rest]  # type: ignore[call-overload]
        return sorted(needed)

    def _float(self, node: int) -> Value:
        value = self.values[node]
        return self.code.select(value, self.code.number(1.0), 0.0) if value.kind == "m" else value

    def _mask(self, node: int) -> Value:
        value = self.values[node]
        return value if value.kind == "m" else self.code.compare("une", value, 0.0)

    def _write(self, node: int) -> Value:
        if node in self.known:
            return self.known[node](node)
        code = self.code
        kind, *rest = self.program.nodes[node]
        if kind == "number":
            return code.number(float(rest[0]))  # type: ignore[arg-type]
        if kind == "time":
            return self.time()
        operands = [int(o) for o in rest]  # type: ignore[call-overload]
        if kind in ("state", "parameter"):
            return (self.state if kind == "state" else self.parameter)(operands[0])
        if kind in ("and", "or"):
            return code.bits(str(kind), self._mask(operands[0]), self._mask(operands[1]))
        if kind == "not":
            return ~self._mask(operands[0])
        if kind == "where":
            return code.select(self._mask(operands[0]), self._float(operands[1]), self._float(operands[2]))
        return self._operation(node, str(kind), [self._float(o) for o in operands])

    def _normal(self, node: int) -> bool:
        """Return whether the operand of a node has a positive normal number as its floor."""
        operand = self.program.nodes[int(self.program.nodes[node][1])]  # type: ignore[call-overload]
        if operand[0] != "max":
            return False
        floors = [self.program.nodes[int(o)] for o in operand[1:]]  # type: ignore[call-overload]
        return any(kind == "number" and float(rest[0]) > 1e-307 for kind, *rest in floors)  # type: ignore[arg-type]

    def _operation(self, node: int, kind: str, x: list[Value]) -> Value:
        code = self.code
        if kind in _ARITHMETIC:
            return code.arithmetic(kind, x[0], x[1])
        if kind == "neg":
            return -x[0]
        if kind in _RELATIONS:
            return code.compare(_RELATIONS[kind], x[0], x[1])
        if kind in ("min", "max"):
            return self._extreme("olt" if kind == "min" else "ogt", x[0], x[1])
        if kind in _INTRINSICS:
            return code.intrinsic(_INTRINSICS[kind], x[0])
        if kind in shared_math.KINDS:
            return self._transcendental(node, kind, x)
        if kind in _SCALAR:
            return code.each(kind, x[0])
        raise AssertionError(kind)

    def _transcendental(self, node: int, kind: str, x: list[Value]) -> Value:
        # a number would be folded where it is inline
        called = self.calls and any(v.text.startswith("%") for v in x)
        if kind == "pow":
            return shared_math.call(self.code, "vector_pow", *x) if called else vector_math.power(self.code, x[0], x[1])
        easy = node in self.bounded if kind == "exp" else self._normal(node)
        if called:
            name = {"exp": ("vector_exp", "vector_exp_bounded"), "log": ("vector_log", "vector_log_normal")}[kind][easy]
            return shared_math.call(self.code, name, x[0])
        if kind == "exp":
            return vector_math.exp(self.code, x[0], bounded=easy)
        return vector_math.log(self.code, x[0], normal=easy)

    def _extreme(self, relation: str, x: Value, y: Value) -> Value:
        """Return the smaller or larger value, NaN if either is."""
        result = self.code.select(self.code.compare(relation, y, x), y, x)
        if y.text.startswith("<"):
            return result
        return self.code.select(self.code.compare("uno", y, y), y, result)


class Factors:
    """The factorization of 1/(h gamma) - J without pivoting, in Markowitz order, and the solution with it.

    The matrix is kept as J - w and its sign in the inverse pivots, so that every update is one product and one sum.
    names : entries of the factors, ("l", i, k), ("u", i, j) or ("p", i, i), in the order in which they are stored.
    """

    def __init__(self, n: int, pattern: Sequence[tuple[int, int]]) -> None:
        self.n, self.pattern = n, tuple(pattern)
        self.order = markowitz_order(n, self.pattern)
        below, self.upper = filled(n, self.pattern, self.order)
        self.lower: dict[int, list[int]] = {i: [] for i in range(n)}
        for pivot in self.order:
            for i in below[pivot]:
                self.lower[i].append(pivot)
        self.names = [("l", i, k) for i in self.order for k in self.lower[i]]
        self.names += [("p", i, i) for i in self.order]
        self.names += [("u", i, j) for i in self.order for j in self.upper[i]]

    def factorize(self, code: Code, w: Value, entries: Sequence[Value]) -> tuple[list[Value], Value]:
        """Return the factors, in the order of `names`, and the largest |1/pivot| (NaN where one is)."""
        matrix: dict[tuple[int, int], Value] = dict(zip(self.pattern, entries, strict=True))
        for i in range(self.n):
            matrix[i, i] = matrix[i, i] - w if (i, i) in matrix else -w
        factors: dict[tuple[str, int, int], Value] = {}
        worst: Value | None = None
        for pivot in self.order:
            inverse = code.number(-1.0) / matrix[pivot, pivot]
            factors["p", pivot, pivot] = inverse
            size = code.intrinsic("fabs", inverse)
            # the order of the comparison keeps a NaN
            worst = size if worst is None else code.select(code.compare("ole", size, worst), worst, size)
            for i in (i for i in self.order if pivot in self.lower[i]):
                factor = matrix[i, pivot] * inverse
                factors["l", i, pivot] = factor
                for j in self.upper[pivot]:
                    known = matrix.get((i, j))
                    product = matrix[pivot, j]
                    matrix[i, j] = factor * product if known is None else code.fused(factor, product, known)
        for i in self.order:
            for j in self.upper[i]:
                factors["u", i, j] = matrix[i, j]
        assert worst is not None
        return [factors[name] for name in self.names], worst

    def solve(self, code: Code, factor: Callable[[tuple[str, int, int]], Value], b: Sequence[Value]) -> list[Value]:
        """Return x with (w - J) x = b."""
        x = list(b)
        for i in self.order:
            for k in self.lower[i]:
                x[i] = code.fused(factor(("l", i, k)), x[k], x[i])
        for i in reversed(self.order):
            for j in self.upper[i]:
                x[i] = code.fused(factor(("u", i, j)), x[j], x[i])
            x[i] = x[i] * factor(("p", i, i))
        return x
