"""The tables that a PEtab problem is written as."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from immunode.errors import StudyError, did_you_mean
from immunode.exchange.petab.version2 import KINDS
from immunode.exchange.sbml.writing.document import document_ids
from immunode.model import Model, Parameter

if TYPE_CHECKING:
    import pandas as pd

WIDE = 1e3
"""Bounds of a parameter that declares none, or of an unknown measurement error: this factor down and up."""


def problem_tables(
    model: Model,
    conditions: Mapping[str, Mapping[str, float]],
    data: pd.DataFrame,
    estimate: Sequence[str] | None,
) -> dict[str, pd.DataFrame]:
    """Return the tables by name: condition, experiment, observable, measurement, parameter.

    conditions : arm -> parameter -> value.   data : as in `PetabProblem.data`.

    Raises
    ------
    StudyError : a parameter to estimate is unknown, or set by a condition.
    """
    import pandas as pd

    ids = document_ids(model)
    plain = {arm: re.sub(r"\W", "_", arm, flags=re.ASCII) for arm in conditions}
    labels = {arm: f"arm_{name}" if name[:1].isdigit() else name for arm, name in plain.items()}
    if len(set(labels.values())) < len(labels):
        labels = {arm: f"{label}_{i}" for i, (arm, label) in enumerate(labels.items())}
    used = set(data["arm"].astype(str))
    conditions = {arm: values for arm, values in conditions.items() if arm in used}
    rows = [(f"in_{labels[arm]}", ids[k], v) for arm, values in conditions.items() for k, v in values.items()]
    periods = [(labels[arm], 0.0, f"in_{labels[arm]}" if values else "") for arm, values in conditions.items()]
    observed = list(dict.fromkeys(data["observable"].astype(str)))
    told = "sd" in data.columns
    kinds = dict(zip(data["observable"].astype(str), data["noise"], strict=True)) if "noise" in data.columns else {}
    observables = [_observable(ids[q], q, kinds.get(q, "normal"), told) for q in observed]
    measured = {
        "observableId": [f"observed_{ids[str(q)]}" for q in data["observable"]],
        "experimentId": [labels[str(arm)] for arm in data["arm"]],
        "measurement": data["value"].astype(float).to_list(),
        "time": data["time"].astype(float).to_list(),
    }
    if told:
        measured["noiseParameters"] = data["sd"].astype(float).to_list()
    parameters = [_row(p, ids) for p in _estimated(model, estimate, {n for c in conditions.values() for n in c})]
    if not told:
        values = {q: data.loc[data["observable"].astype(str) == q, "value"].astype(float) for q in observed}
        # of a logarithm the size is relative
        sizes = {
            q: 0.1 if kinds.get(q, "").startswith("log") else 0.1 * float(v.abs().mean()) for q, v in values.items()
        }
        parameters += [_size(ids[q], q, size or 0.1) for q, size in sizes.items()]
    heads = ["parameterId", "parameterName", "nominalValue", "lowerBound", "upperBound", "estimate"]
    noise = ["observableId", "observableName", "observableFormula", "noiseFormula", "noisePlaceholders"]
    noise.append("noiseDistribution")
    return {
        "condition": pd.DataFrame(rows, columns=["conditionId", "targetId", "targetValue"]),
        "experiment": pd.DataFrame(
            [p for p, arm in zip(periods, conditions, strict=True) if arm in used],
            columns=["experimentId", "time", "conditionId"],
        ),
        "observable": pd.DataFrame(observables, columns=noise),
        "measurement": pd.DataFrame(measured),
        "parameter": pd.DataFrame(parameters, columns=heads),
    }


def _estimated(model: Model, names: Sequence[str] | None, conditioned: set[str]) -> list[Parameter]:
    known = {p.name: p for p in model.parameters}
    if names is None:
        own = [
            p for p in model.parameters if p.name.partition(".")[0] not in model.applied and p.name not in conditioned
        ]
        ranged = [p for p in own if p.bounds and p.bounds[0] < p.bounds[1]]
        return ranged or [p for p in own if p.value]
    for name in names:
        if name not in known:
            meanings = {p.name: p.meaning for p in model.parameters}
            raise StudyError(f"{model.name}: unknown parameter '{name}' to estimate{did_you_mean(name, meanings)}")
        if name in conditioned:
            raise StudyError(f"{model.name}: '{name}' is what tells the arms apart, and can't be estimated")
    return [known[name] for name in dict.fromkeys(names)]


def _observable(made: str, name: str, kind: str, told: bool) -> tuple[str, ...]:
    """Return a row of the observable table. made : id of the quantity.   told : whether each row tells its sd."""
    noise = (f"sd_of_{made}", f"sd_of_{made}") if told else (f"sd_{made}", "")
    called = next(given for given, own in KINDS.items() if own == kind)
    return (f"observed_{made}", name, made, *noise, called)


def _size(made: str, name: str, size: float) -> tuple[str, str, float, float, float, str]:
    """Return a row of the parameter table for the size of a noise that is to be estimated."""
    return f"sd_{made}", f"error of {name}", size, size / WIDE, size * WIDE, "true"


def _row(parameter: Parameter, ids: Mapping[str, str]) -> tuple[str, str, float, float, float, str]:
    value = float(parameter.value)
    low, high = parameter.bounds or sorted((value / WIDE, value * WIDE))
    return ids[parameter.name], parameter.name, value, float(low), float(high), "true"
