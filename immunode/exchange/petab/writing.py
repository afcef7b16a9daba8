"""Arms and measurements of a model as tables of PEtab version 2, which parameter-fitting tools read.

Source: PEtab specification 2.0, https://petab.readthedocs.io/en/latest/v2/documentation_data_format.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from immunode.errors import StudyError, did_you_mean
from immunode.exchange.petab.tables import problem_tables
from immunode.exchange.sbml.writing.writer import to_sbml
from immunode.intervention import perturb
from immunode.model import Model
from immunode.study.arms import CONTROL, Arms, as_arms
from immunode.study.noise import NOISES
from immunode.study.run.recipe import write_text

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("arm", "observable", "time", "value")


def write_petab(
    model: Model,
    folder: str | os.PathLike[str],
    data: pd.DataFrame,
    *,
    arms: Any = None,
    estimate: Sequence[str] | None = None,
) -> Path:
    """Return the path of `problem.yaml` in a folder of PEtab v2 tables and one SBML file.

    Every intervention of every arm is in the SBML file; a condition is the strength of each: 0 where an arm lacks it.

    Parameters
    ----------
    data : DataFrame
        measurements: columns arm, observable, time, value and, optional, sd (else the error is to be estimated) and
        noise ("normal" where there is none; one for each observable).
    arms : Any
        `Arms`, or names of interventions that the model declares; default the model as it is, called control.
    estimate : Sequence[str] | None
        parameters to estimate; default those that declare bounds, else all that are not 0.

    Raises
    ------
    StudyError
        an arm, a quantity or a parameter is unknown; two interventions of one name differ.
    ModelError
        interventions of different arms can't be in one model.
    StoreError
        the folder can't be written.
    """
    given = Arms({CONTROL: []}) if arms is None else as_arms(arms, model)
    chosen = _interventions(model, given)
    whole = perturb(model, *chosen.values()) if chosen else model
    tables = problem_tables(whole, _strengths(model, given, chosen), checked(whole, given, data), estimate)
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"'{target}' can't be a folder for PEtab tables: {error.strerror}") from None
    config: dict[str, Any] = {"format_version": "2.0.0", "id": model.name.replace(".", "_")}
    config["model_files"] = {"model": {"location": "model.xml", "language": "sbml"}}
    write_text(target / "model.xml", to_sbml(whole))
    for name, frame in tables.items():
        config[f"{name}_files"] = [f"{name}s.tsv"] if len(frame) else []
        if len(frame):
            write_text(target / f"{name}s.tsv", frame.to_csv(sep="\t", index=False, float_format="%.17g"))
    # JSON is YAML
    write_text(target / "problem.yaml", json.dumps(config, indent=2) + "\n")
    return target / "problem.yaml"


def _interventions(model: Model, arms: Arms) -> dict[str, Any]:
    """Return every intervention that occurs in an arm, by its name."""
    found: dict[str, Any] = {}
    for arm in arms:
        for entry in arms[arm]:
            item = model.intervention(entry) if isinstance(entry, str) else entry
            other = found.setdefault(item.name, item)
            if other.at(1.0) != item.at(1.0):
                raise StudyError(
                    f"{model.name}, arm '{arm}': '{item.name}' is another intervention than in an arm before; "
                    f"use .renamed('{item.name}_2')"
                )
    return found


def _strengths(model: Model, arms: Arms, chosen: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the strength of every intervention in every arm."""
    made: dict[str, dict[str, float]] = {}
    for arm in arms:
        own = [model.intervention(entry) if isinstance(entry, str) else entry for entry in arms[arm]]
        strengths = {item.name: float(item.strength) for item in own}
        made[arm] = {f"{name}.strength": strengths.get(name, 0.0) for name in chosen}
    return made


def checked(model: Model, arms: Iterable[str], data: pd.DataFrame) -> pd.DataFrame:
    """Return measurements with the columns of `PetabProblem.data`, after checking arms and quantities.

    Raises
    ------
    StudyError : there is no measurement, a column is missing, or an arm or a quantity is unknown.
    """
    import pandas as pd

    if not len(data):
        raise StudyError(f"{model.name}: there are no measurements, and PEtab needs some")
    for column in COLUMNS:
        if column not in data.columns:
            raise StudyError(
                f"{model.name}: measurements need a column '{column}'{did_you_mean(column, map(str, data.columns))}"
            )
    results: tuple[Any, ...] = (*model.states, *model.derived)
    known = {"arm": dict.fromkeys(arms, ""), "observable": {record.name: record.meaning for record in results}}
    for column, names in known.items():
        for name in data[column].astype(str).unique():
            if name not in names:
                raise StudyError(f"{model.name}: unknown {column} '{name}' in the data{did_you_mean(name, names)}")
    for column in ("time", "value", "sd"):
        if column in data.columns and not pd.api.types.is_numeric_dtype(data[column]):
            raise StudyError(f"{model.name}: the column '{column}' of the data must hold numbers")
    if "sd" in data.columns and data["sd"].isna().any():
        raise StudyError(f"{model.name}: the column 'sd' of the data has gaps; fill them, or leave the column out")
    kept = [column for column in ("sd", "noise") if column in data.columns]
    if "noise" in kept:
        for name in data["observable"].unique():
            noises = data.loc[data["observable"] == name, "noise"]
            if noises.nunique() > 1 or noises.iloc[0] not in NOISES:
                found = ", ".join(sorted(map(str, noises.unique())))
                raise StudyError(
                    f"{model.name}: the noise of '{name}' must be one of {', '.join(NOISES)}; found {found}"
                )
    return data[[*COLUMNS, *kept]]
