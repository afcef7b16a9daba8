"""XML that a stranger may have written, checked before libSBML reads it."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from immunode.errors import ModelError

MOST_BYTES = 16_000_000
DEEPEST = 300
"""Levels of XML elements; the recursion of what reads them is never near its limit."""


def check_xml(content: bytes, label: str) -> None:
    """Check that a text is well-formed XML without document types and of bounded depth.

    Raises
    ------
    ModelError : it is not; the message says where.
    """
    parser = expat.ParserCreate()
    depth = 0

    def start(name: str, attributes: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            line = parser.CurrentLineNumber
            raise ModelError(f"{label}, line {line}: <{name[:40]}> is nested more than {DEEPEST} levels deep")

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: Any) -> None:
        raise ModelError(f"{label}: it declares a document type, which SBML has not and which is not read here")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        cut = " (is it cut off?)" if error.code in (3, 5) else ""
        what = expat.ErrorString(error.code)
        raise ModelError(f"{label}: no XML: {what} in line {error.lineno}, column {error.offset}{cut}") from None
    except ModelError:
        raise
    except (ValueError, LookupError) as error:
        raise ModelError(f"{label}: no XML that can be read: {error}") from None
