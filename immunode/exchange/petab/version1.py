"""Tables of PEtab version 1, read as those of version 2: a pair of conditions becomes an experiment of two periods.

Source: Schmiester et al. 2021, doi:10.1371/journal.pcbi.1008646;
https://petab.readthedocs.io/en/latest/v1/documentation_data_format.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from immunode.errors import StudyError, did_you_mean
from immunode.exchange.petab.files import Row, check_keys, numeric, once, rows, sbml_file, several
from immunode.exchange.petab.records import Listed, Observed, Period, PriorText, Tables
from immunode.exchange.petab.version2 import bounds, measurements

SCALES = ("lin", "log", "log10")
_NOISES = {"normal": ("normal", "lognormal"), "laplace": ("laplace", "loglaplace")}
_KEYS = ("format_version", "parameter_file", "problems", "extensions")
_TABLES = tuple(f"{kind}_files" for kind in ("measurement", "condition", "observable", "visualization", "mapping"))
_PROBLEM_KEYS = ("sbml_files", "model_files", *_TABLES)
_YES, _NO = ("1", "true", "1.0"), ("0", "false", "0.0")


def tables_of_version_1(path: Path, config: Mapping[str, Any]) -> Tables:
    """Return the tables of a problem of version 1."""
    problems = config.get("problems")
    if not isinstance(problems, list) or len(problems) != 1 or not isinstance(problems[0], Mapping):
        found = len(problems) if isinstance(problems, list) else 0
        raise StudyError(f"{path}: one problem in the file is read here, but {found} are named")
    only = problems[0]
    check_keys(path, config, _KEYS)
    check_keys(path, only, _PROBLEM_KEYS)
    model = sbml_file(path, only.get("sbml_files") or only.get("model_files") or [])
    files = only.get("condition_files")
    conditions = {}
    listed_conditions = rows(path, files, ("conditionId",))
    once((row["conditionId"] for row in listed_conditions), f"{path}: condition")
    for row in listed_conditions:
        targets = {c: v for c, v in row.items() if c not in ("conditionId", "conditionName")}
        conditions[row["conditionId"]] = {c: v for c, v in targets.items() if v and v.lower() != "nan"}
    needed = ("observableId", "observableFormula", "noiseFormula")
    observed = rows(path, only.get("observable_files"), needed)
    once((row["observableId"] for row in observed), f"{path}: observable")
    listed = rows(path, config.get("parameter_file"), ("parameterId", "estimate"))
    once((row["parameterId"] for row in listed), f"{path}: parameter")
    mapped = rows(path, only.get("mapping_files"), ("petabEntityId", "modelEntityId"))
    pairs: dict[tuple[str, str], str] = {}
    data = measurements(
        path,
        only.get("measurement_files"),
        "simulationConditionId",
        (),
        lambda row: _named(path, row, conditions, pairs),
    )
    return Tables(
        path,
        1,
        model,
        conditions,
        {name: _periods(*pair) for pair, name in pairs.items()},
        {row["observableId"]: _observed(row, f"{path}, observable '{row['observableId']}'") for row in observed},
        data,
        {row["parameterId"]: _parameter(row, f"{path}, parameter '{row['parameterId']}'") for row in listed},
        {row["petabEntityId"]: row["modelEntityId"] for row in mapped if row["modelEntityId"]},
    )


def _named(path: Path, row: Row, conditions: Mapping[str, Any], pairs: dict[tuple[str, str], str]) -> str:
    """Return the name of the experiment of a measurement, and note it."""
    before, during = row.get("preequilibrationConditionId", ""), row["simulationConditionId"]
    before = "" if before.lower() == "nan" else before
    for given in filter(None, (before, during)):
        if given not in conditions:
            raise StudyError(f"{path}: unknown condition '{given}' in the data{did_you_mean(given, conditions)}")
    if (before, during) not in pairs:
        name = during if not before else f"{before}__{during}"
        while name in pairs.values():
            name += "_"
        pairs[before, during] = name
    return pairs[before, during]


def _periods(before: str, during: str) -> tuple[Period, ...]:
    own = Period(0.0, (during,) if during else ())
    return (Period(-math.inf, (before,)), own) if before else (own,)


def _observed(row: Row, who: str) -> Observed:
    distribution = row.get("noiseDistribution", "").lower() or "normal"
    scale = row.get("observableTransformation", "").lower() or "lin"
    if distribution not in _NOISES:
        raise StudyError(f"{who}: the noise '{distribution}' is not read here; {', '.join(_NOISES)} are")
    if scale not in SCALES:
        raise StudyError(f"{who}: the transformation '{scale}' is not read here; {', '.join(SCALES)} are")
    factor = math.log(10.0) if scale == "log10" else 1.0
    noise = row["noiseFormula"] or f"noiseParameter1_{row['observableId']}"
    own, of_noise = (
        _placeholders(f"{row['observableFormula']} {noise}", f"{kind}Parameter", row["observableId"])
        for kind in ("observable", "noise")
    )
    return Observed(row["observableFormula"], noise, _NOISES[distribution][scale != "lin"], factor, own, of_noise)


def _placeholders(text: str, kind: str, observable: str) -> tuple[str, ...]:
    found = re.findall(rf"(?<!\w){kind}(\d+)_{re.escape(observable)}(?!\w)", text)
    return tuple(f"{kind}{i}_{observable}" for i in range(1, max(map(int, found), default=0) + 1))


def _parameter(row: Row, who: str) -> Listed:
    given = row["estimate"].lower()
    if given not in (*_YES, *_NO):
        raise StudyError(f"{who}: estimate must be 0 or 1, got '{given:.20}'")
    estimate = given in _YES
    scale = row.get("parameterScale", "").lower() or "lin"
    if scale not in SCALES:
        raise StudyError(f"{who}: the scale '{scale}' is not read here; {', '.join(SCALES)} are")
    low, high = bounds(row, who, estimate)
    value = numeric(row["nominalValue"], who) if row.get("nominalValue") else None
    kind = row.get("objectivePriorType", "")
    prior = None
    if kind and estimate:
        numbers = tuple(numeric(n, f"{who}, prior") for n in several(row.get("objectivePriorParameters", "")))
        # flat between the bounds is no prior
        prior = PriorText(kind, numbers, scale) if numbers or not kind.lower().endswith("uniform") else None
    return Listed(value, low, high, estimate, prior)
