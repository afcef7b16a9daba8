"""Events on time and on conditions, and extinctions, as SBML events."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from immunode.exchange.sbml.writing.document import CORE, Document
from immunode.exchange.sbml.writing.math import math_element
from immunode.exchange.sbml.writing.notes import describe
from immunode.exchange.sbml.writing.sizes import new_value
from immunode.language.expression import Expression, parse
from immunode.model import Event, State
from immunode.model.records import pairs

_TIME: Expression = ("time",)


class EventWriter:
    """The events of one document.

    elements : `event` elements.   counters : parameters that count how often a repeated event was.

    An event that is due at the start fires there (`initialValue` false). Of events at one time those that move switches
    only come first, then the order of declaration: priorities say so.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.counters: list[Element] = []
        self.elements: list[Element] = []
        model = document.model
        states = {state.name for state in model.states}
        timed = [event for event in model.events if event.at is not None]
        timed.sort(key=lambda event: any(target in states for target, _ in pairs(event.changes)))
        for i, event in enumerate(timed):
            self.elements.append(self._timed(event, len(timed) - i))
        self.elements += [self._triggered(event) for event in model.events if event.at is None]
        self.elements += [self._extinction(state) for state in model.states if state.extinct_below]

    def _timed(self, event: Event, priority: int) -> Element:
        at: Any = parse(event.at) if isinstance(event.at, str) else ("number", float(event.at or 0.0))
        ids, who = self.document.ids, f"event '{event.name}'"
        changes = [
            (ids[target], self.document.math(new_value(self.document, target, text, {}), who))
            for target, text in pairs(event.changes)
        ]
        due: Expression = ("compare", ">=", _TIME, at)
        if event.every is not None:
            name = f"{event.name}.given"
            counter = ids[name] = self.document.fresh.new(name)
            attributes = {"id": counter, "value": "0", "units": "dimensionless", "constant": "false"}
            element = Element("parameter", {**attributes, "name": name})
            describe(element, f"how often '{event.name}' has happened")
            self.counters.append(element)
            done: Expression = ("name", name)
            every: Any = parse(event.every) if isinstance(event.every, str) else ("number", float(event.every))
            count: Any = parse(event.count) if isinstance(event.count, str) else ("number", float(event.count))
            following: Expression = ("add", at, ("mul", every, done))
            # half a step below: a count that is not whole is rounded, as here
            left: Expression = ("compare", "<", done, ("sub", count, ("number", 0.5)))
            due = ("and", ("compare", ">=", _TIME, following), left)
            changes.append((counter, self.document.math(("add", done, ("number", 1.0)), who, raw=True)))
        trigger = self.document.math(due, who, raw=True)
        return self._element(event.name, event.meaning, trigger, changes, priority=_number(priority))

    def _triggered(self, event: Event) -> Element:
        document, who = self.document, f"event '{event.name}'"
        sizes = dict(pairs(event.sizes))
        changes = [
            (document.ids[target], document.math(new_value(document, target, text, sizes), who))
            for target, text in pairs(event.changes)
        ]
        delay = getattr(event, "delay", 0.0)
        priority = getattr(event, "priority", "")
        return self._element(
            event.name,
            event.meaning,
            document.math(event.when, who),
            changes,
            priority=document.math(priority, who) if priority else None,
            delay=None if delay in (0, 0.0, "") else document.math(_value(delay), who),
            initially=getattr(event, "initially", True),
            persistent=getattr(event, "persistent", True),
            from_trigger=getattr(event, "from_trigger", True),
        )

    def _extinction(self, state: State) -> Element:
        name: Expression = ("name", state.name)
        below: Expression = ("compare", "<", name, ("number", float(state.extinct_below)))
        who = f"extinction of '{state.name}'"
        changes = [(self.document.ids[state.name], self.document.math(("number", 0.0), who, raw=True))]
        meaning = f"fewer than {state.extinct_below:g} {state.unit}: {state.name} is gone"
        trigger = self.document.math(below, who)
        return self._element(f"{state.name}.extinct", meaning, trigger, changes, initially=True)

    def _element(
        self,
        name: str,
        meaning: str,
        trigger: Element,
        changes: list[tuple[str, Element]],
        *,
        priority: Element | None = None,
        delay: Element | None = None,
        initially: bool = False,
        persistent: bool = True,
        from_trigger: bool = False,
    ) -> Element:
        made = Element("event", {"id": self.document.fresh.new(name), "name": name})
        made.set("useValuesFromTriggerTime", str(from_trigger).lower())
        describe(made, meaning)
        flags = {"initialValue": str(initially).lower(), "persistent": str(persistent).lower()}
        SubElement(made, "trigger", flags).append(trigger)
        for tag, math in (("priority", priority), ("delay", delay)):
            if math is not None:
                SubElement(made, tag).append(math)
        listed = SubElement(made, "listOfEventAssignments")
        for variable, math in changes:
            SubElement(listed, "eventAssignment", {"variable": variable}).append(math)
        return made


def _number(value: float) -> Element:
    return math_element(("number", float(value)), {}, CORE, "priority")


def _value(value: float | str) -> Expression:
    return parse(value) if isinstance(value, str) else ("number", float(value))
