"""An SBML file opened safely: its size, depth and form are looked at before libSBML reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.parsers import expat

from immunode.errors import ModelError, path_text

MOST_BYTES = 16_000_000
DEEPEST = 300
"""Levels of XML elements; the recursion of what reads them is never near its limit."""
ENDINGS = (".xml", ".sbml")


def libsbml() -> Any:
    """Return the module libsbml.

    Raises
    ------
    ModelError : it is not installed.
    """
    try:
        import libsbml as module
    except ImportError:
        raise ModelError('SBML needs python-libsbml: pip install "immunode[sbml]"') from None
    return module


def open_document(path_or_text: str | os.PathLike[str]) -> tuple[Any, str, list[str]]:
    """Return the document of libSBML, a name for it, and remarks on its form.

    path_or_text : the path of a file, or the XML text itself.

    Raises
    ------
    ModelError : there is no such file, it is too large, no XML, not SBML, or needs a package that is not known here.
    """
    content, label, folder = _content(path_or_text)
    check_xml(content, label)
    module = libsbml()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    document = module.readSBMLFromString(text)
    remarks = _complaints(document, label)
    if document.getModel() is None:
        raise ModelError(f"{label}: there is no SBML model in it")
    if document.getPlugin("comp") is not None:
        from immunode.exchange.sbml.reading.comp import flatten

        document = flatten(document, label, folder)
    return document, label, remarks


def _content(path_or_text: str | os.PathLike[str]) -> tuple[bytes, str, Path | None]:
    if isinstance(path_or_text, bytes | bytearray):
        return _bounded(bytes(path_or_text), "SBML text"), "SBML text", None
    if isinstance(path_or_text, str) and path_or_text.lstrip("\ufeff \t\r\n").startswith("<"):
        return _bounded(path_or_text.encode("utf-8", "replace"), "SBML text"), "SBML text", None
    path = Path(path_text("read_sbml", path_or_text, ModelError))
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ModelError(f"'{path}' is larger than {MOST_BYTES // 1_000_000} MB, the most that is read here")
        return path.read_bytes(), path.name, path.parent
    except FileNotFoundError:
        raise ModelError(f"there is no file '{path}'") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"'{str(path)[:80]}' can't be read: {getattr(error, 'strerror', '') or error}") from None


def _bounded(content: bytes, label: str) -> bytes:
    if len(content) > MOST_BYTES:
        raise ModelError(f"{label}: it is larger than {MOST_BYTES // 1_000_000} MB, the most that is read here")
    return content


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


def _complaints(document: Any, label: str) -> list[str]:
    """Return what libSBML found odd while reading; raise where it could not read at all."""
    module = libsbml()
    remarks: dict[str, None] = {}
    for i in range(document.getNumErrors()):
        error = document.getError(i)
        text = " ".join(error.getMessage().split())
        line = error.getLine()
        if error.getSeverity() >= module.LIBSBML_SEV_FATAL:
            raise ModelError(f"{label}, line {line}: {text[:200]}")
        if error.getErrorId() in (module.RequiredPackagePresent, module.UnrequiredPackagePresent):
            if error.getErrorId() == module.RequiredPackagePresent:
                raise ModelError(f"{label}: it needs an SBML package that is not read here: {text[:160]}")
            continue
        if error.getSeverity() >= module.LIBSBML_SEV_WARNING and len(remarks) < 50:
            remarks[f"line {line}: {error.getShortMessage() or text[:120]}"] = None
    return list(remarks)
