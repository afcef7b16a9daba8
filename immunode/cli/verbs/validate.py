"""Set one model, or all, beside the trials that they declare: published and model values with intervals, and verdicts.

With -o it writes the table and a figure for each model. A miss is a finding, not a failure: the exit code is 0.
"""

from __future__ import annotations

from typing import Annotated

import typer

from immunode.cli import completion, options, output


def command(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            help="A model's name or alias, or a .py, .json, .xml (SBML), .ant or .omex file.",
            autocompletion=completion.models,
        ),
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="All models of the package.")] = False,
    trial: Annotated[
        list[str] | None,
        typer.Option("--trial", help="Only this trial; repeat for more.", autocompletion=completion.trials),
    ] = None,
    patients: options.Patients = None,
    seed: options.Seed = 0,
    style: options.Style = "slide",
    out: options.Folder = None,
    as_json: options.Json = False,
) -> int:
    """Return the exit code, 0: models that miss a number are told, not failed."""
    # SciPy is loaded here, so that help and completion answer at once
    from immunode.cli.studies import agreement, files

    asked = agreement.read_comparison(name, every, trial or [], patients, seed, style)
    output.prepare_folder(out)
    with files.unfinished(out, (), options.typed(context)):
        compared, unjudged = agreement.compare(asked)
        written = [] if out is None else agreement.write(out, compared, style, options.typed(context))
    if as_json:
        models = agreement.as_records(compared)
        output.print_json({"models": models, "not judged": unjudged, "without trials": asked.without, "files": written})
    else:
        agreement.print_all(compared, unjudged, asked)
    output.say_written(written)
    return 0
