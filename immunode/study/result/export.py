"""A sweep as one file: CSV, Parquet, NetCDF; written beside its place and then moved there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from immunode.errors import StoreError
from immunode.study.result.rows import Rows
from immunode.study.result.spreadsheets import csv_text

if TYPE_CHECKING:
    import xarray as xr


def write_csv(sweep: Rows, path: Path) -> Path:
    """Write the table as CSV; return its path."""
    with _whole(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        for number, table in enumerate(sweep.tables()):
            file.write(csv_text(table, header=number == 0))
    return path


def write_parquet(sweep: Rows, path: Path) -> Path:
    """Write the table as Parquet; return its path."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise StoreError("Parquet needs pyarrow, which is not installed; pip install pyarrow") from None
    kinds = {name: column.dtype.kind for name, column in sweep.asked.row_labels.items()}
    labels = [(name, pa.int64() if kind == "i" else pa.string()) for name, kind in kinds.items()]
    fields = [("run", pa.int64()), ("arm", pa.string()), *labels, *((name, pa.float64()) for name in sweep.columns)]
    schema = pa.schema([*fields, ("status", pa.string()), *((name, pa.float64()) for name in sweep.endpoints)])
    with _whole(path) as beside, pq.ParquetWriter(beside, schema) as file:
        for table in sweep.tables():
            file.write_table(pa.Table.from_pandas(table, schema=schema, preserve_index=False))
    return path


def write_netcdf(data: xr.Dataset, name: str, path: Path) -> Path:
    """Write a Dataset as NetCDF; return its path. name : of the model, for messages."""
    engine = next((name for name in ("netCDF4", "h5netcdf") if find_spec(name)), None)
    if engine is None:
        raise StoreError("NetCDF needs netCDF4 or h5netcdf, which are not installed; pip install netCDF4")
    renamed = data.rename({str(key): str(key).replace("/", "÷") for key in data.variables if "/" in str(key)})
    for key in renamed.variables:
        renamed[key].encoding = {}
        if renamed[key].dtype.kind in "OU":
            renamed[key] = renamed[key].astype(object)
    with _whole(path) as beside:
        try:
            renamed.to_netcdf(beside, engine="netcdf4" if engine == "netCDF4" else "h5netcdf")
        except ValueError as error:
            raise StoreError(f"{name}: it can't be read whole ({error})") from None
    return path


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Give a path beside the one wanted, which takes its place at the end of the block."""
    if not path.name or path.is_dir():
        raise StoreError(f"{path}: it is a folder; give the name of a file")
    beside = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        yield beside
        os.replace(beside, path)
    except OSError as error:
        raise StoreError(f"{path}: it can't be written ({error.strerror or error})") from None
    finally:
        beside.unlink(missing_ok=True)
