"""Columns of a store as lazy variables of xarray."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from immunode.study.run.sweep_data import Column

Convert = Callable[[NDArray[Any]], NDArray[Any]]


class LazyColumn(BackendArray):
    """A column, or one of the columns of a table, that xarray reads where it is used.

    part : which column of a table.   convert : what is done with values that were read; texts come of it.
    """

    def __init__(self, column: Column, part: int | None, convert: Convert | None) -> None:
        self.column, self.part, self.convert = column, part, convert
        self.shape = column.shape if part is None else column.shape[:1]
        self.dtype = np.dtype(object) if convert else np.asarray(column[:0]).dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        runs, *rest = key
        one = not isinstance(runs, slice)
        rows = slice(int(runs), int(runs) + 1 or None) if not isinstance(runs, slice) else runs
        values = np.asarray(self.column[rows] if self.part is None else self.column[rows, self.part])
        values = values if self.convert is None else self.convert(values)
        return np.asarray(values[(0 if one else slice(None), *rest)])


def lazy_variable(
    column: Column, part: int | None = None, *, units: str | None = None, convert: Convert | None = None
) -> xr.Variable:
    """Return a column along run, or one with a time axis too, as a variable. part, convert : as in `LazyColumn`."""
    lazy = LazyColumn(column, part, convert)
    dims = ("run", "time")[: len(lazy.shape)]
    return xr.Variable(dims, indexing.LazilyIndexedArray(lazy), {} if units is None else {"units": units})
