"""Estimate a population model from records of individuals: typical values, variability and errors of measurement.

The data are a table with one row a dose or an observation, in NONMEM's columns. With -o it writes the estimates, the
individuals, residuals, figures, and the fitted model as JSON, which every other verb takes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from immunode.cli import options, output


def command(
    context: typer.Context,
    name: options.Name,
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Table of records: comma, semicolon, tab or blanks.")],
    estimator: Annotated[
        str, typer.Option("--estimator", help="saem (maximum likelihood), focei, foce or laplace.")
    ] = "saem",
    also: Annotated[
        list[str] | None,
        typer.Option("--also", help="Estimate this parameter too, though it does not vary; repeat for more."),
    ] = None,
    fix: Annotated[
        list[str] | None,
        typer.Option("--fix", help='Hold at its declared value: "V", "omega(V)", "additive(cp)"; repeat for more.'),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="DV=conc: what a column of the table is called; repeat for more."),
    ] = None,
    observed: Annotated[
        list[str] | None,
        typer.Option("--observed", help="cp, or 2=cp: the quantity that is observed, for a code of DVID; repeat."),
    ] = None,
    route: Annotated[
        list[str] | None,
        typer.Option(
            "--route",
            help='depot, or "1=depot,factor=F,lag=Tlag": where doses go, for a code of CMT, with expressions; repeat.',
        ),
    ] = None,
    occasion: Annotated[
        list[str] | None,
        typer.Option(
            "--occasion",
            help='CL=0.2, or "CL=0.2,every=7 days,corr(V)=0.3": a parameter that differs between occasions (column '
            "OCC, else each dose, or periods), the SD to begin with, and its correlation with another; repeat.",
        ),
    ] = None,
    prior: Annotated[
        list[str] | None,
        typer.Option(
            "--prior",
            help='"CL=lognormal(3, 0.2)": median and SD of the logarithm; normal(mean, sd), halfnormal(sd), '
            'uniform(low, high); of a block "omega(CL, V)=inversewishart(0.09 0.02; 0.02 0.04, 10)", the rows of the '
            "most probable covariance and the degrees; repeat.",
        ),
    ] = None,
    carried: Annotated[
        str, typer.Option("--carried", help="last or next: which row's value of a covariate holds between two rows.")
    ] = "last",
    leave_out: Annotated[
        bool, typer.Option("--leave-out-empty", help="Leave out individuals without any observation.")
    ] = False,
    draws: Annotated[
        int, typer.Option("--draws", min=10, help="Importance samples of each individual for -2 log likelihood.")
    ] = 2000,
    standard_errors: Annotated[
        str,
        typer.Option("--standard-errors", help="auto, linearized, louis (saem), curvature (others) or sandwich."),
    ] = "auto",
    seed: options.Seed = 0,
    style: options.Style = "slide",
    out: options.Folder = None,
    as_json: options.Json = False,
) -> int:
    """Return the exit code, 0."""
    # SciPy is loaded here, so that help and completion answer at once
    from immunode.cli.studies import files, populations

    model = output.load(name)
    asked = populations.read_question(
        data,
        estimator,
        also or [],
        fix or [],
        column or [],
        observed or [],
        route or [],
        occasion or [],
        prior or [],
        carried,
        leave_out,
        style,
    )
    output.prepare_folder(out)
    with files.unfinished(out, populations.FILES, options.typed(context)):
        fit = populations.fitted(model, asked, draws, seed, standard_errors)
        written = [] if out is None else populations.write(out, fit, style, options.typed(context))
    if as_json:
        output.print_json({**populations.as_record(fit), "files": written})
    else:
        populations.print_fit(fit)
    output.say_written(written)
    return 0
