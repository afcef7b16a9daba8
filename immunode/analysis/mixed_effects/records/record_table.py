"""A table of records as columns: where it is read from, what its columns are called, and the numbers in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean, nearest, quoted

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
COLUMNS = (
    "ID", "TIME", "DV", "AMT", "RATE", "DUR", "II", "ADDL", "SS", "EVID", "MDV", "CMT", "DVID", "CENS", "LIMIT", "OCC",
)  # fmt: skip
"""Names of columns with a meaning of their own; case does not matter."""
MISSING = ["", ".", "NA", "na", "nan", "NaN", "<NA>", "None"]
_HINTS = {
    "TIME": "hours, days, ... since a start as a number, not a date or a clock",
    "DV": "'.' if nothing was measured, and below a limit of quantification the limit, with 1 in column CENS",
}


def table_of_records(table: Any) -> pd.DataFrame:
    """Return a table, from a file where a path is given."""
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        frame = table.reset_index(drop=True)
    elif isinstance(table, str | Path):
        frame = _read(Path(table))
    else:
        raise StudyError(f"individual_data: a DataFrame or the path of a file is needed, got {quoted(table)}")
    if frame.empty:
        raise StudyError("individual_data: the table has no rows")
    return frame


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        separator = next((s for s in (",", ";", "\t") if s in header), r"\s+")
        return pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise StudyError(f"individual_data: {path} can't be read: {error}") from None


def column_names(frame: pd.DataFrame, given: Mapping[str, str]) -> dict[str, str]:
    """Return the column of the table for each known name that it has."""
    twice = sorted({str(c) for c in frame.columns[frame.columns.duplicated()]})
    if twice:
        raise StudyError(f"individual_data: the table has more than one column {', '.join(twice)}; keep one")
    present = {str(c).upper(): str(c) for c in frame.columns}
    names = {name: present[name] for name in COLUMNS if name in present}
    for key, column in given.items():
        if key.upper() not in COLUMNS:
            raise StudyError(f"individual_data: columns: unknown name '{key}'{did_you_mean(key.upper(), COLUMNS)}")
        if column not in frame.columns:
            have = [str(c) for c in frame.columns]
            raise StudyError(f"individual_data: the table has no column '{column}'{did_you_mean(column, have)}")
        names[key.upper()] = column
    for name in ("ID", "TIME", "DV"):
        if name not in names:
            listed = ", ".join(str(c) for c in frame.columns)
            likely = likely_column(frame, names, name) or f"; name it with columns={{'{name}': ...}}"
            raise StudyError(f"individual_data: the table has no column {name} (it has {listed}){likely}")
    return names


def likely_column(frame: pd.DataFrame, names: Mapping[str, str], name: str) -> str:
    """Return a hint at the column that was likely meant by a known name that the table lacks; "" without any."""
    others = {str(c).upper(): str(c) for c in frame.columns if str(c) not in names.values()}
    meant = [others[c] for c in (*nearest(name, list(others)), *_SYNONYMS.get(name, ())) if c in others]
    return f"; is it '{meant[0]}'? then columns={{'{name}': '{meant[0]}'}}" if meant else ""


_SYNONYMS = {"AMT": ("DOSE", "AMOUNT"), "DV": ("CONC", "Y", "VALUE"), "TIME": ("HOUR", "DAY", "T"), "ID": ("SUBJECT",)}
"""What people call columns that the table may lack, in capitals."""


def numbers(frame: pd.DataFrame, column: str, name: str) -> Array:
    """Return a column as numbers, NaN where it is missing."""
    import pandas as pd

    text = frame[column]
    missing = text.isna() | text.astype(str).str.strip().isin(MISSING)
    values = pd.to_numeric(text.where(~missing), errors="coerce").to_numpy(dtype=float)
    bad = np.flatnonzero(np.isnan(values) & ~missing.to_numpy() | np.isinf(values))
    if bad.size:
        i = int(bad[0])
        hint = _HINTS.get(name, "'.' or an empty cell if there is none")
        raise StudyError(
            f"individual_data: row {i + 1}, column {column}: {quoted(text.iloc[i])} is not a number; write {hint}"
        )
    if name == "TIME" and missing.any():
        raise StudyError(f"individual_data: row {int(np.argmax(missing.to_numpy())) + 1}, column {column}: no time")
    return values


def covariate_columns(
    frame: pd.DataFrame, used: set[str], groups: list[list[int]]
) -> tuple[dict[str, Array], dict[str, Array], dict[str, int]]:
    """Return the columns of covariates: first value of each individual, all values of those that change, texts.

    For a column that changes within an individual, the values are (n_rows,); for one with texts, the row of the first.
    """
    import pandas as pd

    constant: dict[str, Array] = {}
    varying: dict[str, Array] = {}
    texts: dict[str, int] = {}
    for column in frame.columns:
        if str(column) in used:
            continue
        text = frame[column]
        missing = (text.isna() | text.astype(str).str.strip().isin(MISSING)).to_numpy()
        values = pd.to_numeric(text.where(~missing), errors="coerce").to_numpy(dtype=float)
        words = np.flatnonzero(np.isnan(values) & ~missing)
        if words.size:
            texts[str(column)] = int(words[0]) + 1
            continue
        mine = np.full(len(groups), np.nan)
        for k, rows in enumerate(groups):
            known = values[rows][~np.isnan(values[rows])]
            mine[k] = known[0] if known.size else np.nan
            if (known != mine[k]).any():
                varying[str(column)] = values
        constant[str(column)] = mine
    return constant, varying, texts
