"""What is put into states or taken out of them, written out as events and, over a time, as fluxes."""

from __future__ import annotations

from collections.abc import Sequence

from immunode.intervention.expand.contribution import Draft
from immunode.intervention.expand.signal import Moments
from immunode.intervention.operations import Operation
from immunode.model import Event, Process, Switch

Sized = Sequence[tuple[Operation, str]]


def add_jumps(draft: Draft, operations: Sized, when: Moments, strength: str) -> None:
    """Add transfers and removals.

    operations : each with the name of the knob of its size.   strength : factor on all of them, as text.
    """
    moment = [(o, knob) for o, knob in operations if o.over is None]
    slow = [(o, knob) for o, knob in operations if o.over is not None]
    if moment:
        meaning = "; ".join(o.words for o, _ in moment)
        changes = _changes(moment, strength)
        for i, at in enumerate(when.at):
            name = f"{draft.name}.jump{when.label(i)}"
            draft.events.append(Event(name, changes, at=at, every=when.every, count=when.n, meaning=meaning))
    for number, (operation, knob) in enumerate(slow):
        _infuse(draft, operation, knob, when, strength, f"_{number + 1}" if number else "")


def _changes(operations: Sized, strength: str) -> dict[str, str]:
    """Return the new value of each state; what is taken out goes first."""
    changes: dict[str, str] = {}
    for operation, knob in sorted(operations, key=lambda pair: pair[0].operator):  # "remove" before "transfer"
        old = changes.get(operation.target, operation.target)
        if operation.operator == "remove":
            changes[operation.target] = f"{old}*(1 - {strength}*{knob})"
        else:
            changes[operation.target] = f"{old} + {strength}*{knob}"
    return changes


def _infuse(draft: Draft, operation: Operation, knob: str, when: Moments, strength: str, suffix: str) -> None:
    """Add a flux into a state while an infusion runs, and the events that begin and end it.

    The strength is taken when it begins, so that a rule never changes an infusion that runs.
    """
    name, target = draft.name, operation.target
    assert operation.over is not None
    over = draft.time(f"over{suffix}", operation.over, f"how long the transfer into {target} takes")
    draft.above_zero(over)
    if when.every:
        draft.require(f"{over} < {when.every}", f"'{over}' must be shorter than '{when.every}'")
    running = f"{name}.infusing{suffix}"
    draft.switches.append(Switch(running, 0.0, "", f"strength of the infusions into {target} that run"))
    for i, at in enumerate(when.at):
        row = suffix + when.label(i)
        given = f"{name}.given{row}"
        draft.switches.append(Switch(given, 0.0, "", f"strength of the last infusion into {target}"))
        end = {running: f"{running} - {given}", given: "0"}
        begin = {running: f"{running} + {strength}", given: strength}
        draft.events.append(
            Event(f"{name}.infusion_ends{row}", end, at=f"{at} + {over}", every=when.every, count=when.n)
        )
        draft.events.append(
            Event(f"{name}.infusion_begins{row}", begin, at=at, every=when.every, count=when.n, meaning=operation.words)
        )
    # a process moves an amount; in a compartment, a concentration times the volume
    state = next((s for s in draft.model.states if s.name == target), None)
    volume = ""
    if state is not None and state.compartment and not state.amount:
        volume = next((f"({c.volume})*" for c in draft.model.compartments if c.name == state.compartment), "")
    rate = f"{volume}{running}*{knob}/{over}"
    draft.processes.append(Process(f"{name}.infusion{suffix}", f"-> {target}", rate, operation.words))
