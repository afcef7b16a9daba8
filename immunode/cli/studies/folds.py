"""Fold changes by every intervention: the atlas of a model, its table and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from immunode.analysis.treatment.intervention_atlas import Atlas, atlas
from immunode.cli import output
from immunode.cli.studies.files import picture_files, text_file
from immunode.cli.studies.request import Request, arm_names
from immunode.errors import ImmunodeError, SolverError
from immunode.model import Model
from immunode.study.result.spreadsheets import csv_text


def compare(request: Request, model: Model, arms: Sequence[str], measure: str, engine: Mapping[str, Any]) -> Atlas:
    """Return the atlas of what was asked for.

    model : with its settings.   arms : as typed; none for all that the model declares.
    engine : engine, method and rtol.

    Raises
    ------
    SolverError : control fails.
    UsageError : what was asked for can't be compared.
    """
    named = arm_names(model, arms) or None
    try:
        return atlas(model, named, request.quantities or None, request.until, measure, **engine)
    except SolverError:
        raise
    except ImmunodeError as error:
        raise output.UsageError(str(error)) from error


def print_folds(comparison: Atlas) -> None:
    """Print log2 fold changes as a table, what they measure, and what failed."""
    screen = output.console()
    rows = [
        {"intervention": name, "kind": kind, **dict(zip(comparison.readouts, texts, strict=True))}
        for name, kind, texts in zip(comparison.labels, comparison.kinds, comparison.texts, strict=True)
    ]
    output.print_rows(screen, f"{comparison.model.label}, log2 fold change", rows)
    screen.print(f"against control: {comparison.measured}; +1: twice, -1: half")
    for name, reason in comparison.failures.items():
        screen.print(f"{name} failed: {reason}")


def write_folds(folder: Path, comparison: Atlas, style: str, command: str) -> list[Path]:
    """Write table and heat map; return their paths. command : what was typed."""
    table = text_file(folder / "atlas.csv", csv_text(comparison.table()))
    return [table, *picture_files(comparison.plot(style=style), folder, "atlas", command)]
