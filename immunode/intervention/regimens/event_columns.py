"""Columns of event tables in the form of NONMEM: which are known, which are refused, and their cells as numbers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from immunode.errors import DoseError, quoted
from immunode.model.table_file import number_hint, read_cells, typed

if TYPE_CHECKING:
    from pandas import DataFrame

NUMBERS = ("TIME", "AMT", "II", "ADDL", "RATE", "DUR", "EVID", "SS", "LAG", "F")
DATES = ("DATE", "DAT1", "DAT2", "DAT3")


def read_columns(path: str | os.PathLike[str]) -> DataFrame:
    """Return the table of a file; patients are texts where as numbers two of them would be one."""
    cells = read_cells(path)
    frame = typed(cells)
    for name in cells.columns:
        if name.upper() == "ID" and cells[name].nunique() > frame[name].nunique():
            frame[name] = cells[name]
    return frame


def numeric(frame: DataFrame, id: Any) -> DataFrame:
    """Return the doses of one patient as numbers, in order of time.

    Raises
    ------
    DoseError : a column is missing, there twice or of dates, several patients and no choice, or no number in a cell.
    """
    from pandas import DataFrame

    given: object = frame
    if not isinstance(given, DataFrame):
        raise DoseError(f"event table: a pandas DataFrame is needed, got {type(given).__name__}")
    out = _as_numbers(_of_patient(_without_comments(_checked(frame)), id))
    if "EVID" in out:
        wrong = out.loc[~out["EVID"].fillna(0).isin([0, 1, 2]), "EVID"]
        if len(wrong):
            raise DoseError(f"event table: EVID {wrong.iloc[0]:g} (a reset) has no meaning for a regimen")
        out = out[out["EVID"] == 1]
    else:
        doses = out["AMT"].fillna(0) != 0
        for name in ("SS", "RATE"):
            doses |= out[name].fillna(0) != 0 if name in out else False
        out = out[doses]
    return out.sort_values("TIME", kind="stable")


def _checked(frame: DataFrame) -> DataFrame:
    """Return a table with capitals for names of columns, without one that is twice, missing or can't be read."""
    upper = [str(c).upper() for c in frame.columns]
    twice = [name for name in upper if upper.count(name) > 1]
    if twice:
        raise DoseError(f"event table: the column {twice[0]} is there twice (small letters count as capitals)")
    dates = [str(c) for c in frame.columns if str(c).upper() in DATES]
    if dates:
        raise DoseError(
            f"event table: dates, as in the column {dates[0]}, are not read; write the time since the start into TIME "
            f"and leave {dates[0]} out"
        )
    missing = [name for name in ("TIME", "AMT") if name not in upper]
    if missing:
        present = ", ".join(map(str, frame.columns))
        raise DoseError(f"event table: the column {' and '.join(missing)} is missing; it has {present}")
    return frame.set_axis(upper, axis="columns")


def _of_patient(table: DataFrame, id: Any) -> DataFrame:
    if "ID" not in table:
        return table
    patients = table["ID"].unique().tolist()
    if id is None and len(patients) > 1:
        raise DoseError(f"event table: it holds {len(patients)} patients; choose one, such as id={patients[0]!r}")
    if id is not None and id not in patients:
        raise DoseError(f"event table: there is no patient {id!r} in ID")
    return table[table["ID"] == id] if id is not None else table


def _as_numbers(table: DataFrame) -> DataFrame:
    from pandas import to_numeric

    kept = [name for name in (*NUMBERS, "CMT") if name in table]
    out = table[kept].copy()
    for name in kept:
        cells = out[name].map(lambda c: float("nan") if isinstance(c, str) and c.strip() in (".", "") else c)
        out[name] = to_numeric(cells, errors="coerce")
        texts = cells[out[name].isna() & cells.notna()].tolist()
        if texts or out[name].abs().eq(float("inf")).any():
            content = f"{quoted(texts[0])}, which is no number{number_hint(texts[0])}" if texts else "infinity"
            raise DoseError(f"event table: column {name} holds {content}")
    return out


def _without_comments(table: DataFrame) -> DataFrame:
    """Return a table without the rows that its column C marks as comments.

    Raises
    ------
    DoseError : a mark is neither C, nor empty.
    """
    if "C" not in table:
        return table
    marks = table["C"].fillna("").astype(str).str.strip()
    odd = marks[~marks.isin(["C", "c", "", ".", "0", "0.0"])].tolist()
    if odd:
        raise DoseError(
            f"event table: the column C holds {quoted(odd[0])}; a C there marks a comment, a . a row that counts"
        )
    return table[~marks.isin(["C", "c"])]
