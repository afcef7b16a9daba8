"""A Program written as the text of NumPy functions that act on many runs at once."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

from immunode.program.conditions import comparisons, timed_comparisons
from immunode.program.nonsmooth import edges
from immunode.program.numpy.body import CALLS, Body, wrap
from immunode.program.program import Change, Program, once_a_structure

_IMPORTED = {"empty", "empty_like", *CALLS.values()}
_RESERVED = {*CALLS.values(), "t", "y", "p", "c", "np", "out", "empty", "empty_like", "bool"}


@once_a_structure
def numpy_source(program: Program) -> str:
    """Return the NumPy source of a Program: the text that `compile_numpy` runs."""
    return _Writer(program).module()


class _Writer:
    """Writes one Program; nodes used once are written where they are used, the others get a name."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.taken: set[str] = set(_RESERVED)
        self.state_names = [self._identifier(n) for n in program.states]
        self.parameter_names = [self._identifier(n) for n in program.parameters]
        self.label: dict[int, str] = {}
        for name, node in (*program.derived, *program.fluxes):
            if node not in self.label and program.nodes[node][0] not in ("number", "state", "parameter", "time"):
                self.label[node] = self._identifier(name)
        self.uses_state = self._reach({"state", "time"})
        roots = [*program.derivatives, *(n for *_, n in program.jacobian), *program.time_derivative]
        self.prepared = self._prepared(roots)
        self.row = {node: i for i, node in enumerate(self.prepared)}
        self.prepared_names = [self._prepared_name(i, node) for i, node in enumerate(self.prepared)]
        self.prefix, self.new = self._prefix("x"), self._prefix("new_")

    def module(self) -> str:
        program = self.program
        title = f"{program.name}: y (n_states, n_runs), p (n_parameters, n_runs), t a number or (n_runs,)."
        rows = [f"states: {', '.join(program.states)}", f"parameters: {', '.join(program.parameters)}"]
        wrapped = [line for row in rows for line in wrap(self._plain(row), "")]
        head = "\n".join([f'"""{self._plain(title)}', "", *wrapped, '"""'])
        rhs = self._rows("rhs", "t, y, c", program.derivatives, "Return dy/dt, (n_states, n_runs).", prepared=True)
        parts = [rhs, self._prepare()]
        parts.append(self._rows("initial", "p", program.initial, "Return y at time 0, (n_states, n_runs)."))
        slopes = [n for *_, n in program.jacobian]
        pattern = ", ".join(f"({i}, {j})" for i, j, _ in program.jacobian)
        doc = f"Return the entries {pattern or 'none'} of the Jacobian, (n_nonzero, n_runs)."
        parts.append(self._rows("jacobian", "t, y, c", slopes, doc, prepared=True))
        if program.time_derivative:
            doc = "Return the partial derivative of dy/dt by time, (n_states, n_runs)."
            parts.append(self._rows("time_derivative", "t, y, c", program.time_derivative, doc, prepared=True))
        sides = [n for pair in edges(program) for n in pair if n >= 0]
        if sides:
            doc = "Return the two sides (or the one that is 0) where dy/dt bends or jumps when they are equal."
            parts.append(self._rows("edges", "t, y, c", sides, doc, prepared=True))
        observed = [n for _, n in (*program.fluxes, *program.derived)]
        names = ", ".join(n for n, _ in (*program.fluxes, *program.derived))
        parts.append(self._rows("observe", "t, y, p", observed, f"Return {names or 'nothing'}."))
        if program.switches:
            parts.append(self._rows("switches", "p", program.switch_initial, "Return the switches at time 0."))
        parts += self._delays()
        parts += self._events()
        conditions = [n for n, _ in program.requirements]
        if conditions:
            parts.append(self._rows("requirements", "p", conditions, "Return which conditions hold.", dtype="bool"))
        text = "\n\n\n".join(parts) + "\n"
        used = sorted(name for name in _IMPORTED if re.search(rf"\b{name}\(", text))
        return f"{head}\n\nfrom numpy import {', '.join(used)}\n\n\n{text}"

    def _delays(self) -> list[str]:
        delays = self.program.delays
        if not delays:
            return []
        parts = [self._rows("lags", "p", [d.lag for d in delays], "Return how far back, (n_delays, n_runs).")]
        pasts = [node for d in delays for node in d.past]
        if pasts:
            doc = "Return value, slope and second derivative before the start of each state that has a history."
            parts.append(self._rows("past", "t, p", pasts, doc))
        return parts

    def _events(self) -> list[str]:
        parts = []
        breaks = self.program.breaks
        if breaks:
            times = [node for b in breaks for node in (b.first, b.every, b.count)]
            doc = "Return first time, interval and count of each event in turn, (3 n_breaks, n_runs)."
            parts.append(self._rows("schedule", "p", times, doc))
        conditions = [t.condition for t in self.program.triggers]
        if conditions:
            doc = "Return 1 where what fires an event holds, else 0, (n_triggers, n_runs)."
            parts.append(self._rows("triggers", "t, y, p", conditions, doc))
            clocks = [node for nodes in timed_comparisons(self.program) for node in nodes]
            if clocks:
                doc = "Return 1 where a part of a condition that turns with time alone holds, else 0."
                parts.append(self._rows("clocks", "t, p", clocks, doc))
            sides = [node for pair in comparisons(self.program).pairs for node in pair]
            if sides:
                doc = "Return the two sides of each comparison that these conditions make, in turn."
                parts.append(self._rows("sides", "t, y, p", sides, doc))
            timing = [node for t in self.program.triggers for node in (t.delay, t.priority)]
            doc = "Return delay and priority of each event in turn, (2 n_triggers, n_runs)."
            parts.append(self._rows("timing", "t, y, p", timing, doc))
        if self.program.moments:
            doc = "Return when conditions on time turn while no switch does, (n_moments, n_runs)."
            parts.append(self._rows("moments", "p", self.program.moments, doc))
        parts += [self._change(f"break_{i}", b.name, b.changes) for i, b in enumerate(breaks)]
        for i, trigger in enumerate(self.program.triggers):
            parts.append(self._change(f"trigger_{i}", trigger.name, trigger.changes))
            if trigger.sizes:
                doc = "Return by what the new values are multiplied, (n_changes, n_runs)."
                parts.append(self._rows(f"sizes_{i}", "t, y, p", trigger.sizes, doc))
        return parts

    def _change(self, function: str, event: str, changes: tuple[Change, ...]) -> str:
        body = self._body([c.node for c in changes], {})
        # copies: a value may be a view of a row that an earlier assignment overwrites
        lines = [f"    {self.new}{k} = {text} + 0.0" for k, text in enumerate(body.texts)]
        for k, change in enumerate(changes):
            lines.append(f"    {'y' if change.kind == 'state' else 'p'}[{int(change.index)}] = {self.new}{k}")
        doc = f'    """Event {self._plain(event)}, in place."""'
        return "\n".join([f"def {function}(t, y, p):", doc, *body.lines, *lines])

    def _prepare(self) -> str:
        body = self._body(self.prepared, {})
        rows = [f"    c[{i}] = {text}" for i, text in enumerate(body.texts)]
        doc = '    """Return what rhs and jacobian need of the parameters, (n_prepared, n_runs)."""'
        start = f"    c = empty(({len(rows)}, p.shape[1]))"
        return "\n".join(["def prepare(p):", doc, *body.lines, start, *rows, "    return c"])

    def _rows(
        self, name: str, arguments: str, nodes: Iterable[int], doc: str, prepared: bool = False, dtype: str = ""
    ) -> str:
        nodes = list(nodes)
        bound = dict(zip(self.prepared, self.prepared_names, strict=True)) if prepared else {}
        body = self._body(nodes, bound)
        runs = "y.shape[1]" if "y" in arguments else "p.shape[1]"
        kind = f", dtype={dtype}" if dtype else ""
        shape = "empty_like(y)" if len(nodes) == len(self.state_names) and "y" in arguments else ""
        start = f"    out = {shape or f'empty(({len(nodes)}, {runs}){kind})'}"
        rows = [f"    out[{i}] = {text}" for i, text in enumerate(body.texts)]
        doc_lines = wrap(f'"""{self._plain(doc)}"""', "    ")
        lines = [f"def {name}({arguments}):", *doc_lines, *body.lines, start, *rows]
        return "\n".join([*lines, "    return out"])

    def _body(self, nodes: list[int], bound: dict[int, str]) -> Body:
        return Body(self, nodes, bound)

    def _reach(self, kinds: set[str]) -> list[bool]:
        reaches: list[bool] = []
        for kind, *rest in self.program.nodes:
            leaf = kind in ("number", "state", "parameter", "time")
            reaches.append(kind in kinds if leaf else any(reaches[int(o)] for o in rest))  # type: ignore[call-overload]
        return reaches

    def _prepared(self, roots: list[int]) -> list[int]:
        """Return the nodes that depend on parameters alone and are used by nodes that do not, or are roots."""
        nodes = self.program.nodes
        needed: set[int] = set()
        seen: set[int] = set()
        stack = list(roots)
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            kind, *rest = nodes[node]
            if kind == "number" or kind in ("state", "time"):
                continue
            if not self.uses_state[node]:
                needed.add(node)
            else:
                stack += [int(o) for o in rest]  # type: ignore[call-overload]
        return sorted(needed)

    def _prepared_name(self, i: int, node: int) -> str:
        kind, *rest = self.program.nodes[node]
        if kind == "parameter":
            return self.parameter_names[int(rest[0])]  # type: ignore[call-overload]
        return self.label.get(node) or self._identifier(f"c{i}")

    def _prefix(self, letters: str) -> str:
        """Return a beginning of numbered names that no name of the model has."""
        while any(re.fullmatch(rf"{letters}\d+", name) for name in self.taken):
            letters += letters[0]
        return letters

    def _identifier(self, name: str) -> str:
        """Return a Python name for a model's name, unlike any other in the source."""
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        if not re.match(r"[A-Za-z_]", plain) or keyword.iskeyword(plain):
            plain = f"{plain}_" if keyword.iskeyword(plain) else f"_{plain}"
        while plain in self.taken:
            plain += "_"
        self.taken.add(plain)
        return plain

    @staticmethod
    def _plain(text: str) -> str:
        return re.sub(r"[^ -~]|\\|\"", "?", text)
