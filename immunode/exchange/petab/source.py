"""The SBML file of a PEtab problem, with the problem's parameters in it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from immunode.errors import StudyError, did_you_mean
from immunode.exchange.petab.records import Listed, Tables
from immunode.exchange.sbml.libsbml_access import libsbml
from immunode.exchange.sbml.reading.document import open_document
from immunode.exchange.sbml.reading.reader import assembled, model_name, read_elements
from immunode.exchange.sbml.reading.state import Reading, items
from immunode.exchange.sbml.round_trip import lay_over, recall
from immunode.exchange.sbml.writing.document import document_ids
from immunode.model import Model, Parameter


class Source:
    """A document of libSBML in which every parameter of the problem has an element and its nominal value.

    ids : id of the problem or the model -> id of the element.   names : the same ids -> name in the Model.
    added : ids of the problem that the file lacks.   missing : parameters of which no value is known.
    knobs : ids of parameters that hold numbers of conditions.   base : the Model, without observables.
    """

    def __init__(self, tables: Tables, added: Iterable[str], apart: Collection[str] = ()) -> None:
        """Read the model. added : targets of conditions to add too.   apart : parameters to leave out."""
        self.tables = tables
        self.document, self.label, self.remarks = open_document(tables.model)
        self.sbml = self.document.getModel()
        told = recall(self.document)
        self.called = {made: name for name, made in document_ids(told).items()} if told is not None else {}
        aliases = self._aliases()
        first = self.reading()
        self.added = [name for name in dict.fromkeys((*tables.parameters, *added)) if name not in first.elements]
        self.added = [name for name in self.added if name not in aliases and name not in apart]
        self.missing = {name for name in apart if tables.parameters[name].value is None}
        self.knobs: set[str] = set()
        for name in self.added:
            self._add(name)
        for name, listed in tables.parameters.items():
            if name not in self.added and name not in apart:
                self._set(aliases.get(name, name), listed, first)
        reading = self.reading()
        self.ids = {name: name for name in reading.elements} | aliases
        self.names = {given: reading.names[own] for given, own in self.ids.items()}
        read_elements(reading)
        self.quantities = reading.quantities
        self.base = self._base(told, reading)

    def error(self, who: str, what: str) -> StudyError:
        """Return the error that says what is wrong with which part of the problem."""
        return StudyError(f"{self.tables.path}, {who}: {what}")

    def reading(self, start: float = 0.0, knobs: Iterable[str] = ()) -> Reading:
        """Return a new reading of the document.

        start : what the file's time is when the model's is 0.   knobs : ids of parameters to add, of value 0.
        """
        document = self.document
        if knobs:
            document = document.clone()
            for knob in knobs:
                element = document.getModel().createParameter()
                element.setId(knob)
                element.setConstant(True)
                element.setValue(0.0)
        return Reading(document, self.label, self.remarks, self.called, start)

    def find(self, given: str, who: str) -> str:
        """Return the id of the element that an id of the problem means."""
        if given not in self.ids:
            raise self.error(who, f"the model has no '{given}'{did_you_mean(given, self.ids)}")
        return self.ids[given]

    def built(self, reading: Reading) -> Model:
        """Return the Model of a reading whose elements are read."""
        return assembled(reading, model_name(self.sbml, self.label))

    def free_id(self, base: str) -> str:
        """Return `base`, or the first like it that is no id of the problem nor of the model, as that of a knob."""
        made = base
        while made in self.ids or self.sbml.getElementBySId(made) is not None:
            made += "_"
        self.knobs.add(made)
        return made

    def is_plain(self, element: str) -> bool:
        """Return whether an element is a parameter of the Model on whose value nothing has been computed yet."""
        quantity = self.quantities.get(self.names[element])
        return quantity is not None and quantity.kind == "parameter" and not self.has_assignment(element)

    def is_constant(self, element: str) -> bool:
        """Return whether nothing in the file changes an element during a run."""
        quantity = self.quantities.get(self.names[element])
        return quantity is not None and (quantity.kind == "parameter" or quantity.fixed)

    def is_compartment(self, element: str) -> bool:
        """Return whether an element is a compartment."""
        return self.sbml.getCompartment(element) is not None

    def home(self, species: str) -> str:
        """Return the id of the compartment of a species."""
        return str(self.sbml.getSpecies(species).getCompartment())

    def has_assignment(self, element: str) -> bool:
        """Return whether the file has an initial assignment for an element."""
        return self.sbml.getInitialAssignmentBySymbol(element) is not None

    def value(self, element: str, who: str) -> float:
        """Return the value that the file gives a constant element."""
        if not self.is_plain(element):
            raise self.error(who, f"'{element}' has no plain value to go back to")
        found = next(p.value for p in self.base.parameters if p.name == self.names[element])
        return float(found)

    def check_target(self, element: str, who: str) -> None:
        """Check that a condition can set an element."""
        if self.sbml.getAssignmentRuleByVariable(element) is not None:
            raise self.error(who, f"'{element}' follows an assignment rule and can't be set")
        if self.sbml.getReaction(element) is not None:
            raise self.error(who, f"'{element}' is a reaction and can't be set")

    def species_in(self, compartment: str) -> list[str]:
        """Return the ids of the species of a compartment whose id means a concentration."""
        found = [s for s in items(self.sbml.getListOfSpecies()) if s.getCompartment() == compartment]
        return [s.getId() for s in found if not s.getHasOnlySubstanceUnits()]

    def _aliases(self) -> dict[str, str]:
        """Return the ids of the mapping table; parameters of reactions are made parameters of the model for it."""
        made, local = {}, False
        for given, own in self.tables.mapping.items():
            reaction, dot, name = own.partition(".")
            local = local or bool(dot)
            made[given] = f"{reaction}_{name}" if dot else own
        if local:
            properties = libsbml().ConversionProperties()
            properties.addOption("promoteLocalParameters", True)
            self.document.convert(properties)
            self.sbml = self.document.getModel()
        annotations = set(self.tables.conditions) | set(self.tables.experiments) | set(self.tables.observables)
        for given, own in list(made.items()):
            if self.sbml.getElementBySId(own) is not None:
                continue
            if own not in annotations | set(self.tables.parameters):
                raise self.error(f"mapping of '{given}'", f"the model has no '{self.tables.mapping[given]}'")
            del made[given]
        return made

    def _add(self, name: str) -> None:
        element = self.sbml.createParameter()
        if element.setId(name) != libsbml().LIBSBML_OPERATION_SUCCESS or self.sbml.getParameter(name) is None:
            raise self.error(f"parameter '{name}'", "this is no id")
        element.setConstant(True)
        listed = self.tables.parameters.get(name)
        value = listed.value if listed else None
        if value is None:
            self.missing.add(name)
            value = _middle(listed)
        element.setValue(value)

    def _set(self, element: str, listed: Listed, first: Reading) -> None:
        who = f"parameter '{element}'"
        if element not in first.elements:
            raise self.error(who, f"the model has no '{element}'")
        if first.changes_itself(element):
            raise self.error(who, "a rule or an event of the model changes it, so it is no constant to give a value")
        given = first.elements[element]
        if given.getElementName() not in ("parameter", "compartment"):
            raise self.error(who, f"it is a {given.getElementName()} of the model; set it in a condition")
        if listed.value is None:
            return
        self.sbml.removeInitialAssignment(element)
        (given.setValue if given.getElementName() == "parameter" else given.setSize)(listed.value)

    def _base(self, told: Model | None, reading: Reading) -> Model:
        if told is None:
            return lay_over(self.built(reading), self.document)
        values = {
            self.names[name]: listed.value
            for name, listed in self.tables.parameters.items()
            if listed.value is not None and name in self.names
        }
        own = {p.name: p for p in told.parameters}
        fresh = {name: q for name, q in values.items() if name not in own}
        changed = {name: value for name, value in values.items() if name in own and own[name].value != value}
        made = told.with_values(changed) if changed else told
        others = [name for name in self.added if name not in fresh]
        fresh |= {name: _middle(self.tables.parameters.get(name)) for name in others}
        extra = [Parameter(name, value) for name, value in fresh.items()]
        return made.replace(parameters=(*made.parameters, *extra)) if extra else made


def _middle(listed: Listed | None) -> float:
    """Return a value between the bounds of a parameter that has none."""
    if listed is None or not (math.isfinite(listed.low) and math.isfinite(listed.high)):
        return 1.0
    return math.sqrt(listed.low * listed.high) if listed.low > 0 else (listed.low + listed.high) / 2


def without_units(model: Model) -> Model:
    """Return a model without units, for what is added from a table that has none."""
    blank: dict[str, Any] = {
        group: tuple(_blank(record) for record in getattr(model, group))
        for group in ("states", "parameters", "derived", "switches", "compartments")
    }
    return model.replace(**blank, time_unit="", clock=model.clock or model.time_unit)


def _blank(record: Any) -> Any:
    return replace(record, unit="")
