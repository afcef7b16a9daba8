"""What an SBML file says about itself: title, reference, description, and what its elements stand for."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from immunode.exchange.sbml.libsbml_access import libsbml
from immunode.exchange.sbml.reading.state import Reading

LONGEST = 4000
"""Characters of the description."""
_PAPERS = (("pubmed", "pubmed:{}"), ("doi", "doi:{}"))


def facts(reading: Reading) -> dict[str, str]:
    """Return the fields of the Model that describe it."""
    title = " ".join((reading.sbml.getName() or "").split())
    made = {"title": title, "reference": reference_of(reading), "description": _notes(reading.sbml)}
    return {key: value for key, value in made.items() if value}


def reference_of(reading: Reading) -> str:
    """Return the publication that describes the model, such as "pubmed:8186756", or ""."""
    described = libsbml().BQM_IS_DESCRIBED_BY
    for uri in _resources(reading.sbml, described):
        for word, form in _PAPERS:
            match = re.search(rf"{word}[:/](.+)$", uri) or re.search(rf"{word}\.org/(.+)$", uri)
            if match:
                return form.format(match[1])
    return ""


def _resources(element: Any, model_qualifier: int) -> list[str]:
    """Return the MIRIAM resources of an element under one qualifier for models."""
    found = []
    for i in range(element.getNumCVTerms() if element.isSetAnnotation() else 0):
        term = element.getCVTerm(i)
        if term.getQualifierType() == libsbml().MODEL_QUALIFIER and term.getModelQualifierType() == model_qualifier:
            found += [term.getResourceURI(k) for k in range(term.getNumResources())]
    return found


def identity_of(element: Any) -> str:
    """Return what an element stands for, such as "uniprot:P01375", or ""."""
    module = libsbml()
    for i in range(element.getNumCVTerms() if element.isSetAnnotation() else 0):
        term = element.getCVTerm(i)
        wanted = (module.BQB_IS, module.BQB_IS_VERSION_OF, module.BQB_HAS_PART)
        if term.getQualifierType() == module.BIOLOGICAL_QUALIFIER and term.getBiologicalQualifierType() in wanted:
            uri: str = term.getResourceURI(0)
            return re.sub(r"^(https?://identifiers\.org/|urn:miriam:)", "", uri).replace("/", ":", 1)
    return ""


def _notes(element: Any) -> str:
    """Return the notes of an element as plain text."""
    if not element.isSetNotes():
        return ""
    text = re.sub(r"<(style|script)\b.*?</\1>", " ", element.getNotesString(), flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(r"</(p|div|h[1-6]|li|tr)>|<br\s*/?>", "\n", text, flags=re.IGNORECASE)
    plain = unescape(re.sub(r"<[^<>]*>", " ", text))
    lines = [" ".join(line.split()) for line in plain.splitlines()]
    whole = "\n".join(line for line in lines if line)
    return whole if len(whole) <= LONGEST else whole[:LONGEST].rsplit(" ", 1)[0] + " ..."
