"""`immunode atlas NAME`: every intervention against control on every read-out, as a table and a heat map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from immunode.cli import output
from immunode.cli.run import number_or_text
from immunode.cli.settings import check_look
from immunode.errors import ImmunodeError, SolverError

if TYPE_CHECKING:
    from immunode.analysis.treatment.intervention_atlas import Atlas


def atlas(
    name: str,
    *,
    variant: str,
    measure: str,
    until: str,
    readouts: Sequence[str],
    options: Mapping[str, Any],
    style: str,
    out: Path | None,
    as_json: bool,
    command: str,
) -> int:
    """Compare, print the table and write files; return the exit code: 1 where a run failed, else 0.

    readouts : what to compare; without any, the model's own.   options : engine, method and rtol.
    command : what was typed, for the figures.
    """
    from immunode.analysis.treatment.intervention_atlas import atlas as compare

    check_look(options["rtol"], style)
    model = output.load(name, variant)
    output.prepare_folder(out)
    try:
        found = compare(model, None, readouts or None, number_or_text(until), measure, **options)
    except SolverError:
        raise
    except ImmunodeError as error:
        raise output.UsageError(str(error)) from error
    written = [] if out is None else _write(out, found, style, command)
    if as_json:
        rows = found.table().to_dict("records")
        output.print_json(
            {
                "model": model.name,
                "variant": model.variant_name,
                "measure": measure,
                "until": found.until,
                "rows": rows,
                "files": written,
            }
        )
    else:
        _print(found)
    output.say_written(written)
    return 1 if found.failures else 0


def _print(found: Atlas) -> None:
    screen = output.console()
    rows = [
        {"intervention": name, "kind": kind, **dict(zip(found.readouts, texts, strict=True))}
        for name, kind, texts in zip(found.labels, found.kinds, found.texts, strict=True)
    ]
    output.print_rows(screen, f"{found.model.label}, log2 fold change", rows)
    screen.print(f"against control: {found.measured}; +1: twice, -1: half")
    for name, reason in found.failures.items():
        screen.print(f"{name} failed: {reason}")


def _write(folder: Path, found: Atlas, style: str, command: str) -> list[Path]:
    """Write table and heat map; return their paths."""
    from immunode.plot import save
    from immunode.study.result.spreadsheets import csv_text

    table = output.write_text(folder / "atlas.csv", csv_text(found.table()))
    figure = found.plot(style=style)
    metadata = {"recipe": command}
    return [table, *(save(figure, folder / f"atlas.{ending}", metadata=metadata) for ending in ("png", "svg"))]
