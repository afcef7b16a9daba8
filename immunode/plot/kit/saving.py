"""Files of figures: written whole or not at all, with what made them inside."""

from __future__ import annotations

import json
import os
import re
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.parsers import expat

from matplotlib.figure import Figure

from immunode.errors import StoreError, did_you_mean
from immunode.plot.kit.provenance import memory

ENDINGS = (".png", ".svg", ".pdf")
_KEY = "immunode"


def save(
    figure: Figure,
    path: str | os.PathLike[str],
    *,
    metadata: Mapping[str, str] | None = None,
    dpi: float | None = None,
    script: str | None = None,
) -> Path:
    """Write a figure as PNG, SVG or PDF, text as text; return the path.

    The file is written beside its place and moved there, so nobody sees half of it. The same figure and metadata
    give the same bytes (no dates inside).

    The file remembers how it was made: recipe and seed of the result, versions, a hash of the data it shows, and the
    text of the script that Python is running, if any; `immunode figure FILE --code` prints that.

    Parameters
    ----------
    metadata : Mapping[str, str] | None
        further texts that travel in the file, such as `{"note": "for Monday"}`; `read_metadata` gives all back.
    script : str | None
        text of a script that makes the figure, instead of the running one; "" leaves it out.
    dpi : float | None
        dots per inch of a PNG; by default 150 for slides (2000 px wide) and 300 for print.

    Raises
    ------
    StoreError
        an ending other than .png, .svg, .pdf, or a place that can't be written.
    """
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in ENDINGS:
        raise StoreError(f"save: unknown ending '{ending}' of '{target.name}'{did_you_mean(ending, ENDINGS)}")
    if dpi is None:
        dpi = 150.0 if figure.get_figwidth() > 6 else 300.0
    given = {} if metadata is None else dict(metadata)
    for key, value in given.items():
        if not isinstance(value, str):
            raise StoreError(f"save: metadata '{key}' is a {type(value).__name__}; give text")
    fields = _fields(memory(figure, given, script), ending)
    options: dict[str, Any] = {"format": ending[1:], "dpi": dpi, "metadata": fields}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=ending, dir=target.parent)
    except OSError as error:
        raise StoreError(f"save: can't write '{target}': {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            _write(figure, file, options)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except OSError as error:
        raise StoreError(f"save: can't write '{target}': {error.strerror}") from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)
    return target


def _write(figure: Figure, file: Any, options: dict[str, Any]) -> None:
    """Save with text as text also where the figure is the caller's own and not drawn in our style."""
    import matplotlib as mpl

    with mpl.rc_context({"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": _KEY}):
        figure.savefig(file, **options)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _fields(metadata: dict[str, str], ending: str) -> dict[str, Any]:
    """Return the metadata in the fields that a format has: one field holds everything as JSON."""
    packed = json.dumps(metadata, sort_keys=True)
    if ending == ".png":
        plain = {"Description": metadata["recipe"]} if "recipe" in metadata else {}
        return {"Software": _KEY, _KEY: packed, **plain}
    if ending == ".svg":
        return {"Date": None, "Creator": _KEY, "Description": packed}
    return {"CreationDate": None, "Producer": _KEY, "Creator": _KEY, "Subject": packed}


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the metadata that `save` put into a PNG, SVG or PDF file.

    Raises
    ------
    StoreError
        the file can't be read, or was not written by `save`.
    """
    target = Path(path)
    readers = {".png": _from_png, ".svg": _from_svg, ".pdf": _from_pdf}
    ending = target.suffix.lower()
    if ending not in readers:
        raise StoreError(f"read_metadata: unknown ending '{ending}' of '{target.name}'{did_you_mean(ending, ENDINGS)}")
    try:
        packed = readers[ending](target)
        metadata = json.loads(packed) if packed else None
    except (OSError, ValueError, expat.ExpatError) as error:
        raise StoreError(f"read_metadata: can't read '{target}': {error}") from error
    if not isinstance(metadata, dict):
        raise StoreError(f"read_metadata: '{target}' holds no metadata of immunode; was it written by `save`?")
    return {str(key): str(value) for key, value in metadata.items()}


def _from_png(path: Path) -> str:
    from PIL import Image

    try:
        # what `save` writes stands before the picture, which is never unfolded
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=["PNG"]) as image:
                return str(image.info.get(_KEY, ""))
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from None


def _from_svg(path: Path) -> str:
    """Return the description of an SVG; one that declares entities, which may unfold without end, is refused."""
    wanted = "http://purl.org/dc/elements/1.1/ description"
    parts: list[str] = []
    inside: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def refuse(*_: Any) -> None:
        raise ValueError("it declares entities")

    def start(name: str, _: Any) -> None:
        inside.append(name)

    def text(part: str) -> None:
        if inside and inside[-1] == wanted:
            parts.append(part)

    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: inside.pop()
    parser.CharacterDataHandler = text
    parser.Parse(path.read_bytes(), True)
    return "".join(parts)


def _from_pdf(path: Path) -> str:
    """Return the subject of a PDF whose document information is plain, as matplotlib writes it."""
    subject = re.search(rb"/Subject \(((?:[^()\\]|\\.)*)\)", path.read_bytes(), re.DOTALL)
    if not subject:
        return ""
    return re.sub(rb"\\(.)", lambda m: {b"n": b"\n", b"r": b"\r"}.get(m[1], m[1]), subject[1], flags=re.DOTALL).decode(
        "latin-1"
    )
