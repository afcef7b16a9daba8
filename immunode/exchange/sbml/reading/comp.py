"""Models made of submodels (the package comp), flattened by libSBML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from immunode.errors import ModelError
from immunode.exchange.sbml.libsbml_access import libsbml
from immunode.exchange.sbml.safe_xml import MOST_BYTES, check_xml

MOST_FILES = 20


def flatten(document: Any, label: str, folder: Path | None) -> Any:
    """Return a document of one flat model.

    folder : where definitions in other files may lie, under plain names; None where there are none to be read.

    Raises
    ------
    ModelError : a definition is elsewhere or missing, or libSBML can't flatten the model.
    """
    module = libsbml()
    plugin = document.getPlugin("comp")
    if plugin.getNumExternalModelDefinitions():
        _check_external(document, label, folder, set())
        assert folder is not None
        document.setLocationURI(f"file:{folder.resolve()}/{label}")
    properties = module.ConversionProperties()
    properties.addOption("flatten comp", True)
    properties.addOption("performValidation", False)
    properties.addOption("leavePorts", False)
    document.getErrorLog().clearLog()
    if document.convert(properties) != module.LIBSBML_OPERATION_SUCCESS:
        log = document.getErrorLog()
        texts = [" ".join(log.getError(i).getMessage().split()) for i in range(log.getNumErrors())]
        told = next((text for text in texts if text), "no reason is given")
        raise ModelError(f"{label}: its submodels can't be put into one model: {told[:300]}")
    if document.getModel() is None:
        raise ModelError(f"{label}: its submodels make no model")
    return document


def _check_external(document: Any, label: str, folder: Path | None, seen: set[str]) -> None:
    """Check that definitions in other files are plain files beside this one; nothing is fetched from elsewhere."""
    plugin = document.getPlugin("comp")
    for i in range(plugin.getNumExternalModelDefinitions() if plugin is not None else 0):
        definition = plugin.getExternalModelDefinition(i)
        source = definition.getSource()
        who = f"{label}, external model definition '{definition.getId()}'"
        if folder is None:
            raise ModelError(f"{who}: '{source}' is another file, which is read only beside a file given by its path")
        if source.startswith((".", "/", "\\")) or any(sign in source for sign in "/\\:%"):
            raise ModelError(f"{who}: '{source}' is not a file in the same folder, and nothing is fetched")
        path = folder / source
        if source in seen:
            continue
        seen.add(source)
        if len(seen) > MOST_FILES:
            raise ModelError(f"{who}: more than {MOST_FILES} other files are needed")
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise ModelError(f"{who}: there is no file '{source}' that can be read in the same folder")
        content = path.read_bytes()
        check_xml(content, source)
        _check_external(libsbml().readSBMLFromString(content.decode("utf-8", "replace")), source, folder, seen)
