"""Stores opened for reading: lazily as xarray, block by block as tables, and as CSV, Parquet and NetCDF.

Whatever is read is compared with its checksum; a block that is damaged is an error, never a number.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.characters import visible
from immunode.errors import StoreError
from immunode.solve.status import Status
from immunode.study.endpoints import endpoint
from immunode.study.result.rows import find_endpoint
from immunode.study.store.blocks import Store
from immunode.study.store.layout import METHODS, NOT_RUN
from immunode.study.store.place import Place

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from immunode.model import Model

DAMAGED = "damaged"
LABELS = {NOT_RUN: "not run"} | {int(s): s.label for s in Status}


def open_store(store: str | os.PathLike[str]) -> StoredSweep:
    """Return the sweep in a store, finished or not; nothing of it is loaded but its description.

    Every value that is read from it later is checked: where a file of a block is missing, damaged or another block's,
    reading raises a StoreError that names it. `counts` and `verify` tell of such blocks without an error.

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
    _told: list[int] = field(default_factory=list)
    """Rows that were missing when the caller was told so."""

    def __len__(self) -> int:
        return self.store.layout.rows

    def __repr__(self) -> str:
        counts = ", ".join(f"{n:,} {label}" for label, n in self.counts().items())
        study = self.store.layout.study
        arms = ", ".join(self.arms[:8]) + (", ..." if len(self.arms) > 8 else "")
        return visible(
            f"Stored sweep of {self.model_name}: {len(self):,} runs ({counts}) in arms {arms}; "
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

        from immunode.model import Model
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
        """Name of the model, with its variant."""
        told = self.store.layout.study["model"]
        return str(told["name"]) + (f", variant {told['variant_name']}" if told.get("variant_name") else "")

    @property
    def design_recipe(self) -> str:
        """How the design was made, in words."""
        return str(self.store.layout.study["design"]["recipe"])

    @property
    def units(self) -> dict[str, str]:
        """Endpoint -> unit; "" is dimensionless."""
        return dict(zip(self.endpoints, self.units_of("endpoints", len(self.endpoints)), strict=True))

    @property
    def column_units(self) -> dict[str, str]:
        """Column of the design -> unit; "" is dimensionless."""
        return dict(zip(self.columns, self.units_of("inputs", len(self.columns)), strict=True))

    @property
    def arm_of(self) -> NDArray[np.intp]:
        """Position of each row's arm, shape (n_rows that ran,)."""
        return self._rows("arm").astype(np.intp)

    @property
    def draws(self) -> NDArray[np.intp]:
        """The parameter set that rows of several arms share, shape (n_rows that ran,)."""
        return self._rows("draw").astype(np.intp)

    @property
    def row_labels(self) -> dict[str, NDArray[Any]]:
        """Label -> shape (n_rows that ran,): identifiers of patients and other labels that the design brought along."""
        kinds = self.label_kinds()
        table = self._rows("labels") if kinds else None
        return {} if table is None else _labels(kinds, table)

    def label_kinds(self) -> dict[str, str]:
        """Return label -> "number" or "text"."""
        return dict(self.store.layout.study["design"].get("labels", {}))

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
        store, blocks = self.store, self.store.begun()
        if not blocks:
            raise StoreError(f"{store.place.name}: no block is finished yet; run the sweep's line again")
        parts = []
        for block in blocks:
            part = store.column(name, block)
            parts.append(part if column is None else part[:, column])
        made = np.concatenate(parts)
        if len(made) < len(self):
            self._tell_missing(len(self) - len(made))
        return made

    def _tell_missing(self, rows: int) -> None:
        """Warn, once, that analyses see a part only."""
        if not self._told:
            self._told.append(rows)
            who = f"{self.store.place.name}: {rows:,} of {len(self):,} runs are not there (not run, or not copied)"
            warnings.warn(f"{who}; what is read now are the others", stacklevel=4)

    def units_of(self, name: str, number: int) -> list[str]:
        """Return the units along an array: "endpoints", "inputs" or "trajectories". number : how many there are."""
        told = self.store.notes[name].get("units") if number else []
        return [str(unit) for unit in told] if isinstance(told, list) and len(told) == number else [""] * number

    def counts(self) -> dict[str, int]:
        """Return how many runs ended how: "ok", "refused", ..., "not run"; "damaged" where a file of theirs is lost.

        Values are not read for it; `verify` compares all that there is with its checksums.
        """
        found: dict[str, int] = {}
        lacking, there = set(self.store.lacking()), 0
        for block in self.store.begun():
            rows = self.store.layout.slice(block)
            there += rows.stop - rows.start
            try:
                codes = np.empty(0) if block in lacking else self.store.column("status", block)
            except StoreError:
                codes = np.empty(0)
            known = {
                LABELS.get(int(c), f"status {c}"): int(n)
                for c, n in zip(*np.unique(codes, return_counts=True), strict=True)
            }
            for label, number in (known or {DAMAGED: rows.stop - rows.start}).items():
                found[label] = found.get(label, 0) + number
        if there < len(self):
            found[LABELS[NOT_RUN]] = len(self) - there
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    def verify(self) -> list[int]:
        """Return the blocks that do not hold what was written; the sweep's own line computes them again.

        Everything in the store is read. A sound copy of such blocks is taken over by `merge_stores`.

        Raises
        ------
        StoreError : names of arms, endpoints or columns, or the output times, are not what was written; no block has
            them.
        """
        self.store.check_names()
        self.store.times()
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

        store, rows = self.store, self.store.layout.slice(block)
        codes = store.column("status", block)
        inputs = store.column("inputs", block) if self.columns else np.empty((len(codes), 0))
        ends = store.column("endpoints", block) if self.endpoints else np.empty((len(codes), 0))
        status = [LABELS.get(int(code), f"status {code}") for code in codes]
        arm = np.array(self.arms, dtype=object)[store.column("arm", block)]
        parts = [
            pd.DataFrame({"run": np.arange(rows.start, rows.stop), "arm": arm, **self._labels_of(block)}),
            pd.DataFrame(inputs, columns=list(self.columns)),
            pd.Series(status, name="status", dtype=object),
            pd.DataFrame(ends, columns=list(self.endpoints)),
        ]
        return self._named(pd.concat(parts, axis=1))

    def _named(self, table: pd.DataFrame) -> pd.DataFrame:
        told = self.store.layout.study["model"]
        table.attrs.update(model=told["name"], variant=told.get("variant_name", ""))
        return table

    def _empty(self) -> pd.DataFrame:
        import pandas as pd

        labels = self.label_kinds()
        return self._named(pd.DataFrame(columns=["run", "arm", *labels, *self.columns, "status", *self.endpoints]))

    def _labels_of(self, block: int, rows: Any = slice(None)) -> dict[str, NDArray[Any]]:
        kinds = self.label_kinds()
        return _labels(kinds, self.store.column("labels", block)[rows]) if kinds else {}

    def failures(self) -> pd.DataFrame:
        """Return one row a failed run: run, arm, labels, status, reached, method, reason."""
        import pandas as pd

        parts = []
        for block in self.store.begun():
            codes = self.store.column("status", block)
            bad = np.flatnonzero(codes != 0)
            read = {name: self.store.column(name, block)[bad] for name in ("arm", "reached", "method", "reason")}
            made = pd.DataFrame(
                {
                    "run": bad + self.store.layout.slice(block).start,
                    "arm": np.array(self.arms, dtype=object)[read["arm"]],
                    **self._labels_of(block, bad),
                    "status": [LABELS.get(int(code), f"status {code}") for code in codes[bad]],
                    "reached": read["reached"],
                    "method": np.array(METHODS, dtype=object)[read["method"]],
                    "reason": read["reason"].astype(object),
                }
            )
            parts.append(made)
        names = ["run", "arm", *self.label_kinds(), "status", "reached", "method", "reason"]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)

    def dataset(self, *, chunks: Any = None) -> xr.Dataset:
        """Return a lazy xarray Dataset over run: one variable an endpoint, the design's columns as coordinates.

        Values are read when they are used, so that tens of millions of rows open at once. Rows that did not run have
        the status -1 and NaN.
        chunks : as in `xarray.Dataset.chunk`; None needs no Dask, {} makes one Dask chunk a block.

        Raises
        ------
        StoreError : when values of a damaged block are used.
        """
        from immunode.study.store.dataset import stored_dataset

        return stored_dataset(self, chunks)

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as CSV, block by block; return its path. It is written whole or not at all."""
        from immunode.study.store.export import write_csv

        return write_csv(self, Path(path))

    def to_parquet(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as Parquet, one row group a block; needs pyarrow.

        Raises
        ------
        StoreError : pyarrow is absent, a block is damaged, or the file can't be written.
        """
        from immunode.study.store.export import write_parquet

        return write_parquet(self, Path(path))

    def to_netcdf(self, path: str | os.PathLike[str]) -> Path:
        """Write the Dataset as NetCDF 4; needs netCDF4 or h5netcdf. "/" in a name becomes "÷".

        Raises
        ------
        StoreError : neither is there, a block is damaged, or the file can't be written.
        """
        from immunode.study.store.export import write_netcdf

        return write_netcdf(self, Path(path))


def _labels(kinds: Mapping[str, str], table: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Return labels by name. table : shape (n_rows, n_labels), text."""
    return {
        name: table[:, i].astype(np.int64) if kind == "number" else table[:, i].astype(object)
        for i, (name, kind) in enumerate(kinds.items())
    }
