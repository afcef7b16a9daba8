"""A Program written as JavaScript functions of one run, for the page that runs in a browser."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from immunode.program.llvm.source import prepared
from immunode.program.program import Change, Program

_LEAVES = ("number", "state", "parameter", "time")
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_COMPARISONS = {"less": "<", "less_equal": "<=", "equal": "==="}
_CALLS = {
    "pow": "pow", "exp": "exp", "log": "log", "sqrt": "sqrt", "abs": "abs", "tanh": "tanh", "sin": "sin", "cos": "cos",
    "tan": "tan", "asin": "asin", "acos": "acos", "atan": "atan", "sinh": "sinh", "cosh": "cosh", "floor": "floor",
    "ceil": "ceil", "min": "min", "max": "max",
}  # fmt: skip


@lru_cache(maxsize=64)
def javascript_source(program: Program) -> str:
    """Return a JavaScript expression whose value is an object with the functions of a Program.

    They are those of `numpy.source.Functions` for one run, and write into arrays that the caller owns:
    switches(p), prepare(p, c), initial(p, y), rhs(t, y, c, out), jacobian(t, y, c, out), timeDerivative(t, y, c, out)
    or null, observe(t, y, p, out), schedule(p, out), apply[i](t, y, p), requirements(p, out). Numbers beside them:
    states, parameters, values, prepared, fluxes, derived, breaks, conditions (how many of each), jacobianRows,
    jacobianColumns, typical, extinctBelow, maxStep (0: no limit), movesState (of each break), delays (of each the row,
    the row that it is a copy of, and the place of its history in `past`, -1 without); for these lags(p, out) and
    past(t, p, out), value, slope and second derivative before the start of each that has a history.

    No word of a model gets into the text, only numbers and positions. Triggers are left out.
    """
    return _Writer(program).text()


class _Writer:
    """Writes one Program; every node but leaves gets a name, `x` and its position."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.prepared = prepared(program)
        self.row = {node: i for i, node in enumerate(self.prepared)}

    def text(self) -> str:
        program = self.program
        observed = [node for _, node in (*program.fluxes, *program.derived)]
        times = [node for b in program.breaks for node in (b.first, b.every, b.count)]
        first_switch = len(program.parameters) - len(program.switches)
        pasts = [node for d in program.delays for node in d.past]
        by_time = self._function("t, y, c, out", program.time_derivative, ready=True)
        members = {
            "states": str(len(program.states)),
            "parameters": str(len(program.parameters)),
            "values": str(len(program.values)),
            "prepared": str(len(self.prepared)),
            "fluxes": str(len(program.fluxes)),
            "derived": str(len(program.derived)),
            "breaks": str(len(program.breaks)),
            "conditions": str(len(program.requirements)),
            "jacobianRows": _array(i for i, _, _ in program.jacobian),
            "jacobianColumns": _array(j for _, j, _ in program.jacobian),
            "typical": _array(program.typical),
            "extinctBelow": _array(program.extinct_below or (0.0,) * len(program.states)),
            "maxStep": repr(float(program.max_step)),
            "movesState": _array(int(any(c.kind == "state" for c in b.changes)) for b in program.breaks),
            "switches": self._function("p", program.switch_initial, into="p", first=first_switch),
            "prepare": self._function("p, c", self.prepared, into="c"),
            "initial": self._function("p, y", program.initial, into="y"),
            "rhs": self._function("t, y, c, out", program.derivatives, ready=True),
            "jacobian": self._function("t, y, c, out", [node for *_, node in program.jacobian], ready=True),
            "timeDerivative": by_time if program.time_derivative else "null",
            "observe": self._function("t, y, p, out", observed),
            "schedule": self._function("p, out", times),
            "apply": "[\n" + ",\n".join(self._change(b.changes) for b in program.breaks) + "]",
            "delays": self._delays(),
            "lags": self._function("p, out", [d.lag for d in program.delays]),
            "past": self._function("t, p, out", pasts),
            "requirements": self._function("p, out", [node for node, _ in program.requirements]),
        }
        return "({\n" + ",\n".join(f"{name}: {text}" for name, text in members.items()) + "\n})"

    def _delays(self) -> str:
        places, place = [], 0
        for delay in self.program.delays:
            first = place if delay.past else -1
            places.append(f"{{row: {int(delay.row)}, of: {int(delay.of)}, past: {first}}}")
            place += len(delay.past)
        return "[" + ", ".join(places) + "]"

    def _function(
        self, arguments: str, nodes: Iterable[int], into: str = "out", ready: bool = False, first: int = 0
    ) -> str:
        nodes = list(nodes)
        lines = self._lines(nodes, ready)
        lines += [f"{into}[{first + i}]={self._name(node, ready)};" for i, node in enumerate(nodes)]
        return f"function({arguments}){{" + "".join(lines) + "}"

    def _change(self, changes: tuple[Change, ...]) -> str:
        nodes = [change.node for change in changes]
        # all new values first: every right-hand side sees what was before the event
        lines = [*self._lines(nodes, False), *(f"const n{k}={self._name(n, False)};" for k, n in enumerate(nodes))]
        for k, change in enumerate(changes):
            lines.append(f"{'y' if change.kind == 'state' else 'p'}[{int(change.index)}]=n{k};")
        return "function(t, y, p){" + "".join(lines) + "}"

    def _lines(self, nodes: list[int], ready: bool) -> list[str]:
        """Return what binds the nodes that `nodes` need; with `ready`, prepared ones are in `c` already."""
        needed: set[int] = set()
        stack = list(nodes)
        while stack:
            node = stack.pop()
            kind, *rest = self.program.nodes[node]
            if node in needed or kind in _LEAVES or (ready and node in self.row):
                continue
            needed.add(node)
            stack += [int(o) for o in rest]  # type: ignore[call-overload]
        return [f"const x{node}={self._operation(node, ready)};" for node in sorted(needed)]

    def _name(self, node: int, ready: bool) -> str:
        if ready and node in self.row:
            return f"c[{self.row[node]}]"
        kind, *rest = self.program.nodes[node]
        if kind == "number":
            return _number(float(rest[0]))  # type: ignore[arg-type]
        if kind == "state":
            return f"y[{int(rest[0])}]"  # type: ignore[call-overload]
        if kind == "parameter":
            return f"p[{int(rest[0])}]"  # type: ignore[call-overload]
        return "t" if kind == "time" else f"x{node}"

    def _operation(self, node: int, ready: bool) -> str:
        kind, *rest = self.program.nodes[node]
        parts = [self._name(int(o), ready) for o in rest]  # type: ignore[call-overload]
        name = str(kind)
        if name in _INFIX:
            return f"{parts[0]}{_INFIX[name]}{parts[1]}"
        if name in _COMPARISONS:
            return f"{parts[0]}{_COMPARISONS[name]}{parts[1]}?1:0"
        if name in _CALLS:
            return f"Math.{_CALLS[name]}({','.join(parts)})"
        if name == "neg":
            return f"-{parts[0]}"
        if name == "where":
            return f"{parts[0]}?{parts[1]}:{parts[2]}"
        if name == "not":
            return f"{parts[0]}?0:1"
        # `and`, `or` of numbers that may be 0, 1, true or false
        return f"{parts[0]}{'&&' if name == 'and' else '||'}{parts[1]}?1:0"


def _number(value: float) -> str:
    """Return a number as JavaScript reads it back, in brackets where it begins with a sign."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "(-Infinity)"
    text = str(int(value)) if value.is_integer() and abs(value) < 1e6 else repr(value)
    if value == 0.0:
        text = "0"
    return f"({text})" if text.startswith("-") else text


def _array(values: Iterable[float]) -> str:
    return "[" + ",".join(_number(float(v)) for v in values) + "]"
