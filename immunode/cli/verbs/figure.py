"""Draw one finished figure of a model; or tell how a figure was made, with --code as a script.

Without --arm, time courses tell the model's story; other kinds show control, what the story compares, and further
interventions up to four, in the variant that it is told with. Kinds of many runs show the patients that the model or
its arms declare; where none are declared, or with --runs, parameter sets.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from immunode.cli import completion, options, output
from immunode.cli.words import LOGARITHMIC, PICTURES, WITHOUT_ARMS

Source = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE",
        help="A model's name or file; or a figure (.png, .svg, .pdf) that immunode wrote.",
        autocompletion=completion.models_and_pictures,
    ),
]
Kind = Annotated[
    str,
    typer.Option(
        "--kind",
        help="courses, timeline, diagram, atlas, bands, tornado, why, phase, ...: as in `gallery`.",
        autocompletion=completion.kinds,
    ),
]
Code = Annotated[bool, typer.Option("--code", help="Print the script that makes the figure.")]


def command(
    name: Source,
    kind: Kind = "courses",
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
    code: Code = False,
    out: options.File = None,
) -> int:
    """Return the exit code: 1 where a figure holds no script, else 0."""
    if Path(name).suffix.lower().removeprefix(".") in PICTURES:
        return _print_origin(Path(name), code=code)
    # SciPy and matplotlib are loaded here, so that help and completion answer at once
    from immunode.cli.figures import kinds, pictures

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
        story=kind == "courses",
    )
    model = subject.model
    who = "_".join(filter(None, (model.name, model.variant_name)))
    path = out or Path(f"{output.file_name(who)}_{kind}.png")
    pictures.check_ending("-o", path)
    with output.usage():
        drawing = kinds.make_drawing(kind, subject)
    if arm and kind in WITHOUT_ARMS:
        hint = "; `immunode atlas` takes arms" if kind == "atlas" else ""
        raise output.UsageError(f"--arm: the kind '{kind}' has no arms{hint}")
    if log and kind not in LOGARITHMIC:
        raise output.UsageError(f"--log goes with the kinds {', '.join(LOGARITHMIC)}; '{kind}' chooses its own axes")
    if code:
        output.say_exactly(drawing.script(path.name))
    else:
        output.say_written([pictures.draw(drawing, path)])
    return 0


def _print_origin(path: Path, *, code: bool) -> int:
    """Print how a figure was made: its script, or all that it remembers."""
    from immunode.plot import read_metadata  # loads matplotlib

    remembered = read_metadata(path)
    if not code:
        facts = {key: _value(text) for key, text in remembered.items() if key != "script"}
        output.print_json({**facts, "script": "script" in remembered})
        return 0
    if "script" in remembered:
        output.say_exactly(remembered["script"])
        return 0
    recipe = remembered.get("recipe", "")
    if recipe.startswith("immunode "):
        output.say(recipe)
        return 0
    output.remark(
        f"{path.name} holds no script: it was saved from an interactive session; "
        f"`immunode figure {path.name}` prints the recipe that it holds"
    )
    return 1


def _value(text: str) -> object:
    """Return what a text of the metadata stands for where it is JSON."""
    try:
        return json.loads(text) if text[:1] in "{[" else text
    except ValueError:
        return text
