"""Events of an SBML file become events of the declaration."""

from __future__ import annotations

from typing import Any

from immunode.exchange.sbml.reading.state import Reading, items
from immunode.language.characters import visible
from immunode.language.tree import Expression, to_text
from immunode.model import Event


def read_events(reading: Reading) -> None:
    """Put an `Event` into `reading.events` for each event of the file.

    Expressions may use all quantities; `reading.assign(id)` says which record to set. A concentration whose
    compartment may change is set as an amount: the new value, be it of trigger time, is a concentration, and becomes
    an amount by the size just before the event is executed.

    Source: SBML Level 3 Version 2 Core, section 4.11; of Level 2, section 4.14 (a condition that holds at the start
    does not fire, what has fired persists).
    """
    for event in items(reading.sbml.getListOfEvents()):
        identity = event.getId() or "event"
        who = f"event '{identity}'"
        trigger = event.getTrigger()
        if trigger is None or trigger.getMath() is None:
            reading.remark(f"{who}: it has no trigger and is left out")
            continue
        changes, sizes = _changes(reading, event, who)
        if not changes:
            reading.remark(f"{who}: it changes nothing and is left out")
            continue
        delay = _value(reading, event.getDelay(), f"{who}, delay")
        priority = _value(reading, event.getPriority(), f"{who}, priority")
        explicit = reading.level >= 3
        reading.events.append(
            Event(
                reading.fresh(identity),
                changes,
                when=to_text(reading.math.condition(trigger.getMath(), who)),
                meaning=visible(event.getName() or ""),
                delay=0.0 if delay is None else to_text(delay),
                priority="" if priority is None else to_text(priority),
                persistent=bool(trigger.getPersistent()) if explicit else True,
                initially=bool(trigger.getInitialValue()) if explicit else True,
                from_trigger=bool(event.getUseValuesFromTriggerTime()),
                sizes=sizes,
            )
        )


def _changes(reading: Reading, event: Any, who: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the new values by name, and by what some of them are multiplied when they come."""
    changes: dict[str, str] = {}
    sizes: dict[str, str] = {}
    for assignment in items(event.getListOfEventAssignments()):
        if assignment.getMath() is None:
            reading.remark(f"{who}: a new value of '{assignment.getVariable()}' has no mathematics and is left out")
            continue
        name, size = reading.assign(assignment.getVariable())
        changes[name] = to_text(reading.value(assignment.getMath(), who))
        if size is not None:
            sizes[name] = to_text(size)
    return changes, sizes


def _value(reading: Reading, element: Any, who: str) -> Expression | None:
    """Return the mathematics of a delay or a priority, or None where there is none."""
    if element is None or element.getMath() is None:
        return None
    return reading.value(element.getMath(), who)
