"""Tables of PEtab version 2.

Source: PEtab specification 2.0, https://petab.readthedocs.io/en/latest/v2/documentation_data_format.html
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from immunode.errors import StudyError, did_you_mean
from immunode.exchange.petab.files import Row, check_keys, numeric, once, rows, sbml_file, several
from immunode.exchange.petab.records import Listed, Measured, Observed, Period, PriorText, Tables

KINDS = {"normal": "normal", "log-normal": "lognormal", "laplace": "laplace", "log-laplace": "loglaplace"}
"""What the format calls a noise, and what it is called here."""
_TABLES = ("parameter", "measurement", "condition", "experiment", "observable", "mapping")
_KEYS = ("format_version", "id", "extensions", "model_files", *(f"{kind}_files" for kind in _TABLES))
_CONDITIONS = ("simulationConditionId", "preequilibrationConditionId")
_PRIORS = tuple(f"{kind}Prior{what}" for kind in ("objective", "initialization") for what in ("Type", "Parameters"))


def tables_of_version_2(path: Path, config: Mapping[str, Any]) -> Tables:
    """Return the tables of a problem of version 2."""
    check_keys(path, config, _KEYS)
    model = sbml_file(path, config.get("model_files") or [])
    conditions: dict[str, dict[str, str]] = {}
    for row in rows(path, config.get("condition_files"), ("conditionId", "targetId", "targetValue")):
        own = conditions.setdefault(row["conditionId"], {})
        if row["targetId"] in own:
            raise StudyError(f"{path}, condition '{row['conditionId']}': '{row['targetId']}' is set twice")
        own[row["targetId"]] = row["targetValue"]
    needed = ("observableId", "observableFormula", "noiseFormula")
    observed = rows(path, config.get("observable_files"), needed, ("observableTransformation",))
    once((row["observableId"] for row in observed), f"{path}: observable")
    columns = ("parameterId", "lowerBound", "upperBound", "estimate")
    listed = rows(path, config.get("parameter_files"), columns, ("parameterScale", *_PRIORS))
    once((row["parameterId"] for row in listed), f"{path}: parameter")
    mapped = rows(path, config.get("mapping_files"), ("petabEntityId", "modelEntityId"))
    return Tables(
        path,
        2,
        model,
        conditions,
        _experiments(path, config, conditions),
        {row["observableId"]: _observed(row, f"{path}, observable '{row['observableId']}'") for row in observed},
        measurements(path, config.get("measurement_files"), "experimentId", _CONDITIONS),
        {row["parameterId"]: _parameter(row, f"{path}, parameter '{row['parameterId']}'") for row in listed},
        {row["petabEntityId"]: row["modelEntityId"] for row in mapped if row["modelEntityId"]},
    )


def _experiments(path: Path, config: Mapping[str, Any], conditions: Mapping[str, Any]) -> dict[str, tuple[Period, ...]]:
    begun: dict[str, dict[float, list[str]]] = {}
    for row in rows(path, config.get("experiment_files"), ("experimentId", "time", "conditionId")):
        who = f"{path}, experiment '{row['experimentId']}'"
        time = numeric(row["time"], who, infinite=True)
        if time == math.inf:
            raise StudyError(f"{who}: a period can't begin at infinity")
        own = begun.setdefault(row["experimentId"], {}).setdefault(time, [])
        if row["conditionId"]:
            if row["conditionId"] not in conditions:
                hint = did_you_mean(row["conditionId"], conditions)
                raise StudyError(f"{who}: unknown condition '{row['conditionId']}'{hint}")
            own.append(row["conditionId"])
    return {name: tuple(Period(t, tuple(found[t])) for t in sorted(found)) for name, found in begun.items()}


def _observed(row: Row, who: str) -> Observed:
    given = row.get("noiseDistribution", "") or "normal"
    if given not in KINDS:
        raise StudyError(f"{who}: the noise '{given}' is not read here; {', '.join(KINDS)} are")
    own, of_noise = (several(row.get(c, "")) for c in ("observablePlaceholders", "noisePlaceholders"))
    return Observed(row["observableFormula"], row["noiseFormula"], KINDS[given], 1.0, own, of_noise)


def measurements(
    path: Path, files: object, column: str, foreign: tuple[str, ...], name: Any = None
) -> tuple[Measured, ...]:
    """Return the measurements.

    column : that names the experiment.   foreign : columns of the other version.   name : makes its name of a row.
    """
    made = []
    for i, row in enumerate(rows(path, files, ("observableId", column, "measurement", "time"), foreign), start=1):
        who = f"{path}, measurement {i}"
        made.append(
            Measured(
                row["observableId"],
                name(row) if name else row[column],
                numeric(row["time"], f"{who}, time", infinite=True),
                numeric(row["measurement"], f"{who}, measurement"),
                several(row.get("observableParameters", "")),
                several(row.get("noiseParameters", "")),
            )
        )
    if not made:
        raise StudyError(f"{path}: there are no measurements")
    return tuple(made)


def _parameter(row: Row, who: str) -> Listed:
    estimate = row["estimate"].lower()
    if estimate not in ("true", "false"):
        raise StudyError(f"{who}: estimate must be true or false, got '{estimate:.20}'")
    low, high = bounds(row, who, estimate == "true")
    value = numeric(row["nominalValue"], who) if row.get("nominalValue") else None
    given = row.get("priorDistribution", "")
    prior = None
    if given:
        prior = PriorText(given, tuple(numeric(n, f"{who}, prior") for n in several(row.get("priorParameters", ""))))
    elif estimate == "true":
        prior = PriorText("uniform", (low, high))
    return Listed(value, low, high, estimate == "true", prior if estimate == "true" else None)


def bounds(row: Row, who: str, needed: bool) -> tuple[float, float]:
    """Return the bounds of a parameter; without bounds, infinities where it is not estimated."""
    low, high = row.get("lowerBound", ""), row.get("upperBound", "")
    if not needed:
        return -math.inf, math.inf
    ends = numeric(low, f"{who}, lowerBound", infinite=True), numeric(high, f"{who}, upperBound", infinite=True)
    if ends[0] > ends[1]:
        raise StudyError(f"{who}: its lower bound {ends[0]:g} is above its upper bound {ends[1]:g}")
    return ends
