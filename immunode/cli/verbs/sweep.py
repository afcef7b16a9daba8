"""Run many virtual patients in every arm: endpoints by arm, share of failed runs; with -o table, figure, recipe.

Without --arm the model runs as it is, or in the arms that the column `arm` of --design names. The runs are patients
of the population that the model declares; where it declares none, or with --runs or --vary, points of its parameters.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from immunode.cli import options, output

if TYPE_CHECKING:
    from immunode.cli.studies.request import Request

KEPT_BYTES = 4e8
"""Trajectories of the quantities to show are kept for figures up to this size; a larger sweep has no bands."""
POINTS = 201
"""Output times of a sweep."""


Runs = Annotated[int | None, typer.Option("--runs", min=1, help="Points sampled, each in every arm; by default 1,024.")]
Vary = Annotated[
    list[str] | None,
    typer.Option("--vary", help='Sample only what matches: "k_*", "anti_tnf.strength", "E(0)"; repeat for more.'),
]
Table = Annotated[
    Path | None,
    typer.Option(
        "--design", help="A CSV file: one row per run, columns named after parameters, knobs or E(0); also `arm`."
    ),
]
Store = Annotated[
    str | None,
    typer.Option("--store", help="Folder or URL that blocks of runs are kept in; type the same line again to resume."),
]
Plan = Annotated[
    bool, typer.Option("--plan", help="Only print runs, memory, disk and time, measured on a few of the runs.")
]
Cluster = Annotated[str, typer.Option("--cluster", help="Address of a Dask scheduler, such as tcp://10.0.0.1:8786.")]
Part = Annotated[
    str, typer.Option("--part", help="2/8: every eighth block from the second on; jobs that share nothing.")
]
LogFile = Annotated[Path | None, typer.Option("--log-file", help="A file for progress, one line per block.")]


def command(
    context: typer.Context,
    name: options.Name,
    arm: options.Arm = None,
    patients: options.Patients = None,
    runs: Runs = None,
    seed: options.Seed = 0,
    vary: Vary = None,
    design: Table = None,
    until: options.Until = "",
    set_: options.Set = None,
    variant: options.Variant = "",
    endpoint: options.Endpoint = None,
    show: options.Show = None,
    log: options.Log = False,
    no_log: options.NoLog = False,
    no_data: options.NoData = False,
    engine: options.Engine = "auto",
    method: options.Method = "auto",
    rtol: options.Rtol = 1e-6,
    style: options.Style = "slide",
    out: options.Folder = None,
    as_json: options.Json = False,
    store: Store = None,
    plan: Plan = False,
    cluster: Cluster = "",
    part: Part = "",
    log_file: LogFile = None,
) -> int:
    """Return the exit code: 0 where a run succeeded, 130 where it was interrupted, else 1."""
    # SciPy is loaded here, so that help and completion answer at once
    from immunode.cli.studies import request, sampling, scale, summary

    wanted = sampling.read_sampling(patients, runs, seed, design, vary or [], arm or [])
    labels = wanted.table.labels if wanted.table is not None else ()
    asked = request.read_request(
        name,
        variant=variant,
        arms=arm,
        settings=set_,
        quantities=show,
        until=until,
        style=style,
        log=options.logarithmic(log, no_log),
        data=not no_data,
        default=lambda model: labels or ("control",),
    )
    with output.usage():
        rows = sampling.make_design(asked, wanted)
    share = scale.read_share(part, store)
    computing = request.read_engine(engine, method, rtol)
    if not plan:
        output.prepare_folder(out)
    total = len(rows) * (1 if rows.labels else len(asked.arms))
    choices: dict[str, Any] = {
        "arms": None if rows.labels else list(asked.arms),
        "until": asked.until,
        "endpoints": endpoint or None,
        # a store keeps the same with and without -o, so that figures may be asked for later
        "keep": (_kept(asked, total) if out is not None or store else []) or "endpoints",
        "part": share,
        **computing,
    }
    if plan:
        return scale.print_plan(asked, rows, choices, as_json=as_json)
    with scale.cluster(cluster) as client, output.usage(), scale.progress(total) as tell, scale.remarks():
        result = scale.sweep(asked.model, rows, **choices, store=store, executor=client, progress=tell, log=log_file)
    started = bool(result.data.finished)
    written = summary.write_summary(out, asked, result, options.typed(context)) if out is not None and started else []
    summary.print_summary(asked, result, written, as_json=as_json)
    if result.message:
        output.remark(result.message)
    if result.message.startswith("interrupted"):
        return 130
    return 0 if result.ok.any() else 1


def _kept(request: Request, total: int) -> list[str]:
    """Return the quantities whose bands are drawn, unless their curves would take too much memory."""
    chosen = list(request.quantities or request.shown[:1])
    return chosen if len(chosen) * total * POINTS * 8 <= KEPT_BYTES else []
