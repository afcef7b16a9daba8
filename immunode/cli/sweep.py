"""`immunode sweep NAME`: many virtual patients in every arm, endpoints by arm, a figure, and how they were made."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from immunode.cli import output
from immunode.cli.run import number_or_text
from immunode.cli.settings import check_look, check_settings, compose_arms, read_settings

if TYPE_CHECKING:
    from immunode.model.declaration import Model
    from immunode.study.design.design import Design
    from immunode.study.result.sweep_result import SweepResult

KEPT_BYTES = 4e8
"""Trajectories of the first readout are kept for the figure up to this size; a larger sweep has no bands."""
POINTS = 201
"""Output times of a sweep."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where and how a large sweep runs.

    plan : only tell what it would take.   store : folder or URL, if any.   cluster : address of a Dask scheduler.
    part : such as "2/8".   log : a file for progress.
    """

    plan: bool = False
    store: str | None = None
    cluster: str = ""
    part: str = ""
    log: Path | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which runs are wanted.

    design : path of a CSV file, or None to sample.   vary : patterns of names to sample, none means all parameters.
    """

    runs: int | None
    seed: int
    design: Path | None
    vary: Sequence[str]


def sweep(
    name: str,
    *,
    arms: Sequence[str],
    sampling: Sampling,
    until: str,
    settings: Sequence[str],
    variant: str,
    endpoints: Sequence[str],
    options: Mapping[str, Any],
    style: str,
    out: Path | None,
    as_json: bool,
    command: str,
    scale: Scale | None = None,
) -> int:
    """Run a sweep, print its summary and write its files; return the exit code.

    options : engine, method, rtol.   command : what was typed, for the recipe.
    """
    values = read_settings(settings)
    check_look(options["rtol"], style)
    model = output.load(name, variant)
    with output.usage():
        design = _design(model, sampling, values, arms)
    composed = compose_arms(model, arms or design.labels)
    check_settings(values, composed)
    scale = scale or Scale()
    part = read_part(scale.part)
    if scale.store is not None and not scale.store.strip():
        raise output.UsageError("--store: the folder or URL is missing")
    if part is not None and not scale.store:
        raise output.UsageError("--part needs --store: the parts are joined from their stores")
    if not scale.plan:
        output.prepare_folder(out)
    names = list(composed) if arms or not design.labels else None
    rows = len(design) * (1 if design.labels else len(composed))
    # a store keeps the same with and without -o, so that figures may be asked for later
    kept = _kept(model, rows) if out is not None or scale.store else []
    asked = {
        "arms": names,
        "until": number_or_text(until),
        "endpoints": list(endpoints) or None,
        "keep": kept or "endpoints",
        **options,
    }
    if scale.plan:
        return _estimate(model, design, {**asked, "part": part}, as_json)
    from immunode.study.sweep import sweep as run_sweep

    with _cluster(scale.cluster) as client, output.usage(), progress(rows) as tell, _remarks():
        result = run_sweep(
            model,
            design,
            **asked,
            store=scale.store,
            executor=client,
            part=part,
            progress=tell,
            log=scale.log,
        )
    finished = int((result.codes != -1).sum())
    written = _write(out, result, style, command) if out is not None and finished else []
    _tell(model, result, as_json, written)
    if result.message:
        output.remark(result.message)
    if result.message.startswith("interrupted"):
        return 130
    return 0 if (result.codes == 0).any() else 1


def _estimate(model: Model, design: Design, asked: Mapping[str, Any], as_json: bool) -> int:
    """Print what a sweep would take; return the exit code."""
    from dataclasses import asdict

    from immunode.study.run.estimate import plan_sweep

    with output.usage():
        told = plan_sweep(model, design, **asked)
    if as_json:
        output.print_json(asdict(told))
    else:
        output.console().print(f"{model.label}: {told}", soft_wrap=True)
    return 0


def _design(model: Model, sampling: Sampling, values: Mapping[str, float], arms: Sequence[str]) -> Design:
    """Return the design: the user's table, or what is sampled; settings hold in every row."""
    from immunode.study.design.design import grid, sobol
    from immunode.study.design.from_tables import from_table
    from immunode.study.design.ranges import Space, has_parameters, space
    from immunode.study.run.plan import sampled

    if sampling.design is not None:
        if sampling.runs is not None or sampling.vary:
            raise output.UsageError("--design has its own rows and columns: leave out --runs and --vary")
        made = from_table(sampling.design)
        if made.labels and arms:
            raise output.UsageError(f"{sampling.design} has a column 'arm' already: leave out --arm")
    elif not sampling.vary and not has_parameters(model):
        made = sampled(model, sampling.runs, sampling.seed)
    else:
        box = space(model, *sampling.vary)
        axes = tuple(axis for axis in box.axes if axis.name not in values)
        if not axes:
            raise output.UsageError("--set fixes everything that would be sampled; use `immunode run`")
        left_out = tuple(name for name in box.left_out if name not in values)
        made = sobol(Space(axes, left_out), 1024 if sampling.runs is None else sampling.runs, seed=sampling.seed)
    for name in values:
        if name in made.names:
            raise output.UsageError(f"--set {name}: it is a column of {sampling.design}")
    return made * grid({name: [value] for name, value in values.items()}) if values else made


def _kept(model: Model, rows: int) -> list[str]:
    """Return the quantity whose bands are drawn, unless its curves would take too much memory."""
    from immunode.study.run.ready import looked_at_first

    first = list(looked_at_first(model)[:1])
    return first if rows * POINTS * 8 <= KEPT_BYTES else []


@contextmanager
def progress(total: int) -> Iterator[Callable[[int, int], None] | None]:
    """Show runs done of `total`, runs per second and time left while the block runs; nothing without a terminal."""
    notes = output.notes()
    if not notes.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f} runs/s" if speed else "", style="cyan")

    counted = TextColumn("{task.completed:,.0f} of {task.total:,.0f} runs")
    with Progress(counted, BarColumn(), Speed(), TimeRemainingColumn(), console=notes, transient=True) as bar:
        task = bar.add_task("runs", total=total)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _remarks() -> Iterator[None]:
    """Print warnings of the block as remarks of ours, one line each."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        if ": interrupted: " not in str(message):  # told below, in our own line
            output.remark(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """Give a client of a Dask scheduler, or None without an address."""
    if not address:
        yield None
        return
    from immunode.study.run.cluster import connect

    with output.usage():
        client = connect(address)
    try:
        yield client
    finally:
        client.close()


def read_part(text: str) -> tuple[int, int] | None:
    """Return "2/8" as (2, 8); None for "".

    Raises
    ------
    UsageError : it can't be read.
    """
    which, slash, parts = text.partition("/")
    if not text:
        return None
    if not slash or not which.strip().isdigit() or not parts.strip().isdigit():
        raise output.UsageError(f"--part {text}: write it as 2/8, the second of eight")
    return int(which), int(parts)


def _write(folder: Path, result: SweepResult, style: str, command: str) -> list[Path]:
    """Write tables, recipe and figures; return their paths."""
    told = replace(result, kept={}, recipe={"command": command, **result.recipe})
    try:
        written = told.save(folder)
    except KeyboardInterrupt:
        # what took long to compute is written all the same; a second Ctrl-C is heeded
        written = told.save(folder)
        output.remark("interrupted: the tables are written, the figures are not drawn")
        return written
    if not (result.codes == 0).any():
        return written
    try:
        return written + _draw(folder, result, style, {"recipe": command})
    except KeyboardInterrupt:
        output.remark("interrupted: the tables are written, not all figures are drawn")
        return written


def _draw(folder: Path, result: SweepResult, style: str, metadata: dict[str, str]) -> list[Path]:
    """Write the figures; return their paths."""
    from immunode.plot import save

    written: list[Path] = []
    figures = {"figure": result.plot.bands(style=style)} if result.kept else {}
    figures["figure" if not figures else "endpoints"] = result.plot.endpoints(style=style)
    for stem, figure in figures.items():
        written += [save(figure, folder / f"{stem}.{ending}", metadata=metadata) for ending in ("png", "svg")]
    return written


def _tell(model: Model, result: SweepResult, as_json: bool, written: Sequence[Path]) -> None:
    """Print endpoints by arm, the share of failed runs, how runs were sampled and computed."""
    for line in result.recipe["remarks"]:
        output.remark(line)
    summary = result.summary()
    counts = {
        arm: {s: int(n) for s, n in result.status[result.arm == arm].value_counts().items()} for arm in result.arms
    }
    if as_json:
        records = summary.to_dict(orient="records")
        output.print_json(
            {
                "model": model.name,
                "variant": model.variant_name,
                "summary": records,
                "status": counts,
                "recipe": result.recipe,
                "files": list(written),
            }
        )
        output.say_written(written)
        return
    rows: list[dict[str, object]] = []
    apart = "  " if len(result.arms) < 3 else "\n"
    for name in result.endpoints:
        cells: dict[str, object] = {"endpoint": name, "unit": result.units[name]}
        about = summary[summary["endpoint"] == name]
        for arm, median, low, high in about[["arm", "median", "q05", "q95"]].to_numpy().tolist():
            text = f"{output.number(median)}{apart}({output.number(low)} to {output.number(high)})"
            cells[arm] = text.replace("inf", "never")  # only time_to can be infinite
        rows.append(cells)
    rows.append({"endpoint": "failed runs", "unit": "", **{arm: _failed(counts[arm], apart) for arm in result.arms}})
    screen = output.console()
    output.print_rows(
        screen, f"{model.label}, {len(result):,} runs: median (5 % to 95 %) by arm", rows, rule_before_last=True
    )
    screen.print(f"sampled: {result.recipe['design']}", soft_wrap=True)
    screen.print(_computed(result), soft_wrap=True)
    output.say_written(written)


def _failed(counts: Mapping[str, int], apart: str) -> str:
    """Return the share of failed runs in words: "0.1 % (12 of 10,000: 10 not finite, 2 refused)"."""
    started = sum(n for label, n in counts.items() if label != "not run")
    if not started:
        return "none was started"
    bad = {label: n for label, n in counts.items() if label not in ("ok", "not run")}
    failed = sum(bad.values())
    why = ": " + ", ".join(f"{n:,} {label}" for label, n in bad.items()) if bad else ""
    return f"{100 * failed / started:.3g} %{apart}({failed:,} of {started:,}{why})"


def _computed(result: SweepResult) -> str:
    """Return what computed the runs, and why it was chosen."""
    recipe = result.recipe
    used = ", ".join(f"{name} {count:,}" for name, count in recipe["methods used"].items())
    reasons = dict.fromkeys(arm["reason"] for arm in recipe["arms"].values() if arm["reason"])
    text = f"computed: engine {recipe['engine']}, methods {used}, rtol {recipe['rtol']:g}"
    return text + (f" ({'; '.join(reasons)})" if reasons else "")
