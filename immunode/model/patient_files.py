"""Virtual patients listed in a file beside a model."""

from __future__ import annotations

import csv
from pathlib import Path

import immunode.models as packaged
from immunode.errors import ModelError, StoreError
from immunode.model.patients import PatientClass


def listed_patients(file: str, source: str = "") -> tuple[PatientClass, ...]:
    """Return the patients of a table as classes of equal share, for the `classes` of a model.

        classes=listed_patients("bedathuru2024_patients.csv", source="drawn and selected by us")

    For patients whose parameters depend on each other in a way that no distribution tells, such as those accepted out
    of many draws.

    Parameters
    ----------
    file : str
        a CSV file: the name of one beside the package's models, or the path of your own. The first line names the
        columns: `patient`, then parameters, and initial values as `E(0)`; a line for each patient, numbers in the units
        of the parameters and states.
    source : str
        where they come from.

    Raises
    ------
    StoreError
        there is no such file, or it can't be read.
    ModelError
        fewer than two patients, a name twice, a line that is too short or too long, or a cell that is no number.
    """
    path = _found(file)
    try:
        with path.open(newline="", encoding="utf-8") as text:
            header, *rows = [row for row in csv.reader(text) if row]
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: it can't be read as a table of patients ({error})") from None
    if header[0] != "patient" or len(set(header)) < len(header):
        raise ModelError(f"{file}: the first line must be 'patient' and the names of parameters, none of them twice")
    if len(rows) < 2 or len({row[0] for row in rows}) < len(rows):
        raise ModelError(f"{file}: it needs two patients or more, each with a name of its own")
    return tuple(PatientClass(row[0], 1 / len(rows), _values(file, header, row), source=source) for row in rows)


def _values(file: str, header: list[str], row: list[str]) -> tuple[tuple[str, float], ...]:
    if len(row) != len(header):
        raise ModelError(f"{file}: patient '{row[0]}' has {len(row) - 1} values for {len(header) - 1} parameters")
    try:
        return tuple((name, float(cell)) for name, cell in zip(header[1:], row[1:], strict=True))
    except ValueError as error:
        raise ModelError(f"{file}: patient '{row[0]}': {error}") from None


def _found(file: str) -> Path:
    """Return the path of a file beside the package's models, else the path that was given."""
    if Path(file).name == file:
        for folder in packaged.__path__:
            for path in sorted(Path(folder).glob(f"*/{file}")):
                return path
    return Path(file)
