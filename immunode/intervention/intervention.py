"""An intervention: a named set of operations with a schedule, a strength and its authority."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Self

from immunode.errors import DoseError, ModelError, did_you_mean
from immunode.intervention.expand.contribution import Parts
from immunode.intervention.expand.signal import add_signal, moments, rule_factor, starting
from immunode.intervention.expand.transfers import add_jumps
from immunode.intervention.numbers import finite
from immunode.intervention.operations import JUMPS, Operation
from immunode.intervention.schedule import ALWAYS, Schedule
from immunode.intervention.times import Time, size
from immunode.model.declaration import Effect, Model, Pairs
from immunode.model.serial import register

DIRECTIONS = ("enhance", "suppress", "redirect")
ACTS_ON = ("growth", "activation", "lifespan", "production", "signal", "clearance")
EVIDENCE = ("measured", "fitted", "published", "memory", "assumed", "derived")
SIGNS = ("up", "down", "unchanged")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BOUNDS = {"inhibit": (0.0, 1.0), "remove": (0.0, 1.0)}
_MEANINGS = {
    "scale": "factor on {target} at full strength",
    "add": "added to {target} at full strength",
    "set_to": "value of {target} at full strength",
    "inhibit": "inhibited fraction of {target} at full strength",
    "stimulate": "stimulated fraction of {target} at full strength",
    "transfer": "put into {target} at full strength",
    "remove": "part taken out of {target} at full strength",
}


@register
@dataclass(frozen=True, slots=True, repr=False)
class Intervention:
    """A perturbation of a model's parameters over time, a value that never changes.

    operations : what it does, by `scale`, `add`, `set_to`, `inhibit`, `stimulate`, `transfer`, `remove`.
    schedule : when, by `during`, `pulses`, `ramp`, `decay`, `rhythm`, `daily`, `bouts`, `at_times`, `at_visits` and
        others, and products of them.
    strength : in [0, 1]; at 0 it changes nothing.
    kind : such as "drug", "cell therapy", "vaccine", "lifestyle", "nutrition".
    direction : "enhance", "suppress" or "redirect".
    acts_on : "growth", "activation", "lifespan", "production", "signal", "clearance"; several with commas.
    expects : what it should do to quantities, `{"tnf": "down"}`: "up", "down" or "unchanged".
    source, evidence, note : its authority, as for a parameter; evidence is "assumed" where the source begins so.
    beside : name of another intervention of the model, or of a variant (its values are set on top): alone it does
        nothing, so the atlas and `check_expectations` look at it beside that one, against that one alone.

    Halves make a whole: in time for every operator, in strength for `scale`, `add` and `transfer`
    (two halves of an inhibition act as independent partial blocks, (1 - v/2)**2).

    Raises
    ------
    ModelError : the name, an operation, the strength or a label is wrong.
    DoseError : the schedule does not suit the operations.
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

    def card_rows(self) -> tuple[str, dict[str, str]]:
        """Return the labels and the rows of the card."""
        does = "; ".join(operation.words for operation in _operations(self))
        return record_rows(self, {"does": does, "when": str(self.schedule), "beside": self.beside})

    def __repr__(self) -> str:
        return card(self.name, *self.card_rows())

    def _repr_html_(self) -> str:
        from immunode.intervention.cards import card as full_card

        return full_card(self)._repr_html_()

    def parts(self, model: Model, units: Mapping[str, str]) -> Parts:
        """Return what this adds to `model`. units : unit of each parameter that it may meet.

        Raises
        ------
        UnitError : a time with a unit meets a model without one.
        """
        return _write(self, Parts(self.name, model, units, self.source, self.evidence))


def check_name(name: object) -> None:
    """Raise ModelError unless `name` can stand before the dot of its knobs' names."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ModelError(f"an intervention's name is a word of letters, digits and _, got {name!r}")


def checked_strength(name: str, strength: Any) -> float:
    """Return the strength as a float in [0, 1], or raise ModelError."""
    number = finite(strength)
    if number is None or not 0 <= number <= 1:
        raise ModelError(f"'{name}': strength must lie in [0, 1], got {strength!r}")
    return number


def checked_labels(
    name: str, direction: str, acts_on: str, expects: Mapping[str, str] | Pairs, evidence: str = ""
) -> Pairs:
    """Return the expectations as pairs.

    Raises
    ------
    ModelError : a direction, a place of action, an expected sign or a kind of evidence is none of the known ones.
    """
    if evidence and evidence not in EVIDENCE:
        raise ModelError(f"'{name}': unknown evidence '{evidence}'{did_you_mean(evidence, EVIDENCE)}")
    if direction and direction not in DIRECTIONS:
        raise ModelError(f"'{name}': unknown direction '{direction}'{did_you_mean(direction, DIRECTIONS)}")
    for word in filter(None, (part.strip() for part in acts_on.split(","))):
        if word not in ACTS_ON:
            raise ModelError(f"'{name}': unknown acts_on '{word}'{did_you_mean(word, ACTS_ON)}")
    pairs = tuple(expects.items()) if isinstance(expects, Mapping) else tuple(tuple(pair) for pair in expects)
    for quantity, sign in pairs:
        if sign not in SIGNS:
            raise ModelError(f"'{name}' expects '{quantity}' to go '{sign}'{did_you_mean(str(sign), SIGNS)}")
    return tuple((str(quantity), str(sign)) for quantity, sign in pairs)


def card(name: str, labels: str, rows: Mapping[str, str]) -> str:
    """Return a short card: the name and its labels, then one line for each row that is not empty."""
    lines = [f"{name} ({labels})" if labels else name]
    lines += [f"  {word:<8} {text}" for word, text in rows.items() if text]
    return "\n".join(lines)


def record_rows(it: Any, rows: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the labels and all rows of the card of an intervention or a drug."""
    evidence = f" ({it.evidence})" if it.evidence else ""
    authority = {
        "strength": f"{it.strength:g}" if it.strength != 1 else "",
        "expects": ", ".join(f"{quantity} {sign}" for quantity, sign in it.expects),
        "source": f"{it.source}{evidence}" if it.source else "",
        "note": it.note,
    }
    return ", ".join(filter(None, (it.kind, it.direction, it.acts_on))), {**rows, **authority}


def _operations(it: Intervention) -> tuple[Operation, ...]:
    return it.operations  # type: ignore[return-value]


def _check_schedule(name: str, operations: Iterable[Operation], schedule: Schedule) -> None:
    transfers = [o for o in operations if o.operator in JUMPS]
    gated = [o for o in operations if o.operator not in JUMPS]
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


def _write(it: Intervention, parts: Parts) -> Parts:
    operations = _operations(it)
    strength = parts.knob("strength", it.strength, "", f"strength of {it.name}", bounds=(0, 1))
    parts.within([strength], 0, 1)
    transfers = [o for o in operations if o.operator in JUMPS]
    gated = len(transfers) < len(operations)
    schedule = starting(it.schedule) if transfers else it.schedule
    often = Counter(o.operator for o in operations)
    knobs = {o: _knob(parts, o, often[o.operator] > 1) for o in operations}
    rule = rule_factor(parts, schedule, stops=not gated)
    if gated:
        signal = add_signal(parts, schedule, strength, rule)
        parts.effects += [_effect(o, knobs[o], signal, it.name) for o in operations if o.operator not in JUMPS]
    if transfers:
        size = strength + (f"*{rule}" if rule else "")
        add_jumps(parts, [(o, knobs[o]) for o in transfers], moments(parts, schedule, gated=gated), size)
    return parts


def _knob(parts: Parts, operation: Operation, several: bool) -> str:
    """Add the size of an operation as a knob and return its name."""
    operator, target = operation.operator, operation.target
    knob = f"{operator}_{target.replace('.', '_')}" if several else operator
    full = parts.knob(
        knob,
        operation.value,
        parts.unit(target) if operator in ("add", "set_to", "transfer") else "",
        _MEANINGS[operator].format(target=target),
        bounds=_BOUNDS.get(operator),
        source=parts.source,
        evidence=parts.evidence,
    )
    if operator == "scale":
        parts.above_zero(full)
    elif operator in ("inhibit", "remove"):
        parts.within([full], 0, 1)
    elif operator in ("stimulate", "transfer"):
        parts.within([full], 0)
    return full


def _effect(operation: Operation, knob: str, signal: str, by: str) -> Effect:
    target = operation.target
    if operation.operator == "scale":
        return Effect(target, "scale", f"{knob}**{signal}", by=by)
    if operation.operator == "add":
        return Effect(target, "add", f"{knob}*{signal}", by=by)
    if operation.operator == "set_to":
        return Effect(target, "set", knob, weight=signal, by=by)
    sign = "-" if operation.operator == "inhibit" else "+"
    return Effect(target, "scale", f"1 {sign} {knob}*{signal}", by=by)
