"""The result of a sweep: tables, labelled arrays, differences between arms, files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StudyError, did_you_mean
from immunode.study.design.row_labels import RowLabels
from immunode.study.result.contrast import Contrast, contrast, quantiles
from immunode.study.result.rows import find_endpoint
from immunode.study.run.plan import Plan
from immunode.study.run.ready import meanings, quantity_units
from immunode.study.run.recipe import named

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from immunode.study.result.pictures import Pictures
    from immunode.study.result.selection import Selection

Array = NDArray[np.float64]
NOT_RUN = -1
"""Status of a row that an interrupted sweep did not come to."""


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult:
    """What a sweep gave, one row a run in the order of the design; never changes.

    plan : what was asked for.
    codes : shape (n_rows,), how each run ended (`immunode.solve.Status`; -1 is "not run").
    values : shape (n_rows, n_endpoints), NaN where a run failed or its arm lacks the quantity.
    kept : quantity -> shape (n_rows, n_times), what `keep` asked for.
    reached : shape (n_rows,), last good time.   methods : shape (n_rows,), integration method.
    why_failed : row -> reason.   recipe : how it was made, plain data.
    message : what to know about the whole, such as that it was interrupted; "" is nothing.
    """

    plan: Plan
    codes: NDArray[np.int16]
    values: Array
    kept: Mapping[str, Array]
    reached: Array
    methods: NDArray[Any]
    why_failed: Mapping[int, str]
    recipe: Mapping[str, Any]
    message: str = ""

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {label}" for label, n in self.status.value_counts().items())
        text = f"Sweep of {self.plan.model.label}: {len(self)} runs ({counts}) in arms {', '.join(self.arms)}"
        return text + f"; design: {self.plan.design.recipe}" + (f"; {self.message}" if self.message else "")

    def _repr_html_(self) -> str:
        from immunode.study.result.notebook import page

        return page(repr(self), self.summary().reset_index(drop=True), "Summary")

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms."""
        return tuple(arm.name for arm in self.plan.arms)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Names of the endpoints, which are the last columns of the table."""
        return tuple(one.name for one in self.plan.endpoints)

    @property
    def model_name(self) -> str:
        """Name of the model, with its variant."""
        return self.plan.model.label

    @property
    def design_recipe(self) -> str:
        """How the design was made, in words."""
        return self.plan.design.recipe

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the design's columns."""
        return self.plan.design.names

    @property
    def column_units(self) -> dict[str, str]:
        """Parameter, knob or initial value of an arm -> unit."""
        from immunode.study.result.dataset import input_units

        return input_units(self)

    @property
    def arm_of(self) -> NDArray[np.intp]:
        """Position of each row's arm, shape (n_rows,)."""
        return self.plan.arm_of

    @property
    def draws(self) -> NDArray[np.intp]:
        """The parameter set that rows of several arms share, shape (n_rows,)."""
        return self.plan.design.draw

    @property
    def row_labels(self) -> RowLabels:
        """Name -> shape (n_rows,): identifiers of patients and other labels that the design brought along."""
        return self.plan.design.row_labels

    @property
    def times(self) -> Array:
        """The output grid, shape (n_times,), in model time."""
        return self.plan.times

    @property
    def arm(self) -> NDArray[Any]:
        """The arm of every row, shape (n_rows,)."""
        return np.array(self.arms, dtype=object)[self.plan.arm_of]

    @property
    def status(self) -> pd.Series[str]:
        """How each run ended: "ok", "refused", "not finite", "step too small", ..., "not run"."""
        import pandas as pd

        from immunode.solve.status import Status

        labels = {int(s): s.label for s in Status} | {NOT_RUN: "not run"}
        return pd.Series([labels[int(c)] for c in self.codes], name="status", dtype=object)

    @property
    def reasons(self) -> pd.Series[str]:
        """Why each failed run failed; the index is its row."""
        import pandas as pd

        return pd.Series(dict(sorted(self.why_failed.items())), name="reason", dtype=object)

    @property
    def units(self) -> dict[str, str]:
        """Endpoint or kept quantity -> unit; "" is dimensionless."""
        known: dict[str, str] = {}
        for arm in reversed(self.plan.arms):
            known |= quantity_units(arm.model)
        clock = self.plan.model.time_unit
        units = {name: known.get(name, "") for name in self.kept}
        return units | {one.name: one.unit(known, clock) for one in self.plan.endpoints}

    @property
    def plot(self) -> Pictures:
        """Figures: `.plot.heat(endpoint, x, y)`, `.plot.bands(quantity)`, `.plot.endpoints(...)`."""
        from immunode.study.result.pictures import Pictures

        return Pictures(self)

    def table(self) -> pd.DataFrame:
        """Return one row a run: run, arm, labels of the row, the design's columns, status, endpoints.

        A column that a row did not set holds the value that the model has.
        """
        import pandas as pd

        inputs = pd.DataFrame(self.inputs(), columns=list(self.plan.design.names))
        ends = pd.DataFrame(self.values, columns=list(self.endpoints))
        first = pd.DataFrame({"run": np.arange(len(self)), "arm": self.arm, **self.row_labels})
        return named(pd.concat([first, inputs, self.status, ends], axis=1), self.plan.model)

    def inputs(self) -> Array:
        """Return the design's columns with the model's own values filled in, shape (n_rows, n_columns)."""
        from immunode.study.run.execution import filled_inputs

        return filled_inputs(self.plan)

    def dataset(self) -> xr.Dataset:
        """Return an xarray Dataset: over (arm, draw) where every draw ran in every arm, else over run.

        The design's columns are coordinates; units are attributes; kept trajectories have a further dimension, time.
        """
        from immunode.study.result.dataset import dataset

        return dataset(self)

    def trajectories(self, quantity: str) -> Array:
        """Return a kept quantity, shape (n_rows, n_times), in its unit.

        Raises
        ------
        StudyError : it was not kept.
        """
        if quantity not in self.kept:
            if not self.kept:
                raise StudyError(f"no trajectories were kept; run sweep(..., keep=['{quantity}'])")
            raise StudyError(f"'{quantity}' was not kept; run sweep(..., keep=...){did_you_mean(quantity, self.kept)}")
        return self.kept[quantity]

    def quantiles(self, quantity: str, levels: Sequence[float]) -> dict[str, Array]:
        """Return quantiles of a kept quantity over the runs that are ok: arm -> shape (n_levels, n_times)."""
        table = self.trajectories(quantity)
        good = self.codes == 0
        picked = {arm.name: table[good & (self.plan.arm_of == arm.index)] for arm in self.plan.arms}
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
        """
        return self.values[:, self.endpoints.index(self.endpoint_name(name))]

    def endpoint_name(self, name: str) -> str:
        """Return the full name of an endpoint, `auc(tnf)`, also from the bare quantity `tnf`."""
        return find_endpoint(name, {one.name: one.subject for one in self.plan.endpoints})

    def contrast(self, quantity: str, *, versus: str = "control") -> Contrast:
        """Return paired differences of an endpoint, each arm minus the arm `versus`, draw by draw.

        Raises
        ------
        StudyError : unknown endpoint or arm, only one arm, or an arm that ran a draw twice.
        """
        return contrast(self, quantity, versus)

    def summary(self) -> pd.DataFrame:
        """Return one row an endpoint and arm: median, q05 and q95 of the runs that are ok, and the share that failed.

        `failed` is a share of the runs that were started, 0 to 1; `ok` counts runs.
        """
        import pandas as pd

        units, rows = self.units, []
        for name in self.endpoints:
            column = self.endpoint(name)
            for arm in self.plan.arms:
                mine = self.plan.arm_of == arm.index
                good, started = mine & (self.codes == 0), mine & (self.codes != NOT_RUN)
                q05, median, q95 = quantiles(column[good], (0.05, 0.5, 0.95))
                n_ok, n_started = int(good.sum()), int(started.sum())
                failed = 1 - n_ok / n_started if n_started else np.nan
                rows.append((name, arm.name, units[name], median, q05, q95, n_ok, failed))
        columns = ["endpoint", "arm", "unit", "median", "q05", "q95", "ok", "failed"]
        return named(pd.DataFrame(rows, columns=columns), self.plan.model)

    def select(self, condition: str) -> Selection:
        """Return the runs for which a condition on endpoints and the design's columns holds; failed runs never do.

        condition : such as `"final(T) > 1e8 and k < 0.5"`; a bare quantity will do where one endpoint is on it.
            `out.select("damage > 0.5").rerun(keep="trajectories")` computes those runs again, with the same bits.

        Raises
        ------
        StudyError : it can't be read, or names no endpoint or column.
        """
        from immunode.study.result.selection import select

        return select(self, condition)

    def save(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write the sweep as plain files and return their paths; each is written whole or not at all.

        table.csv, summary.csv, recipe.json; failures.csv where runs failed; trajectories.npz where they were kept.
        The last columns of each table, `model` and `variant`, say what was run.

        Raises
        ------
        StoreError : the folder can't be written.
        """
        from immunode.study.result.files import save_sweep

        return save_sweep(self, Path(folder))

    def meanings(self) -> dict[str, str]:
        """Return what kept quantities and the design's columns mean, by name, where the models say so."""
        known: dict[str, str] = {}
        for arm in reversed(self.plan.arms):
            known |= meanings(arm.model) | {p.name: p.meaning for p in arm.model.parameters if p.meaning}
        return known
