"""The records a model is made of: frozen, hashable, picklable values that hold text and numbers only.

Parsing, units, equations, checks and files live in the neighboring modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from immunode.errors import ModelError, quoted

if TYPE_CHECKING:
    from immunode.intervention import Drug, Intervention
    from immunode.model.check import Report

V = TypeVar("V")
Pairs = tuple[tuple[str, str], ...]
NEVER_NEGATIVE = ("cell", "signal", "pathogen", "drug")
"""Kinds of states of which there can't be less than nothing."""


def pairs(mapping: Mapping[str, V] | Iterable[tuple[str, V]], who: str = "a mapping") -> tuple[tuple[str, V], ...]:
    """Return a mapping, or the pairs it was stored as, as a tuple of pairs, which can be hashed; else ModelError."""
    items: Any = mapping.items() if isinstance(mapping, Mapping) else mapping
    found = tuple(items) if isinstance(items, Iterable) and not isinstance(items, str) else (items,)
    for pair in found:
        # a text of two letters would come apart
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise ModelError(f"{who}: names with their values are needed, such as {{'x': 'x + 1'}}, got {quoted(pair)}")
    return tuple((str(key), value) for key, value in found)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that exists in one model only, such as the arbitrary `N_unit` of a phagocyte score.

    It is a base unit: it equals nothing but itself.
    """

    name: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Compartment:
    """A space with a volume, in the sense of SBML.

    volume : a number, or the text of an expression of parameters.   unit : the volume's unit.
    """

    name: str
    volume: float | str
    unit: str = "L"
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A quantity that the model integrates.

    initial : its value at time 0 in `unit`; a number, or the text of an expression of parameters.
    kind : "cell", "signal", "pathogen", "drug", "damage" or ""; groups states in figures. A run that begins with less
        than nothing of one of `NEVER_NEGATIVE` is refused.
    compartment : name of the compartment it lives in; then it is a concentration there unless `amount` is True.
    typical : a typical size in `unit`, the scale of its absolute tolerance; 0 means the larger of |initial| and 1e-6.
    extinct_below : a population that falls below this value, in `unit`, is gone: it becomes exactly 0 at the end of the
        solver's step in which it falls, and returns only by an inflow or a transfer. 0 means never.
    """

    name: str
    initial: float | str
    unit: str = ""
    meaning: str = ""
    kind: str = ""
    compartment: str = ""
    amount: bool = False
    typical: float = 0.0
    source: str = ""
    extinct_below: float = 0.0


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant of a model.

    source : where the value comes from, or `"assumed: why"`.
    evidence : "measured", "fitted", "published", "memory" (quoted from memory), "assumed" or "derived"; by default
        "assumed" where the source begins so.
    bounds : the range to sample from, in `unit`; None means +-30 % (log-uniform).
    """

    name: str
    value: float
    unit: str = ""
    meaning: str = ""
    source: str = ""
    evidence: str = ""
    bounds: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        bounds: object = self.bounds
        if isinstance(bounds, list):
            object.__setattr__(self, "bounds", tuple(bounds))
        if not self.evidence and str(self.source).startswith("assumed"):
            object.__setattr__(self, "evidence", "assumed")


@dataclass(frozen=True, slots=True)
class Switch:
    """A quantity that only events change: constant between break points (an "on" flag, an infusion rate)."""

    name: str
    initial: float | str = 0.0
    unit: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """A named flux: what it takes and makes, and how fast.

    arrow : `"-> E"`, `"T ->"`, `"drug + tnf -> complex"`, `"2 A -> B"`; states only.
    rate : text of an expression; unit of the states moved per `time_unit` (amount per time in compartments).
    """

    name: str
    arrow: str
    rate: str
    meaning: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Derived:
    """A quantity computed from states, parameters, switches, time and other derived quantities."""

    name: str
    expression: str
    unit: str = ""
    meaning: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A sudden change, at known times (`at`) or when a condition becomes true (`when`).

    changes : new values, `{"central": "central + drug.dose"}`; states and switches only. All right-hand
        sides see the values just before the event.
    at : first time, a number or the text of an expression of parameters, in the model's time unit.
    every, count : then again every `every`, `count` times in all.
    when : comparisons such as `"T > 1e8"`, joined by and, or, not; the event fires whenever this turns from false
        to true. What follows goes with `when` only.
    delay : time from firing to the changes, a number or an expression, computed when the event fires.
    priority : expression; of events that are due at one time the highest goes first, looked at anew after each, and
        those without one go last, in the order declared. Among equals one is drawn, in every run alike.
    persistent : whether the changes come even if the condition is false again by then.
    initially : what the condition counts as before the start; with False the event fires at the start if it holds.
    from_trigger : whether new values are computed when the event fires, or else when the changes come.
    sizes : `{"drug.amount": "plasma"}`, what new values are multiplied by, computed from what holds just before the
        changes come: so a concentration of the time of firing becomes an amount by the volume of then.

    Source: SBML Level 3 Version 2 Core, section 4.11, doi:10.1515/jib-2017-0081, for delay to from_trigger.
    """

    name: str
    changes: Mapping[str, str] | Pairs
    at: float | str | None = None
    every: float | str | None = None
    count: int | str = 1
    when: str = ""
    meaning: str = ""
    delay: float | str = 0.0
    priority: str = ""
    persistent: bool = True
    initially: bool = True
    from_trigger: bool = True
    sizes: Mapping[str, str] | Pairs = ()

    def __post_init__(self) -> None:
        for label in ("changes", "sizes"):
            found = pairs(getattr(self, label), f"event '{self.name}', {label}")
            object.__setattr__(self, label, tuple((k, str(v)) for k, v in found))

    def told_changes(self) -> str:
        """Return the changes as text, `drug.amount = 10*(plasma); dose = 0`."""
        sizes = dict(pairs(self.sizes))
        sized = {name: f"{value}*({sizes[name]})" for name, value in pairs(self.changes) if name in sizes}
        return "; ".join(f"{name} = {sized.get(name, value)}" for name, value in pairs(self.changes))


@dataclass(frozen=True, slots=True)
class Effect:
    """One factor or term that an intervention adds to a parameter (written by `perturb`, not by hand).

    how : "scale" (value is the whole factor), "add" (value is the whole term) or "set" (the base value k
        becomes k + weight*(value - k)).
    by : name of the intervention.

    Source: the composition rule of the package, effective = (set or k) * factors + terms.
    """

    target: str
    how: str
    value: str
    weight: str = "1"
    by: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition on parameters without which a run is refused, with the reason told to the user."""

    condition: str
    message: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A named set of values: a disease state, a patient, a mouse line, a fitted set.

    start : "steady state" or "initial values", as in `Model`; "" keeps the model's.
    """

    name: str
    values: Mapping[str, float] | tuple[tuple[str, float], ...] = ()
    initial: Mapping[str, float | str] | tuple[tuple[str, float | str], ...] = ()
    note: str = ""
    source: str = ""
    start: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", pairs(self.values))
        object.__setattr__(self, "initial", pairs(self.initial))


TOLD = {"told": True}
"""Marks fields that say where a model comes from; numbers do not depend on them, nor does `content_key`."""


@dataclass(frozen=True, slots=True, repr=False)
class Model:
    """A compartment model of ordinary differential equations; a value that never changes.

    All names, arrows, expressions and units are checked when it is made.

    time_unit : unit of time ("" for a dimensionless model).
    clock : what one unit of time stands for where doses and calendar times meet a dimensionless model.
    horizon : default end of a simulation, in `time_unit`.
    max_step : the longest step that a solver may take, in `time_unit`; 0 leaves it to the tolerance. Needed where a
        rate has pulses in time that are much shorter than what else happens (see docs, engines).
    readouts : names of states or derived quantities to look at first.
    start : "steady state": each run begins where the model, without interventions and events and with the run's own
        parameter values, comes to rest from the states' initial values; events at time 0 and `simulate(initial=)`
        act on that. Running totals, on which no rate depends, begin at their initial values. Default: initial values.
    aliases : further names for `load_model`, each with a variant or "": `{"rheumatoid_arthritis": "diseased"}`.
    status : "published" or "ours".
    remarks : what is odd about the file that a model was read from; shown, and never computed with.
    effects, requirements, applied : what `perturb` writes; not declared by hand.
    variant_name, file_values : which variant was taken, and (name, value as declared) of what is another value now;
        written by `variant`, `with_values`, `with_initial` and `replace`, so that results can tell what was run.

    Raises
    ------
    ModelError : a name is unknown, used twice or malformed; a rate or an arrow can't be read.
    UnitError : units do not fit.
    """

    name: str
    title: str = ""
    time_unit: str = ""
    reference: str = ""
    states: tuple[State, ...] | Sequence[State] = ()
    parameters: tuple[Parameter, ...] | Sequence[Parameter] = ()
    processes: tuple[Process, ...] | Sequence[Process] = ()
    derived: tuple[Derived, ...] | Sequence[Derived] = ()
    events: tuple[Event, ...] | Sequence[Event] = ()
    switches: tuple[Switch, ...] | Sequence[Switch] = ()
    compartments: tuple[Compartment, ...] | Sequence[Compartment] = ()
    units: tuple[Unit, ...] | Sequence[Unit] = ()
    interventions: tuple[Intervention | Drug, ...] | Sequence[Intervention | Drug] = ()
    variants: tuple[Variant, ...] | Sequence[Variant] = ()
    system: str = ""
    status: str = ""
    aliases: Mapping[str, str] | Pairs = ()
    horizon: float = 100.0
    clock: str = ""
    readouts: tuple[str, ...] | Sequence[str] = ()
    description: str = ""
    start: str = ""
    remarks: tuple[str, ...] | Sequence[str] = ()
    max_step: float = 0.0
    effects: tuple[Effect, ...] | Sequence[Effect] = field(default=())
    requirements: tuple[Requirement, ...] | Sequence[Requirement] = field(default=())
    applied: tuple[str, ...] | Sequence[str] = field(default=())
    variant_name: str = field(default="", metadata=TOLD)
    file_values: tuple[tuple[str, float | str], ...] = field(default=(), compare=False, metadata=TOLD)

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            if spec.name == "aliases":
                object.__setattr__(self, spec.name, pairs(value))
            elif isinstance(value, list):
                object.__setattr__(self, spec.name, tuple(value))
        from immunode.model.validation import validate

        validate(self)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other fields, checked anew."""
        from immunode.model.validation import noted

        return noted(self, replace(self, **changes))

    def with_values(self, values: Mapping[str, float] | None = None, /, **named: float) -> Self:
        """Return a copy with other parameter values: `with_values(k=3)` or `with_values({"drug.dose": 40})`."""
        from immunode.model.validation import with_values

        return with_values(self, {**(values or {}), **named})

    def with_initial(self, values: Mapping[str, float | str] | None = None, /, **named: float | str) -> Self:
        """Return a copy with other initial values: `with_initial(E=1e5)`."""
        from immunode.model.validation import with_initial

        return with_initial(self, {**(values or {}), **named})

    @property
    def label(self) -> str:
        """The name, with the variant where one was taken: "baker2013, variant diseased"."""
        return self.name + (f", variant {self.variant_name}" if self.variant_name else "")

    @property
    def heading(self) -> str:
        """The title with name and variant, to stand above a figure: "Cytokines (baker2013, variant diseased)"."""
        return f"{self.title} ({self.label})" if self.title else self.label

    @property
    def changed(self) -> dict[str, tuple[float | str, float | str]]:
        """Parameter or initial value (`"E(0)"`) -> its declared value and its value now, where they differ."""
        from immunode.model.validation import values_of

        now = values_of(self)
        return {name: (value, now[name]) for name, value in self.file_values if name in now}

    def variant(self, name: str) -> Self:
        """Return the model with the values of its variant `name`."""
        from immunode.model.validation import with_variant

        return with_variant(self, name)

    def intervention(self, name: str) -> Intervention | Drug:
        """Return the declared intervention `name`."""
        from immunode.model.validation import find

        return find(self, "intervention", self.interventions, name)

    def equations(self, style: str = "unicode", *, fluxes: bool = False) -> str:
        """Return the equations as text, "unicode" or "latex", one line a state; with `fluxes`, one a process too."""
        from immunode.model.equations import equations

        return equations(self, style, fluxes=fluxes)

    def check(self) -> Report:
        """Return a `Report` on units, unused names, signs at zero, conserved totals and missing sources."""
        from immunode.model.check import check

        return check(self)

    def to_json(self) -> str:
        """Return the model as JSON text."""
        from immunode.model.serial import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the model written by `to_json`; unknown fields and types are errors, nothing is executed."""
        from immunode.model.serial import from_json

        return from_json(cls, text)

    def __repr__(self) -> str:
        from immunode.model.display import text

        return text(self)

    def __rich__(self) -> Any:
        from immunode.model.display import table

        return table(self)

    def _repr_html_(self) -> str:
        from immunode.model.display import html

        return html(self)
