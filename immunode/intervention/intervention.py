"""An intervention: a named set of operations with a schedule, a strength and its authority."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Self

from immunode.errors import DoseError, ModelError
from immunode.intervention import expand
from immunode.intervention.labels import check_name, checked_labels, checked_strength, label_rows
from immunode.intervention.operations import Operation
from immunode.intervention.schedule import ALWAYS, Schedule
from immunode.intervention.times import Time, latest, plus, size
from immunode.model import views
from immunode.model.declaration import Contribution, Declaration
from immunode.model.records import PROVENANCE, Pairs
from immunode.model.serial import register


@register
@dataclass(frozen=True, slots=True, repr=False)
class Intervention:
    """A perturbation of a model's parameters over time, a value that never changes.

    Halves make a whole: in time for every operator, in strength for `scale`, `add` and `transfer`
    (two halves of an inhibition act as independent partial blocks, (1 - v/2)**2).

    Parameters
    ----------
    operations : tuple[Operation, ...] | Sequence[Operation] | Operation
        what it does, by `scale`, `add`, `set_to`, `inhibit`, `stimulate`, `transfer`, `remove`.
    schedule : Schedule
        when, by `during`, `pulses`, `ramp`, `decay`, `rhythm`, `daily`, `bouts`, `at_times`, `at_visits` and others,
        and products of them.
    strength : float
        in [0, 1]; at 0 it changes nothing.
    kind : str
        such as "drug", "cell therapy", "vaccine", "lifestyle", "nutrition".
    direction : str
        "enhance", "suppress" or "redirect".
    acts_on : str
        "growth", "activation", "lifespan", "production", "signal", "clearance"; several with commas.
    expects : Mapping[str, str] | Pairs
        what it should do to quantities, `{"tnf": "down"}`: "up", "down" or "unchanged", and when, as in "up at its
        peak", "down at its lowest", "down on average", "down at the end", "down at 24 weeks".
    source, evidence, note : str
        its authority, as for a parameter; evidence is "assumed" where the source begins so.
    beside : str
        name of another intervention of the model, or of a variant (its values are set on top): alone it does nothing,
        so the atlas and `check_expectations` look at it beside that one, against that one alone.
    label : str
        a short name for people, for figures and tables; "" is the name itself.

    Raises
    ------
    ModelError
        the name, an operation, the strength or a label is wrong.
    DoseError
        the schedule does not suit the operations.
    """

    name: str
    operations: tuple[Operation, ...] | Sequence[Operation] | Operation
    schedule: Schedule = ALWAYS
    _: KW_ONLY
    strength: float = 1.0
    kind: str = ""
    direction: str = ""
    acts_on: str = ""
    expects: Mapping[str, str] | Pairs = ()
    source: str = ""
    evidence: str = ""
    note: str = ""
    beside: str = ""
    label: str = field(default="", metadata=PROVENANCE)

    def __post_init__(self) -> None:
        check_name(self.name)
        given = (self.operations,) if isinstance(self.operations, Operation) else tuple(self.operations)
        object.__setattr__(self, "operations", given)
        object.__setattr__(self, "strength", checked_strength(self.name, self.strength))
        if not self.evidence and str(self.source).startswith("assumed"):
            object.__setattr__(self, "evidence", "assumed")
        labels = checked_labels(self.name, self.direction, self.acts_on, self.expects, self.evidence)
        object.__setattr__(self, "expects", labels)
        if not given:
            raise ModelError(f"intervention '{self.name}' does nothing; give it an operation such as scale('k', 2)")
        for operation in given:
            if not isinstance(operation, Operation):
                raise ModelError(f"intervention '{self.name}': {operation!r} is not an operation such as scale('k', 2)")
        for (operator, target), times in Counter((o.operator, o.target) for o in given).items():
            if times > 1:
                raise ModelError(f"intervention '{self.name}' has {operator} on '{target}' twice; write it once")
        if not isinstance(self.schedule, Schedule):
            raise ModelError(f"intervention '{self.name}': {self.schedule!r} is not a schedule such as during(0, 5)")
        _check_schedule(self.name, given, self.schedule)

    def at(self, strength: float) -> Self:
        """Return the intervention at another strength, in [0, 1]."""
        return replace(self, strength=strength)

    def during(self, start: Time | None = None, stop: Time | None = None) -> Self:
        """Return the intervention with another window; pulses, shape and rhythm stay."""
        return replace(self, schedule=self.schedule.during(start, stop))

    def renamed(self, name: str) -> Self:
        """Return the intervention under another name."""
        return replace(self, name=name)

    def later(self, by: Time) -> Self:
        """Return the intervention with all its times later."""
        return replace(self, schedule=self.schedule.from_zero().later(by))

    def continued(self, until: Time) -> Self:
        """Return the intervention with doses, visits or a window that go on to `until`, as its schedule had them.

        Raises
        ------
        DoseError
            it is one dose, which has no interval to go on at; numbers and times with a unit meet.
        """
        return replace(self, schedule=self.schedule.continued(until))

    def end(self) -> Time:
        """Return when the intervention is over.

        Raises
        ------
        DoseError
            it has no end.
        """
        over = [act.over for act in self.acts if act.over is not None]
        last = self.schedule.end(self.name, jumps=all(act.on_state for act in self.acts))
        return latest([last, *(plus(last, time) for time in over)])

    @property
    def acts(self) -> tuple[Operation, ...]:
        """The operations."""
        return self.operations  # type: ignore[return-value]

    def card_rows(self) -> tuple[str, dict[str, str]]:
        """Return the labels and the rows of the card."""
        does = "; ".join(operation.words for operation in self.acts)
        once = self.schedule == ALWAYS and all(operation.on_state for operation in self.acts)
        when = "once, at the start" if once else str(self.schedule)
        return label_rows(self, {"does": does, "when": when, "beside": self.beside})

    def contribution(self, model: Declaration, units: Mapping[str, str]) -> Contribution:
        """Return what this adds to `model`.

        Parameters
        ----------
        units : Mapping[str, str]
            unit of each parameter that it may meet.

        Raises
        ------
        UnitError
            a time with a unit meets a model without one.
        """
        draft = expand.Draft(self.name, model, units, self.source, self.evidence)
        expand.add_operations(draft, self.acts, self.schedule, self.strength)
        return draft

    def __repr__(self) -> str:
        return str(views.Card.of(self))

    def _repr_html_(self) -> str:
        return views.Card.of(self)._repr_html_()


def _check_schedule(name: str, operations: Iterable[Operation], schedule: Schedule) -> None:
    transfers = [o for o in operations if o.on_state]
    gated = [o for o in operations if not o.on_state]
    train, rule = schedule.pulses, schedule.rule
    if rule is not None and rule.high > 1:
        raise DoseError(
            f"'{name}': the level must stay within 1, got high {rule.high:g}; only a drug's dose goes above"
        )
    if rule is not None and transfers and (train is not None or schedule.windowed):
        raise DoseError(f"'{name}': a transfer by a rule happens at its visits; leave out pulses and windows")
    if schedule.half_life is not None and schedule.stop is None and train is None:
        raise DoseError(f"'{name}': a decay needs a gate that closes; give during(...) a stop, or use pulses(...)")
    if gated and train is not None and size(train.width)[0] == 0:
        raise DoseError(f"'{name}': pulses of width 0 carry transfers only; give the pulses a width")
    if transfers and train is not None and schedule.windowed:
        raise DoseError(f"'{name}': a transfer happens at each pulse; leave out the window around the pulses")
    if transfers and not gated:
        for part in ("stop", "rise", "half_life", "rhythm"):
            if getattr(schedule, part) is not None:
                raise DoseError(f"'{name}': a transfer is a jump at the start; '{part}' has no meaning for it")
