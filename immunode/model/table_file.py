"""Tables in text files: columns apart by commas, semicolons or tabs, numbers with a point or a decimal comma."""

from __future__ import annotations

import csv
import os
import re
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from immunode.errors import StoreError, StudyError, quoted

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_SEPARATORS = ",;\t"
_LOOKED_AT = 2_000
"""Lines that are looked at for the header, and to name the wrong one."""
NOTHING = frozenset({"", "NA", "<NA>", "N/A", "n/a", "#N/A", "nan", "NaN", "-nan", "-NaN", "null", "NULL", "None"})
"""Cells of a column of numbers that hold none."""
_NUMBER = re.compile(r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?)", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"[-+]?\d+", re.ASCII)
_DECIMAL_POINT = re.compile(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")
_THREE_DIGITS = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")


def _no_column(name: str) -> bool:
    return False


def is_path(given: object) -> bool:
    """Return whether a path is given rather than a table."""
    return isinstance(given, str | os.PathLike)


def read_table_file(
    path: str | os.PathLike[str], decimal: str | None = None, texts: Callable[[str], bool] = _no_column
) -> DataFrame:
    """Return the table in a text file with its columns of numbers as numbers; its first line names the columns.

    Parameters, layout and errors as for `read_cells`.
    """
    return typed(read_cells(path, decimal, texts), texts)


def read_cells(
    path: str | os.PathLike[str], decimal: str | None = None, texts: Callable[[str], bool] = _no_column
) -> DataFrame:
    """Return the table in a text file, every cell the text that stands there; its first line names the columns.

    Commas, semicolons or tabs part the columns, whichever the first line has most of; a line `sep=;` before it says
    so too. Where commas don't part columns they may stand in numbers, `0,5`, if no number has a point; the cells of
    columns of such numbers then have a point. Columns without a name and without a cell are left out.

    decimal : "." or ",", the sign before decimals; None takes it from the numbers.
    texts : says of a column by its name whether it holds text, as it was written, even where that looks like numbers.

    Raises
    ------
    StudyError : a column is there twice, has no name, a line has more fields than the first, or the decimal sign can't
        be told from a thousands separator.
    StoreError : the file can't be read.
    """
    import pandas as pd

    if decimal not in (None, ".", ","):
        raise StudyError(f"decimal: '.' or ',' is the sign before decimals, got {decimal!r}")
    source = os.fspath(path)
    try:
        with open(source, newline="", encoding="utf-8-sig") as file:
            lines = [line for line, _ in zip(file, range(_LOOKED_AT), strict=False)]
    except (OSError, ValueError) as error:  # a ValueError: a null byte in the path, or no UTF-8
        raise _unreadable(source, [], ",", error) from None
    declared = re.fullmatch(r"sep=(.)\s*", lines[0]) if lines else None
    skipped = 1 if declared else 0
    first = lines[skipped] if len(lines) > skipped else ""
    separator = declared[1] if declared else max(_SEPARATORS, key=first.count)
    header = [name.strip() for name in next(csv.reader([first], delimiter=separator, skipinitialspace=True), [])]
    _check_header(source, header)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # with index_col=False, fields without a column are an error and not an index
            table = pd.read_csv(
                source, sep=separator, skiprows=skipped, encoding="utf-8-sig", skipinitialspace=True, index_col=False,
                header=0, names=[name or f"\0{i}" for i, name in enumerate(header, 1)],
                dtype=str, keep_default_na=False, na_filter=False,
            )  # fmt: skip
    except (OSError, ValueError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise _unreadable(source, lines[skipped:], separator, error) from None
    table = _named(source, table.fillna(""))
    numbers = [name for name in table.columns if not texts(name)]
    sign = decimal or _decimal(source, table[numbers], separator)
    return _with_points(table, numbers) if sign == "," else table


def typed(cells: DataFrame, texts: Callable[[str], bool] = _no_column) -> DataFrame:
    """Return a table of texts with each column of numbers as numbers; elsewhere empty cells and `NA` are NaN.

    Numbers are whole (int64) where all cells are written so and fit. texts : columns to leave as they are.
    """
    from pandas import DataFrame

    columns = {name: cells[name] if texts(name) else _typed_column(cells[name]) for name in cells.columns}
    return DataFrame(columns, index=cells.index, columns=cells.columns)


def _typed_column(column: Series[Any]) -> Any:
    import numpy as np
    import pandas as pd

    texts = [text.strip() for text in column.tolist()]
    given = [text for text in texts if text not in NOTHING]
    if not all(_NUMBER.fullmatch(text) for text in given):
        return pd.Series([np.nan if text in NOTHING else text for text in column], column.index, object)
    if given and len(given) == len(texts) and all(_WHOLE.fullmatch(text) for text in given):
        whole = [int(text) for text in texts]
        if all(-(2**63) <= number < 2**63 for number in whole):
            return pd.Series(whole, column.index, np.int64)
    # Python's own reading is the nearest number, that of pandas may be its neighbour
    return pd.Series([np.nan if text in NOTHING else float(text) for text in texts], column.index, float)


def _named(source: str, table: DataFrame) -> DataFrame:
    """Return a table without the empty columns that have no name, such as spreadsheets leave at the end of lines."""
    nameless = [name for name in table.columns if name.startswith("\0")]
    for name in nameless:
        if table[name].str.strip().ne("").any():
            raise StudyError(f"{source}: column {name[1:]} has no name; name it in the first line, or leave it out")
    return table.drop(columns=nameless)


def _check_header(source: str, header: Sequence[str]) -> None:
    twice = [name for name in header if header.count(name) > 1]
    # pandas would rename a repeated column without a word
    if twice and twice[0].strip():
        raise StudyError(f"{source}: the column '{twice[0]}' is there twice")
    if not any(name.strip() for name in header):
        raise StudyError(f"{source}: the first line must name the columns")


def _decimal(source: str, table: DataFrame, separator: str) -> str:
    """Return the sign before the decimals: a comma where cells such as `0,5` are there and none such as `0.5`.

    Raises
    ------
    StudyError : `13.000` or `13,000` may be thirteen or thirteen thousand, and no other number tells.
    """
    if separator == ",":
        return "."
    known: set[str] = set()
    doubtful: dict[str, tuple[str, str]] = {}
    for name in table.columns:
        # NONMEM and R write a lone point for an empty cell
        cells = [text for text in (cell.strip() for cell in table[name]) if text not in NOTHING | {"."}]
        signed = [cell for cell in cells if _DECIMAL_COMMA.fullmatch(cell) or _DECIMAL_POINT.fullmatch(cell)]
        sure = [cell for cell in signed if not _THREE_DIGITS.fullmatch(cell)]
        known |= {"," if "," in cell else "." for cell in sure}
        if signed and not sure and all(_NUMBER.fullmatch(cell.replace(",", ".", 1)) for cell in cells):
            doubtful.setdefault("," if "," in signed[0] else ".", (str(name), signed[0]))
    # between semicolons a comma is the decimal sign: they are used because of it
    usual = {","} if separator == ";" else {"."}
    for sign, (name, cell) in doubtful.items():
        if sign not in known | usual:
            whole, _, rest = re.split("([.,])", cell)
            raise StudyError(
                f"{source}: column '{name}' holds '{cell}', which may be {whole} or {whole}{rest}; write {whole}.0 or "
                f"{whole}{rest}, or read it by from_table(path, decimal='.') or decimal=','"
            )
    return "," if ("," in known or "," in doubtful) and "." not in known and "." not in doubtful else "."


def _unreadable(source: str, lines: Sequence[str], separator: str, error: Any) -> StudyError | StoreError:
    """Return the error for a file that pandas refuses: a line with too many fields is named."""
    if isinstance(error, UnicodeError):
        return StoreError(f"{source}: it can't be read as CSV, it is no UTF-8 text; save it as CSV in UTF-8")
    rows = list(csv.reader(lines, delimiter=separator))
    for number, row in enumerate(rows[1:], 2):
        if len(row) > len(rows[0]):
            comma = separator == "," and any(row)
            hint = "; with decimal commas, columns are parted by semicolons" if comma else ""
            counted = f"line {number} has {len(row)} fields, the first line names {len(rows[0])} columns"
            return StudyError(f"{source}: {counted}{hint}")
    return StoreError(f"{source}: it can't be read as CSV ({error})")


def _with_points(table: DataFrame, names: Sequence[str]) -> DataFrame:
    """Return a table with points for the decimal commas of some columns."""
    converted = table.copy()
    for name in names:
        cells = table[name].tolist()
        converted[name] = [cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell.strip()) else cell for cell in cells]
    return converted


def read_number(text: str) -> float:
    """Return the number that a cell holds. Raises ValueError: it is none; `1_000`, which Python reads, is none."""
    if "_" in text:
        raise ValueError(text)
    return float(text)


def number_hint(value: object) -> str:
    """Return what to say about a text that is no number: "" or a hint on its decimal comma."""
    if isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value.strip()):
        return f"; write the decimal comma of {quoted(value)} as a point"
    return ""
