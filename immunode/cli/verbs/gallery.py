"""Draw every kind of figure that fits a model, with a page that shows them and their scripts.

Without --arm it shows control, what the model's story compares, and further interventions up to four, in the variant
that the story is told with. Figures of many runs show the patients that the model or its arms declare; where none are
declared, or with --runs, parameter sets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from immunode.cli import completion, options, output
from immunode.cli.words import PICTURES
from immunode.errors import did_you_mean


def command(
    name: options.Name,
    arm: options.Arm = None,
    until: options.Until = "",
    set_: options.Set = None,
    variant: options.Variant = "",
    show: options.Show = None,
    log: options.Log = False,
    no_log: options.NoLog = False,
    no_data: options.NoData = False,
    patients: options.Patients = None,
    runs: options.Runs = None,
    seed: options.Seed = 1,
    style: options.Style = "slide",
    to: Annotated[
        str, typer.Option("--to", help="Format of the figures: png, svg or pdf.", autocompletion=completion.pictures)
    ] = "png",
    out: options.Folder = None,
    as_json: options.Json = False,
) -> int:
    """Return the exit code: 1 where a figure failed, 130 where it was interrupted, else 0."""
    # SciPy and matplotlib are loaded here, so that help and completion answer at once
    from immunode.cli.figures import page, pictures

    if to not in PICTURES:
        raise output.UsageError(f"--to {to}: figures are png, svg or pdf{did_you_mean(to, PICTURES)}")
    subject = pictures.read_subject(
        name,
        variant=variant,
        arms=arm,
        settings=set_,
        quantities=show,
        until=until,
        style=style,
        log=options.logarithmic(log, no_log),
        data=not no_data,
        patients=patients,
        runs=runs,
        seed=seed,
    )
    model = subject.model
    folder = out or Path(f"{output.file_name(model.name)}_gallery")
    output.prepare_folder(folder)
    plates: list[page.Plate] = []
    try:
        failed = pictures.draw_all(subject, folder, to, plates)
    except KeyboardInterrupt:
        page.write_gallery_page(folder, model.label, plates)
        output.remark(f"interrupted; {sum(bool(p.file) for p in plates)} figures are in {folder}")
        return 130
    index = page.write_gallery_page(folder, model.label, plates)
    if as_json:
        rows = [{"kind": p.kind, "file": p.file, "reason": p.reason} for p in plates]
        facts = {"model": model.name, "variant": model.variant_name, "arms": subject.arms}
        output.print_json({**facts, "figures": rows, "page": index})
    for plate in plates:
        if plate.reason and not as_json:
            output.notes().print(f"no {plate.kind}: {plate.reason}")
    output.say_written([index])
    return int(failed)
