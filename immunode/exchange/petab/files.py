"""The files of a PEtab problem: read inside its folder only, tables as text."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from immunode.errors import StoreError, StudyError, did_you_mean

LARGEST = 50_000_000  # bytes
Row = Mapping[str, str]


def check_keys(path: Path, given: Mapping[str, object], known: Iterable[str]) -> None:
    """Refuse keys of the YAML file that mean nothing there, such as a misspelt list of tables.

    Raises
    ------
    StudyError : there is one; the message names it.
    """
    for key in given:
        if key not in known:
            raise StudyError(f"{path}: unknown key '{key!s:.60}'{did_you_mean(str(key), known)}")


def inside(path: Path, name: object) -> Path:
    """Return a file in the folder of the problem, or below it."""
    if not isinstance(name, str) or not name:
        raise StudyError(f"{path}: a file name is missing")
    found = path.parent / name
    if "://" in name or not found.resolve().is_relative_to(path.parent.resolve()):
        raise StoreError(f"{path}: the file {name[:80]!r} lies outside the folder of the problem, and is not read")
    return found


def content(path: Path) -> bytes:
    """Return the bytes of a file of bounded size."""
    try:
        if path.stat().st_size > LARGEST:
            raise StoreError(f"'{path}' is larger than {LARGEST // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"'{path}' can't be read: {error.strerror}") from None


def rows(path: Path, listed: object, needed: Iterable[str], foreign: Collection[str] = ()) -> list[Row]:
    """Return the rows of the tables of one kind, each a mapping of column to text without blanks at its ends.

    listed : a file name or several.   needed : columns that each table must have.   foreign : columns that mean
    something in the other version of the format, so that they are refused and not passed over.
    """
    import pandas as pd

    found: list[Row] = []
    for name in [listed] if isinstance(listed, str) else _sequence(path, listed):
        file = inside(path, name)
        try:
            frame = pd.read_csv(io.BytesIO(content(file)), sep="\t", dtype=str, keep_default_na=False)
        except (ValueError, UnicodeDecodeError) as error:
            raise StoreError(f"{file}: this is no table: {' '.join(str(error).split())[:160]}") from None
        frame = frame.rename(columns=lambda column: str(column).strip())
        for column in needed:
            if column not in frame.columns:
                raise StudyError(f"{file}: the column '{column}' is missing{did_you_mean(column, frame.columns)}")
        for column in frame.columns:
            if column in foreign:
                raise StudyError(f"{file}: the column '{column}' belongs to another version of PEtab, and says nothing")
        # pandas calls the second column of a name `name.1`
        header = content(file).decode("utf-8-sig").partition("\n")[0].rstrip("\r").split("\t")
        once((name.strip() for name in header), f"{file}: the column")
        found += [{c: str(v).strip() for c, v in row.items()} for row in frame.fillna("").to_dict("records")]  # type: ignore[misc]
    return found


def _sequence(path: Path, listed: object) -> list[object]:
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise StudyError(f"{path}: a list of files was expected, got {listed!r:.80}")
    return listed


def sbml_file(path: Path, files: object, language: str = "sbml") -> Path:
    """Return the one SBML file of a problem. files : id -> location and language, or names of files."""
    listed = list(files.values()) if isinstance(files, Mapping) else _sequence(path, files)
    if len(listed) != 1:
        raise StudyError(f"{path}: one model is needed, but {len(listed)} are named")
    only = listed[0]
    if isinstance(only, Mapping):
        language, only = str(only.get("language")), only.get("location")
    if language != "sbml":
        raise StudyError(f"{path}: the model is written in {language!r:.40}; SBML is read here")
    found = inside(path, only)
    content(found)
    return found


def numeric(text: str, who: str, *, infinite: bool = False) -> float:
    """Return a number of a table.

    Raises
    ------
    StudyError : it is none, or not finite where it must be.
    """
    try:
        value = float(text)
    except ValueError:
        raise StudyError(f"{who}: a number was expected, got {text!r:.60}") from None
    if value != value or (not infinite and value in (float("inf"), float("-inf"))):
        raise StudyError(f"{who}: a finite number was expected, got {text!r:.60}")
    return value


def several(text: str) -> tuple[str, ...]:
    """Return what stands between semicolons."""
    return tuple(part.strip() for part in text.split(";")) if text.strip() else ()


def once(found: Iterable[str], who: str) -> None:
    """Check that no id comes twice."""
    seen: set[str] = set()
    for name in found:
        if name in seen:
            raise StudyError(f"{who} '{name}' is there twice")
        seen.add(name)
