"""A store as a lazy xarray Dataset: values are read, and checked, when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from immunode.study.store.blocks import Store

if TYPE_CHECKING:
    import xarray as xr

    from immunode.study.store.reading import StoredSweep

_PLAIN = ("status", "arm", "draw", "reached", "method", "reason")


class BlockArray(BackendArray):
    """One array of a store, or one column of it, along the runs; blocks that are not there have its fill value.

    name : of the array.   column : of its second dimension, or of the quantities.
    whole : whether its texts are whole numbers; those of blocks that are not there are 0.
    """

    def __init__(self, store: Store, name: str, column: int | None = None, *, whole: bool = False) -> None:
        dtype, _, shape, _, self.fill = store.layout.arrays()[name]
        self.store, self.name, self.column = store, name, column
        if whole:
            dtype, self.fill = "int64", 0
        self.dtype = np.dtype(object if dtype == "string" else dtype)
        self.shape = shape[1:] if name == "trajectories" else shape[:1]

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        runs, *rest = key
        wanted = range(self.shape[0])[runs if isinstance(runs, slice) else slice(runs, runs + 1)]
        first, end = (wanted[0], wanted[-1] + 1) if len(wanted) else (0, 0)
        made = np.full((end - first, *self.shape[1:]), self.fill, self.dtype)
        layout = self.store.layout
        for block in self.store.begun(range(first // layout.span, -(-end // layout.span))):
            rows = layout.slice(block)
            begin, stop = max(rows.start, first), min(rows.stop, end)
            made[begin - first : stop - first] = self._block(block)[begin - rows.start : stop - rows.start]
        return np.asarray(made[(slice(None, None, wanted.step) if isinstance(runs, slice) else 0, *rest)])

    def _block(self, block: int) -> NDArray[Any]:
        if self.name == "trajectories":
            return np.asarray(self.store.column(self.name, block, self.column)[0])
        values = self.store.column(self.name, block)
        return values if self.column is None else values[:, self.column]


def stored_dataset(sweep: StoredSweep, chunks: Any) -> xr.Dataset:
    """Return the Dataset of a store. chunks : as in `StoredSweep.dataset`."""
    import xarray as xr

    store = sweep.store
    layout, notes = store.layout, store.notes

    def variable(
        name: str, attributes: dict[str, Any], column: int | None = None, *, whole: bool = False
    ) -> xr.Variable:
        lazy = indexing.LazilyIndexedArray(BlockArray(store, name, column, whole=whole))
        return xr.Variable(("run", "time") if name == "trajectories" else ("run",), lazy, attributes)

    variables: dict[str, Any] = {name: variable(name, dict(notes[name])) for name in _PLAIN}
    coords: dict[str, Any] = {}
    for source, along in (("endpoints", "endpoint"), ("trajectories", "quantity"), ("inputs", "column")):
        names = layout.labels().get(along, ())
        for i, (name, unit) in enumerate(zip(names, sweep.units_of(source, len(names)), strict=True)):
            made = variable(source, {"units": unit}, i)
            if source != "inputs":
                variables[name] = made
            else:
                coords[name if name not in variables else f"input {name}"] = made
    for i, (name, kind) in enumerate(sweep.label_kinds().items()):
        coords[name] = variable("labels", {}, i, whole=kind == "number")
    if layout.study["keep"]:
        coords["time"] = xr.Variable(("time",), store.times(), dict(notes["time"]))
    told = layout.study["model"]
    named = {"model": told["name"], "variant": told.get("variant_name", ""), "arms": list(sweep.arms)}
    whole = xr.Dataset(variables, coords, named)
    if chunks is None:
        return whole
    return whole.chunk({"run": layout.span} | dict(chunks) if isinstance(chunks, dict) else chunks)
