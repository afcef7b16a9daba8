"""States that events set as a value times a size: each becomes a species in a compartment of that size.

There the id of the species means the amount by the size, an event sets that, and SBML makes the amount of it when the
event is executed, as here.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from immunode.exchange.sbml.writing.document import Document
from immunode.exchange.sbml.writing.notes import describe
from immunode.language.expression import Expression, parse


def size_spaces(document: Document) -> list[Element]:
    """Return the compartment of each such state."""
    made = []
    for name in document.sizes:
        attributes = {"id": document.ids[f"{name}.size"], "spatialDimensions": "3", "constant": "false"}
        element = Element("compartment", attributes)
        describe(element, f"what events multiply by to set {name}")
        made.append(element)
    return made


def size_rules(document: Document) -> list[Element]:
    """Return the rules that the sizes follow."""
    made = []
    for name, size in document.sizes.items():
        element = Element("assignmentRule", {"variable": document.ids[f"{name}.size"]})
        element.append(document.math(size, f"size of '{name}'"))
        made.append(element)
    return made


def per_size(document: Document, name: str, value: Expression) -> Expression:
    """Return a value of a state as the id of its species means it."""
    return ("div", value, ("name", f"{name}.size")) if name in document.sizes else value


def new_value(document: Document, target: str, text: str, sizes: Mapping[str, str]) -> Expression:
    """Return what an event sets: the value as declared where its size is that of the compartment."""
    value = parse(text)
    if target not in sizes:
        return per_size(document, target, value)
    return value if target in document.sizes else ("mul", value, parse(sizes[target]))
