"""An immunode model as an SBML Level 3 Version 2 document; needs no other library.

States become species, processes reactions, derived quantities and effective parameters assignment rules, switches
parameters that events set, doses events on time. A state that lives in no compartment is put into one of size 1:
a concentration such as pg/mL into one of 1 mL, anything else as an amount.
"""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from immunode.errors import StoreError
from immunode.exchange.sbml.writing.document import CORE, Document
from immunode.exchange.sbml.writing.events import EventWriter
from immunode.exchange.sbml.writing.math import math_element, multiplied
from immunode.exchange.sbml.writing.names import Ids
from immunode.exchange.sbml.writing.notes import clean, describe
from immunode.exchange.sbml.writing.sizes import per_size, size_rules, size_spaces
from immunode.exchange.starts import begun
from immunode.language.expression import names, parse, parse_arrow, substitute
from immunode.model import Model, Process, State
from immunode.model.views.formulas import effective, right_hand_sides
from immunode.study.run.recipe import write_text

FACTS = "urn:immunode:facts:1"
"""Namespace of the annotation that holds what SBML can't say; a name, not an address that is ever fetched."""
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DEFINITIONS = {
    "hill": (("x", "K", "n"), "piecewise(x**n/(K**n + x**n), x > 0, 0)"),
    "michaelis": (("x", "K"), "x/(K + x)"),
}


def to_sbml(model: Model, *, facts: bool = True, bare: bool = False) -> str:
    """Return a model, with the interventions applied to it, as SBML text (Level 3 Version 2).

    facts : keep what SBML can't say (bounds, evidence, readouts, interventions that are not applied) as JSON in an
        annotation, from which `read_sbml` makes an equal model.
    bare : leave out notes, links and the units of literal numbers.

    Raises
    ------
    ModelError : the model uses a function that SBML does not have.
    """
    root = Element("sbml", {"xmlns": CORE, "level": "3", "version": "2"})
    document = _ModelWriter(begun(model))
    root.append(document.model_element(clean(model.to_json()) if facts else ""))
    if bare:
        remove_prose(root)
        for number in root.iter("cn"):
            number.attrib.pop("sbml:units", None)
    indent(root, " ")
    return _HEAD + tostring(root, encoding="unicode") + "\n"


def write_sbml(model: Model, path: str | os.PathLike[str]) -> Path:
    """Return the path of a new SBML file (Level 3 Version 2) that holds `model`, for COPASI, tellurium and others.

    Interventions that are applied (`perturb(model, "anti_tnf")`) are written as parameters, rules and events; those
    that the model only declares stay in an annotation, and so does everything that SBML can't say.

    Raises
    ------
    ModelError
        the model uses a function that SBML does not have.
    StoreError
        the file can't be written.
    """
    if not isinstance(model, Model):
        raise StoreError(f"write_sbml: a Model is needed, but {type(model).__name__} was found")
    target = Path(path)
    if target.is_dir():
        raise StoreError(f"'{target}' is a folder; give a file such as '{target / (model.name + '.xml')}'")
    write_text(target, to_sbml(model))
    return target


def remove_prose(root: Element) -> None:
    """Take notes, links and annotations out of a document."""
    for element in root.iter():
        for child in [c for c in element if c.tag.rpartition("}")[2] in ("notes", "annotation")]:
            element.remove(child)
        element.attrib.pop("metaid", None)


class _ModelWriter(Document):
    """The elements of one document."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.moving = self._moving_volumes()

    def model_element(self, facts: str) -> Element:
        """Return the `model` element. facts : JSON to keep in an annotation, "" for none."""
        model = self.model
        made = Element("model", {"id": Ids().new(model.name), "name": clean(model.title or model.name)})
        made.set("timeUnits", self.units.id(model.time_unit))
        applied = f"Interventions applied: {', '.join(model.applied)}." if model.applied else ""
        if model.variant_name:
            applied = f"Variant: {model.variant_name}. {applied}".rstrip()
        describe(made, model.title, model.reference, *model.description.split("\n\n"), applied, of_model=True)
        if facts:
            _add_facts(made, facts)
        events = EventWriter(self)
        parts: dict[str, list[Element]] = {
            "FunctionDefinitions": [self._definition(name) for name in self.functions],
            "UnitDefinitions": [],
            "Compartments": [*self._spaces(), *self._unit_spaces(), *size_spaces(self)],
            "Species": [self._species(state) for state in model.states],
            "Parameters": [*self._parameters(), *events.counters],
            "InitialAssignments": self._initial_assignments(),
            "Rules": [*self._rules(), *self._rate_rules(), *size_rules(self)],
            "Constraints": self._constraints(),
            "Reactions": [self._reaction(process) for process in model.processes],
            "Events": events.elements,
        }
        # units are known once everything else is written
        parts["UnitDefinitions"] = list(self.units.definitions.values())
        for label, elements in parts.items():
            if elements:
                SubElement(made, f"listOf{label}").extend(elements)
        return made

    def _definition(self, name: str) -> Element:
        made = Element("functionDefinition", {"id": self.functions[name], "name": name})
        arguments, text = _DEFINITIONS[name]
        math = math_element(parse(text), {a: a for a in arguments}, CORE, name)
        body = math[0]
        math.remove(body)
        function = SubElement(math, "lambda")
        for argument in arguments:
            SubElement(SubElement(function, "bvar"), "ci").text = f" {argument} "
        function.append(body)
        made.append(math)
        return made

    # Spaces and species -----------------------------------------------------------------------------------------------

    def _moving_volumes(self) -> set[str]:
        """Return the compartments whose volume follows a perturbed parameter.

        Here a volume only divides a flux; SBML would dilute what is in it, so these states get rate rules.
        """
        volumes = {c.name: c.volume for c in self.model.compartments if isinstance(c.volume, str)}
        return {name for name, volume in volumes.items() if names(parse(volume)) & set(self.perturbed)}

    def _spaces(self) -> list[Element]:
        made = []
        for space in self.model.compartments:
            size = {} if isinstance(space.volume, str) else {"size": repr(float(space.volume))}
            attributes = {"id": self.compartments[space.name], "name": space.name, "spatialDimensions": "3"}
            element = Element("compartment", {**attributes, **size, "units": self.units.id(space.unit)})
            element.set("constant", "true")
            describe(element, space.meaning)
            made.append(element)
        return made

    def _unit_spaces(self) -> list[Element]:
        made = []
        for unit, given in self.ones.items():
            attributes = {"id": given, "spatialDimensions": "3", "size": "1", "constant": "true"}
            element = Element("compartment", attributes)
            if unit:
                element.set("units", self.units.id(unit))
            text = f"1 {unit}, for what is measured per {unit}" if unit else "size 1, for amounts that have no place"
            describe(element, text)
            made.append(element)
        return made

    def _species(self, state: State) -> Element:
        space, unit, amount = self.homes[state.name]
        ruled = state.compartment in self.moving and not state.amount
        element = Element("species", {"id": self.ids[state.name], "name": state.name, "compartment": space})
        if not isinstance(state.initial, str):
            given = amount or state.name in self.sizes
            element.set("initialAmount" if given else "initialConcentration", repr(float(state.initial)))
        if self.units.substance(unit):
            element.set("substanceUnits", self.units.id(unit))
        flags = {"hasOnlySubstanceUnits": amount, "boundaryCondition": ruled, "constant": False}
        for key, value in flags.items():
            element.set(key, str(value).lower())
        describe(element, state.meaning, state.source, f"Unit: {state.unit}" if state.unit else "")
        return element

    def _rate_rules(self) -> list[Element]:
        made = []
        places = {state.name: "" if state.amount else state.compartment for state in self.model.states}
        for name, right in right_hand_sides(self.model):
            if places[name] in self.moving:
                element = Element("rateRule", {"variable": self.ids[name]})
                element.append(self.math(right, f"state '{name}'", raw=True))
                made.append(element)
        return made

    # Parameters and rules ---------------------------------------------------------------------------------------------

    def _parameters(self) -> list[Element]:
        model, made = self.model, []
        units = {parameter.name: parameter.unit for parameter in model.parameters}
        for parameter in model.parameters:
            element = self._parameter(parameter.name, parameter.unit, constant=True, value=parameter.value)
            evidence = f"Evidence: {parameter.evidence}" if parameter.evidence else ""
            describe(element, parameter.meaning, parameter.source, evidence)
            made.append(element)
        for switch in model.switches:
            value = None if isinstance(switch.initial, str) else switch.initial
            element = self._parameter(switch.name, switch.unit, constant=False, value=value)
            describe(element, switch.meaning)
            made.append(element)
        for derived in model.derived:
            element = self._parameter(derived.name, derived.unit, constant=False)
            describe(element, derived.meaning, derived.source)
            made.append(element)
        for name in self.perturbed:
            element = self._parameter(f"{name}.effective", units[name], constant=False)
            by = dict.fromkeys(effect.by for effect in model.effects if effect.target == name)
            describe(element, f"{name} as changed by {', '.join(by)}")
            made.append(element)
        return made

    def _parameter(self, name: str, unit: str, *, constant: bool, value: float | None = None) -> Element:
        element = Element("parameter", {"id": self.ids[name], "name": name})
        if value is not None:
            element.set("value", repr(float(value)))
        element.set("units", self.units.id(unit))
        element.set("constant", str(constant).lower())
        return element

    def _initial_assignments(self) -> list[Element]:
        model = self.model
        given = [(self.ids[state.name], state.initial, state.name) for state in model.states]
        given += [(self.ids[switch.name], switch.initial, switch.name) for switch in model.switches]
        given += [(self.compartments[c.name], c.volume, c.name) for c in model.compartments]
        made = []
        for symbol, text, name in given:
            if isinstance(text, str):
                element = Element("initialAssignment", {"symbol": symbol})
                value = per_size(self, name, parse(text)) if symbol == self.ids.get(name) else text
                element.append(self.math(value, f"initial value of '{name}'", raw=True))
                made.append(element)
        return made

    def _rules(self) -> list[Element]:
        model = self.model
        rules = [(d.name, substitute(parse(d.expression), self.renamed)) for d in model.derived]
        for name in self.perturbed:
            own = [effect for effect in model.effects if effect.target == name]
            rules.append((f"{name}.effective", effective(name, own, self.renamed)))
        made = []
        for name, expression in rules:
            element = Element("assignmentRule", {"variable": self.ids[name]})
            element.append(self.math(expression, f"'{name}'", raw=True))
            made.append(element)
        return made

    def _constraints(self) -> list[Element]:
        made = []
        for requirement in self.model.requirements:
            element = Element("constraint")
            element.append(self.math(requirement.condition, "requirement", raw=True))
            message = SubElement(element, "message")
            SubElement(message, "p", {"xmlns": "http://www.w3.org/1999/xhtml"}).text = clean(requirement.message)
            made.append(element)
        return made

    # Reactions --------------------------------------------------------------------------------------------------------

    def _reaction(self, process: Process) -> Element:
        who = f"process '{process.name}'"
        made = Element("reaction", {"id": self.processes[process.name], "name": process.name, "reversible": "false"})
        describe(made, process.meaning, process.source, f"{process.arrow}, rate {process.rate}")
        sides = parse_arrow(process.arrow)
        moved = {name for side in sides for name, _ in side}
        for label, side in zip(("Reactants", "Products"), sides, strict=True):
            if side:
                listed = SubElement(made, f"listOf{label}")
                for name, count in side:
                    attributes = {"species": self.ids[name], "stoichiometry": f"{count:.17g}", "constant": "true"}
                    SubElement(listed, "speciesReference", attributes)
        rate = parse(process.rate)
        states = {state.name for state in self.model.states}
        # states behind derived quantities act through these, and are not listed
        others = sorted((names(rate) & states) - moved)
        if others:
            listed = SubElement(made, "listOfModifiers")
            for name in others:
                SubElement(listed, "modifierSpeciesReference", {"species": self.ids[name]})
        law = SubElement(made, "kineticLaw")
        math = self.math(rate, who)
        one = self._one_around(moved)
        if one:
            math = multiplied(math, one)
        law.append(math)
        return made

    def _one_around(self, moved: set[str]) -> str:
        """Return the id of the compartment of 1 mL (1 L, ...) that turns a rate per volume into one of amounts."""
        named = {given for unit, given in self.ones.items() if unit}
        found = {self.homes[name][0] for name in moved} & named
        return found.pop() if len(found) == 1 else ""


def _add_facts(made: Element, facts: str) -> None:
    annotation = made.find("annotation")
    if annotation is None:
        annotation = Element("annotation")
        made.insert(1 if made.find("notes") is not None else 0, annotation)
    # libSBML reads &amp;lt; as < where it gives annotations back; in JSON a code means the same
    SubElement(annotation, "immunode:facts", {"xmlns:immunode": FACTS}).text = facts.replace("&", "\\u0026")
