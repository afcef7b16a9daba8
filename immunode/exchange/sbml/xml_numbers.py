"""Numbers of an SBML file, checked as text: libSBML reads what is none as unset, or as far as it can."""

from __future__ import annotations

import math
import re
from xml.parsers import expat

from immunode.errors import ModelError

_ATTRIBUTES = {
    "compartment": ("size", "volume", "spatialDimensions"),
    "species": ("initialAmount", "initialConcentration"),
    "parameter": ("value",),
    "localParameter": ("value",),
    "unit": ("multiplier", "exponent", "scale", "offset"),
    "speciesReference": ("stoichiometry", "denominator"),
}
"""Element -> its attributes that are numbers, in all levels."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FOREIGN = ("annotation", "notes")


def check_numbers(content: bytes, label: str) -> None:
    """Check the attributes and the `cn` of well-formed XML that must be numbers.

    Raises
    ------
    ModelError : "1,5", "0x10", "" and the like, or a number too large for a double; the message names line and text.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    foreign, pieces, kind = 0, [""], ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal foreign, pieces, kind
        local = name.rpartition(":")[2]
        foreign += foreign > 0 or local in _FOREIGN
        if foreign:
            return
        for attribute in _ATTRIBUTES.get(local, ()):
            if attribute in attributes:
                _check(attributes[attribute], _NUMBER, f"{local} {_id(attributes)}{attribute}=")
        if local == "cn":
            pieces, kind = [""], attributes.get("type", "real").strip()
        elif local == "sep" and kind:
            pieces.append("")

    def text(data: str) -> None:
        if kind:
            pieces[-1] += data

    def end(name: str) -> None:
        nonlocal foreign, kind
        if foreign:
            foreign -= 1
        elif name.rpartition(":")[2] == "cn" and kind:
            exact = {"integer": [True], "rational": [True, True], "e-notation": [False, True]}.get(kind, [False])
            for piece, whole in zip(pieces, exact, strict=False):
                _check(piece, _WHOLE if whole else _NUMBER, "<cn> ")
            kind = ""

    def _check(given: str, form: re.Pattern[str], where: str) -> None:
        line, shown = parser.CurrentLineNumber, given.strip()[:40]
        if not form.fullmatch(given.strip()):
            raise ModelError(f"{label}, line {line}: {where}'{shown}' is not a number")
        if "INF" not in given and math.isinf(float(given)):
            raise ModelError(f"{label}, line {line}: {where}'{shown}' is too large for a number")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.Parse(content, True)


def _id(attributes: dict[str, str]) -> str:
    name = attributes.get("id") or attributes.get("name") or attributes.get("species")
    return f"'{name[:40]}' " if name else ""
