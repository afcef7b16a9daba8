"""Operations written out: a knob for each size, effects that follow a signal, and jumps of states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from immunode.intervention.expand.contribution import Draft
from immunode.intervention.expand.signal import add_signal, moments, rule_factor
from immunode.intervention.expand.transfers import add_jumps
from immunode.intervention.operations import Operation
from immunode.intervention.schedule import Schedule
from immunode.model.records import Effect

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


def add_operations(draft: Draft, operations: Sequence[Operation], schedule: Schedule, strength: float) -> None:
    """Add what operations do while a schedule has them act. strength : in [0, 1]."""
    factor = draft.knob("strength", strength, "", f"strength of {draft.name}", bounds=(0, 1))
    draft.within([factor], 0, 1)
    transfers = [o for o in operations if o.on_state]
    gated = len(transfers) < len(operations)
    schedule = schedule.from_zero() if transfers else schedule
    often = Counter(o.operator for o in operations)
    knobs = {o: _knob(draft, o, often[o.operator] > 1) for o in operations}
    rule = rule_factor(draft, schedule, stops=not gated)
    if gated:
        signal = add_signal(draft, schedule, factor, rule)
        draft.effects += [_effect(o, knobs[o], signal, draft.name) for o in operations if not o.on_state]
    if transfers:
        size = factor + (f"*{rule}" if rule else "")
        add_jumps(draft, [(o, knobs[o]) for o in transfers], moments(draft, schedule, gated=gated), size)


def _knob(draft: Draft, operation: Operation, several: bool) -> str:
    """Add the size of an operation as a knob and return its name."""
    operator, target = operation.operator, operation.target
    knob = f"{operator}_{target.replace('.', '_')}" if several else operator
    full = draft.knob(
        knob,
        operation.value,
        draft.unit(target) if operator in ("add", "set_to", "transfer") else "",
        _MEANINGS[operator].format(target=target),
        bounds=_BOUNDS.get(operator),
        source=draft.source,
        evidence=draft.evidence,
    )
    if operator == "scale":
        draft.above_zero(full)
    elif operator in ("inhibit", "remove"):
        draft.within([full], 0, 1)
    elif operator in ("stimulate", "transfer"):
        draft.within([full], 0)
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
