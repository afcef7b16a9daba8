"""Stores opened for reading: lazily as xarray, block by block as tables, and as CSV, Parquet and NetCDF."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.characters import visible
from immunode.errors import StoreError
from immunode.solve.status import Status
from immunode.study.endpoints import endpoint
from immunode.study.rows import find_endpoint
from immunode.study.store import Store
from immunode.study.store_layout import METHODS, NOT_RUN
from immunode.study.store_place import Place

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from immunode.model.declaration import Model

LABELS = {NOT_RUN: "not run"} | {int(s): s.label for s in Status}


def open_store(store: str | os.PathLike[str]) -> StoredSweep:
    """Return the sweep in a store, finished or not; nothing of it is loaded but its description.

    store : folder or URL. It may come from a stranger: nothing in it is executed or unpickled, and a store that
        declares other arrays, types, codecs or sizes than ours is refused.

    Raises
    ------
    StoreError : there is no store, it is damaged, or not safe to open.
    """
    place = Place.of(store)
    found = Store.open(place)
    if found is None:
        raise StoreError(f"{place.name}: there is no store; sweep(..., store=...) makes one")
    return StoredSweep(found)


@dataclass(frozen=True, eq=False, repr=False)
class StoredSweep:
    """A sweep in a store, read block by block. Made by `open_store`."""

    store: Store

    def __len__(self) -> int:
        return self.store.layout.rows

    def __repr__(self) -> str:
        counts = ", ".join(f"{n:,} {label}" for label, n in self.counts().items())
        study = self.store.layout.study
        arms = ", ".join(self.arms[:8]) + (", ..." if len(self.arms) > 8 else "")
        return visible(
            f"Stored sweep of {study['model']['name']}: {len(self):,} runs ({counts}) in arms {arms}; "
            f"design: {study['design']['recipe']}; {self.store.place.name}"
        )

    @property
    def study(self) -> dict[str, Any]:
        """What was asked for, as plain data: model, arms, design, times, endpoints, tolerances, versions."""
        return dict(self.store.layout.study)

    @property
    def model(self) -> Model:
        """The model without arms, read from its text; nothing is executed."""
        import json

        from immunode.model.declaration import Model
        from immunode.model.serial import from_json

        return from_json(Model, json.dumps(self.store.layout.study["model"]))

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms."""
        return tuple(self.store.layout.study["arms"])

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Names of the endpoints."""
        return tuple(self.store.layout.study["endpoints"])

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the design's columns."""
        return tuple(self.store.layout.study["design"]["columns"])

    @property
    def model_name(self) -> str:
        """Name of the model."""
        return str(self.store.layout.study["model"]["name"])

    @property
    def design_recipe(self) -> str:
        """How the design was made, in words."""
        return str(self.store.layout.study["design"]["recipe"])

    @property
    def units(self) -> dict[str, str]:
        """Endpoint -> unit; "" is dimensionless."""
        return dict(zip(self.endpoints, self._units("endpoints", len(self.endpoints)), strict=True))

    @property
    def column_units(self) -> dict[str, str]:
        """Column of the design -> unit; "" is dimensionless."""
        return dict(zip(self.columns, self._units("inputs", len(self.columns)), strict=True))

    @property
    def arm_of(self) -> NDArray[np.intp]:
        """Position of each row's arm, shape (n_rows that ran,)."""
        return self._rows("arm").astype(np.intp)

    @property
    def draws(self) -> NDArray[np.intp]:
        """The parameter set that rows of several arms share, shape (n_rows that ran,)."""
        return self._rows("draw").astype(np.intp)

    @property
    def codes(self) -> NDArray[np.int16]:
        """How each run ended (`immunode.solve.Status`), shape (n_rows that ran,)."""
        return self._rows("status")

    @property
    def values(self) -> NDArray[np.float64]:
        """All endpoints, in memory, shape (n_rows that ran, n_endpoints); NaN where a run failed."""
        return self._rows("endpoints") if self.endpoints else np.empty((len(self.codes), 0))

    @property
    def why_failed(self) -> dict[int, str]:
        """Position among the rows that ran -> why that run failed."""
        reasons = self._rows("reason")
        return {int(i): str(reasons[i]) for i in np.flatnonzero(self.codes != 0)}

    def inputs(self) -> NDArray[np.float64]:
        """Return the design's columns with the model's own values filled in, shape (n_rows that ran, n_columns)."""
        return self._rows("inputs") if self.columns else np.empty((len(self.codes), 0))

    def endpoint(self, name: str) -> NDArray[np.float64]:
        """Return the column of an endpoint, shape (n_rows that ran,); a bare quantity will do where one is on it.

        Raises
        ------
        StudyError : none, or several.
        StoreError : a block is damaged.
        """
        return self._rows("endpoints", self.endpoints.index(self.endpoint_name(name)))

    def endpoint_name(self, name: str) -> str:
        """Return the full name of an endpoint, `auc(tnf)`, also from the bare quantity `tnf`."""
        return find_endpoint(name, {full: endpoint(full).subject for full in self.endpoints})

    def _rows(self, name: str, column: int | None = None) -> NDArray[Any]:
        """Return an array, or a column of it, of the rows that ran."""
        parts = []
        for block in self.store.begun():
            ran = self.store.column("status", block) != NOT_RUN
            part = self.store.column(name, block)[ran]
            parts.append(part if column is None else part[:, column])
        if not parts:
            raise StoreError(f"{self.store.place.name}: no block is finished yet; run the sweep's line again")
        return np.concatenate(parts)

    def _units(self, name: str, number: int) -> list[str]:
        told = self.store.arrays[name].attrs.get("units") if number else []
        return [str(unit) for unit in told] if isinstance(told, list) and len(told) == number else [""] * number

    def counts(self) -> dict[str, int]:
        """Return how many runs ended how: "ok", "refused", ..., "not run"."""
        found: dict[int, int] = {}
        for block in self.store.begun():
            codes, numbers = np.unique(self.store.column("status", block), return_counts=True)
            for code, number in zip(codes.tolist(), numbers.tolist(), strict=True):
                found[code] = found.get(code, 0) + number
        missing = len(self) - sum(n for code, n in found.items() if code != NOT_RUN)
        found = {code: n for code, n in found.items() if code != NOT_RUN} | ({NOT_RUN: missing} if missing else {})
        return {LABELS.get(code, f"status {code}"): n for code, n in sorted(found.items(), key=lambda pair: -pair[1])}

    def verify(self) -> list[int]:
        """Return the blocks that do not hold what was written; the sweep's own line computes them again."""
        return [block for block in self.store.begun() if self.store.read_sound(block) is None]

    def tables(self) -> Iterator[pd.DataFrame]:
        """Give the table block by block, so that memory stays small; rows that did not run are left out.

        The columns are those of `SweepResult.table()`.

        Raises
        ------
        StoreError : a block is damaged.
        """
        for block in self.store.begun():
            yield self._table(block)

    def table(self) -> pd.DataFrame:
        """Return one row a run: run, arm, the design's columns, status, endpoints; as `SweepResult.table()`."""
        import pandas as pd

        parts = list(self.tables())
        return pd.concat(parts, ignore_index=True) if parts else self._empty()

    def _table(self, block: int) -> pd.DataFrame:
        import pandas as pd

        store, rows = self.store, self.store.slice(block)
        ran = store.column("status", block) != NOT_RUN
        inputs = store.column("inputs", block) if self.columns else np.empty((len(ran), 0))
        ends = store.column("endpoints", block) if self.endpoints else np.empty((len(ran), 0))
        status = [LABELS.get(int(code), f"status {code}") for code in store.column("status", block)]
        arm = np.array(self.arms, dtype=object)[store.column("arm", block)]
        parts = [
            pd.DataFrame({"run": np.arange(rows.start, rows.stop), "arm": arm}),
            pd.DataFrame(inputs, columns=list(self.columns)),
            pd.Series(status, name="status", dtype=object),
            pd.DataFrame(ends, columns=list(self.endpoints)),
        ]
        whole: pd.DataFrame = pd.concat(parts, axis=1)
        kept: pd.DataFrame = whole.loc[ran].reset_index(drop=True)
        return kept

    def _empty(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(columns=["run", "arm", *self.columns, "status", *self.endpoints])

    def failures(self) -> pd.DataFrame:
        """Return one row a failed run: run, arm, status, reached, method, reason."""
        import pandas as pd

        parts = []
        for block in self.store.begun():
            codes = self.store.column("status", block)
            bad = np.flatnonzero((codes != 0) & (codes != NOT_RUN))
            read = {name: self.store.column(name, block)[bad] for name in ("arm", "reached", "method", "reason")}
            made = pd.DataFrame(
                {
                    "run": bad + self.store.slice(block).start,
                    "arm": np.array(self.arms, dtype=object)[read["arm"]],
                    "status": [LABELS.get(int(code), f"status {code}") for code in codes[bad]],
                    "reached": read["reached"],
                    "method": np.array(METHODS, dtype=object)[read["method"]],
                    "reason": read["reason"].astype(object),
                }
            )
            parts.append(made)
        names = ["run", "arm", "status", "reached", "method", "reason"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)

    def dataset(self, *, chunks: Any = None) -> xr.Dataset:
        """Return a lazy xarray Dataset over run: one variable an endpoint, the design's columns as coordinates.

        Values are read when they are used, so that tens of millions of rows open at once.
        chunks : as in `xarray.open_zarr`; None needs no Dask, {} makes one Dask chunk a block.
        """
        import xarray as xr

        layout = self.store.layout
        raw = xr.open_zarr(self.store.zarr, consolidated=False, chunks=chunks)
        coords: dict[str, Any] = {}
        variables: dict[str, Any] = {
            name: raw[name] for name in ("status", "arm", "draw", "reached", "method", "reason")
        }
        for source, along in (("endpoints", "endpoint"), ("trajectories", "quantity"), ("inputs", "column")):
            names = layout.labels().get(along, ())
            units = self._units(source, len(names))
            for i, name in enumerate(names):
                picked = raw[source].isel({along: i}, drop=True).reset_coords(drop=True)
                picked.attrs = {"units": units[i]}
                if source != "inputs":
                    variables[name] = picked
                else:
                    coords[name if name not in variables else f"input {name}"] = picked
        if layout.study["keep"]:
            coords["time"] = raw["time"]
        made = xr.Dataset(variables, coords)
        return made.assign_attrs(model=layout.study["model"]["name"], arms=list(self.arms))

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as CSV, block by block; return its path. It is written whole or not at all."""
        from immunode.study.store_export import write_csv

        return write_csv(self, Path(path))

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as Parquet, one row group a block; needs pyarrow.

        Raises
        ------
        StoreError : pyarrow is absent, a block is damaged, or the file can't be written.
        """
        from immunode.study.store_export import write_parquet

        return write_parquet(self, Path(path))

    def to_netcdf(self, path: str | os.PathLike[str]) -> Path:
        """Write the Dataset as NetCDF 4; needs netCDF4 or h5netcdf. "/" in a name becomes "÷".

        Raises
        ------
        StoreError : neither is there, a block is damaged, or the file can't be written.
        """
        from immunode.study.store_export import write_netcdf

        return write_netcdf(self, Path(path))
