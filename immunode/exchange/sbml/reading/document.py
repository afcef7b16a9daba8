"""An SBML file opened safely: its size, depth and form are looked at before libSBML reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from immunode.errors import ModelError, path_text
from immunode.exchange.sbml.libsbml_access import libsbml
from immunode.exchange.sbml.reading.comp import flatten
from immunode.exchange.sbml.safe_xml import MOST_BYTES, check_xml
from immunode.exchange.sbml.xml_numbers import check_numbers

ENDINGS = (".xml", ".sbml")


def open_document(path_or_text: str | os.PathLike[str]) -> tuple[Any, str, list[str]]:
    """Return the document of libSBML, a name for it, and remarks on its form.

    path_or_text : the path of a file, or the XML text itself.

    Raises
    ------
    ModelError : there is no such file, it is too large, no XML, not SBML, or needs a package that is not known here.
    """
    content, label, folder = _content(path_or_text)
    check_xml(content, label)
    check_numbers(content, label)
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


def _no_numbers(module: Any) -> tuple[int, ...]:
    """Return the errors of formulas whose numbers can't be read, for which libSBML leaves out whatever comes after."""
    kinds = ("Double", "Integer", "Exponential", "Rational")
    return tuple(getattr(module, f"FailedMathMLReadOf{kind}") for kind in kinds)


def _complaints(document: Any, label: str) -> list[str]:
    """Return what libSBML found odd while reading; raise where it could not read at all."""
    module = libsbml()
    remarks: dict[str, None] = {}
    for i in range(document.getNumErrors()):
        error = document.getError(i)
        text = " ".join(error.getMessage().split())
        line = error.getLine()
        if error.getSeverity() >= module.LIBSBML_SEV_FATAL or error.getErrorId() in _no_numbers(module):
            raise ModelError(f"{label}, line {line}: {text[:200]}")
        if error.getErrorId() in (module.RequiredPackagePresent, module.UnrequiredPackagePresent):
            if error.getErrorId() == module.RequiredPackagePresent:
                raise ModelError(f"{label}: it needs an SBML package that is not read here: {text[:160]}")
            continue
        if error.getSeverity() >= module.LIBSBML_SEV_WARNING and len(remarks) < 50:
            remarks[f"line {line}: {error.getShortMessage() or text[:120]}"] = None
    return list(remarks)
