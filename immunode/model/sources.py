"""Records that share a source, and parameters that stand in a table, without writing the same words again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from immunode.errors import ModelError
from immunode.model.records import Parameter

R = TypeVar("R")


def sourced(source: str, *records: R, evidence: str = "") -> tuple[R, ...]:
    """Return records with the source that they share, to unpack into a model.

    A record that names a source of its own keeps it, and so does one with an evidence of its own.

        parameters=[*sourced("Table 1", Parameter("s", 1.3e4, "cell/day"), Parameter("d", 0.04, "1/day"))]

    Parameters
    ----------
    evidence : str
        as for `Parameter`, of every record that has one.
    """
    return tuple(_with(record, source, evidence) for record in records)


def _with(record: R, source: str, evidence: str) -> R:
    if isinstance(record, str) or not hasattr(record, "source"):
        raise ModelError(f"sourced({source!r:.40}, ...): {record!r:.60} is no record that has a source")
    given: Any = record
    known = {spec.name for spec in fields(given)}
    added: dict[str, str] = {} if given.source else {"source": source}
    if evidence and "evidence" in known and not given.evidence:
        added["evidence"] = evidence
    copy: R = replace(given, **added)
    return copy


def parameter_table(
    columns: Mapping[str, str], *rows: Sequence[Any], source: str, evidence: str = ""
) -> tuple[Parameter, ...]:
    """Return the parameters of a table as it stands in a paper, one column a gene, cell or cytokine.

        *parameter_table({"per": "Per", "cry": "Cry"}, ("dm", "1/hour", "mRNA loss", 0.106, 0.506), source="Table 1")

    is `dm_per`, "Per: mRNA loss", and `dm_cry`, "Cry: mRNA loss".

    Parameters
    ----------
    columns : Mapping[str, str]
        end of the names -> its words.
    rows : Sequence[Any]
        start of the names (or "ka_{}_cb", with a place for the column), unit, meaning, then a value for each column,
        None where there is none.
    source, evidence : str
        of all.

    Raises
    ------
    ModelError
        a row has more or fewer values than there are columns.
    """
    parameters = []
    for start, unit, meaning, *values in rows:
        if len(values) != len(columns):
            raise ModelError(f"parameter_table, row '{start}': {len(values)} values for {len(columns)} columns")
        for (end, words), value in zip(columns.items(), values, strict=True):
            if value is not None:
                name = start.replace("{}", end) if "{}" in start else f"{start}_{end}"
                parameters.append(Parameter(name, value, unit, f"{words}: {meaning}", source, evidence))
    return tuple(parameters)
