"""Labels of rows: identifiers of patients and other words that travel with a design and mean nothing to a model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.model.table_file import read_number

RowLabels = Mapping[str, NDArray[Any]]
"""Name -> shape (n_rows,): whole numbers, or text ("" where a row has none)."""
IDENTIFIERS = frozenset({"id", "patient", "patient_id", "patientid", "subject", "subject_id", "subjid", "usubjid"})
"""Columns that say whose a row is, in small letters; they are labels also where they hold numbers."""

_WHOLE = re.compile(r"0|-?[1-9]\d*", re.ASCII)


def names_patients(name: str) -> bool:
    """Return whether a column of this name says whose a row is."""
    return name.casefold() in IDENTIFIERS


def is_text(values: NDArray[Any]) -> bool:
    """Return whether a column holds text or dates and no number: it labels rows."""
    if values.dtype.kind in "MU":
        return True
    if values.dtype.kind not in "OT":
        return False
    given = [v for v in values.tolist() if not (is_missing(v) or (isinstance(v, str) and not v.strip()))]
    return bool(given) and all(isinstance(v, str) and not _reads_as_number(v) for v in given)


def as_label(values: NDArray[Any], *, from_file: bool = False) -> NDArray[Any]:
    """Return a column as labels: whole numbers as whole numbers, all else as text, as it is.

    from_file : texts are whole numbers where all are written as Python writes those: `7`, neither `007` nor `7.0`.
    """
    cells = values.tolist()
    given = [v for v in cells if not is_missing(v)]
    # a whole number beside a gap has become a float
    if given and all(isinstance(v, float) and v.is_integer() and abs(v) < 2.0**53 for v in given):
        cells = [v if is_missing(v) else int(v) for v in cells]
    texts = ["" if is_missing(v) else str(v).strip() for v in cells]
    number = all(isinstance(v, int | np.integer) and not isinstance(v, bool) for v in cells)
    if texts and (number or (from_file and all(_WHOLE.fullmatch(text) for text in texts))) and _fits(texts):
        return np.array([int(text) for text in texts], np.int64)
    return _frozen_text(texts)


def taken(labels: RowLabels, rows: Any) -> dict[str, NDArray[Any]]:
    """Return the labels of some rows."""
    return {name: column[rows] for name, column in labels.items()}


def appended(parts: Sequence[tuple[RowLabels, int]]) -> dict[str, NDArray[Any]]:
    """Return the labels of designs one after the other. parts : labels and number of rows of each."""
    names = dict.fromkeys(name for labels, _ in parts for name in labels)
    made: dict[str, NDArray[Any]] = {}
    for name in names:
        columns = [labels.get(name, _frozen_text([""] * n)) for labels, n in parts]
        if all(c.dtype.kind == "i" for c in columns):
            made[name] = np.concatenate(columns)
        else:
            made[name] = _frozen_text([str(v) for c in columns for v in c.tolist()])
    return made


def shared_draws(labels: RowLabels, arm: NDArray[np.intp]) -> NDArray[np.intp] | None:
    """Return the patient of each row, numbered as they appear; None where no label tells, or an arm has one twice."""
    name = next((n for n in labels if names_patients(n)), None)
    if name is None:
        return None
    _, first, place = np.unique(labels[name].astype(str), return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    draws = rank[place.ravel()]
    twice = len(np.unique(np.stack([draws, arm], axis=1), axis=0)) < len(draws)
    return None if twice else draws


def of_draws(labels: RowLabels, draws: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    """Return the labels of each draw, in their order: those of its first row. draws : draw of each row."""
    return taken(labels, np.unique(draws, return_index=True)[1])


def _fits(texts: Sequence[str]) -> bool:
    """Return whether all whole numbers fit into 64 bits."""
    return all(-(2**63) <= int(text) < 2**63 for text in texts)


def is_missing(value: object) -> bool:
    """Return whether a cell of a table is empty: None, NaN, or the NA and NaT of pandas."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value


def _frozen_text(texts: Sequence[str]) -> NDArray[Any]:
    made = np.empty(len(texts), object)
    made[:] = texts
    return made


def _reads_as_number(text: str) -> bool:
    try:
        read_number(text.strip().replace(",", ".", 1))
    except ValueError:
        return False
    return True
