"""Observations and covariates of all individuals as arrays, in the order in which a batch needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.records.dose_slots import DosedModel, slot_values
from immunode.analysis.mixed_effects.records.individual_records import IndividualData
from immunode.analysis.mixed_effects.residual_error import LOGNORMAL, POISSON
from immunode.analysis.mixed_effects.structure import Structure
from immunode.errors import StudyError, did_you_mean
from immunode.model import Model
from immunode.program.program import Program

Array = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Table:
    """Observations of all individuals, padded: arrays of shape (n_individuals, most observations).

    time : place on the grid of all times.   episode : which of the individual's runs.   previous : place of the
        observation of the same output before, -1 where there is none.   line : row of the data.
    """

    y: Array
    used: NDArray[np.bool_]
    time: Rows
    episode: Rows
    output: Rows
    censored: NDArray[np.int8]
    limit: Array
    previous: Rows
    line: Rows
    clock: Array


def padded_table(dosed: DosedModel, data: IndividualData, codes: Sequence[int]) -> tuple[Table, Array]:
    """Return the padded observations, and the grid of all times; the grid begins at 0."""
    n, most = len(data), max(len(one.observations) for one in data.individuals)
    shape = (n, most)
    y, limit, clock = np.zeros(shape), np.full(shape, np.nan), np.zeros(shape)
    used = np.zeros(shape, bool)
    model_time = np.zeros(shape)
    episode, output, line = (np.zeros(shape, np.intp) for _ in range(3))
    censored, previous = np.zeros(shape, np.int8), np.full(shape, -1)
    local: dict[int, int] = {}
    for e in dosed.episodes:
        k = local.get(e.individual, 0)
        local[e.individual] = k + 1
        for j in range(e.first, e.last):
            o = data.individuals[e.individual].observations[j]
            model_time[e.individual, j], episode[e.individual, j] = o.time + e.shift, k
    place = 0
    for i, one in enumerate(data.individuals):
        last: dict[tuple[int, int], int] = {}
        for j, o in enumerate(one.observations):
            y[i, j], limit[i, j], clock[i, j], line[i, j] = o.value, o.limit, o.time, o.line
            censored[i, j], used[i, j], output[i, j] = o.censored, True, codes[place]
            previous[i, j] = last.get((int(episode[i, j]), codes[place]), -1)
            last[int(episode[i, j]), codes[place]] = j
            place += 1
    grid = np.unique(np.concatenate([[0.0], model_time[used]]))
    time = np.searchsorted(grid, model_time)
    return Table(y, used, time, episode, output, censored, limit, previous, line, clock), grid


def base_values(dosed: DosedModel, data: IndividualData, program: Program) -> Array:
    """Return declared values with the covariates and doses of each episode, (n_values, n_episodes)."""
    base = np.repeat(np.asarray(program.values, float)[:, None], len(dosed.episodes), axis=1)
    rows = {name: i for i, name in enumerate(program.parameters)}
    for name, values in slot_values(dosed).items():
        base[rows[name]] = values
    who = np.array([e.individual for e in dosed.episodes], np.intp)
    for column, values in given_covariates(dosed.model, data).items():
        base[rows[column]] = values[who]
    return base


def given_covariates(model: Model, data: IndividualData) -> dict[str, Array]:
    """Return the parameters that the data give for each individual: columns with the name of a parameter, in any case.

    Those that change in time are not among them.

    Raises
    ------
    StudyError : such a column holds texts, or misses a value.
    """
    by_name = {p.name.upper(): p.name for p in model.parameters if "." not in p.name}
    moving = {v.parameter for v in model.variability}
    found: dict[str, Array] = {}
    for column, row in data.texts.items():
        if column.upper() in by_name:
            raise StudyError(
                f"individual_data: row {row}, column {column}: the covariate holds a text; code it as a number"
            )
    for column, values in data.covariates.items():
        name = by_name.get(column.upper())
        if name is None or name in moving:
            continue
        if np.isnan(values).any():
            label = data.individuals[int(np.argmax(np.isnan(values)))].label
            raise StudyError(f"individual_data: ID {label}, column {column}: the covariate has no value")
        if column not in data.varying:
            found[name] = values
    return found


def unused_columns(model: Model, data: IndividualData) -> list[str]:
    """Return the columns that are neither records nor covariates of the model, with what is likely meant."""
    by_name = {p.name.upper(): p.name for p in model.parameters if "." not in p.name}
    estimated = {v.parameter for v in model.variability}
    wanted = [c.parameter for c in model.covariates]
    told = []
    for column in dict.fromkeys([*data.covariates, *data.varying, *data.texts]):
        name = by_name.get(column.upper())
        if name is None:
            told.append(f"{column}{did_you_mean(column, wanted)}")
        elif name in estimated:
            told.append(f"{column} ('{name}' differs between individuals and is estimated)")
    return told


def refuse_values(structure: Structure, table: Table) -> None:
    """Refuse observations that their error makes impossible."""
    kind = np.array([o.kind for o in structure.forms])[table.output]
    for wrong, what in (
        ((kind == LOGNORMAL) & (table.y <= 0), "a log-normal error needs values above 0"),
        ((kind == POISSON) & ((table.y < 0) | (table.y != np.rint(table.y))), "counts are whole numbers from 0"),
    ):
        bad = np.argwhere(wrong & table.used)
        if bad.size:
            i, j = bad[0]
            raise StudyError(f"individual_data: row {table.line[i, j]}, column DV: {table.y[i, j]:g}, but {what}")
