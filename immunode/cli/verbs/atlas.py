"""Run every intervention against control: log2 fold changes of the read-outs; with -o heat map and table.

Without --arm all that the model declares is compared.
"""

from __future__ import annotations

from typing import Annotated

import typer

from immunode.cli import completion, options, output
from immunode.cli.words import MEASURES
from immunode.errors import did_you_mean


def command(
    context: typer.Context,
    name: options.Name,
    arm: options.Arm = None,
    until: options.Until = "",
    set_: options.Set = None,
    variant: options.Variant = "",
    show: options.Show = None,
    measure: Annotated[
        str,
        typer.Option(
            "--measure",
            help="What is compared: mean (over time), final or peak.",
            autocompletion=completion.measures,
        ),
    ] = "mean",
    engine: options.Engine = "auto",
    method: options.Method = "auto",
    rtol: options.Rtol = 1e-6,
    style: options.Style = "slide",
    out: options.Folder = None,
    as_json: options.Json = False,
) -> int:
    """Return the exit code: 1 where a run failed, else 0."""
    # SciPy is loaded here, so that help and completion answer at once
    from immunode.cli.studies import files, folds, request

    if measure not in MEASURES:
        raise output.UsageError(f"--measure {measure}: no such measure{did_you_mean(measure, MEASURES)}")
    asked = request.read_request(
        name,
        variant=variant,
        arms=arm,
        settings=set_,
        quantities=show,
        until=until,
        style=style,
        default=request.every_arm,
        lenient=True,
    )
    computing = request.read_engine(engine, method, rtol)
    model = asked.set_model()
    output.prepare_folder(out)
    with files.unfinished(out, (), options.typed(context)):
        atlas = folds.compare(asked, model, arm or (), measure, computing)
        written = [] if out is None else folds.write_folds(out, atlas, style, options.typed(context))
    if as_json:
        rows = atlas.table().to_dict("records")
        facts = {"measure": measure, "until": atlas.until, "rows": rows, "files": written}
        output.print_json({**asked.head, **facts})
    else:
        folds.print_folds(atlas)
    output.say_written(written)
    return 1 if atlas.failures else 0
