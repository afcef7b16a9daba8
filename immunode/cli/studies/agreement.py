"""Models beside the trials that they declare: what is asked for, the tables and the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from immunode.analysis.trials.validation import FEWEST, PATIENTS, Validation, validate
from immunode.analysis.trials.verdicts import RULE, Verdict, arm_words
from immunode.catalogue import list_models, load_model
from immunode.cli import output
from immunode.cli.studies.files import picture_files, text_file
from immunode.cli.words import STYLES
from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.study.result.spreadsheets import csv_text


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was asked for. models : those that declare trials.   without : names of those that declare none.

    trials : names, none means all.   patients : virtual patients of each.   seed : of all random numbers.
    """

    models: tuple[Model, ...]
    without: tuple[str, ...]
    trials: tuple[str, ...]
    patients: int
    seed: int


def read_comparison(
    name: str, every: bool, trials: Sequence[str], patients: int | None, seed: int, style: str
) -> Comparison:
    """Return what was asked for, checked. The parameters are options of the same names as typed.

    Raises
    ------
    UsageError : with what was likely meant.
    """
    if bool(name) == every:
        raise output.UsageError("validate: name one model, or give --all" + (" alone" if every else ""))
    if style not in STYLES:
        raise output.UsageError(f"--style {style}: no such style{did_you_mean(style, STYLES)}")
    if patients is not None and patients < FEWEST:
        raise output.UsageError(f"--patients {patients}: fewer than {FEWEST} virtual patients say nothing of a trial")
    models = [load_model(entry.name) for entry in list_models()] if every else [output.load(name)]
    declaring = tuple(model for model in models if model.trials)
    known = [trial.name for model in declaring for trial in model.trials]
    for trial in trials:
        if trial not in known:
            who = "" if every else f"{models[0].name}: "
            hint = did_you_mean(trial, known) or ("; declared: " + ", ".join(known) if known else "; none is declared")
            raise output.UsageError(f"{who}--trial {trial}: no such trial{hint}")
    if trials:
        declaring = tuple(model for model in declaring if {trial.name for trial in model.trials} & set(trials))
    without = () if trials else tuple(model.name for model in models if not model.trials)
    return Comparison(declaring, without, tuple(trials), PATIENTS if patients is None else patients, seed)


def compare(asked: Comparison) -> tuple[dict[str, Validation], dict[str, str]]:
    """Return each model's name with the model beside its trials, and of several models those that can't be judged, why.

    Raises
    ------
    StudyError : the one model that was asked for can't be judged.
    """
    compared, unjudged = {}, {}
    for model in asked.models:
        chosen = [trial.name for trial in model.trials if not asked.trials or trial.name in asked.trials]
        try:
            compared[model.name] = validate(model, chosen, patients=asked.patients, seed=asked.seed)
        except StudyError as error:
            if len(asked.models) == 1:
                raise
            unjudged[model.name] = str(error)
    return compared, unjudged


def print_all(compared: Mapping[str, Validation], unjudged: Mapping[str, str], asked: Comparison) -> None:
    """Print a table for each model, the notes of its trials and how far it agrees; then who could not be compared."""
    screen = output.console()
    for validation in compared.values():
        output.print_rows(screen, f"{validation.title}: published and model", [_row(v) for v in validation.verdicts])
        for trial in validation.trials:
            about = "; ".join(
                filter(None, (trial.doi, f"patients with {trial.only}" if trial.only else "", trial.note))
            )
            screen.print(f"{trial.name}: {about}", soft_wrap=True)
        screen.print(validation.words(), soft_wrap=True, style="bold")
        screen.print(f"model: {validation.recipe}", soft_wrap=True)
        screen.print()
    if compared:
        screen.print(RULE, soft_wrap=True)
    if len(compared) > 1:
        screen.print()
        for validation in compared.values():
            screen.print(validation.words(), soft_wrap=True)
    for name, reason in unjudged.items():
        screen.print(f"{name}: not judged. {reason.removeprefix(f'{name}: ')}", soft_wrap=True)
    if asked.without:
        one = len(asked.without) == 1
        who = asked.without[0] if one else f"{len(asked.without)} models"
        listed = "" if one else f": {', '.join(asked.without)}"
        screen.print(f"{who} {'declares' if one else 'declare'} no published trials to compare with{listed}",
                     soft_wrap=True)  # fmt: skip


def as_records(compared: Mapping[str, Validation]) -> list[dict[str, Any]]:
    """Return each model beside its trials as plain values."""
    return [
        {
            "model": name,
            "counts": validation.counts(),
            "summary": validation.words(),
            "recipe": validation.recipe,
            "trials": [{"trial": t.name, "doi": t.doi, "only": t.only, "note": t.note} for t in validation.trials],
            "results": validation.table().to_dict(orient="records"),
        }
        for name, validation in compared.items()
    ]


def write(folder: Path, compared: Mapping[str, Validation], style: str, command: str) -> list[Path]:
    """Write one table, and a figure for each model; return their paths. command : what was typed."""
    import pandas as pd

    if not compared:
        return []
    tables = []
    for name, validation in compared.items():
        table = validation.table()
        table.insert(0, "model name", name)
        tables.append(table)
    written = [text_file(folder / "table.csv", csv_text(pd.concat(tables, ignore_index=True)))]
    for name, validation in compared.items():
        stem = "figure" if len(compared) == 1 else f"figure_{output.file_name(name)}"
        written += picture_files(validation.plot(style=style), folder, stem, command)
    return written


def _row(one: Verdict) -> dict[str, object]:
    """Return a published number as a row of the screen; shares in percent."""
    result = one.result
    percent = result.statistic == "share" and result.compared != "ratio"
    factor, ends = 100.0 if percent else 1.0, result.interval
    remarks = ["used to make the model"] * result.used + ["quoted from memory"] * (result.seen == "memory")
    return {
        "trial": one.trial,
        "arm": arm_words(result),
        "reported": one.words,
        "unit": "%" if percent else one.unit,
        "published": _with_interval(factor * result.value, ends and (factor * ends[0], factor * ends[1])),
        "model": _with_interval(factor * one.model, (factor * one.low, factor * one.high)),
        "verdict": one.verdict,
        "": ", ".join([*remarks, *filter(None, [result.note])]),
    }


def _with_interval(value: float, ends: tuple[float, float] | None) -> str:
    text = f"{value:.3g}"
    return text + (f" ({ends[0]:.3g} to {ends[1]:.3g})" if ends else "")
