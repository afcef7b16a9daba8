"""Events of an SBML file become events of the declaration."""

from __future__ import annotations

from immunode.exchange.sbml.frame import Reading, items
from immunode.model.declaration import Event
from immunode.model.tree import to_text


def read_events(reading: Reading) -> None:
    """Put an `Event` into `reading.events` for each event of the file.

    Expressions may use all quantities; `reading.assign(id, value)` says which record to set, and to what; a text comes
    of `reading.text(expression, name)`, which moves what is too long into derived quantities.
    """
    for event in items(reading.sbml.getListOfEvents()):
        identity = event.getId() or "event"
        who = f"event '{identity}'"
        trigger = event.getTrigger()
        if trigger is None or trigger.getMath() is None:
            reading.remark(f"{who}: it has no trigger and is left out")
            continue
        if event.getDelay() is not None or event.getPriority() is not None:
            raise reading.error(who, "delays and priorities are not read here")
        changes = {}
        for assignment in items(event.getListOfEventAssignments()):
            if assignment.getMath() is not None:
                value = reading.value(assignment.getMath(), who)
                name, value = reading.assign(assignment.getVariable(), value)
                changes[name] = to_text(value)
        if changes:
            when = to_text(reading.math.condition(trigger.getMath(), who))
            reading.events.append(Event(reading.fresh(identity), changes, when=when, meaning=event.getName() or ""))
