"""From the files of a PEtab problem to the problem."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from immunode.errors import StudyError, did_you_mean, path_text
from immunode.exchange.petab.experiments import Planner
from immunode.exchange.petab.observations import CONTROL, Observations, free_noises, words_in
from immunode.exchange.petab.priors import Prior, make_prior
from immunode.exchange.petab.problem import PetabProblem
from immunode.exchange.petab.records import Period, Tables
from immunode.exchange.petab.source import Source
from immunode.exchange.petab.versions import read_tables
from immunode.study.arms import Arms

HORIZON = 100.0


def read_petab(path: str | os.PathLike[str]) -> PetabProblem:
    """Return a PEtab problem, version 1 or 2; `path` is its YAML file.

    Each experiment becomes an arm that holds all that its conditions change: parameters, initial values and what
    depends on them, compartments, states at later times, a steady state before the start.

    Raises
    ------
    StoreError
        a file is missing, damaged, or outside the folder of the YAML file.
    StudyError
        the problem uses what is not read here (the message says what), or contradicts itself.
    ModelError
        the model can't be read.

    References
    ----------
    PEtab specification 2.0, https://petab.readthedocs.io/en/latest/v2/documentation_data_format.html
    """
    tables = read_tables(Path(path_text("read_petab", path)))
    free = free_noises(tables)
    source = Source(tables, _introduced(tables), free)
    experiments = _experiments(tables)
    finite = [m.time for m in tables.measurements if math.isfinite(m.time)]
    starts = [p.time for periods in experiments.values() for p in periods if math.isfinite(p.time)]
    span = max(finite, default=0.0) - min(starts, default=0.0)
    planner = Planner(source, span if span > 0 else HORIZON)
    made = {name: planner.experiment(name, periods) for name, periods in experiments.items()}
    observations = Observations(source, free)
    begins = {name: experiment.begins for name, experiment in made.items()}
    data = observations.table(begins)
    _check_used(tables, source)
    moved = [name for name, at in begins.items() if at]
    remarks = (
        *planner.remarks,
        *observations.remarks,
        *(f"experiment '{n}': the arm's time 0 is {begins[n]:g} in the files" for n in moved),
    )
    return PetabProblem(
        observations.model(),
        _arms(made),
        data,
        _estimated(source),
        remarks,
        {_name(source, given): _nominal(source, given) for given in tables.parameters},
        _priors(source),
        {name: at for name, at in begins.items() if at},
        tuple(observations.texts),
        tables.version,
        {given: _name(source, given) for given in tables.parameters if _name(source, given) != given},
    )


def _check_used(tables: Tables, source: Source) -> None:
    """Refuse a parameter to estimate that neither the model nor a table uses: a fit could give it any value."""
    used = words_in([*_formulas(tables), *(text for c in tables.conditions.values() for text in c.values())])
    for name in source.added:
        listed = tables.parameters.get(name)
        if listed is not None and listed.estimate and name not in used:
            hint = did_you_mean(name, [given for given in source.ids if given not in source.added])
            raise source.error(f"parameter '{name}'", f"it is to be estimated, but occurs nowhere else{hint}")


def _formulas(tables: Tables) -> list[str]:
    """Return the texts of observables and measurements that may name parameters."""
    formulas = [text for o in tables.observables.values() for text in (o.formula, o.noise)]
    return formulas + [text for row in tables.measurements for text in (*row.own, *row.of_noise)]


def _introduced(tables: Tables) -> list[str]:
    """Return targets of conditions that formulas use; the model may lack them."""
    used = words_in(_formulas(tables))
    return [target for changes in tables.conditions.values() for target in changes if target in used]


def _experiments(tables: Tables) -> dict[str, tuple[Period, ...]]:
    """Return the periods of each experiment; the model as it is counts as one where a measurement names none."""
    made = dict(tables.experiments)
    for i, row in enumerate(tables.measurements):
        if not row.experiment:
            made.setdefault(CONTROL, ())
        elif row.experiment not in made:
            hint = did_you_mean(row.experiment, made)
            raise StudyError(f"{tables.path}, measurement {i + 1}: unknown experiment '{row.experiment}'{hint}")
    return made


def _arms(made: dict[str, Any]) -> Any:
    # an experiment that changes nothing is the model as it is
    return Arms({name: [e] if e.course is not None or e.values else [] for name, e in made.items()})


def _name(source: Source, given: str) -> str:
    return source.names.get(given, given)


def _nominal(source: Source, given: str) -> float:
    """Return the nominal value of a parameter; where the table has none, the model's own; else NaN."""
    value = source.tables.parameters[given].value
    if value is not None:
        return value
    if given in source.missing:
        return math.nan
    own = {p.name: float(p.value) for p in source.base.parameters}
    return own.get(_name(source, given), math.nan)


def _estimated(source: Source) -> Any:
    import pandas as pd

    listed = {given: p for given, p in source.tables.parameters.items() if p.estimate}
    rows = [(_name(source, given), _nominal(source, given), p.low, p.high) for given, p in listed.items()]
    return pd.DataFrame(rows, columns=["name", "value", "low", "high"])


def _priors(source: Source) -> dict[str, Prior]:
    tables = source.tables
    return {
        _name(source, given): make_prior(p.prior, tables.version, p.low, p.high, f"{tables.path}, parameter '{given}'")
        for given, p in tables.parameters.items()
        if p.prior is not None
    }
