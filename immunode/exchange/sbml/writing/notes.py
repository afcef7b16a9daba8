"""Notes for readers and MIRIAM annotations for machines: what a thing is, and the papers and entries behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement

_XHTML = "http://www.w3.org/1999/xhtml"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_BIOLOGY = "http://biomodels.net/biology-qualifiers/"
_MODEL = "http://biomodels.net/model-qualifiers/"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SOURCES = (
    (re.compile(r"\b(10\.\d{4,9}/[^\s,;\"<>\\^`{|}]*[^\s,;.:\"<>\\^`{|}])"), "https://identifiers.org/doi/"),
    (re.compile(r"(?:PMID|pubmed)[:\s/]*(\d{4,9})", re.IGNORECASE), "https://identifiers.org/pubmed/"),
    (re.compile(r"\b((?:BIOMD|MODEL)\d{10})\b"), "https://identifiers.org/biomodels.db/"),
)


def clean(text: str) -> str:
    """Return text without the characters that no XML file may hold."""
    return _NOT_XML.sub(" ", text)


def links(text: str) -> list[str]:
    """Return an address for each DOI, PubMed number and BioModels entry in a text."""
    return list(dict.fromkeys(home + found for pattern, home in _SOURCES for found in pattern.findall(text)))


def notes_element(paragraphs: Iterable[str]) -> Element | None:
    """Return a `notes` element with one paragraph each; None where all are empty."""
    told = [clean(text) for text in paragraphs if text.strip()]
    if not told:
        return None
    made = Element("notes")
    body = SubElement(made, "body", {"xmlns": _XHTML})
    for text in told:
        SubElement(body, "p").text = text
    return made


def describe(element: Element, meaning: str, source: str = "", *rest: str, of_model: bool = False) -> None:
    """Add notes and links to an element that has nothing inside yet."""
    made = notes_element([meaning, f"Source: {source}" if source else "", *rest])
    if made is not None:
        element.append(made)
    found = links(source)
    if found:
        element.set("metaid", f"meta_{element.get('id')}")
        SubElement(element, "annotation").append(_rdf(str(element.get("metaid")), found, of_model))


def _rdf(metaid: str, addresses: Iterable[str], of_model: bool) -> Element:
    rdf = Element("rdf:RDF", {"xmlns:rdf": _RDF, "xmlns:bqbiol": _BIOLOGY, "xmlns:bqmodel": _MODEL})
    description = SubElement(rdf, "rdf:Description", {"rdf:about": f"#{metaid}"})
    prefix = "bqmodel" if of_model else "bqbiol"
    bag = SubElement(SubElement(description, f"{prefix}:isDescribedBy"), "rdf:Bag")
    for address in addresses:
        SubElement(bag, "rdf:li", {"rdf:resource": address})
    return rdf
