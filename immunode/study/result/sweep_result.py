"""The result of a sweep: tables, labelled arrays, differences between arms, figures, files."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from immunode.solve.status import Status
from immunode.study.result.export import write_csv, write_netcdf, write_parquet
from immunode.study.result.labelled_arrays import lazy_dataset, whole_dataset
from immunode.study.result.notebook import page
from immunode.study.result.paired_differences import Contrast, contrast, quantiles
from immunode.study.result.pictures import Pictures
from immunode.study.result.rows import Rows
from immunode.study.result.selection import Selection, select
from immunode.study.result.spreadsheets import csv_text
from immunode.study.run.recipe import json_text, named, write_files
from immunode.study.run.sweep_data import NOT_RUN

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class SweepResult(Rows):
    """What a sweep gave, one row per run in the order of the design; never changes.

    `sweep` returns it with its columns in memory; `open_store` with columns that are read from the store, and compared
    with their checksums, whenever they are looked at.

    Attributes
    ----------
    plan : Plan
        what was asked for, of a sweep that ran here.
    data : SweepData
        the columns: status, values, kept, reached, methods, reasons.
    recipe : Mapping[str, Any]
        how it was made, plain data.
    message : str
        what to know about the whole; "" is nothing.
    """

    def _repr_html_(self) -> str:
        return page(repr(self), self.summary().reset_index(drop=True), "Summary")

    @property
    def plot(self) -> Pictures:
        """Figures: `.plot.heat(endpoint, x, y)`, `.plot.bands(quantity)`, `.plot.endpoints(...)`."""
        return Pictures(self)

    def dataset(self, *, chunks: Any = None) -> xr.Dataset:
        """Return an xarray Dataset: over (arm, draw) where every draw ran in every arm, else over run.

        The design's columns are coordinates; units are attributes; kept trajectories have a further dimension, time.
        From a store it is over run, and lazy: values are read, and checked, when they are used, so that tens of
        millions of rows open at once.

        Parameters
        ----------
        chunks : Any
            as in `xarray.Dataset.chunk`; None needs no Dask, {} makes one Dask chunk per block of a store.

        Raises
        ------
        StoreError
            when values of a damaged block are used.
        """
        if self.store is not None:
            return lazy_dataset(self, chunks)
        whole = whole_dataset(self)
        return whole if chunks is None else whole.chunk(chunks)

    def contrast(self, quantity: str, *, versus: str = "control") -> Contrast:
        """Return paired differences of an endpoint, each arm minus the arm `versus`, draw by draw.

        Raises
        ------
        StudyError
            unknown endpoint or arm, only one arm, or an arm that ran a draw twice.
        """
        return contrast(self.rows_there(), quantity, versus)

    def summary(self) -> pd.DataFrame:
        """Return one row per endpoint and arm: median, q05, q95 of the runs that are ok, and the share that failed.

        `failed` is a share of the runs that were started, 0 to 1; `ok` counts runs.
        """
        import pandas as pd

        units, rows = self.units, []
        arm_of, status = self.arm_of, np.asarray(self.data.status)
        for name in self.endpoints:
            column = self.endpoint(name)
            for i, arm in enumerate(self.arms):
                mine = arm_of == i
                good, started = mine & (status == Status.OK), mine & (status != NOT_RUN)
                q05, median, q95 = quantiles(column[good], (0.05, 0.5, 0.95))
                n_ok, n_started = int(good.sum()), int(started.sum())
                failed = 1 - n_ok / n_started if n_started else np.nan
                rows.append((name, arm, units[name], median, q05, q95, n_ok, failed))
        columns = ["endpoint", "arm", "unit", "median", "q05", "q95", "ok", "failed"]
        return named(pd.DataFrame(rows, columns=columns), self.asked.model)

    def select(self, condition: str) -> Selection[Self]:
        """Return the runs for which a condition on endpoints and the design's columns holds; failed runs never do.

        Parameters
        ----------
        condition : str
            such as `"final(T) > 1e8 and k < 0.5"`; a bare quantity will do where one endpoint is on it.
            `out.select("damage > 0.5").rerun(keep="trajectories")` computes those runs again, with the same bits.

        Raises
        ------
        StudyError
            it can't be read, or names no endpoint or column.
        """
        return select(self, condition)

    def save(
        self, folder: str | os.PathLike[str], *, trajectories: bool = True, notes: Mapping[str, Any] | None = None
    ) -> list[Path]:
        """Write the sweep as plain files and return their paths; each is written whole or not at all.

        table.csv, summary.csv, recipe.json; failures.csv where runs failed; trajectories.npz where they were kept.
        The last columns of each table, `model` and `variant`, say what was run.

        Parameters
        ----------
        trajectories : bool
            whether those that were kept are written.
        notes : Mapping[str, Any] | None
            what else recipe.json is to say, first.

        Raises
        ------
        StoreError
            the folder can't be written.
        """
        files: dict[str, str | bytes] = {
            "table.csv": csv_text(self.table()),
            "summary.csv": csv_text(self.summary()),
            "recipe.json": json_text({**(notes or {}), **self.recipe, "units": self.units}),
        }
        failures = self.failures()
        if len(failures):
            files["failures.csv"] = csv_text(failures)
        if self.kept and trajectories:
            buffer = io.BytesIO()
            arrays: dict[str, Any] = {"time": self.times, **self.kept}
            np.savez_compressed(buffer, **arrays)
            files["trajectories.npz"] = buffer.getvalue()
        return write_files(Path(folder), files)

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as CSV, block by block; return its path. It is written whole or not at all."""
        return write_csv(self, Path(path))

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as Parquet, one row group per block; needs pyarrow.

        Raises
        ------
        StoreError
            pyarrow is absent, a block is damaged, or the file can't be written.
        """
        return write_parquet(self, Path(path))

    def to_netcdf(self, path: str | os.PathLike[str]) -> Path:
        """Write the Dataset as NetCDF 4; needs netCDF4 or h5netcdf. "/" in a name becomes "÷".

        Raises
        ------
        StoreError
            neither is there, a block is damaged, or the file can't be written.
        """
        return write_netcdf(self.dataset(), self.model_name, Path(path))
