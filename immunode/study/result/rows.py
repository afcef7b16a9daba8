"""The rows of a sweep, whether they are in memory or in a store: names, columns and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StoreError, StudyError, did_you_mean
from immunode.language.characters import visible
from immunode.model import Model
from immunode.solve.status import Status
from immunode.study.design.row_labels import RowLabels
from immunode.study.run.plan import Plan
from immunode.study.run.recipe import named
from immunode.study.run.sweep_data import NOT_RUN, Backing, Column, SweepData
from immunode.study.run.sweep_recipe import methods_used, recipe_of
from immunode.study.store.stored_columns import stored_data
from immunode.study.store.stored_plan import StoredPlan

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
LABELS: dict[int | None, str] = {None: "damaged", NOT_RUN: "not run"} | {int(s): s.label for s in Status}
"""Words for every status, as tables show them."""


@dataclass(frozen=True)
class Trajectories(Mapping[str, Array]):
    """Kept quantities, (n_rows, n_times) each. Those that lie in a store are read when they are asked for."""

    columns: Mapping[str, Column]

    def __getitem__(self, name: str) -> Array:
        return np.asarray(self.columns[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)


@dataclass(frozen=True, eq=False, repr=False)
class Rows:
    """What a sweep was asked for and what it came to, one row per run in the order of the design.

    asked : the plan that was run, or what a store tells of it.   data : columns, in memory or read from a store.
    """

    asked: Plan | StoredPlan
    data: SweepData

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        counts = ", ".join(f"{n:,} {label}" for label, n in self.counts().items())
        arms = ", ".join(self.arms[:8]) + (", ..." if len(self.arms) > 8 else "")
        text = f"Sweep of {self.model_name}: {len(self):,} runs ({counts}) in arms {arms}; design: {self.design_recipe}"
        further = [self.message, str(self.data.source["path"]) if self.store else ""]
        remarks = self.recipe["remarks"] if isinstance(self.asked, Plan) else []
        return visible("; ".join([text, *filter(None, further), *remarks]))

    @property
    def plan(self) -> Plan:
        """The plan that was run.

        Raises
        ------
        StudyError : the sweep was opened from a store, which can't tell all of it.
        """
        if isinstance(self.asked, Plan):
            return self.asked
        name = self.asked.store.place.name
        raise StudyError(f"{name}: a store holds no plan to run again; run the sweep's line, which reads what is done")

    @property
    def store(self) -> Backing | None:
        """The store that columns are read from; None where they are in memory."""
        return self.data.store

    @cached_property
    def recipe(self) -> Mapping[str, Any]:
        """How it was made, plain data. That of a store lacks the methods used where a file of a run is damaged."""
        if isinstance(self.asked, Plan):
            return recipe_of(self.asked, self.data)
        with suppress(StoreError):
            return {**self.asked.recipe(), "methods used": methods_used(self.data), "message": self.message}
        return self.asked.recipe()

    @property
    def message(self) -> str:
        """What to know about the whole, such as that it was interrupted; "" is nothing."""
        return self.data.message

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms."""
        return self.asked.arm_names

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Names of the endpoints, which are the last columns of the table."""
        return self.asked.endpoint_names

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the design's columns."""
        return self.asked.column_names

    @property
    def model_name(self) -> str:
        """Name of the model, with its variant."""
        return self.asked.model_name

    @property
    def model(self) -> Model:
        """The model without arms; that of a store is read from its text, and nothing is executed."""
        return self.asked.model

    @property
    def design_recipe(self) -> str:
        """How the design was made, in words."""
        return self.asked.design_recipe

    @property
    def units(self) -> dict[str, str]:
        """Endpoint or kept quantity -> unit; "" is dimensionless."""
        return self.asked.units

    @property
    def column_units(self) -> dict[str, str]:
        """Column of the design -> unit, where it is known."""
        return self.asked.column_units

    @property
    def meanings(self) -> dict[str, str]:
        """What quantities and the design's columns mean, by name, where the models say so."""
        return self.asked.meanings

    @property
    def times(self) -> Array:
        """The output grid, shape (n_times,), in model time."""
        return self.asked.times

    @property
    def arm_of(self) -> NDArray[np.intp]:
        """Position of each row's arm, shape (n_rows,); -1 for a row that a store does not have."""
        return np.asarray(self.asked.arm_of).astype(np.intp, copy=False)

    @property
    def arm(self) -> NDArray[Any]:
        """The arm of every row, shape (n_rows,); "" for a row that a store does not have."""
        return self._arm_names(self.arm_of)

    @property
    def draws(self) -> NDArray[np.intp]:
        """The parameter set that rows of several arms share, shape (n_rows,)."""
        return np.asarray(self.asked.draws).astype(np.intp, copy=False)

    @property
    def row_labels(self) -> RowLabels:
        """Name -> shape (n_rows,): identifiers of patients and other labels that the design brought along."""
        return {name: np.asarray(column) for name, column in self.asked.row_labels.items()}

    def inputs(self) -> Array:
        """Return the design's columns with the model's own values filled in, shape (n_rows, n_columns)."""
        return self.asked.inputs()

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Which runs came to their end, shape (n_rows,)."""
        return np.asarray(np.asarray(self.data.status) == Status.OK)

    @property
    def values(self) -> Array:
        """Endpoints, shape (n_rows, n_endpoints), NaN where a run failed or its arm lacks the quantity."""
        return np.asarray(self.data.values)

    @property
    def reached(self) -> Array:
        """Last good time of each run, shape (n_rows,)."""
        return np.asarray(self.data.reached)

    @property
    def methods(self) -> NDArray[Any]:
        """Integration method of each run, shape (n_rows,)."""
        return np.asarray(self.data.methods)

    @property
    def status(self) -> pd.Series[str]:
        """How each run ended: "ok", "refused", "not finite", "step too small", ..., "not run"."""
        import pandas as pd

        return pd.Series(status_words(np.asarray(self.data.status)), name="status", dtype=object)

    @property
    def reasons(self) -> pd.Series[str]:
        """Why each failed run failed; the index is its row."""
        import pandas as pd

        texts = np.asarray(self.data.reasons)
        failed = np.flatnonzero((texts != "") & (np.asarray(self.data.status) != Status.OK))
        return pd.Series({int(row): str(texts[row]) for row in failed}, name="reason", dtype=object)

    @property
    def kept(self) -> Mapping[str, Array]:
        """Quantity -> shape (n_rows, n_times), what `keep` asked for; from a store, read when they are looked at."""
        return Trajectories(self.data.kept)

    def trajectories(self, quantity: str) -> Array:
        """Return a kept quantity, shape (n_rows, n_times), in its unit.

        Raises
        ------
        StudyError : it was not kept.
        StoreError : a block is damaged.
        """
        kept = self.data.kept
        if quantity not in kept:
            if not kept:
                raise StudyError(f"no trajectories were kept; run sweep(..., keep=['{quantity}'])")
            raise StudyError(f"'{quantity}' was not kept; run sweep(..., keep=...){did_you_mean(quantity, kept)}")
        return np.asarray(kept[quantity])

    def quantiles(self, quantity: str, levels: Sequence[float]) -> dict[str, Array]:
        """Return quantiles of a kept quantity over the runs that are ok: arm -> shape (n_levels, n_times)."""
        table, arm_of, ok = self.trajectories(quantity), self.arm_of, self.ok
        picked = {arm: table[ok & (arm_of == i)] for i, arm in enumerate(self.arms)}
        return {
            name: np.quantile(rows, list(levels), axis=0)
            for name, rows in picked.items()
            if len(rows) and np.isfinite(rows).all()
        }

    def endpoint(self, name: str) -> Array:
        """Return the column of an endpoint, shape (n_rows,); a bare quantity will do where only one is on it.

        Raises
        ------
        StudyError : none, or several.
        StoreError : a block is damaged.
        """
        return np.asarray(self.data.values[:, self.endpoints.index(self.endpoint_name(name))])

    def endpoint_name(self, name: str) -> str:
        """Return the full name of an endpoint, `auc(tnf)`, also from the bare quantity `tnf`."""
        known = self.asked.endpoint_subjects
        name = str(name)  # an endpoint itself will do
        if name in known:
            return name
        about = [full for full, subject in known.items() if subject == name]
        if len(about) == 1:
            return about[0]
        if about:
            raise StudyError(f"there are several endpoints on '{name}'; say which: {', '.join(about)}")
        raise StudyError(f"unknown endpoint '{name}'{did_you_mean(name, known)}")

    def counts(self) -> dict[str, int]:
        """Return how many runs ended how: "ok", "refused", ..., "not run"; "damaged" where a file of theirs is lost.

        From a store, values are not read for it; `verify` compares all that there is with its checksums.
        """
        if self.store is not None:
            found = self.store.status_counts()
        else:
            codes = zip(*np.unique(np.asarray(self.data.status), return_counts=True), strict=True)
            found = {int(code): int(number) for code, number in codes}
        words = {LABELS.get(code, f"status {code}"): number for code, number in found.items()}
        return dict(sorted(words.items(), key=lambda pair: -pair[1]))

    def verify(self) -> list[int]:
        """Return the blocks of its store that do not hold what was written; the sweep's own line computes them again.

        Everything in the store is read. A sound copy of such blocks is taken over by `merge_stores`. Of a sweep in
        memory there are none.

        Raises
        ------
        StoreError : names of arms, endpoints or columns, or the output times, are not what was written; no block has
            them.
        """
        return [] if self.store is None else self.store.verify()

    def rows_there(self) -> Self:
        """Return the sweep without the rows that its store does not have, of which not even the arm is known.

        A warning says how many they are. In memory nothing is missing: a row that did not run has that status.

        Raises
        ------
        StoreError : no block of the store is finished yet.
        """
        if isinstance(self.asked, Plan):
            return self
        there = self.asked.rows_there()
        return self if len(there) == len(self) else type(self)(there, stored_data(there.store, there.blocks))

    def table(self) -> pd.DataFrame:
        """Return one row per run: run, arm, labels of the row, the design's columns, status, endpoints.

        A column that a row did not set holds the value that the model has. Of rows that a store does not have, only
        their number and the status "not run" are known.
        """
        import pandas as pd

        parts = list(self.tables())
        return named(pd.concat(parts, ignore_index=True), self.asked.model) if len(parts) > 1 else parts[0]

    def tables(self) -> Iterator[pd.DataFrame]:
        """Give the table block by block, so that memory stays small; together they are `table()`.

        Raises
        ------
        StoreError : a block is damaged.
        """
        for rows in self._blocks():
            yield self._table(rows)

    def failures(self) -> pd.DataFrame:
        """Return one row per failed run: run, arm, labels, status, reached, method, reason."""
        import pandas as pd

        parts = []
        for rows in self._blocks():
            codes = np.asarray(self.data.status[rows])
            bad = np.flatnonzero((codes != Status.OK) & (codes != NOT_RUN))
            columns = {
                "run": bad + rows.start,
                "arm": self._arms_of(rows)[bad],
                **{name: column[bad] for name, column in self._labels_of(rows).items()},
                "status": status_words(codes[bad]),
                "reached": np.asarray(self.data.reached[rows])[bad],
                "method": np.asarray(self.data.methods[rows])[bad],
                "reason": np.asarray(self.data.reasons[rows])[bad].astype(object),
            }
            # tables without rows would change the types of the others
            if bad.size or not rows.start:
                parts.append(pd.DataFrame(columns))
        return named(pd.concat(parts[len(parts) > 1 and not len(parts[0]) :], ignore_index=True), self.asked.model)

    def _blocks(self) -> Iterator[slice]:
        step = self.data.span if self.store is not None else len(self)
        for first in range(0, len(self), step):
            yield slice(first, min(first + step, len(self)))

    def _table(self, rows: slice) -> pd.DataFrame:
        import pandas as pd

        run = {"run": np.arange(rows.start, rows.stop), "arm": self._arms_of(rows)}
        parts = [
            pd.DataFrame({**run, **self._labels_of(rows)}),
            pd.DataFrame(self.asked.inputs(rows), columns=list(self.columns)),
            pd.Series(status_words(np.asarray(self.data.status[rows])), name="status", dtype=object),
            pd.DataFrame(np.asarray(self.data.values[rows]), columns=list(self.endpoints)),
        ]
        return named(pd.concat(parts, axis=1), self.asked.model)

    def _arms_of(self, rows: slice) -> NDArray[Any]:
        return self._arm_names(np.asarray(self.asked.arm_of[rows]))

    def _arm_names(self, arm_of: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.array([*self.arms, ""], dtype=object)[arm_of])

    def _labels_of(self, rows: slice) -> dict[str, NDArray[Any]]:
        return {name: np.asarray(column[rows]) for name, column in self.asked.row_labels.items()}


def status_words(codes: NDArray[Any]) -> NDArray[np.object_]:
    """Return the words for statuses, shape (n_rows,)."""
    kinds, place = np.unique(codes, return_inverse=True)
    words = np.array([LABELS.get(int(code), f"status {code}") for code in kinds], object)
    return np.asarray(words[place.reshape(codes.shape)], object)
