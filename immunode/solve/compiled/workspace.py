"""Where the compiled engine keeps what: rows of the workspace (one vector a row) and the slots of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from immunode.program.conditions import comparisons
from immunode.program.llvm.parts import Part, cut
from immunode.program.llvm.past import past_leaves, with_past
from immunode.program.llvm.source import Factors, prepared
from immunode.program.llvm.tables import Tables
from immunode.program.llvm.text import Code, Value
from immunode.program.nonsmooth import edges
from immunode.program.program import Program
from immunode.solve.compiled.actions import kernel_actions

ARGUMENTS = (
    "n_queue", "queue", "p", "y", "atol", "t", "t_stop", "final", "next_out", "steps", "rejected", "outcome", "trouble",
    "times", "out", "stride", "max_steps", "check", "rtol", "t_end", "shortest", "y_stride", "n_times",
    "resume", "more", "tape", "taped", "tape_end", "watch", "n_watch",
    "first", "every", "count", "fired", "break_time", "log", "logged", "log_end", "holds", "idle", "spacing",
    "begun", "t0", "ring", "ring_steps", "ring_most", "points", "points_room", "crowded", "turned",
)  # fmt: skip
"""Slots of the array of 64-bit words that a kernel is given: addresses, whole numbers, or bits of floats.

A kernel counts the entries it writes on the tape in `taped`, and those it writes into the log of jumps in `logged`. It
returns when there are `tape_end` of the first, when `log_end` of the second may become too few, or when all runs are
served; `more` is then 0. Called again with `resume`, it goes on where it was. An end of 0 means no tape, or no log.
It also returns when a lane's past has no room; `crowded` then says in what, see `past.ring`.
"""
FLOATS = frozenset({"rtol", "t_end", "shortest", "spacing", "t0"})
COUNTS = frozenset(
    {"n_queue", "stride", "max_steps", "check", "y_stride", "n_times", "resume", "more", "taped", "tape_end", "n_watch"}
    | {"logged", "log_end", "ring_steps", "ring_most", "points_room", "crowded"}
)
_SCALARS = ("t", "h", "t_stop", "t_near", "t_out", "memory", "growth", "h_most")
_INTEGERS = ("run", "next_out", "place", "steps", "rejected", "stiff", "final", "busy")
EPS = 2.220446049250313e-16
MOST_UNROLLED = 32
"""States of a system whose step is written without loops. See tests/benchmarks/large.py."""
MOST_AT_ONCE = 64
"""Events on states that a kernel executes in one moment; more are left to the driver."""
HANDED_OVER, FIRED, GOES_ON, NEVER = 9, 10, 11, -1
"""Outcomes of a run that turned stiff, of one in which a condition has turned true, and of one whose events are
executed; the value of `check` that never looks for stiffness."""


class Workspace:
    """Rows of the workspace of one program and method.

    The first `kept` rows are a lane's; as many follow in which runs wait to be taken up; then come rows needed within
    a step. `small` : the whole step is held in registers. `degree` : of the polynomials inside a step. `looped` : too
    large for code without loops; `tables` then go through the factorization, and `parts` are functions of their own.
    `actions` : the events that lanes have applied inside the kernel, None where none is. `settles` : among them are
    events that fire on states; `beside` : and timed ones or delays as well.
    `turns` : some of them set switches, so that steps have the parameters of entries in the log of jumps.
    `delays` : of the program, whose derivatives of delayed states are leaves; `sources` : the states that they look at.
    `past` : those leaves.
    """

    def __init__(self, program: Program, method: str, width: int) -> None:
        self.program = program = with_past(program)
        self.method, self.width = method, width
        self.delays = program.delays
        self.sources = tuple(sorted({delay.of for delay in self.delays}))
        self.past = past_leaves(program)
        self.n = n = len(program.states)
        self.prepared = prepared(program)
        self.actions = kernel_actions(program, self.prepared)
        self.settles = bool(program.triggers) and self.actions is not None
        self.beside = self.settles and bool(program.breaks or program.delays)
        self.turns = self.actions is not None and bool(self.actions.switches)
        self.factors = Factors(n, [(i, j) for i, j, _ in program.jacobian])
        self.looped = n > MOST_UNROLLED
        self.tables = Tables(self.factors) if self.looped else None
        self.parts, between = self._cut() if self.looped else ({}, 0)
        self.explicit = method != "rodas5p"
        self.degree, slopes = (7, 16) if method == "dop853" else (4, 8)
        self.small = self.explicit and n <= 4 and len(program.nodes) <= 250 and not program.triggers
        self.first: dict[str, int] = {}
        self.size = 0
        self._add("y", n)
        self._add("atol", n)
        if self.explicit:
            self._add("slope", n)
        else:
            self._add("y_before", n)
            self._add("h_before", 1)
        self._add("c", len(self.prepared))
        for name in (*_SCALARS, *_INTEGERS):
            self._add(name, 1)
        triggers = len(program.triggers)
        for name in ("holds", "idle") if triggers else ():
            self._add(name, triggers)
        if self.actions is not None:
            self._add("break_time", len(self.actions.body))
            self._add("held", len(self.actions.held))
            for name in ("column", "entry"):
                self._add(name, 1)
        self._add("turned", triggers if self.beside else 0)
        for name, rows in {"lag": len(self.delays), "before": len(self.delays), "longest": 1}.items():
            self._add(name, rows if self.delays else 0)
        self.kept = self.size
        self.size *= 2
        for name, rows in {
            "p": len(program.parameters),
            "u": n,
            "b": n,
            "y_new": n,
            "k": slopes * n,
            "scaled": n,
        }.items():
            self._add(name, rows)
        for name, rows in {"inside": (self.degree + 1) * n, "last": n, "begun": n, "ahead": n, "by_time": n}.items():
            self._add(name, rows)
        if self.looped:
            self._add("scale", n)
            self._add("between", between)
        for name in ("h_tried", "over_h", "t_new", "code", "next", "worst"):
            self._add(name, 1)
        if edges(program):
            self._add("gap", len(edges(program)))
            self._add("dip", 1)
        if triggers:
            self._add("cut", 1)
            self._add("pending", 1)
            for name in ("cut_y", "y_begun"):
                self._add(name, n)
            for name in ("seen", "risen", "muted", "waits", "holds_begun", "idle_begun"):
                self._add(name, triggers)
            compared = len(comparisons(program).pairs)
            self._add("side", (self.degree + 1) * compared)
            self._add("side_size", compared)
            self._add("restless", 1)
            self._add("decided", sum(len(trigger.changes) for trigger in program.triggers))
        if self.settles:
            assert self.actions is not None
            self._add("held_begun", len(self.actions.switches))
            self._add("turned_now", triggers)
            self._add("acted", 1)
        if self.actions is not None:
            self._add("now", n)
            for name in ("due", "landed", "attention") if triggers else ("due", "landed", "attention", "pending"):
                self._add(name, 1)
        if self.delays:
            for name in ("at", "found", "low", "high", "is_before", "past_0", "past_1", "past_2"):
                self._add(name, len(self.delays))
            for name in ("taken", "points_ahead", "next_point", "jumped", "fresh"):
                self._add(name, 1)
        if not self.explicit:
            self._add("lu", len(self.factors.names))
            self._add("diagonal", n)

    def _cut(self) -> tuple[dict[str, list[Part]], int]:
        """Return the parts of what is computed in functions of their own, and the rows that the largest needs."""
        known = frozenset(self.prepared)
        made = {
            "slope": cut(self.program, self.program.derivatives, known),
            "prepare": cut(self.program, self.prepared, frozenset()),
        }
        if self.method == "rodas5p":
            made["entries"] = cut(self.program, self.opening, known)
        return {name: parts for name, (parts, _) in made.items()}, max(rows for _, rows in made.values())

    @property
    def opening(self) -> tuple[int, ...]:
        """The nodes that a step of a large system begins with: derivatives, their rates in time, and the Jacobian."""
        program = self.program
        return (*program.derivatives, *program.time_derivative, *(node for *_, node in program.jacobian))

    def _add(self, name: str, rows: int) -> None:
        self.first[name] = self.size
        self.size += rows

    def offset(self, name: str, row: int = 0, waiting: bool = False) -> int:
        """Return where a row begins, in doubles; `waiting`: the row of the runs that wait."""
        return (self.first[name] + row + (self.kept if waiting else 0)) * self.width


class KernelFunction:
    """A function under construction with the workspace at hand.

    lanes : how many it treats, where not all; those of the workspace from the address on that it is given.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        more: Sequence[tuple[str, str]] = (),
        external: set[str] | None = None,
        lanes: int | None = None,
    ):
        lanes = lanes or workspace.width
        types = {"f": f"<{lanes} x double>", "l": "i64", "p": "ptr"}
        parameters = ["ptr noalias %args", "ptr noalias %ws", *(f"{types[kind]} %{name}" for kind, name in more)]
        self.code = Code(lanes, name, ", ".join(parameters), external=external)
        self.workspace, self.width = workspace, workspace.width
        self.args, self.ws = self.code.argument("p", "args"), self.code.argument("p", "ws")

    def given(self, name: str) -> Value:
        """Return an argument of the kernel: an address, a whole number or a float."""
        kind = "d" if name in FLOATS else "l" if name in COUNTS else "p"
        return self.code.load(kind, self.code.address(self.args, ARGUMENTS.index(name), "i64"))

    def give_back(self, x: Value, name: str) -> None:
        """Write a whole number where the caller of the kernel finds it."""
        self.code.store(x, self.code.address(self.args, ARGUMENTS.index(name), "i64"))

    def at(self, name: str, row: int | Value = 0, waiting: bool = False) -> Value:
        if isinstance(row, int):
            return self.code.address(self.ws, self.workspace.offset(name, row, waiting))
        return self.code.address(self.at(name, 0, waiting), row * self.width)

    def get(self, name: str, row: int | Value = 0, kind: str = "f", waiting: bool = False) -> Value:
        return self.code.load(kind, self.at(name, row, waiting), 64)

    def put(self, x: Value, name: str, row: int | Value = 0, waiting: bool = False) -> None:
        self.code.store(x, self.at(name, row, waiting), 64)

    def states(self) -> Iterator[int | Value]:
        """Go through the rows of the states: one by one, or in a loop of the code where there are many."""
        if not self.workspace.looped:
            yield from range(self.workspace.n)
            return
        with self.code.count_to(self.workspace.n) as s:
            yield s

    def fold(self, start: Value, more: Callable[[Value, int | Value], Value]) -> Value:
        """Return what `more(so far, s)` makes of all states in turn."""
        if not self.workspace.looped:
            for row in range(self.workspace.n):
                start = more(start, row)
            return start
        so_far = self.code.variable(start)
        for s in self.states():
            self.code.store(more(self.code.load("f", so_far, 64), s), so_far, 64)
        return self.code.load("f", so_far, 64)

    def change(self, lanes: Value, x: Value, name: str, row: int | Value = 0) -> None:
        """Set a row in some lanes."""
        where = self.at(name, row)
        before = self.code.load(x.kind, where, 64)
        self.code.store(self.code.select(lanes, x, before), where, 64, whole=True)

    def one(self, name: str, lane: Value, kind: str = "d", row: int | Value = 0, waiting: bool = False) -> Value:
        """Return the element of one lane."""
        return self.code.load(kind, self._element(name, lane, row, waiting))

    def put_one(self, x: Value, name: str, lane: Value, row: int | Value = 0, waiting: bool = False) -> None:
        self.code.store(x, self._element(name, lane, row, waiting))

    def _element(self, name: str, lane: Value, row: int | Value, waiting: bool) -> Value:
        if isinstance(row, int):
            return self.code.address(self.at(name, row, waiting), lane)
        return self.code.address(self.at(name, 0, waiting), row * self.width + lane)

    def text(self, linkage: str = "internal", attributes: str = "nounwind") -> str:
        self.code.returns()
        return self.code.text(linkage, f'{attributes} "prefer-vector-width"="512"')
