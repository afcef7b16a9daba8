"""Arguments that several verbs take: each is declared here once, with its help and what completes it in the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from immunode.cli import completion
from immunode.cli.output import UsageError

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A model's name or alias, or a .py, .json, .xml (SBML), .ant or .omex file.",
        autocompletion=completion.models,
    ),
]
ModelOrDrug = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A model's name or alias, a .py, .json, .xml (SBML), .ant or .omex file, or a drug of the library.",
        autocompletion=completion.models_and_drugs,
    ),
]
Variant = Annotated[
    str,
    typer.Option(
        "--variant", help="A named set of values that the model declares.", autocompletion=completion.variants
    ),
]
Arm = Annotated[
    list[str] | None,
    typer.Option(
        "--arm",
        "--arms",
        help="`control`, an intervention that the model declares, several joined as a+b, or `all`; "
        "repeat it, or write commas, for more arms.",
        autocompletion=completion.arms,
    ),
]
Until = Annotated[
    str, typer.Option("--until", help='End: "52 weeks", or a number in model time; else the model\'s own.')
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="k=3 sets a parameter, E(0)=5 an initial value; repeat for more.",
        autocompletion=completion.settings,
    ),
]
Show = Annotated[
    list[str] | None,
    typer.Option("--show", help="A quantity to show; repeat for more.", autocompletion=completion.quantities),
]
Log = Annotated[
    bool,
    typer.Option("--log", help="All on logarithmic axes; else pathogens, titers, tumor cells and what spans decades."),
]
NoLog = Annotated[bool, typer.Option("--no-log", help="No logarithmic axes, whatever the values span.")]
NoData = Annotated[bool, typer.Option("--no-data", help="Without what published trials found.")]
Style = Annotated[
    str,
    typer.Option("--style", help="Look of the figure: slide, paper, poster or dark.", autocompletion=completion.styles),
]
Runs = Annotated[
    int | None,
    typer.Option("--runs", min=1, help="Parameter sets sampled, each in every arm, instead of declared patients."),
]
Patients = Annotated[
    int | None,
    typer.Option("--patients", min=1, help="Virtual patients of the population that the model declares."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="What random numbers start from.")]
Endpoint = Annotated[
    list[str] | None,
    typer.Option("--endpoint", help='What to report: "peak(T)", "auc(T)", "at(T, 24 weeks)"; repeat for more.'),
]
Engine = Annotated[
    str,
    typer.Option("--engine", help="auto, compiled, numpy or scipy.", autocompletion=completion.engines),
]
Method = Annotated[
    str,
    typer.Option(
        "--method",
        help="auto, or a method of the engine: tsit5, rodas5p, dop853; LSODA, BDF, Radau, DOP853.",
        autocompletion=completion.methods,
    ),
]
Rtol = Annotated[float, typer.Option("--rtol", help="Relative tolerance of each step.")]
Folder = Annotated[Path | None, typer.Option("-o", "--out", help="Folder for tables, figures and how they were made.")]
File = Annotated[Path | None, typer.Option("-o", "--out", help="The file to write.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def logarithmic(log: bool, no_log: bool) -> bool | None:
    """Return whether all axes are logarithmic, or none; None where neither was said.

    Raises
    ------
    UsageError : both were said.
    """
    if log and no_log:
        raise UsageError("--log and --no-log: give one of them")
    return True if log else False if no_log else None


def typed(context: typer.Context) -> str:
    """Return what was typed in the shell, for recipes and figures."""
    return str(context.obj or context.command_path)
