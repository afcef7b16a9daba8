"""The commands, their arguments and their help; each loads its own module when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="immunode",
    help="Published immune models, interventions on them, and fast sweeps of virtual patients. Not medical advice.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _names(incomplete: str) -> list[str]:
    """Return the model names that complete a word in the shell."""
    from immunode.catalogue import list_models

    entries = list_models()
    names = [entry.name for entry in entries] + [alias for entry in entries for alias, _ in entry.aliases]
    return [name for name in sorted(names) if name.startswith(incomplete)]


def _version(wanted: bool) -> None:
    if wanted:
        from immunode.version import __version__

        print(f"immunode {__version__}")
        raise typer.Exit


Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A model's name or alias, or a .py, .json or .xml (SBML) file.", autocompletion=_names
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Variant = Annotated[str, typer.Option("--variant", help="A named set of values that the model declares.")]
Arm = Annotated[
    list[str] | None,
    typer.Option(
        "--arm",
        help="`control`, an intervention that the model declares, or several joined: a+b. Repeat for more arms.",
    ),
]
Arms = Annotated[
    list[str] | None,
    typer.Option(
        "--arm", "--arms", help="`all`, or names as in `run`, also with commas; else control and the first four."
    ),
]
Until = Annotated[
    str, typer.Option("--until", help='End: "52 weeks", or a number in model time; else the model\'s own.')
]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="k=3 sets a parameter, E(0)=5 an initial value; repeat for more.")
]
Out = Annotated[Path | None, typer.Option("-o", "--out", help="Folder for the table, the figure and the recipe.")]
Engine = Annotated[str, typer.Option("--engine", help="auto, compiled, numpy or scipy.")]
Method = Annotated[
    str, typer.Option("--method", help="auto, or a method of the engine: tsit5, rodas5p; LSODA, BDF, Radau, DOP853.")
]
Style = Annotated[str, typer.Option("--style", help="Look of the figure: slide, paper, poster or dark.")]
Rtol = Annotated[float, typer.Option("--rtol", help="Relative tolerance of each step.")]
Endpoint = Annotated[
    list[str] | None,
    typer.Option("--endpoint", help='What to report: "peak(T)", "auc(T)", "at(T, 24 weeks)"; repeat for more.'),
]


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the models that come with the package."""
    from immunode.cli.listing import show_list

    show_list(as_json=as_json)


@app.command()
def show(name: Name, variant: Variant = "", as_json: Json = False) -> None:
    """Show one model: reference, states, parameters with sources, equations, interventions, variants."""
    from immunode.cli.show import show as run_show

    run_show(name, variant=variant, as_json=as_json)


@app.command()
def check(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A .py, .json or .xml (SBML) file, or a model's name.", autocompletion=_names
        ),
    ],
    as_json: Json = False,
) -> None:
    """Check one model: units, unused names, signs at zero, conserved totals, missing sources. Exit code 1 on any."""
    from immunode.cli.check import check as run_check

    raise typer.Exit(run_check(file, as_json=as_json))


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make; it must not exist.")],
    like: Annotated[str, typer.Option("--like", help="The model to copy.", autocompletion=_names)],
) -> None:
    """Copy a model of the package to a file of yours, to read and to change."""
    from immunode.cli.listing import new as run_new

    run_new(file, like)


@app.command()
def run(
    context: typer.Context,
    name: Name,
    arm: Arm = None,
    until: Until = "",
    set_: Set = None,
    variant: Variant = "",
    show_: Annotated[list[str] | None, typer.Option("--show", help="A quantity to show; repeat for more.")] = None,
    engine: Engine = "auto",
    method: Method = "auto",
    rtol: Rtol = 1e-6,
    style: Style = "slide",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Simulate one model, one curve an arm: a table, and with -o a figure (PNG, SVG) and the curves (CSV)."""
    from immunode.cli.run import run as run_model

    code = run_model(
        name,
        arms=arm or [],
        until=until,
        settings=set_ or [],
        variant=variant,
        quantities=show_ or [],
        options={"engine": engine, "method": method, "rtol": rtol},
        style=style,
        out=out,
        as_json=as_json,
        command=str(context.obj or context.command_path),
    )
    raise typer.Exit(code)


@app.command()
def sweep(
    context: typer.Context,
    name: Name,
    arm: Arm = None,
    runs: Annotated[
        int | None, typer.Option("--runs", min=1, help="Virtual patients, each in every arm; 1,024 unless told.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="What random numbers start from.")] = 0,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", help='Sample only what matches: "k_*", "anti_tnf.strength", "E(0)"; repeat for more.'),
    ] = None,
    design: Annotated[
        Path | None,
        typer.Option(
            "--design", help="A CSV file: one row a run, columns named after parameters, knobs or E(0); also `arm`."
        ),
    ] = None,
    until: Until = "",
    set_: Set = None,
    variant: Variant = "",
    endpoint: Endpoint = None,
    engine: Engine = "auto",
    method: Method = "auto",
    rtol: Rtol = 1e-6,
    style: Style = "slide",
    out: Out = None,
    as_json: Json = False,
    store: Annotated[
        str | None,
        typer.Option(
            "--store", help="Folder or URL that blocks of runs are kept in; the same line goes on from there."
        ),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only tell runs, memory, disk and time, measured on a few of the runs.")
    ] = False,
    cluster: Annotated[
        str, typer.Option("--cluster", help="Address of a Dask scheduler, such as tcp://10.0.0.1:8786.")
    ] = "",
    part: Annotated[
        str, typer.Option("--part", help="2/8: every eighth block from the second on; jobs that share nothing.")
    ] = "",
    log: Annotated[Path | None, typer.Option("--log", help="A file for progress, one line a block.")] = None,
) -> None:
    """Run many virtual patients in every arm: endpoints by arm, share of failed runs; with -o table, figure, recipe."""
    from immunode.cli.sweep import Sampling, Scale
    from immunode.cli.sweep import sweep as sweep_model

    code = sweep_model(
        name,
        arms=arm or [],
        sampling=Sampling(runs, seed, design, vary or []),
        until=until,
        settings=set_ or [],
        variant=variant,
        endpoints=endpoint or [],
        options={"engine": engine, "method": method, "rtol": rtol},
        style=style,
        out=out,
        as_json=as_json,
        command=str(context.obj or context.command_path),
        scale=Scale(plan, store, cluster, part, log),
    )
    raise typer.Exit(code)


@app.command()
def atlas(
    context: typer.Context,
    name: Name,
    variant: Variant = "",
    measure: Annotated[
        str, typer.Option("--measure", help="What is compared: mean (over time), final or peak.")
    ] = "mean",
    until: Until = "",
    show_: Annotated[list[str] | None, typer.Option("--show", help="A read-out to compare; repeat for more.")] = None,
    engine: Engine = "auto",
    method: Method = "auto",
    rtol: Rtol = 1e-6,
    style: Style = "slide",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Run every intervention against control: log2 fold changes of the read-outs; with -o heat map and table."""
    from immunode.cli.atlas import atlas as run_atlas

    code = run_atlas(
        name,
        variant=variant,
        measure=measure,
        until=until,
        readouts=show_ or [],
        options={"engine": engine, "method": method, "rtol": rtol},
        style=style,
        out=out,
        as_json=as_json,
        command=str(context.obj or context.command_path),
    )
    raise typer.Exit(code)


@app.command()
def figure(
    source: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE",
            help="A model's name or file; or a figure (.png, .svg, .pdf) that immunode wrote.",
            autocompletion=_names,
        ),
    ],
    kind: Annotated[
        str,
        typer.Option(
            "--kind", help="courses, timeline, diagram, atlas, bands, tornado, why, phase, ...: as in `gallery`."
        ),
    ] = "courses",
    arm: Arms = None,
    until: Until = "",
    variant: Variant = "",
    show_: Annotated[list[str] | None, typer.Option("--show", help="A quantity to show; repeat for more.")] = None,
    style: Style = "slide",
    code: Annotated[bool, typer.Option("--code", help="Print the script that makes the figure.")] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The file to write: .png, .svg or .pdf.")] = None,
) -> None:
    """Draw one finished figure of a model; or tell how a figure was made, with --code as a script."""
    from immunode.cli.figure import figure as draw_figure

    code_ = draw_figure(
        source,
        kind=kind,
        arms=arm or [],
        variant=variant,
        quantities=show_ or [],
        until=until,
        style=style,
        code=code,
        out=out,
    )
    raise typer.Exit(code_)


@app.command()
def gallery(
    name: Name,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the figures and their page, index.html.")],
    arm: Arms = None,
    until: Until = "",
    variant: Variant = "",
    show_: Annotated[list[str] | None, typer.Option("--show", help="A quantity to show; repeat for more.")] = None,
    style: Style = "slide",
    ending: Annotated[str, typer.Option("--as", help="png, svg or pdf.")] = "png",
    as_json: Json = False,
) -> None:
    """Draw every kind of figure that fits a model, with a page that shows them and their scripts."""
    from immunode.cli.gallery import gallery as draw_gallery

    code = draw_gallery(
        name,
        arms=arm or [],
        variant=variant,
        quantities=show_ or [],
        until=until,
        style=style,
        ending=ending,
        out=out,
        as_json=as_json,
    )
    raise typer.Exit(code)


@app.command()
def export(
    name: Name,
    to: Annotated[str, typer.Option("--to", help="sbml, antimony, json, latex, markdown, omex, petab or html.")],
    arm: Arm = None,
    variant: Variant = "",
    set_: Set = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="For petab: a CSV file of measurements with arm, quantity, time, value and sd."),
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The file to write; for petab a folder.")] = None,
    as_json: Json = False,
) -> None:
    """Write one model, with the interventions of an arm, for other tools: SBML, Antimony, a sheet, an archive."""
    from immunode.cli.export import export as run_export

    code = run_export(
        name, to=to, arms=arm or [], variant=variant, settings=set_ or [], data=data, out=out, as_json=as_json
    )
    raise typer.Exit(code)


@app.command("app")
def lab(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[MODEL]",
            help="A model's name or alias, or a file; without it, the ready scenarios of seven models.",
            autocompletion=_names,
        ),
    ] = "",
    variant: Variant = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only tell the address.")] = False,
) -> None:
    """Open the lab in the browser: perturb a model, predict, see, and ask why. Served to this machine only."""
    from immunode.cli.lab import lab as run_lab

    raise typer.Exit(run_lab(name, variant=variant, port=port, browse=not no_browser))
