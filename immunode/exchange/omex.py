"""COMBINE archives (OMEX): a model as SBML and JSON, its sheet, and the experiment that draws its figure.

Reading takes files out of the archive in memory only: nothing is extracted, and no path in it is ever followed.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from immunode.errors import ModelError, StoreError, path_text, quoted
from immunode.exchange.sbml.reading.reader import read_sbml
from immunode.exchange.sbml.writing.writer import to_sbml
from immunode.exchange.sedml import figure_sedml
from immunode.exchange.sheets import sheet
from immunode.model import Model
from immunode.model.units import parse_time
from immunode.study.arms import as_arms
from immunode.study.run.recipe import plain, write_bytes

MANIFEST = "http://identifiers.org/combine.specifications/omex-manifest"
SBML = "http://identifiers.org/combine.specifications/sbml"
_FORMATS = {
    ".xml": SBML + ".level-3.version-2",
    ".sedml": "http://identifiers.org/combine.specifications/sed-ml.level-1.version-4",
    ".json": "http://purl.org/NET/mediatypes/application/json",
    ".md": "http://purl.org/NET/mediatypes/text/markdown",
}
_LARGEST = 50_000_000  # bytes, of one file and of all
_MOST = 1_000  # files
_STAMP = (1980, 1, 1, 0, 0, 0)


def write_omex(
    model: Model,
    path: str | os.PathLike[str],
    *,
    arms: Any = None,
    until: float | str | None = None,
    recipe: Mapping[str, Any] | None = None,
) -> Path:
    """Return the path of a new COMBINE archive that holds `model`.

    In it: `model.xml` (SBML), `model.json` (all that immunode knows), `model.md` (the sheet), one SBML file an arm, and
    `figure.sedml`, which draws the readouts over time in every arm in any tool that runs SED-ML.

    Parameters
    ----------
    arms : Any
        `Arms`, or names of interventions that the model declares.
    until : float | str | None
        end of the figure; default the horizon.
    recipe : Mapping[str, Any] | None
        how a result was made (`simulation.recipe`), kept as `recipe.json`.

    Raises
    ------
    ModelError, StudyError
        an arm does not fit the model.
    StoreError
        the file can't be written.
    """
    composed = {} if arms is None else as_arms(arms, model).compose(model)
    files = {"model.xml": to_sbml(model), "model.json": model.to_json(), "model.md": sheet(model)}
    shown: dict[str, tuple[str, Model]] = {}
    for i, (arm, perturbed) in enumerate(composed.items()):
        name = f"arm_{i}.xml" if perturbed is not model else "model.xml"
        files[name] = to_sbml(perturbed)
        shown[arm] = (name, perturbed)
    end = float(model.horizon) if until is None else parse_time(until, model)
    files["figure.sedml"] = figure_sedml(shown or {"": ("model.xml", model)}, end)
    if recipe is not None:
        files["recipe.json"] = json.dumps(plain(recipe), indent=2, ensure_ascii=False) + "\n"
    target = Path(path)
    write_bytes(target, _packed(files))
    return target


def _packed(files: Mapping[str, str]) -> bytes:
    root = Element("omexManifest", {"xmlns": MANIFEST})
    listed = {".": MANIFEST.replace("-manifest", ""), "./manifest.xml": MANIFEST}
    listed |= {f"./{name}": _FORMATS[Path(name).suffix] for name in files}
    for location, kind in listed.items():
        content = SubElement(root, "content", {"location": location, "format": kind})
        if location == "./model.xml":
            content.set("master", "true")
    ElementTree.indent(root)
    manifest = '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"manifest.xml": manifest, **files}.items():
            # a fixed date: equal models give equal archives
            archive.writestr(zipfile.ZipInfo(name, _STAMP), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def read_omex(path: str | os.PathLike[str]) -> Model:
    """Return the model in a COMBINE archive: the SBML file that its manifest calls master, else its first SBML file.

    Raises
    ------
    StoreError
        the file is no archive, is damaged or too large, or holds paths that lead out of it.
    ModelError
        there is no SBML in it, or the model can't be read.
    """
    who = path_text("read_omex", path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = _checked_names(archive, who)
            manifest = _read(archive, names, "manifest.xml", who)
            location = _master(manifest, who)
            content = _read(archive, names, location, who)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError) as error:
        if isinstance(error, StoreError | ModelError):
            raise
        raise StoreError(f"{who}: this is no archive that can be read: {error}") from None
    except OSError as error:
        raise StoreError(f"{who}: it can't be read ({error.strerror or error})") from None
    except zipfile.zlib.error as error:  # type: ignore[attr-defined]
        raise StoreError(f"{who}: the archive is damaged: {error}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ModelError(f"{who}, {location}: it is not UTF-8 text") from None
    try:
        return read_sbml(text)
    except ModelError as error:
        raise ModelError(f"{who}, {location}: {error}") from None


def _checked_names(archive: zipfile.ZipFile, who: str) -> dict[str, zipfile.ZipInfo]:
    """Return the archive's files by name, after looking at names and sizes."""
    listed = archive.infolist()
    if len(listed) > _MOST:
        raise StoreError(f"{who}: {len(listed):,} files are in it; at most {_MOST:,} are read")
    names: dict[str, zipfile.ZipInfo] = {}
    for info in listed:
        parts = info.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0]:
            raise StoreError(f"{who}: the path {quoted(info.filename)} leads out of the archive")
        name = info.filename.removeprefix("./")
        other = names.get(name)
        # some writers pack a file, most often the manifest, twice
        if other is not None and (other.CRC, other.file_size) != (info.CRC, info.file_size):
            raise StoreError(f"{who}: two different files are called {quoted(name)} in it; which one counts?")
        names[name] = info
    if sum(info.file_size for info in listed) > _LARGEST:
        raise StoreError(f"{who}: it would unfold to more than {_LARGEST // 1_000_000} MB")
    return names


def _read(archive: zipfile.ZipFile, names: Mapping[str, zipfile.ZipInfo], location: str, who: str) -> bytes:
    name = location.removeprefix("./")
    if name not in names:
        raise StoreError(f"{who}: there is no {quoted(name)} in it")
    # the size that the archive declares may be wrong: count what comes out
    with archive.open(names[name]) as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise StoreError(f"{who}: {name!r} would unfold to more than {_LARGEST // 1_000_000} MB")
    return content


def _master(manifest: bytes, who: str) -> str:
    """Return the place of the model in an archive."""
    if b"<!DOCTYPE" in manifest or b"<!ENTITY" in manifest or len(manifest) > 1_000_000:
        raise StoreError(f"{who}: its manifest declares entities or is too long, and is not read")
    try:
        root = ElementTree.fromstring(manifest)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise StoreError(f"{who}: its manifest is no XML: {error}") from None
    found = [c for c in root if c.tag.endswith("}content") and _is_sbml(c.get("format", ""))]
    if not found:
        raise ModelError(f"{who}: there is no SBML model in this archive")
    best = next((c for c in found if c.get("master") == "true"), found[0])
    return best.get("location", "")


def _is_sbml(kind: str) -> bool:
    return "combine.specifications/sbml" in kind or kind == "application/sbml+xml"
