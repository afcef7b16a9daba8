"""Write one model, with the interventions of an arm, for other tools: SBML, Antimony, a sheet, an archive, a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from immunode.cli import completion, options, output
from immunode.cli.words import FORMATS
from immunode.errors import did_you_mean


def command(
    name: options.Name,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="sbml, antimony, json, latex, markdown, omex, petab, html; "
            "or a script: matlab, rxode2, mrgsolve, nonmem, julia.",
            autocompletion=completion.formats,
        ),
    ],
    arm: options.Arm = None,
    set_: options.Set = None,
    variant: options.Variant = "",
    data: Annotated[
        Path | None,
        typer.Option("--data", help="For petab: a CSV file of measurements with arm, observable, time, value and sd."),
    ] = None,
    out: options.File = None,
    as_json: options.Json = False,
) -> None:
    """Write the file, or for petab the folder, and tell its name."""
    # SciPy is loaded here, so that help and completion answer at once
    from immunode.cli.studies import request, targets

    if to not in FORMATS:
        raise output.UsageError(f"--to {to}: no such format{did_you_mean(to, list(FORMATS))}")
    if data is not None and to != "petab":
        raise output.UsageError(f"--data goes with --to petab; {to} holds no measurements")
    target = targets.TARGETS[to]
    asked = request.read_request(name, variant=variant, arms=arm, settings=set_)
    named = list(asked.arms) if arm else []
    if len(named) > 1 and to not in targets.SEVERAL:
        raise output.UsageError(f"--to {to} holds one arm; give one --arm (join interventions with +), or --to omex")
    chosen = next(iter(asked.arms.values()))
    if to in targets.SEVERAL:
        model = asked.set_model()
    else:
        model = asked.model
        chosen = chosen.with_values(asked.values).with_initial(asked.initial)
    own = output.file_name(model.name)
    path = out or Path(f"{own}{target.ending}" if target.ending else f"{own}_{to}")
    if target.ending and path.is_dir():
        path = path / f"{own}{target.ending}"
    written = target.write(targets.Job(model, chosen, named, data), path)
    if as_json:
        output.print_json({**asked.head, "format": to, "arms": named, "files": [written]})
    else:
        output.say_written([written])
