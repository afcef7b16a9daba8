"""Tables in text files: columns apart by commas, semicolons or tabs, numbers with a point or a decimal comma."""

from __future__ import annotations

import csv
import os
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from immunode.errors import StoreError, StudyError, quoted

if TYPE_CHECKING:
    from pandas import DataFrame

_SEPARATORS = ",;\t"
_LOOKED_AT = 2_000
"""Lines in which decimal commas are looked for."""
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")


def is_path(given: object) -> bool:
    """Return whether a path is given rather than a table."""
    return isinstance(given, str | os.PathLike)


def read_table_file(path: str | os.PathLike[str]) -> DataFrame:
    """Return the table in a text file; its first line names the columns.

    Commas, semicolons or tabs part the columns, whichever the first line has most of; a line `sep=;` before it says
    so too. Where commas don't part columns they may stand in numbers, `0,5`, if no number has a point.

    Raises
    ------
    StudyError : a column is there twice, has no name, or a line has more fields than the first.
    StoreError : the file can't be read.
    """
    import pandas as pd

    source = os.fspath(path)
    try:
        with open(source, newline="", encoding="utf-8-sig") as file:
            lines = [line for line, _ in zip(file, range(_LOOKED_AT), strict=False)]
    except (OSError, ValueError) as error:  # a ValueError: a null byte in the path, or no UTF-8
        raise StoreError(f"{source}: it can't be read as CSV ({error})") from None
    said = re.fullmatch(r"sep=(.)\s*", lines[0]) if lines else None
    skipped = 1 if said else 0
    first = lines[skipped] if len(lines) > skipped else ""
    separator = said[1] if said else max(_SEPARATORS, key=first.count)
    _check_header(source, next(csv.reader([first], delimiter=separator), []))
    decimal = _decimal(lines[skipped + 1 :], separator)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # with index_col=False, fields without a column are an error and not an index
            table = pd.read_csv(
                source, sep=separator, decimal=decimal, skiprows=skipped, encoding="utf-8-sig",
                skipinitialspace=True, index_col=False,
            )  # fmt: skip
    except (OSError, ValueError, pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise _unreadable(source, lines[skipped:], separator, error) from None
    return table.map(_with_point) if decimal == "," else table


def _check_header(source: str, header: Sequence[str]) -> None:
    twice = [name for name in header if header.count(name) > 1]
    # pandas would rename a repeated column without a word
    if twice and twice[0].strip():
        raise StudyError(f"{source}: the column '{twice[0]}' is there twice")
    if not any(name.strip() for name in header):
        raise StudyError(f"{source}: the first line must name the columns")


def _decimal(lines: Sequence[str], separator: str) -> str:
    """Return the sign before the decimals: a comma where fields such as `0,5` are there and none such as `0.5`."""
    if separator == ",":
        return "."
    fields = [field.strip() for row in csv.reader(lines, delimiter=separator) for field in row]
    commas = any(_DECIMAL_COMMA.fullmatch(field) for field in fields)
    return (
        "," if commas and not any(re.fullmatch(r"[-+]?\d*\.\d+(?:[eE][-+]?\d+)?", field) for field in fields) else "."
    )


def _unreadable(source: str, lines: Sequence[str], separator: str, error: Any) -> StudyError | StoreError:
    """Return the error for a file that pandas refuses: a line with too many fields is named."""
    rows = list(csv.reader(lines, delimiter=separator))
    for number, row in enumerate(rows[1:], 2):
        if len(row) > len(rows[0]):
            comma = separator == "," and any(row)
            hint = "; with decimal commas, columns are parted by semicolons" if comma else ""
            found = f"line {number} has {len(row)} fields, the first line names {len(rows[0])} columns"
            return StudyError(f"{source}: {found}{hint}")
    return StoreError(f"{source}: it can't be read as CSV ({error})")


def _with_point(cell: Any) -> Any:
    """Return a cell with a point for its decimal comma: a column with one text in it is left as it was written."""
    return cell.replace(",", ".") if isinstance(cell, str) and _DECIMAL_COMMA.fullmatch(cell.strip()) else cell


def number_hint(value: object) -> str:
    """Return what to say about a text that is no number: "" or a hint on its decimal comma."""
    if isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value.strip()):
        return f"; write the decimal comma of {quoted(value)} as a point"
    return ""
