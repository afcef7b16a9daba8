"""A Program written as NumPy functions that act on many runs at once, and those functions ready to call."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.program.kinks import edges
from immunode.program.numpy.body import CALLS, Body, wrap
from immunode.program.program import Change, Program
from immunode.program.untreated import Rest

Array = NDArray[np.float64]

_IMPORTED = {"empty", "empty_like", *CALLS.values()}
_RESERVED = {*CALLS.values(), "t", "y", "p", "c", "np", "out", "empty", "empty_like", "bool"}


@dataclass(frozen=True)
class Functions:
    """The functions of a Program, elementwise over runs: a run's value never depends on its neighbors.

    parameters(values) -> p : declared values (n_values, n_runs) -> all rows (n_parameters, n_runs), switches set.
    initial(p) -> y (n_states, n_runs).
    prepare(p) -> c (n_prepared, n_runs) : what `rhs` and `jacobian` need of p; call again after a switch changed.
    rhs(t, y, c) -> (n_states, n_runs); t is a number or (n_runs,).
    jacobian(t, y, c) -> (n_nonzero, n_runs), in the order of `program.jacobian`.
    time_derivative(t, y, c) -> (n_states, n_runs), or None where time does not occur.
    observe(t, y, p) -> (n_fluxes + n_derived, n_runs), in the order of `program.quantities` after the states.
    break_times(p) -> first, every, count, each (n_breaks, n_runs).
    apply(i, t, y, p), fire(i, t, y, p) : event i at a known time, or of trigger i, in place on y and p.
    sizes(i, t, y, p) -> (n_changes, n_runs), by what the new values of trigger i are multiplied; only where it says so.
    triggers(t, y, p) -> (n_triggers, n_runs), 1 where the condition holds, else 0.
    timing(t, y, p) -> (2 n_triggers, n_runs), delay and priority of each trigger in turn; 0 where it has none.
    moments(p) -> (n_moments, n_runs), the times at which conditions on time and switches turn, as the switches are now.
    requirements(p) -> bool (n_requirements, n_runs).
    gaps(t, y, c) -> (n_edges, n_runs), which change sign where dy/dt bends or jumps; or None where it does neither.
    rest : what the start of a run is computed from where the model begins at rest.
    """

    program: Program
    source: str
    parameters: Callable[[Array], Array]
    initial: Callable[[Array], Array]
    prepare: Callable[[Array], Array]
    rhs: Callable[[Any, Array, Array], Array]
    jacobian: Callable[[Any, Array, Array], Array]
    time_derivative: Callable[[Any, Array, Array], Array] | None
    observe: Callable[[Any, Array, Array], Array]
    break_times: Callable[[Array], tuple[Array, Array, Array]]
    apply: Callable[[int, Any, Array, Array], None]
    triggers: Callable[[Any, Array, Array], Array]
    timing: Callable[[Any, Array, Array], Array]
    fire: Callable[[int, Any, Array, Array], None]
    sizes: Callable[[int, Any, Array, Array], Array]
    moments: Callable[[Array], Array]
    requirements: Callable[[Array], NDArray[np.bool_]]
    gaps: Callable[[Any, Array, Array], Array] | None = None
    rest: Rest | None = None

    def __reduce__(self) -> tuple[Callable[[Program, Rest | None], Functions], tuple[Program, Rest | None]]:
        # what travels to another process is the program; its functions are made again there
        return _arrived, (self.program, self.rest)


@lru_cache(maxsize=256)
def numpy_source(program: Program) -> str:
    """Return the NumPy source of a Program: the text that `compile_numpy` runs."""
    return _Writer(program).module()


def _arrived(program: Program, rest: Rest | None) -> Functions:
    made = compile_numpy(program)
    return made if rest is None else replace(made, rest=rest)


@lru_cache(maxsize=256)
def compile_numpy(program: Program) -> Functions:
    """Return the functions of a Program; compiled once a process."""
    source = numpy_source(program)
    scope: dict[str, Any] = {}
    # the text is generated from whitelisted operations and sanitized names only, never from a user's words
    exec(compile(source, "<immunode program>", "exec"), scope)
    n_values = len(program.values)
    n_rows = len(program.parameters)

    def parameters(values: Array) -> Array:
        values = np.asarray(values, dtype=float)
        p = np.zeros((n_rows, values.shape[1]))
        p[:n_values] = values
        if program.switches:
            p[n_values:] = scope["switches"](p)
        return p

    def break_times(p: Array) -> tuple[Array, Array, Array]:
        rows: Array = scope["schedule"](p) if program.breaks else np.empty((0, p.shape[1]))
        return rows[0::3], rows[1::3], rows[2::3]

    def triggers(t: Any, y: Array, p: Array) -> Array:
        rows: Array = scope["triggers"](t, y, p) if program.triggers else np.empty((0, y.shape[1]))
        return rows

    def timing(t: Any, y: Array, p: Array) -> Array:
        rows: Array = scope["timing"](t, y, p) if program.triggers else np.empty((0, y.shape[1]))
        return rows

    def moments(p: Array) -> Array:
        rows: Array = scope["moments"](p) if program.moments else np.empty((0, p.shape[1]))
        return rows

    pairs = edges(program)
    both = [other >= 0 for _, other in pairs]
    first = np.cumsum([0, *(1 + two for two in both)])[:-1]
    second = first[both] + 1

    def gaps(t: Any, y: Array, c: Array) -> Array:
        rows: Array = scope["edges"](t, y, c)
        found: Array = rows[first]
        found[both] -= rows[second]
        return found

    def requirements(p: Array) -> NDArray[np.bool_]:
        rows: NDArray[np.bool_] = scope["requirements"](p) if program.requirements else np.ones((0, p.shape[1]), bool)
        return rows

    def apply(i: int, t: Any, y: Array, p: Array) -> None:
        scope[f"break_{i}"](t, y, p)

    def fire(i: int, t: Any, y: Array, p: Array) -> None:
        scope[f"trigger_{i}"](t, y, p)

    def sizes(i: int, t: Any, y: Array, p: Array) -> Array:
        rows: Array = scope[f"sizes_{i}"](t, y, p)
        return rows

    return Functions(
        program=program,
        source=source,
        parameters=parameters,
        initial=scope["initial"],
        prepare=scope["prepare"],
        rhs=scope["rhs"],
        jacobian=scope["jacobian"],
        time_derivative=scope.get("time_derivative"),
        observe=scope["observe"],
        break_times=break_times,
        apply=apply,
        triggers=triggers,
        timing=timing,
        fire=fire,
        sizes=sizes,
        moments=moments,
        requirements=requirements,
        gaps=gaps if pairs else None,
    )


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
        parts += self._events()
        conditions = [n for n, _ in program.requirements]
        if conditions:
            parts.append(self._rows("requirements", "p", conditions, "Return which conditions hold.", dtype="bool"))
        text = "\n\n\n".join(parts) + "\n"
        used = sorted(name for name in _IMPORTED if re.search(rf"\b{name}\(", text))
        return f"{head}\n\nfrom numpy import {', '.join(used)}\n\n\n{text}"

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
        found: list[bool] = []
        for kind, *rest in self.program.nodes:
            leaf = kind in ("number", "state", "parameter", "time")
            found.append(kind in kinds if leaf else any(found[int(o)] for o in rest))  # type: ignore[call-overload]
        return found

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
