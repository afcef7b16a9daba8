"""The records that a model is made of: frozen, hashable, picklable values that hold text and numbers only.

A new kind of record is a class here, a field of `Declaration` and an entry of `checks.declaration.RECORDS`; `@register`
makes it known to JSON.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from immunode.errors import ModelError, did_you_mean, quoted
from immunode.model.serial import register

V = TypeVar("V")
Pairs = tuple[tuple[str, str], ...]
MOST_TIMES = 2**53
"""How often an event may happen: whole numbers up to this are exact as floats, in which engines count."""
PROVENANCE = {"provenance": True}
"""Marks fields that say where a model comes from; numbers do not depend on them, nor does `content_key`."""
NEVER_NEGATIVE = ("cell", "signal", "pathogen", "drug")
"""Kinds of states of which there can't be less than nothing."""


def pairs(mapping: Mapping[str, V] | Iterable[tuple[str, V]], who: str = "a mapping") -> tuple[tuple[str, V], ...]:
    """Return a mapping, or the pairs it was stored as, as a tuple of pairs, which can be hashed; else ModelError."""
    items: Any = mapping.items() if isinstance(mapping, Mapping) else mapping
    listed = tuple(items) if isinstance(items, Iterable) and not isinstance(items, str) else (items,)
    for pair in listed:
        # a text of two letters would come apart
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise ModelError(f"{who}: names with their values are needed, such as {{'x': 'x + 1'}}, got {quoted(pair)}")
    return tuple((str(key), value) for key, value in listed)


def one_of(who: str, value: object, known: tuple[str, ...]) -> None:
    """Raise ModelError where a value is none of the known words."""
    if value not in known:
        raise ModelError(f"{who} {quoted(value)}{did_you_mean(str(value), known)}")


def checked_number(who: str, value: object, least: float | None = None) -> float:
    """Return a number that is finite and not below `least`; raise ModelError on anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ModelError(f"{who} must be a finite number, got {value!r}")
    if least is not None and value < least:
        raise ModelError(f"{who} must be {least:g} or above, got {value:g}")
    return float(value)


@register
@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that exists in one model only, such as the arbitrary `N_unit` of a phagocyte score.

    It is a base unit: it equals nothing but itself.
    """

    name: str
    meaning: str = ""


@register
@dataclass(frozen=True, slots=True)
class Compartment:
    """A space with a volume, in the sense of SBML.

    Attributes
    ----------
    volume : float | str
        a number, or the text of an expression of parameters.
    unit : str
        the volume's unit.
    """

    name: str
    volume: float | str
    unit: str = "L"
    meaning: str = ""


@register
@dataclass(frozen=True, slots=True)
class State:
    """A quantity that the model integrates.

    Attributes
    ----------
    initial : float | str
        its value at time 0 in `unit`; a number, or the text of an expression of parameters.
    kind : str
        "cell", "signal", "pathogen", "drug", "damage" or ""; groups states in figures. A run that begins with less than
        nothing of one of `NEVER_NEGATIVE` is refused.
    compartment : str
        name of the compartment it lives in; then it is a concentration there unless `amount` is True.
    typical : float
        a typical size in `unit`, the scale of its absolute tolerance; 0 means the larger of |initial| and 1e-6.
    extinct_below : float
        a population that falls below this value, in `unit`, is gone: it becomes exactly 0 at the end of the solver's
        step in which it falls, and returns only by an inflow or a transfer. 0 means never.
    limits : tuple[float, float] | None
        as in `Derived`.
    label : str
        a short name for people, for figures and tables; "" is the name itself.
    history : str
        what `delay(...)` finds before the start: the text of an expression of time and parameters, in `unit`; "" is the
        initial value.
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
    label: str = field(default="", metadata=PROVENANCE)
    limits: tuple[float, float] | None = field(default=None, metadata=PROVENANCE)
    history: str = ""


@register
@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant of a model.

    Parameters
    ----------
    source : str
        where the value comes from, or `"assumed: why"`.
    evidence : str
        "measured", "fitted", "published", "memory" (quoted from memory), "assumed" or "derived"; by default "assumed"
        where the source begins so.
    bounds : tuple[float, float] | None
        the range to sample from, in `unit`; None means +-30 % (log-uniform).
    """

    name: str
    value: float
    unit: str = ""
    meaning: str = ""
    source: str = ""
    evidence: str = ""
    bounds: tuple[float, float] | None = None
    label: str = field(default="", metadata=PROVENANCE)

    def __post_init__(self) -> None:
        bounds: object = self.bounds
        if isinstance(bounds, list):
            object.__setattr__(self, "bounds", tuple(bounds))
        if not self.evidence and str(self.source).startswith("assumed"):
            object.__setattr__(self, "evidence", "assumed")


@register
@dataclass(frozen=True, slots=True)
class Switch:
    """A quantity that only events change: constant between break points (an "on" flag, an infusion rate)."""

    name: str
    initial: float | str = 0.0
    unit: str = ""
    meaning: str = ""
    label: str = field(default="", metadata=PROVENANCE)


@register
@dataclass(frozen=True, slots=True)
class Process:
    """A named flux: what it takes and makes, and how fast.

    Attributes
    ----------
    arrow : str
        `"-> E"`, `"T ->"`, `"drug + tnf -> complex"`, `"2 A -> B"`; states only.
    rate : str
        text of an expression; unit of the states moved per `time_unit` (amount per time in compartments).
    """

    name: str
    arrow: str
    rate: str
    meaning: str = ""
    source: str = ""
    label: str = field(default="", metadata=PROVENANCE)


@register
@dataclass(frozen=True, slots=True)
class Derived:
    """A quantity computed from states, parameters, switches, time and other derived quantities.

    Parameters
    ----------
    limits : tuple[float, float] | None
        what a patient's value can be, in `unit`, such as (0, 9.4) of DAS28; runs beyond are told, never clipped.
    """

    name: str
    expression: str
    unit: str = ""
    meaning: str = ""
    source: str = ""
    label: str = field(default="", metadata=PROVENANCE)
    limits: tuple[float, float] | None = field(default=None, metadata=PROVENANCE)


@register
@dataclass(frozen=True, slots=True)
class Event:
    """A sudden change, at known times (`at`) or when a condition becomes true (`when`).

    Parameters
    ----------
    changes : Mapping[str, str] | Pairs
        new values, `{"central": "central + drug.dose"}`; states and switches only. All right-hand sides see the values
        just before the event.
    at : float | str | None
        first time, a number or the text of an expression of parameters, in the model's time unit.
    every, count
        then again every `every`, `count` times in all.
    when : str
        comparisons such as `"T > 1e8"`, joined by and, or, not; the event fires whenever this turns from false to true.
        What follows goes with `when` only.
    delay : float | str
        time from firing to the changes, a number or an expression, computed when the event fires.
    priority : str
        expression; of events that are due at one time the highest goes first, looked at anew after each, and those
        without one go last, in the order declared. Among equals one is drawn, in every run alike.
    persistent : bool
        whether the changes come even if the condition is false again by then.
    initially : bool
        what the condition counts as before the start; with False the event fires at the start if it holds.
    from_trigger : bool
        whether new values are computed when the event fires, or else when the changes come.
    sizes : Mapping[str, str] | Pairs
        `{"drug.amount": "plasma"}`, what new values are multiplied by, computed from what holds just before the changes
        come: so a concentration of the time of firing becomes an amount by the volume of then.

    References
    ----------
    SBML Level 3 Version 2 Core, section 4.11, doi:10.1515/jib-2017-0081, for delay to from_trigger.
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
            given = pairs(getattr(self, label), f"event '{self.name}', {label}")
            object.__setattr__(self, label, tuple((k, str(v)) for k, v in given))

    def changes_text(self) -> str:
        """Return the changes as text, `drug.amount = 10*(plasma); dose = 0`."""
        sizes = dict(pairs(self.sizes))
        sized = {name: f"{value}*({sizes[name]})" for name, value in pairs(self.changes) if name in sizes}
        return "; ".join(f"{name} = {sized.get(name, value)}" for name, value in pairs(self.changes))


@register
@dataclass(frozen=True, slots=True)
class Effect:
    """One factor or term that an intervention adds to a parameter (written by `perturb`, not by hand).

    Attributes
    ----------
    how : str
        "scale" (value is the whole factor), "add" (value is the whole term) or "set" (the base value k becomes k +
        weight*(value - k)).
    by : str
        name of the intervention.

    References
    ----------
    the composition rule of the package, effective = (set or k) * factors + terms.
    """

    target: str
    how: str
    value: str
    weight: str = "1"
    by: str = ""


@register
@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition on parameters without which a run is refused, and the user sees why."""

    condition: str
    message: str


@register
@dataclass(frozen=True, slots=True)
class Variant:
    """A named set of values: a disease state, a patient, a mouse line, a fitted set.

    Parameters
    ----------
    start : str
        "steady state" or "initial values", as in `Model`; "" keeps the model's.
    horizon : float | None
        default end of a simulation in the model's time unit, such as the length of the experiment; None keeps the
        model's.
    """

    name: str
    values: Mapping[str, float] | tuple[tuple[str, float], ...] = ()
    initial: Mapping[str, float | str] | tuple[tuple[str, float | str], ...] = ()
    note: str = ""
    source: str = ""
    start: str = ""
    label: str = field(default="", metadata=PROVENANCE)
    horizon: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", pairs(self.values))
        object.__setattr__(self, "initial", pairs(self.initial))
