"""Designs from tables that people have: a DataFrame, a mapping of columns, a CSV file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.model.table_file import read_cells, typed
from immunode.study.design.design import Design, as_numbers, refuse_unshown
from immunode.study.design.row_labels import as_label, is_missing, is_text, names_patients, shared_draws

if TYPE_CHECKING:
    import pandas as pd


def from_table(
    table: pd.DataFrame | pd.Series[Any] | Mapping[str, ArrayLike] | str | os.PathLike[str],
    *,
    labels: str | Sequence[str] | None = None,
    decimal: str | None = None,
) -> Design:
    """Return the rows of a table: a DataFrame, a mapping of columns, or the path of a CSV file with a header.

    A text column `arm` says which arm a row belongs to (`sweep(..., arms=...)` then says what the arms are).
    An empty cell is NaN, and its run is refused.

    Parameters
    ----------
    labels : str | Sequence[str] | None
        columns that only label rows, as they are written; results show them. By default those that hold text and no
        number, and those that name patients (`id`, `patient`, `subject`, ...). Rows of one patient in several arms are
        one draw.
    decimal : str | None
        "." or ",", the sign before decimals in a file; by default the numbers tell.

    Raises
    ------
    StudyError
        no rows, a column twice or unnamed, text where a number belongs, a label that is no column, a column of models
        or variants, a row without an arm, or `13.000` in a file that does not tell its decimal sign.
    StoreError
        the file can't be read.
    """
    wanted = None if labels is None else [labels] if isinstance(labels, str) else [str(name) for name in labels]
    source, written, frame = _frames(table, wanted or (), decimal)
    names = [str(n) for n in frame.columns]
    if len(set(names)) < len(names):
        raise StudyError(f"{source}: the column '{next(n for n in names if names.count(n) > 1)}' is there twice")
    if not len(frame):
        raise StudyError(f"{source}: it has no rows, so there is nothing to run")
    columns = {name: frame.iloc[:, i].to_numpy() for i, name in enumerate(names) if name != "arm"}
    label = _labels(source, columns, wanted)
    kept = [name for name in columns if name not in label]
    values = np.empty((len(frame), len(kept)))
    for j, name in enumerate(kept):
        values[:, j] = as_numbers(source, name, columns[name])
    file = written is not frame
    # as objects, since whole numbers beside a gap would become floats
    cells = {name: written.iloc[:, names.index(name)].to_numpy(dtype=object) for name in label}
    row_labels = {name: as_label(column, from_file=file) for name, column in cells.items()}
    for name, column in row_labels.items():
        for text in dict.fromkeys(column.tolist() if column.dtype.kind == "O" else ()):
            refuse_unshown(source, name, text, lines=True)
    made = Design(tuple(kept), values, f"{len(frame)} rows of {source}", row_labels=row_labels)
    if "arm" not in names:
        return made
    texts = ["" if is_missing(v) else str(v).strip() for v in written.iloc[:, names.index("arm")].tolist()]
    if "" in texts:
        raise StudyError(f"{source}: column 'arm', row {texts.index('')}: the cell is empty; name an arm in every row")
    arms = tuple(dict.fromkeys(texts))
    arm = np.array([arms.index(v) for v in texts], np.intp)
    draw = shared_draws(row_labels, arm)
    return replace(made, labels=arms, arm=arm, draw=made.draw if draw is None else draw)


def _frames(table: Any, wanted: Sequence[str], decimal: str | None) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Return what a table is called, the table as it is written, and with its numbers as numbers."""
    import pandas as pd

    if isinstance(table, str | os.PathLike):

        def is_label(name: str) -> bool:
            return name == "arm" or names_patients(name) or name in wanted

        source = os.fspath(table)
        cells = read_cells(source, decimal, is_label)
        return source, cells, typed(cells, is_label)
    if decimal is not None:
        raise StudyError("a table: decimal is for files; the numbers of this table are numbers already")
    if isinstance(table, pd.Series):
        if table.name is None:
            raise StudyError("a table: this Series has no name, which its column needs; use series.rename('k')")
        table = table.to_frame()
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(_equal_columns(table))
    return "a table", frame, frame


def _labels(source: str, columns: Mapping[str, NDArray[Any]], wanted: Sequence[str] | None) -> list[str]:
    """Return the columns of a table that label its rows."""
    if wanted is None:
        for name, column in columns.items():
            if name.casefold() in ("variant", "model") and is_text(column):
                raise StudyError(
                    f"{source}: a design has no column '{name}': sweep each {name.casefold()} on its own, from "
                    f"load_model(name, variant=...); labels={name!r} only shows it beside the rows"
                )
        return [name for name, column in columns.items() if names_patients(name) or is_text(column)]
    for name in wanted:
        if name not in columns:
            raise StudyError(f"{source}: there is no column '{name}' for labels{did_you_mean(name, columns)}")
    return list(dict.fromkeys(wanted))


def _equal_columns(given: Mapping[str, ArrayLike]) -> dict[str, NDArray[Any]]:
    columns = {str(name): np.asarray(values).ravel() for name, values in given.items()}
    for name, column in columns.items():
        if not column.size:
            raise StudyError(f"design: the column '{name}' is empty")
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise StudyError("design: columns of a table need equal lengths, got " + ", ".join(map(str, sorted(lengths))))
    return columns
