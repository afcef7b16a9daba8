"""What a model declares, as fields only, and what may perturb it.

Whatever reads a model (checks, equations, engines) needs no more than a `Declaration`; `Model` adds methods on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Protocol, Self, TypeGuard, runtime_checkable

from immunode.errors import ModelError
from immunode.model.records import (
    PROVENANCE,
    Compartment,
    Derived,
    Effect,
    Event,
    Pairs,
    Parameter,
    Process,
    Requirement,
    State,
    Switch,
    Unit,
    Variant,
    pairs,
)

if TYPE_CHECKING:  # a model that has none of these needs none of their modules
    from immunode.model.patients import Correlation, Observed, PatientClass, PatientCovariate, Threshold, Variability
    from immunode.model.published_trials import Trial
    from immunode.model.story import Story


@dataclass(slots=True)
class Contribution:
    """What one perturbation adds to one model; every name of a record starts with `name.`.

    Attributes
    ----------
    parameters : list[Parameter]
        its knobs.
    effects : list[Effect]
        what it does to parameters of the model.
    requirements : list[Requirement]
        conditions on parameters without which a run is refused.
    observed : list[tuple[str, tuple[str, ...]]]
        conditions of rules, each with the names in it; `perturb` checks that they are known.
    variability, correlations, covariates
        how its knobs differ between patients.
    errors : list[Observed]
        how its quantities are measured.
    remarks : list[str]
        what to tell of it.
    """

    name: str
    parameters: list[Parameter] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    switches: list[Switch] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    derived: list[Derived] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    requirements: list[Requirement] = field(default_factory=list)
    observed: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    variability: list[Variability] = field(default_factory=list)
    correlations: list[Correlation] = field(default_factory=list)
    covariates: list[PatientCovariate] = field(default_factory=list)
    errors: list[Observed] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


class Act(Protocol):
    """One thing that a perturbation does to one parameter or state."""

    @property
    def target(self) -> str:
        """Name of the parameter or state."""

    @property
    def on_state(self) -> bool:
        """Whether the target is a state, which jumps, and not a parameter."""

    def full(self, value: float, strength: float) -> str:
        """Return what the target becomes at full signal, for the card. `value`: without it. `strength`: in [0, 1]."""


@runtime_checkable
class Perturbation(Protocol):
    """What `perturb` applies to a model: an intervention, a drug, or a class of your own with these members.

    It is a value that never changes: a frozen dataclass.

    Attributes
    ----------
    name : str
        a word; its knobs become parameters `name.knob`.
    strength : float
        in [0, 1]; at 0 it changes nothing. `at` gives the same at another strength.
    kind, direction, acts_on : str
        labels, such as "drug", "suppress", "signal"; "" for none.
    expects : Mapping[str, str] | Pairs
        what it should do to quantities, pairs such as `("tnf", "down")` or `("tnf", "down at 24 weeks")`.
    source, evidence, note : str
        its authority.
    beside : str
        another intervention of the model, or a variant, beside which it acts; "" for none.
    acts : Sequence[Act]
        what it does, one for each target.
    """

    @property
    def name(self) -> str: ...
    @property
    def strength(self) -> float: ...
    @property
    def kind(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def acts_on(self) -> str: ...
    @property
    def expects(self) -> Mapping[str, str] | Pairs: ...
    @property
    def source(self) -> str: ...
    @property
    def evidence(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def beside(self) -> str: ...
    @property
    def acts(self) -> Sequence[Act]: ...

    def contribution(self, model: Declaration, units: Mapping[str, str]) -> Contribution:
        """Return what this adds to `model`.

        Parameters
        ----------
        units : Mapping[str, str]
            unit of each quantity that it may meet.

        Raises
        ------
        ModelError, DoseError, UnitError
            it does not suit the model.
        """

    def card_rows(self) -> tuple[str, dict[str, str]]:
        """Return the labels and the rows of its card, such as `{"does": "inhibits k by 95 %"}`."""

    def at(self, strength: float) -> Self:
        """Return the same at another strength, in [0, 1]."""

    def renamed(self, name: str) -> Self:
        """Return the same under another name."""

    def later(self, by: float | str) -> Self:
        """Return the same with all its times later by `by`, a number in model time or text such as "2 weeks"."""

    def end(self) -> float | str:
        """Return when it is over.

        Raises
        ------
        DoseError
            it has no end.
        """


_kinds: set[type] = set()


def is_perturbation(value: object) -> TypeGuard[Perturbation]:
    """Return whether a value has all members of a `Perturbation`; they are looked for once in each class."""
    kind = type(value)
    if kind not in _kinds and isinstance(value, Perturbation):
        _kinds.add(kind)
    return kind in _kinds


@dataclass(frozen=True, slots=True, repr=False)
class Declaration:
    """The fields of a model, see `Model`; a value that never changes."""

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
    interventions: tuple[Perturbation, ...] | Sequence[Perturbation] = ()
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
    variability: tuple[Variability, ...] | Sequence[Variability] = ()
    correlations: tuple[Correlation, ...] | Sequence[Correlation] = ()
    classes: tuple[PatientClass, ...] | Sequence[PatientClass] = ()
    covariates: tuple[PatientCovariate, ...] | Sequence[PatientCovariate] = ()
    observed: tuple[Observed, ...] | Sequence[Observed] = ()
    species: str = field(default="", metadata=PROVENANCE)
    axis: str = field(default="", metadata=PROVENANCE)
    level: str = field(default="patient", metadata=PROVENANCE)
    thresholds: tuple[Threshold, ...] | Sequence[Threshold] = field(default=(), metadata=PROVENANCE)
    story: Story | None = field(default=None, metadata=PROVENANCE)
    trials: tuple[Trial, ...] | Sequence[Trial] = field(default=(), metadata=PROVENANCE)
    effects: tuple[Effect, ...] | Sequence[Effect] = field(default=())
    requirements: tuple[Requirement, ...] | Sequence[Requirement] = field(default=())
    applied: tuple[str, ...] | Sequence[str] = field(default=())
    variant_name: str = field(default="", metadata=PROVENANCE)
    file_values: tuple[tuple[str, float | str], ...] = field(default=(), compare=False, metadata=PROVENANCE)
    file_bounds: tuple[tuple[str, float, float], ...] = field(default=(), compare=False, metadata=PROVENANCE)

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            if spec.name == "aliases":
                object.__setattr__(self, spec.name, pairs(value))
            elif isinstance(value, list):
                object.__setattr__(self, spec.name, tuple(value))

    @property
    def label(self) -> str:
        """The name, with the variant where one was taken: "baker2013, variant diseased"."""
        return self.name + (f", variant {self.variant_name}" if self.variant_name else "")

    @property
    def axis_unit(self) -> str:
        """What figures write on the axis along which runs go: the unit of time, what stands for it, or `axis`."""
        return self.time_unit or self.clock or self.axis

    @property
    def heading(self) -> str:
        """The title with name, variant and a species other than human: "Cytokines (baker2013, variant diseased)"."""
        label = self.label + (f", {self.species}" if self.species not in ("", "human") else "")
        return f"{self.title} ({label})" if self.title else label

    @property
    def changed(self) -> dict[str, tuple[float | str, float | str]]:
        """Parameter or initial value (`"E(0)"`) -> its declared value and its value now, where they differ."""
        now = self.values
        return {name: (value, now[name]) for name, value in self.file_values if name in now}

    @property
    def out_of_bounds(self) -> dict[str, tuple[float, float, float]]:
        """Parameter -> its value and the bounds that were declared, where `with_values` went outside them."""
        now = {p.name: p.value for p in self.parameters}
        return {
            name: (now[name], low, high)
            for name, low, high in self.file_bounds
            if name in now and not low <= now[name] <= high
        }

    @property
    def values(self) -> dict[str, float | str]:
        """Parameters and initial values (`"E(0)"`) by name."""
        return {p.name: p.value for p in self.parameters} | {f"{s.name}(0)": s.initial for s in self.states}


def check_model(who: str, given: object) -> None:
    """Raise where something else is given than a model. who : the function, for the message.

    Raises
    ------
    ModelError : it is no model; a name is answered with how it is loaded.
    """
    if not isinstance(given, Declaration):
        what = f"; load_model({given!r}) gives one" if isinstance(given, str) else f", got {type(given).__name__}"
        raise ModelError(f"{who} takes a model{what}")
