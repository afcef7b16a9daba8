"""A store: the blocks of a sweep on disk or in a bucket, each written whole, its status last, its checksum with it.

A block counts as done when its status is there and its SHA-256 holds; whatever else is found is computed again. So a
writer may be killed at any moment, a disk may fill up, and a damaged block is noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StoreError
from immunode.study.execution import Portion, filled_inputs
from immunode.study.store_key import differences, key_of
from immunode.study.store_layout import METHODS, Layout, metadata, read_layout
from immunode.study.store_place import Place, require_zarr

if TYPE_CHECKING:
    from immunode.study.plan import Plan

Columns = dict[str, NDArray[Any]]
_DAMAGE = (ValueError, RuntimeError, OSError, LookupError, TypeError, MemoryError)


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. layout : what it holds.   zarr : its files, as Zarr sees them.   arrays : of Zarr, by name."""

    place: Place
    layout: Layout
    zarr: Any
    arrays: Mapping[str, Any]

    @classmethod
    def open(cls, place: Place, *, read_only: bool = True) -> Store | None:
        """Return the store at a place, or None where there is none.

        Raises
        ------
        StoreError : what is there is no store, damaged, or not safe to open.
        """
        zarr = require_zarr()
        layout = read_layout(place)
        if layout is None:
            return None
        from immunode.study.store_guard import guarded

        files = guarded(place.zarr(read_only=read_only), place.name, layout)
        mode = "r" if read_only else "r+"
        group = zarr.open_group(files, mode=mode, zarr_format=3, use_consolidated=False)
        return cls(place, layout, files, {name: group[name] for name in layout.arrays()})

    @classmethod
    def create(cls, place: Place, layout: Layout, plan: Plan, notes: Mapping[str, Mapping[str, Any]]) -> Store:
        """Make an empty store; it is one as soon as its last file, the root's description, is there."""
        files = metadata(layout, plan.times, notes)
        root = files.pop("zarr.json")
        for name, content in files.items():
            place.write(name, content, lasting=True)
        place.write("zarr.json", root, lasting=True)
        made = cls.open(place, read_only=False)
        assert made is not None
        return made

    def refuse_other(self, study: Mapping[str, Any]) -> None:
        """Refuse to mix studies.

        Raises
        ------
        StoreError : the store holds another study; says in words how it differs.
        """
        if key_of(study) == key_of(self.layout.study):
            return
        told = differences(self.layout.study, study)
        raise StoreError(
            f"{self.place.name} holds another study ({told}); give another store, or go back to the study that it holds"
        )

    def begun(self) -> list[int]:
        """Return the blocks whose status is there, in order; whether they are whole, `read_sound` tells."""
        names = self.place.names("status/c")
        return sorted(int(n) for n in names if n.isascii() and n.isdigit() and int(n) < self.layout.blocks)

    def slice(self, block: int) -> slice:
        """Return the rows of a block."""
        return slice(block * self.layout.span, min((block + 1) * self.layout.span, self.layout.rows))

    def write(self, block: int, plan: Plan, done: Portion) -> None:
        """Write a block. plan : of its rows only.

        Raises
        ------
        StoreError : it can't be written, such as on a full disk.
        """
        columns = _columns(plan, done, self.layout.labels()["arm_name"])
        columns["digest"] = np.frombuffer(_digest(columns), np.uint8)
        if len(columns["status"]) < self.layout.span:
            self.forget(block)  # Zarr reads what is there before it writes a part of a chunk
        with self.place.told("written"):
            for name in self.layout.arrays():
                self._set(name, block, columns[name])

    def forget(self, block: int) -> None:
        """Remove what is there of a block, its status first, so that no reader takes it for done."""
        for file in reversed(self.files(block)):
            self.place.remove(file)

    def files(self, block: int) -> list[str]:
        """Return the files of a block in the order in which they are written, the status last."""
        made = []
        for name, (_, dims, shape, chunks, _) in self.layout.arrays().items():
            along = [
                [block] if dim in ("run", "block") else range(-(-size // chunk))
                for dim, size, chunk in zip(dims, shape, chunks, strict=True)
            ]
            made += [f"{name}/c/{'/'.join(map(str, at))}" for at in product(*along)]
        return made

    def read_sound(self, block: int) -> Columns | None:
        """Return the arrays of a block, or None where it is not whole or not as it was written."""
        try:
            columns = {name: self._get(name, block) for name in self.layout.arrays()}
        except _DAMAGE:
            return None  # a checksum of Zarr's that does not hold, or a file that is cut off
        return columns if columns.pop("digest").tobytes() == _digest(columns) else None

    def column(self, name: str, block: int) -> NDArray[Any]:
        """Return one array of a block.

        Raises
        ------
        StoreError : it is damaged.
        """
        try:
            return self._get(name, block)
        except _DAMAGE as error:
            raise StoreError(
                f"{self.place.name}: block {block} of '{name}' is damaged ({error}); run the sweep again to mend it"
            ) from None

    def _where(self, name: str, block: int) -> Any:
        dims = self.layout.arrays()[name][1]
        place = {"run": self.slice(block), "block": block}
        return tuple(place.get(dim, slice(None)) for dim in dims)

    def _get(self, name: str, block: int) -> NDArray[Any]:
        return np.asarray(self.arrays[name][self._where(name, block)])

    def _set(self, name: str, block: int, values: NDArray[Any]) -> None:
        self.arrays[name][self._where(name, block)] = values


def _columns(plan: Plan, done: Portion, arms: Sequence[str]) -> Columns:
    n = len(plan.design)
    reasons = np.full(n, "", object)
    for row, text in done.reasons.items():
        reasons[row] = text
    columns: Columns = {
        "arm": plan.arm_of.astype(np.int32),
        "draw": plan.design.draw.astype(np.int64),
        "reached": done.reached,
        "method": np.array([METHODS.index(str(m)) for m in done.methods], np.uint8),
        "reason": reasons,
        "computed": np.array([done.why.get(name, "") for name in arms], object),
        "status": done.status.astype(np.int16),
    }
    if plan.design.names:
        columns["inputs"] = filled_inputs(plan)
    if plan.design.row_labels:
        texts = [column.astype(str).astype(object) for column in plan.design.row_labels.values()]
        columns["labels"] = np.stack(texts, axis=1)
    if plan.endpoints:
        columns["endpoints"] = done.values
    if plan.keep:
        columns["trajectories"] = np.stack([done.kept[name] for name in plan.keep])
    return columns


def _digest(columns: Columns) -> bytes:
    made = hashlib.sha256()
    for name in sorted(columns):
        values = columns[name]
        if values.dtype.kind in "OTUS":
            made.update(json.dumps([str(v) for v in values.ravel()]).encode())
        else:
            made.update(np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False)).data)
    return made.digest()
