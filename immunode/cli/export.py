"""`immunode export NAME --to FORMAT`: a model, with interventions applied, in the format of other tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from immunode.cli import output
from immunode.cli.settings import check_settings, read_settings
from immunode.errors import did_you_mean

if TYPE_CHECKING:
    from immunode.model.declaration import Model


@dataclass(frozen=True, slots=True)
class Job:
    """What is written: the model of one arm, or the model as declared with several arms, and measurements."""

    model: Model
    composed: Model
    arms: Sequence[str]
    data: Path | None


@dataclass(frozen=True, slots=True)
class Target:
    """One format.

    write : writes a job to a path.   ending : of its file, "" for a folder.
    """

    write: Callable[[Job, Path], Path]
    ending: str
    meaning: str


def _sbml(job: Job, path: Path) -> Path:
    from immunode.exchange.sbml.writing.writer import write_sbml

    return write_sbml(job.composed, path)


def _antimony(job: Job, path: Path) -> Path:
    from immunode.exchange.antimony import write_antimony

    return write_antimony(job.composed, path)


def _json(job: Job, path: Path) -> Path:
    return output.write_text(path, job.composed.to_json())


def _latex(job: Job, path: Path) -> Path:
    from immunode.exchange.sheets import sheet

    return output.write_text(path, sheet(job.composed, "latex"))


def _markdown(job: Job, path: Path) -> Path:
    from immunode.exchange.sheets import sheet

    return output.write_text(path, sheet(job.composed))


def _omex(job: Job, path: Path) -> Path:
    from immunode.exchange.omex import write_omex

    return write_omex(job.model, path, arms=list(job.arms) or None)


def _petab(job: Job, path: Path) -> Path:
    from immunode.exchange.petab import write_petab

    if job.data is None:
        raise output.UsageError("--to petab needs measurements: --data file.csv with arm, observable, time, value")
    import pandas as pd

    try:
        data = pd.read_csv(job.data)
    except (OSError, ValueError) as error:
        raise output.UsageError(f"--data {job.data}: it can't be read as CSV ({error})") from None
    with output.usage():
        return write_petab(job.model, path, data, arms=list(job.arms) or None)


def _html(job: Job, path: Path) -> Path:
    from immunode.app.web_page import write_page
    from immunode.study.arms import CONTROL

    if len(job.arms) > 1:
        raise output.UsageError("--to html opens with one arm; give one --arm (join interventions with +)")
    on = [name.strip() for arm in job.arms for name in arm.split("+") if name.strip() != CONTROL]
    with output.usage():
        return write_page(job.model, path, on=on)


TARGETS = {
    "sbml": Target(_sbml, ".xml", "SBML Level 3 Version 2"),
    "antimony": Target(_antimony, ".ant", "Antimony text"),
    "json": Target(_json, ".json", "all that immunode knows"),
    "latex": Target(_latex, ".tex", "a sheet: equations, numbers and their sources"),
    "markdown": Target(_markdown, ".md", "the same sheet in Markdown"),
    "omex": Target(_omex, ".omex", "a COMBINE archive with a figure as SED-ML"),
    "html": Target(_html, ".html", "the lab: one page that runs in any browser, without the network"),
    "petab": Target(_petab, "", "a folder of PEtab v2 tables, one experiment an arm"),
}
SEVERAL = ("omex", "petab", "html")
"""Formats that hold several arms; the others hold one model."""


def export(
    name: str,
    *,
    to: str,
    arms: Sequence[str],
    variant: str,
    settings: Sequence[str],
    data: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Write the file and tell its name; return the exit code."""
    from immunode.study.arms import Arms

    if to not in TARGETS:
        raise output.UsageError(f"--to {to}: no such format{did_you_mean(to, list(TARGETS))}")
    if data is not None and to != "petab":
        raise output.UsageError(f"--data goes with --to petab; {to} holds no measurements")
    target = TARGETS[to]
    model = output.load(name, variant)
    if len(arms) > 1 and to not in SEVERAL:
        raise output.UsageError(f"--to {to} holds one arm; give one --arm (join interventions with +), or --to omex")
    with output.usage():
        composed = Arms.of(model, *(arms or ("control",))).compose(model)
    values = read_settings(settings)
    check_settings(values, {"control": model} if to in SEVERAL else composed)
    starts = {key[:-3]: value for key, value in values.items() if key.endswith("(0)")}
    numbers = {key: value for key, value in values.items() if not key.endswith("(0)")}
    chosen = next(iter(composed.values()))
    if to in SEVERAL:
        model = model.with_values(numbers).with_initial(starts)
    else:
        chosen = chosen.with_values(numbers).with_initial(starts)
    own = output.file_name(model.name)
    path = out or Path(f"{own}{target.ending}" if target.ending else f"{own}_{to}")
    if target.ending and path.is_dir():
        path = path / f"{own}{target.ending}"
    written = target.write(Job(model, chosen, arms, data), path)
    if as_json:
        output.print_json(
            {"model": model.name, "variant": model.variant_name, "format": to, "arms": list(arms), "files": [written]}
        )
    else:
        output.say_written([written])
    return 0
