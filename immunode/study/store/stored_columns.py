"""Columns of a store along its runs: read, and compared with their checksums, whenever they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.study.run.sweep_data import SweepData
from immunode.study.store.blocks import Store
from immunode.study.store.layout import METHODS

Convert = Callable[[NDArray[Any]], NDArray[Any]]
_METHOD_NAMES = np.array(["", *METHODS[1:]], object)


class StoredColumn:
    """One array of a store along the runs; blocks that are not there have its fill value.

    Indexed by a number or a slice of runs, and then along further axes.

    name : of the array.   part : the quantity, of trajectories; the column, of an array with columns.
    blocks : which blocks' runs it has, in order.   convert : what is done with values that were read.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        blocks: Sequence[int],
        *,
        part: int | None = None,
        convert: Convert | None = None,
        dtype: Any = None,
    ) -> None:
        stored, _, shape, _, self.fill = store.layout.arrays()[name]
        self.store, self.name, self.blocks, self.part, self.convert = store, name, blocks, part, convert
        self.stored = np.dtype(object if stored == "string" else stored)
        self.dtype = np.dtype(self.stored if dtype is None else dtype)
        sizes = [store.layout.cut.slice(block) for block in blocks]
        self.ends = np.cumsum([0, *(rows.stop - rows.start for rows in sizes)])
        further = shape[2:] if name == "trajectories" else shape[1:] if part is None else ()
        self.shape = (int(self.ends[-1]), *further)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self[:]
        return np.asarray(whole if dtype is None else whole.astype(dtype))

    def __getitem__(self, key: Any) -> Any:
        runs, *rest = key if isinstance(key, tuple) else (key,)
        if len(self.shape) == 2 and self.part is None and rest and isinstance(rest[0], int):
            # one column is read without the others
            return StoredColumn(self.store, self.name, self.blocks, part=rest[0])[runs]
        wanted = range(len(self))[runs if isinstance(runs, slice) else slice(int(runs), int(runs) + 1 or None)]
        low, high = (min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1]) + 1) if len(wanted) else (0, 0)
        values = np.full((high - low, *self.shape[1:]), self.fill, self.stored)
        first = int(np.searchsorted(self.ends, low, side="right")) - 1
        for place in range(max(first, 0), len(self.blocks)):
            start, stop = int(self.ends[place]), int(self.ends[place + 1])
            if start >= high:
                break
            if self.store.has(self.blocks[place]):
                begin, end = max(start, low), min(stop, high)
                values[begin - low : end - low] = self._block(self.blocks[place])[begin - start : end - start]
        converted = values if self.convert is None else self.convert(values)
        if not isinstance(runs, slice):
            return converted[(0, *rest)]
        return converted[(slice(None, None, wanted.step), *rest)]

    def _block(self, block: int) -> NDArray[Any]:
        if self.name == "trajectories":
            return np.asarray(self.store.column(self.name, block, self.part)[0])
        values = self.store.column(self.name, block)
        return values if self.part is None else values[:, self.part]


def stored_trajectories(store: Store, blocks: int | Sequence[int]) -> dict[str, StoredColumn]:
    """Return kept quantity -> its trajectories, (n_rows, n_times). blocks : which, or how many from the first on."""
    chosen = range(blocks) if isinstance(blocks, int) else blocks
    names: Iterable[str] = store.layout.study["keep"]
    return {name: StoredColumn(store, "trajectories", chosen, part=i) for i, name in enumerate(names)}


def _method_names(codes: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(_METHOD_NAMES[codes])


def stored_data(store: Store, blocks: Sequence[int]) -> SweepData:
    """Return what the runs of some blocks of a store came to; nothing is read before it is looked at."""
    status = StoredColumn(store, "status", blocks)
    endpoints = bool(store.layout.study["endpoints"])
    return SweepData(
        status=status,
        values=StoredColumn(store, "endpoints", blocks) if endpoints else np.empty((len(status), 0)),
        kept=stored_trajectories(store, blocks),
        reached=StoredColumn(store, "reached", blocks),
        methods=StoredColumn(store, "method", blocks, convert=_method_names, dtype=object),
        reasons=StoredColumn(store, "reason", blocks),
        span=store.layout.cut.span,
        store=store,
        source={"path": store.place.name},
    )
