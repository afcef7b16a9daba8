"""Records of individuals as NONMEM, Monolix and nlmixr2 write them: one row a dose, an observation or a reset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.analysis.mixed_effects.records.record_table import (
    MISSING,
    column_names,
    covariate_columns,
    likely_column,
    numbers,
    table_of_records,
)
from immunode.analysis.mixed_effects.records.value_steps import Step, numbered, steps_of_rows
from immunode.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
OBSERVED, DOSE, OTHER, RESET, RESET_AND_DOSE = 0, 1, 2, 3, 4
"""Meanings of EVID."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a dose goes.

    Attributes
    ----------
    state : str
        the state that a dose is added to.
    factor : str
        an expression of parameters by which amounts are multiplied: a bioavailability, or "1/V" where the state is a
        concentration.
    lag : str
        an expression of parameters, the time between the record and the dose, in the model's time unit.
    """

    state: str
    factor: str = "1"
    lag: str = "0"


@dataclass(frozen=True, slots=True)
class DoseRecord:
    """One dose row. rate : 0 is a bolus.   addl : further doses, `ii` apart.   steady : whether it is at steady state.

    place : position in the table, which orders records at one time.   line : row of the table, from 1, for messages.
    """

    time: float
    amount: float
    rate: float
    ii: float
    addl: int
    steady: int
    code: str
    place: int
    line: int


@dataclass(frozen=True, slots=True)
class Observation:
    """One observation. censored : 1 where the value is an upper limit (M3), -1 a lower one, 0 where it was measured.

    limit : lower end where a censored value lies in an interval, else NaN.   again : whether it is a second part of the
    observation before it.
    """

    time: float
    value: float
    code: str
    censored: int
    limit: float
    place: int
    line: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Individual:
    """The records of one individual in order, and time and place of each reset (EVID 3 and 4)."""

    label: str
    observations: tuple[Observation, ...]
    doses: tuple[DoseRecord, ...]
    resets: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True, repr=False)
class IndividualData:
    """Records of many individuals. Made by `individual_data`.

    Attributes
    ----------
    individuals : tuple[Individual, ...]
        in the order of the table.
    covariates : Mapping[str, ndarray]
        column -> first value of each individual, (n_individuals,).
    varying : Mapping[str, tuple[tuple[Step, ...], ...]]
        columns that change within an individual -> the values of each individual over time.
    carried : str
        "last" where such a value holds until the next one, "next" where it held since the row before.
    occasions : tuple[tuple[Step, ...], ...]
        of each individual, the number of its occasion over time, from 1; empty without a column OCC.
    occasion_column : str
        what that column is called in the table.
    texts : Mapping[str, int]
        columns that hold texts -> row of the first.
    outputs : Mapping[str, str]
        code in the column DVID (or CMT) -> quantity of the model.
    routes : Mapping[str, Route]
        code in the column CMT -> where a dose goes.
    notes : tuple[str, ...]
        what was not used, and why, in words.
    """

    individuals: tuple[Individual, ...]
    covariates: Mapping[str, Array]
    varying: Mapping[str, tuple[tuple[Step, ...], ...]] = field(default_factory=dict)
    texts: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    carried: str = "last"
    occasions: tuple[tuple[Step, ...], ...] = ()
    occasion_column: str = ""

    @property
    def n_observations(self) -> int:
        """Number of observations, censored ones among them."""
        return sum(not o.again for one in self.individuals for o in one.observations)

    def __len__(self) -> int:
        return len(self.individuals)

    def __repr__(self) -> str:
        doses = sum(len(one.doses) for one in self.individuals)
        censored = sum(o.censored != 0 for one in self.individuals for o in one.observations)
        parts = [f"{len(self)} individuals", f"{self.n_observations} observations", f"{doses} dose records"]
        if censored:
            parts.append(f"{censored} of the observations beyond a limit")
        return f"IndividualData: {', '.join(parts)}" + "".join(f"\n  {note}" for note in self.notes)


def individual_data(
    table: Any,
    *,
    columns: Mapping[str, str] | None = None,
    outputs: Mapping[Any, str] | str | None = None,
    routes: Mapping[Any, Route | str] | Route | str | None = None,
    without_observations: str = "refuse",
    carried: str = "last",
) -> IndividualData:
    """Return the records of individuals, checked.

    Columns have the names and meanings of NONMEM, in any case: ID, TIME, DV; AMT with RATE (or DUR), ADDL and II, SS,
    CMT for doses; EVID (0 observation, 1 dose, 2 other, 3 reset, 4 reset and dose), MDV 1 for a DV that is none; DVID
    for the output; CENS (1: DV is the upper limit, -1: a lower one) with LIMIT; OCC, the occasion. Others are
    covariates, which may change in time. Empty cells, "." and "NA" are missing. Without EVID, a row with an amount is a
    dose.

    Parameters
    ----------
    table : Any
        a DataFrame, or the path of a text file (comma, semicolon, tab or blanks between columns).
    columns : Mapping[str, str] | None
        name above -> column of the table: `{"DV": "conc"}`.
    outputs : Mapping[Any, str] | str | None
        value of DVID (without that column, of CMT) -> quantity of the model, or one quantity for all; by default the
        value is its name, or the model has a single `Observed`.
    routes : Mapping[Any, Route | str] | Route | str | None
        value of CMT -> `Route` or name of a state, or one for all; by default the value is the name of a state or its
        number, from 1; without CMT the first state.
    without_observations : str
        "refuse" or "leave out" individuals without any observation.
    carried : str
        for covariates and occasions that change within an individual: "last" (a value holds from its row until the
        next one) or "next" (from the row before until its own, as NONMEM takes it).

    Raises
    ------
    StudyError
        a column is missing, or a cell can't be; the message names row and column. Rows count from 1 below the header.
    """
    frame = table_of_records(table)
    names = column_names(frame, columns or {})
    cells = {name: numbers(frame, column, name) for name, column in names.items() if name not in ("ID", *_CODES)}
    labels = frame[names["ID"]].astype(str)
    blank = frame[names["ID"]].isna() | labels.isin(MISSING)
    if blank.any():
        raise StudyError(f"individual_data: row {int(np.argmax(blank)) + 1}, column {names['ID']}: it is empty")
    reader = _Reader(frame, names, cells)
    groups = _rows_of_individuals([str(label) for label in labels], names["ID"])
    individuals = [reader.individual(label, rows) for label, rows in groups.items()]
    empty = [one.label for one in individuals if not one.observations]
    if carried not in ("last", "next"):
        raise StudyError(f"individual_data: carried is 'last' or 'next', got {carried!r}")
    if without_observations not in ("refuse", "leave out"):
        raise StudyError(
            f"individual_data: without_observations is 'refuse' or 'leave out', got {without_observations!r}"
        )
    if empty and without_observations == "refuse":
        raise StudyError(
            f"individual_data: ID {', '.join(empty[:5])}: no observation; check DV, EVID and MDV, or leave such "
            "individuals out with without_observations='leave out' (in the shell --leave-out-empty)"
        )
    if empty:
        reader.notes.append(f"left out, since without observations: ID {', '.join(empty)}")
    kept = [i for i, one in enumerate(individuals) if one.observations]
    if not kept:
        raise StudyError("individual_data: the table has no observation; rows need EVID 0 (or no AMT), MDV 0 and a DV")
    rows = [list(groups.values())[i] for i in kept]
    known = {column for name, column in names.items() if name != "OCC"}
    constant, varying, texts = covariate_columns(frame, known, rows)
    occasions = reader.occasions(rows, carried)
    return IndividualData(
        individuals=tuple(individuals[i] for i in kept),
        covariates=constant,
        varying={
            column: reader.steps([values[mine] for mine in rows], rows, carried) for column, values in varying.items()
        },
        texts=texts,
        outputs={"": outputs} if isinstance(outputs, str) else {_code(k): str(v) for k, v in (outputs or {}).items()},
        routes=_routes(routes),
        notes=tuple(reader.notes),
        carried=carried,
        occasions=occasions,
        occasion_column=names.get("OCC", ""),
    )


_CODES = ("CMT", "DVID", "OCC")


def _rows_of_individuals(labels: list[str], column: str) -> dict[str, list[int]]:
    """Return the rows of each individual; a label that comes back later may be the same person or another one."""
    groups: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        mine = groups.setdefault(label, [])
        if mine and mine[-1] != i - 1:
            raise StudyError(
                f"individual_data: row {i + 1}, column {column}: ID {label} ended in row {mine[-1] + 1} and comes back "
                "after other individuals; sort the rows by ID if it is one individual, else give the second another "
                "ID (NONMEM would take two)"
            )
        mine.append(i)
    return groups


def _routes(given: Any) -> dict[str, Route]:
    pairs = {"": given} if isinstance(given, str | Route) else dict(given or {})
    return {_code(k) if k != "" else "": v if isinstance(v, Route) else Route(str(v)) for k, v in pairs.items()}


def _code(value: Any) -> str:
    """Return a code of CMT, DVID or OCC as text: 1, 1.0 and "1" are the same; "" where it is missing."""
    text = str(value).strip()
    if text in MISSING:
        return ""
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text


class _Reader:
    """Turns rows of a table into records."""

    def __init__(self, frame: pd.DataFrame, names: Mapping[str, str], cells: Mapping[str, Array]) -> None:
        self.names, self.cells, self.n = names, cells, len(frame)
        self.notes: list[str] = []
        self.codes = {c: [_code(v) for v in frame[names[c]]] if c in names else [""] * self.n for c in _CODES}
        self.amount = likely_column(frame, names, "AMT")
        empty = [i + 1 for i in range(self.n) if "EVID" not in names and self.kind(i)[0] == OTHER]
        if empty:
            # with EVID, 2 says that such a row is meant
            self.notes.append(
                f"{len(empty)} rows, the first {empty[0]}, have no DV and no dose"
                f"{self.amount if 'AMT' not in names else ''}: of them only covariates and occasions are used"
            )
        if "LIMIT" in names and "CENS" not in names:
            self.notes.append(f"column {names['LIMIT']} is not used: without CENS no value is censored")

    def value(self, name: str, i: int, default: float = 0.0) -> float:
        column = self.cells.get(name)
        return default if column is None or np.isnan(column[i]) else float(column[i])

    def problem(self, i: int, name: str, text: str) -> StudyError:
        return StudyError(f"individual_data: row {i + 1}, column {self.names.get(name, name)}: {text}")

    def individual(self, label: str, rows: list[int]) -> Individual:
        observations, doses, resets = [], [], []
        last = -np.inf
        for place, i in enumerate(rows):
            kind, code = self.kind(i)
            time = self.value("TIME", i)
            if time < last and kind not in (RESET, RESET_AND_DOSE):
                raise self.problem(i, "TIME", f"ID {label} goes back from {last:g} to {time:g}; sort its rows")
            last = time
            if kind in (RESET, RESET_AND_DOSE):
                resets.append((time, place))
            if kind in (DOSE, RESET_AND_DOSE):
                doses.append(self.dose(i, place, time, code))
            if kind == OBSERVED and self.value("MDV", i) == 0:
                observations.append(self.observation(i, place, time))
        end = max((o.time for o in observations), default=np.inf)
        late = sum(d.time > end for d in doses)
        if late:
            doses_late = "1 dose" if late == 1 else f"{late} doses"
            self.notes.append(f"ID {label}: {doses_late} after its last observation: no effect on the fit")
        return Individual(label, tuple(observations), tuple(doses), tuple(resets))

    def steps(self, values: list[Array], rows: list[list[int]], carried: str) -> tuple[tuple[Step, ...], ...]:
        """Return the steps of each individual. values : of its rows."""
        return tuple(
            steps_of_rows(known, self.cells["TIME"][mine], [self.kind(i)[0] == OBSERVED for i in mine], carried)
            for known, mine in zip(values, rows, strict=True)
        )

    def occasions(self, rows: list[list[int]], carried: str) -> tuple[tuple[Step, ...], ...]:
        """Return the occasions of each individual, or nothing without a column OCC."""
        if "OCC" not in self.names:
            return ()
        codes = self.codes["OCC"]
        found = self.steps([numbered([codes[i] for i in mine]) for mine in rows], rows, carried)
        for steps, mine in zip(found, rows, strict=True):
            if not steps:
                raise self.problem(mine[0], "OCC", "no row of this individual says which occasion it is")
        return found

    def kind(self, i: int) -> tuple[int, str]:
        """Return the EVID of a row, and its compartment."""
        code = self.codes["CMT"][i]
        if "EVID" not in self.cells:
            amount, seen = self.value("AMT", i), not np.isnan(self.cells["DV"][i])
            if amount != 0 and seen and "MDV" not in self.cells and self.cells["DV"][i] != 0:
                raise self.problem(i, "AMT", "the row has a dose and an observation; split it, or add a column EVID")
            if amount != 0:
                return DOSE, code
            return (OBSERVED if seen else OTHER), code
        evid = self.value("EVID", i)
        if evid > 100 and evid % 100 == 1:
            note = "EVID 101, 201, ... are read as doses into compartment 1, 2, ... (RxODE)"
            if note not in self.notes:
                self.notes.append(note)
            return DOSE, str(int(evid // 100))
        if evid not in (0, 1, 2, 3, 4):
            raise self.problem(i, "EVID", f"{evid:g} is not one of 0, 1, 2, 3, 4")
        if evid == OBSERVED and self.value("AMT", i) != 0:
            amount = self.value("AMT", i)
            raise self.problem(i, "AMT", f"{amount:g}, but EVID 0 is no dose; write EVID 1, or 0 in AMT")
        return int(evid), code

    def dose(self, i: int, place: int, time: float, code: str) -> DoseRecord:
        amount, rate, duration = self.value("AMT", i), self.value("RATE", i), self.value("DUR", i)
        ii, addl, steady = self.value("II", i), self.value("ADDL", i), self.value("SS", i)
        if "AMT" not in self.cells:
            raise self.problem(i, "EVID", f"a dose, but the table has no column AMT{self.amount}")
        if not amount > 0:
            raise self.problem(i, "AMT", f"a dose must be above 0, got {amount:g}")
        if rate < 0:
            raise self.problem(i, "RATE", f"{rate:g}: a rate or duration that the model estimates is not supported")
        if duration > 0:
            rate = amount / duration
        if addl != int(addl) or addl < 0:
            raise self.problem(i, "ADDL", f"{addl:g} is not a number of doses")
        # 99 in sets of nlmixr2 stands for "not a steady-state record"
        steady = 0 if steady == 99 else steady
        if steady not in (0, 1, 2):
            raise self.problem(i, "SS", f"{steady:g} is not one of 0, 1, 2")
        if (addl or steady) and not ii > 0:
            raise self.problem(i, "II", "further doses (ADDL, SS) need an interval above 0")
        return DoseRecord(time, amount, rate, ii, int(addl), int(steady), code, place, i + 1)

    def observation(self, i: int, place: int, time: float) -> Observation:
        value = self.cells["DV"][i]
        censored = self.value("CENS", i)
        if np.isnan(value):
            raise self.problem(i, "DV", "an observation without a value; write MDV 1 (or EVID 2) if there is none")
        if censored not in (-1, 0, 1):
            raise self.problem(i, "CENS", f"{censored:g} is not one of -1, 0, 1")
        limit = self.value("LIMIT", i, np.nan) if censored else np.nan
        if censored == 1 and limit >= value:
            raise self.problem(i, "LIMIT", f"{limit:g} is not below the upper limit {value:g} in column DV")
        code = self.codes["DVID" if "DVID" in self.names else "CMT"][i]
        return Observation(time, float(value), code, int(censored), limit, place, i + 1)
