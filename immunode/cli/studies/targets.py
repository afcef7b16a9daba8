"""The formats that `immunode export` writes: one function each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from immunode.app.web_page import write_page
from immunode.cli import output
from immunode.cli.studies.files import text_file
from immunode.cli.studies.request import read_page_arm
from immunode.exchange.antimony import write_antimony
from immunode.exchange.omex import write_omex
from immunode.exchange.petab import write_petab
from immunode.exchange.sbml.writing.writer import write_sbml
from immunode.exchange.scripts.files import LANGUAGES, write_script
from immunode.exchange.sheets import sheet
from immunode.model import Model


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


def _sbml(job: Job, path: Path) -> Path:
    return write_sbml(job.composed, path)


def _antimony(job: Job, path: Path) -> Path:
    return write_antimony(job.composed, path)


def _json(job: Job, path: Path) -> Path:
    return text_file(path, job.composed.to_json())


def _latex(job: Job, path: Path) -> Path:
    return text_file(path, sheet(job.composed, "latex"))


def _markdown(job: Job, path: Path) -> Path:
    return text_file(path, sheet(job.composed))


def _script(language: str) -> Target:
    def write(job: Job, path: Path) -> Path:
        return write_script(job.composed, path, language)

    return Target(write, LANGUAGES[language])


def _omex(job: Job, path: Path) -> Path:
    return write_omex(job.model, path, arms=list(job.arms) or None)


def _petab(job: Job, path: Path) -> Path:
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
    with output.usage():
        return write_page(job.model, path, on=read_page_arm(job.model, job.arms))


TARGETS = {
    "sbml": Target(_sbml, ".xml"),
    "antimony": Target(_antimony, ".ant"),
    "json": Target(_json, ".json"),
    "latex": Target(_latex, ".tex"),
    "markdown": Target(_markdown, ".md"),
    "omex": Target(_omex, ".omex"),
    "html": Target(_html, ".html"),
    "petab": Target(_petab, ""),
    **{language: _script(language) for language in LANGUAGES},
}
SEVERAL = ("omex", "petab", "html")
"""Formats that hold several arms; the others hold one model."""
