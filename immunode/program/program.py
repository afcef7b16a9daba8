"""A model as numbers only: the value that every solver and every writer of code starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Node = tuple[object, ...]
"""One computed value: `(operation, *operands)`; operands are positions of earlier nodes.

Leaves are `("number", value)`, `("state", i)`, `("parameter", i)` and `("time",)`. Operations: add sub mul div
neg pow, min max, exp log sqrt abs tanh sin cos tan asin acos atan sinh cosh floor ceil, less less_equal equal and or
not
(0 or 1), where (condition, then, else).
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A new value for a state or a switch at an event. kind : "state" or "parameter"; index : its row; node : value."""

    kind: str
    index: int
    node: int


@dataclass(frozen=True, slots=True)
class Break:
    """An event at known times first, first + every, ... (count times). The three are nodes of parameters only."""

    name: str
    first: int
    every: int
    count: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event that fires when `condition` turns from false to true.

    condition, delay, priority : nodes.   ranked : whether it has a priority.
    persistent, initially, from_trigger : see `Event`.
    hidden : it turns a switch of a condition on time, before any other event at that time.
    sizes : nodes by which the new values are multiplied, in the order of `changes`, as they are just before; or empty.
    """

    name: str
    condition: int
    changes: tuple[Change, ...]
    delay: int
    priority: int
    ranked: bool = False
    persistent: bool = True
    initially: bool = True
    from_trigger: bool = True
    hidden: bool = False
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Delay:
    """A state that is another one as it was some time ago.

    row : of the state that holds it.   of : row of the state that it is a copy of.   lag : node of parameters, >= 0.
    past : nodes, of time and parameters, of what is found before the start, its slope and its second derivative; or
        empty where that is the value at the start.
    """

    row: int
    of: int
    lag: int
    past: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """A lowered model; plain tuples, hashable, the same for every engine.

    Rows of `p` are the model's parameters followed by its switches (`switches` of them), and last the hidden switches
    that conditions on time became. All integers are positions in `nodes`.
    """

    name: str
    time_unit: str
    states: tuple[str, ...]
    parameters: tuple[str, ...]
    values: tuple[float, ...]
    """Declared values of the parameters, without the switches."""
    switches: tuple[str, ...]
    nodes: tuple[Node, ...]
    initial: tuple[int, ...]
    switch_initial: tuple[int, ...]
    derivatives: tuple[int, ...]
    jacobian: tuple[tuple[int, int, int], ...]
    """Entries (row, column, node), sorted; entries that are zero by structure are absent."""
    time_derivative: tuple[int, ...]
    """Partial derivative of `derivatives` by time, one node a state; empty where time does not occur."""
    fluxes: tuple[tuple[str, int], ...]
    derived: tuple[tuple[str, int], ...]
    breaks: tuple[Break, ...]
    triggers: tuple[Trigger, ...]
    requirements: tuple[tuple[int, str], ...]
    """Conditions (node, message) on parameters; a run that fails one is refused."""
    typical: tuple[float, ...]
    """A typical size of each state, the scale of its absolute tolerance; 0 means |initial value| (at least 1e-6)."""
    moments: tuple[int, ...] = ()
    """Times at which conditions on time and switches turn, nodes of `p`: known until the next event, none is missed."""
    extinct_below: tuple[float, ...] = ()
    """Value below which each state, having fallen, becomes 0; empty if none does."""
    never_negative: tuple[tuple[int, str], ...] = ()
    """States (row, kind) of which there can't be less than nothing; a run that begins so is refused."""
    max_step: float = 0.0
    """The longest step that a solver may take, 0 where there is no limit."""
    delays: tuple[Delay, ...] = ()
    """The last states of a delay equation; their `derivatives` are 0, and engines fill in what history says."""
    slopes: int = 0
    """How many of the last states are derivatives of the others by parameters, see `sensitivity`."""
    key: str = ""
    """Hash of the model's content."""
    structure: str = ""
    """Hash of the same without the values of parameters, which programs share that differ in these only."""

    def __hash__(self) -> int:
        # programs are looked up at every call: a hash of all their nodes would take longer than a short run
        return hash((self.name, self.key, len(self.nodes), self.derivatives))

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names that results know: states, then fluxes, then derived quantities."""
        return (*self.states, *(name for name, _ in self.fluxes), *(name for name, _ in self.derived))

    def shared(self) -> Program:
        """Return the program that stands for all of this structure; this one where its structure has no name."""
        if not self.structure or self.key == self.structure:
            return self
        return _shared(self)


@lru_cache(maxsize=1024)
def _shared(program: Program) -> Program:
    plain = replace(program, values=(0.0,) * len(program.values), key=program.structure)
    known = _of_structure.get(program.structure)
    if known is None:
        if len(_of_structure) >= _MOST_STRUCTURES:
            _of_structure.clear()
        known = _of_structure[program.structure] = plain
    # a program that was changed since has the name of what it was
    return known if known == plain else program


_MOST_STRUCTURES = 512
_of_structure: dict[str, Program] = {}


def once_a_structure(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function of a program that is called once for all that differ in the values of their parameters only.

    The program comes first, and the function must not look at its values, nor at its `key`; all else can be hashed.
    """
    remembered = lru_cache(maxsize=256)(function)

    @wraps(function)
    def of_program(*given: P.args, **named: P.kwargs) -> T:
        program, *more = given
        assert isinstance(program, Program)
        return remembered(program.shared(), *more, **named)  # type: ignore[arg-type]

    of_program.cache_clear = remembered.cache_clear  # type: ignore[attr-defined]
    return of_program
