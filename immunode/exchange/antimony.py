"""Antimony text to a model and back, through SBML and the antimony library (extra `sbml`)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from immunode.errors import EngineError, ModelError, StoreError, did_you_mean, nearest, path_text
from immunode.exchange.sbml.reading.reader import read_sbml
from immunode.exchange.sbml.writing.writer import to_sbml
from immunode.language.characters import problem
from immunode.model import Model
from immunode.study.run.recipe import write_text

_LARGEST = 5_000_000  # characters
_COMMENT = re.compile(r'"[^"\n]*"|//[^\n]*|#[^\n]*|/\*.*?\*/', re.DOTALL)


def read_antimony(path_or_text: str | os.PathLike[str]) -> Model:
    """Return the model in an Antimony file or text.

    Every name must have a value: Antimony itself takes a misspelt species for a new one and says nothing.

    Raises
    ------
    EngineError
        the library is not installed.
    StoreError
        the file can't be read.
    ModelError
        the text is no Antimony, imports other files, a name has no value, or the model can't be read.
    """
    text, who = _text(path_or_text)
    plain = _COMMENT.sub(lambda found: '""' if found[0].startswith('"') else " ", text)
    if re.search(r"\bimport\b", plain):
        raise ModelError(f"{who}: it imports another file, which is never read here; put both into one text")
    strange = re.search(r"\w*[^\x00-\x7f]\w*", plain)
    if strange:
        raise ModelError(f"{who}: names in Antimony have letters from a to z, digits and _, and '{strange[0]}' has not")
    sbml = _to_sbml(text, who)
    _check_values(sbml, who)
    return read_sbml(sbml)


def write_antimony(model: Model, path: str | os.PathLike[str]) -> Path:
    """Return the path of a new Antimony file that holds `model`; names with dots get underscores.

    Raises
    ------
    EngineError
        the library is not installed.
    ModelError
        the model uses a function that SBML does not have.
    StoreError
        the file can't be written.
    """
    target = Path(path)
    write_text(target, to_antimony(model))
    return target


def to_antimony(model: Model) -> str:
    """Return a model, with the interventions applied to it, as Antimony text.

    Raises
    ------
    EngineError : the library is not installed.
    ModelError : the model uses a function that SBML does not have.
    """
    library = _library()
    library.clearPreviousLoads()
    try:
        # notes and links would be longer than the model; units of numbers come back from Antimony as names
        if library.loadSBMLString(to_sbml(model, facts=False, bare=True)) < 0:
            raise ModelError(f"{model.name}: Antimony can't say it: {str(library.getLastError()).strip()}")
        # a name may hold anything but a control character, so that the comment is one line
        return f"// {model.label}\n{library.getAntimonyString(None)}"
    finally:
        library.clearPreviousLoads()


def _library() -> Any:
    try:
        import antimony
    except ImportError:
        raise EngineError('Antimony needs the library antimony: pip install "immunode[sbml]"') from None
    return antimony


def _text(path_or_text: str | os.PathLike[str]) -> tuple[str, str]:
    """Return Antimony text, and what to call it in messages."""
    if isinstance(path_or_text, str) and ("\n" in path_or_text or ";" in path_or_text or "->" in path_or_text):
        text, who = path_or_text, "this Antimony text"
    else:
        path = Path(path_text("read_antimony", path_or_text))
        who = str(path)
        try:
            if path.stat().st_size > _LARGEST:
                raise StoreError(f"'{path}' is no Antimony file: it is larger than {_LARGEST // 1_000_000} MB")
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise StoreError(f"'{path}' can't be read: {reason}") from None
    if len(text) > _LARGEST or "\0" in text:
        raise ModelError(f"{who}: it is too long, or binary, for Antimony")
    text = text.replace("\r\n", "\n")
    if found := problem(text):
        raise ModelError(f"{who}: {found}")
    return text, who


def _to_sbml(text: str, who: str) -> str:
    library = _library()
    library.clearPreviousLoads()
    try:
        if library.loadAntimonyString(text) < 0:
            reason = " ".join(str(library.getLastError()).split())
            raise ModelError(f"{who}: {reason.removeprefix('Error in model string, ')}")
        return str(library.getSBMLString(library.getMainModuleName()))
    finally:
        library.clearPreviousLoads()


def _check_values(sbml: str, who: str) -> None:
    """Refuse names without a value: most are misspelt."""
    try:
        model = ElementTree.fromstring(sbml.encode()).find("{*}model")
    except ElementTree.ParseError as error:
        raise ModelError(f"{who}: what Antimony makes of it is no SBML ({error})") from None
    if model is None:
        raise ModelError(f"{who}: there is no model in it")
    given: set[str] = set()
    for tag, attribute in (("initialAssignment", "symbol"), ("assignmentRule", "variable")):
        given |= {e.get(attribute, "") for e in model.iter() if e.tag.endswith("}" + tag)}
    given |= {e.get("id", "") for e in model.iter() if e.get("size") or e.get("value")}
    given |= {e.get("id", "") for e in model.iter() if e.get("initialAmount") or e.get("initialConcentration")}
    kinds = {"species": "species", "parameter": "parameter", "compartment": "compartment"}
    known = [e for e in model.iter() if e.tag.rpartition("}")[2] in kinds]
    for element in known:
        name = element.get("id", "")
        if name not in given:
            kind = kinds[element.tag.rpartition("}")[2]]
            others = [other.get("id", "") for other in known if other is not element]
            others = [other for other in others if other in given]
            meant = did_you_mean(name, others) if nearest(name, others) else ""
            value = f"{name} = 0, if none is there at the start" if kind == "species" else f"{name} = ..."
            hint = f"{meant} Else write {value}" if meant else f"; write {value}"
            raise ModelError(f"{who}: the {kind} '{name}' has no value{hint}")
