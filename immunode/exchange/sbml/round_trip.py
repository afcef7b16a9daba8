"""What SBML can't say of a model, kept as JSON in an annotation of our own, and how far a file's is to be believed.

The annotation counts as it is only where the model in it, written again, is the very document around it. In a document
that another tool has changed, SBML is right, and only what it can't say is laid over the model that was read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar
from xml.etree import ElementTree

from immunode.errors import ImmunodeError, ModelError
from immunode.exchange.sbml.libsbml_access import libsbml
from immunode.exchange.sbml.writing.document import document_ids, space_ids
from immunode.exchange.sbml.writing.writer import FACTS, remove_prose, to_sbml
from immunode.model import Model, Parameter, State

R = TypeVar("R")
_CHANGED = "the file was changed since immunode wrote it; bounds, sources and interventions are those of before"
_REVALUED = "values were changed since immunode wrote the file"
_NEW = "changed since immunode wrote the file"
_BROKEN = "the file's annotation of immunode can't be read and was left out"


def recall(document: Any) -> Model | None:
    """Return the very model that was written, where a document of libSBML is as immunode wrote it; else None.

    Where only values and initial values were changed since, as a fit does, it is that model with these values.
    """
    told = _told(document)
    if told is None:
        return None
    try:
        written = libsbml().readSBMLFromString(to_sbml(told, facts=False))
        if _core(document) == _core(written):
            return told
        alike = _core(document, numbers=False) == _core(written, numbers=False)
        return _revalued(told, document.getModel(), written.getModel()) if alike else None
    except (ElementTree.ParseError, ImmunodeError):
        return None


def lay_over(read: Model, document: Any) -> Model:
    """Return a model read from a changed document with what its annotation knows and SBML can't say.

    read : what the SBML says; its equations and numbers stay as they are.
    """
    if not _annotation(document):
        return read
    told = _told(document)
    if told is None:
        return _remark(read, _BROKEN)
    ids = document_ids(told)
    names = {ids[name]: name for name in ids}
    states = {s.name: s for s in told.states}
    parameters = {p.name: p for p in told.parameters}
    changes: dict[str, Any] = {
        "states": tuple(_state(s, states.get(names.get(s.name, s.name))) for s in read.states),
        "parameters": tuple(_parameter(p, parameters.get(names.get(p.name, p.name))) for p in read.parameters),
    }
    told_fields = (
        "title",
        "reference",
        "system",
        "status",
        "species",
        "level",
        "description",
        "horizon",
        "clock",
        "axis",
        "max_step",
        "variant_name",
    )
    for field in told_fields:
        changes[field] = getattr(told, field)
    made = read.replace(**changes)
    results: tuple[Any, ...] = (*made.states, *made.derived, *made.processes)
    known = {record.name for record in results}
    made = made.replace(readouts=tuple(name for name in told.readouts if name in known))
    # what does not fit the changed model is left out
    for field in ("variants", "interventions", "aliases"):
        made = _tried(made, **{field: getattr(told, field)})
    return _remark(made, _CHANGED)


def _annotation(document: Any) -> str:
    """Return the annotation of the model of a document, "" where there is none of ours."""
    text: str = document.getModel().getAnnotationString()
    return text if FACTS in text else ""


def _told(document: Any) -> Model | None:
    """Return the model that the annotation holds; None where there is none that can be read."""
    try:
        root = ElementTree.fromstring(_annotation(document).encode() or b"<nothing/>")
        found = root.find(f"{{{FACTS}}}facts")
        return Model.from_json(found.text or "") if found is not None else None
    except (ElementTree.ParseError, ImmunodeError):
        return None


def _core(document: Any, numbers: bool = True) -> str:
    """Return what a document says, without notes, annotations and layout, and without values unless `numbers`."""
    root = ElementTree.fromstring(libsbml().writeSBMLToString(document).encode())
    remove_prose(root)
    if not numbers:
        for element in root.iter():
            for attribute in ("value", "initialAmount", "initialConcentration", "size"):
                if element.get(attribute, "NaN") != "NaN":
                    element.set(attribute, "")
    return ElementTree.canonicalize(ElementTree.tostring(root, encoding="unicode"), strip_text=True)


def _revalued(told: Model, found: Any, written: Any) -> Model:
    """Return `told` with the numbers of another model of libSBML that differs from `written` in numbers only."""
    ids, spaces = document_ids(told), space_ids(told)

    def changed(identity: str) -> float | None:
        """Return the new number of an element, None where it is the old."""
        numbers = [_number(model, identity) for model in (found, written)]
        return None if numbers[0] == numbers[1] else numbers[0]

    def fresh(record: R, field: str) -> R:
        name = str(getattr(record, "name", ""))
        made = spaces[name] if field == "volume" else ids[name]
        value = None if isinstance(getattr(record, field), str) else changed(made)
        if value is None:
            return record
        known: dict[str, Any] = {"source": _NEW, "evidence": ""} if isinstance(record, Parameter) else {}
        bounds = getattr(record, "bounds", None)
        if bounds is not None:
            known |= {"bounds": (min(bounds[0], value), max(bounds[1], value))}
        return replace(record, **{field: value, **known})  # type: ignore[type-var]

    return _remark(
        told.replace(
            parameters=tuple(fresh(p, "value") for p in told.parameters),
            states=tuple(fresh(s, "initial") for s in told.states),
            switches=tuple(fresh(s, "initial") for s in told.switches),
            compartments=tuple(fresh(c, "volume") for c in told.compartments),
        ),
        _REVALUED,
    )


def _number(model: Any, identity: str) -> float:
    for element, value in (
        (model.getParameter(identity), "getValue"),
        (model.getCompartment(identity), "getSize"),
        (model.getSpecies(identity), ""),
    ):
        if element is not None:
            kind = "getInitialAmount" if not value and element.isSetInitialAmount() else "getInitialConcentration"
            return float(getattr(element, value or kind)())
    return 0.0


def _state(read: State, told: State | None) -> State:
    if told is None:
        return read
    kept = {field: getattr(told, field) for field in ("meaning", "kind", "typical", "source")}
    return replace(read, **kept)


def _parameter(read: Parameter, told: Parameter | None) -> Parameter:
    if told is None:
        return read
    bounds = told.bounds
    if bounds is not None:
        bounds = (min(bounds[0], read.value), max(bounds[1], read.value))
    same = read.value == told.value
    evidence, source = (told.evidence, told.source) if same else ("", _NEW)
    return replace(read, meaning=told.meaning, bounds=bounds, evidence=evidence, source=source)


def _tried(model: Model, **changes: Any) -> Model:
    try:
        return model.replace(**changes)
    except ModelError:
        return model


def _remark(model: Model, text: str) -> Model:
    remarks = getattr(model, "remarks", None)
    return model if remarks is None else model.replace(remarks=(*remarks, text))
