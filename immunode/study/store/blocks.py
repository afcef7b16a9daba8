"""A store: the blocks of a sweep on disk or in a bucket, each file written whole, the checksums of a block last.

A block counts as done when its checksums are there. Each file of it is then compared with its own whenever it is read:
one that is missing, damaged, or another block's is never taken for numbers. So a writer may be killed at any moment, a
disk may fill up, and a copy may break off.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.errors import StoreError
from immunode.study.run.sweep_data import NOT_RUN
from immunode.study.store.chunk import Damage, digest, longest, unpacked
from immunode.study.store.key import differences
from immunode.study.store.layout import DIGEST, Layout, Notes, metadata, read_layout
from immunode.study.store.place import Place, require_zarr

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. layout : what it holds.   notes : array -> its attributes, such as units."""

    place: Place
    layout: Layout
    notes: Notes
    _told: dict[int, bytes] = field(default_factory=dict, repr=False, compare=False)
    """Block -> the checksums of its files, as read before."""

    @classmethod
    def open(cls, place: Place) -> Store | None:
        """Return the store at a place, or None where there is none.

        Raises
        ------
        StoreError : what is there is no store, damaged, or not safe to open.
        """
        require_zarr()
        described = read_layout(place)
        if described is None:
            return None
        made = cls(place, *described)
        made.check_names()
        return made

    @classmethod
    def create(cls, place: Place, layout: Layout, times: Any, notes: Notes) -> Store:
        """Make an empty store; it is one as soon as its last file, the root's description, is there."""
        files = metadata(layout, times, notes)
        root = files.pop("zarr.json")
        for name, content in files.items():
            place.write(name, content, lasting=True)
        place.write("zarr.json", root, lasting=True)
        made = cls.open(place)
        assert made is not None
        return made

    def refuse_other(self, layout: Layout) -> None:
        """Refuse to mix studies. layout : of the study at hand.

        Raises
        ------
        StoreError : the store holds another study; says in words how it differs.
        """
        if layout.key == self.layout.key:
            return
        told = differences(self.layout.study, layout.study)
        raise StoreError(
            f"{self.place.name} holds another study ({told}); give another store, or go back to the study that it holds"
        )

    def begun(self, among: range | None = None) -> list[int]:
        """Return the blocks whose checksums are there, in order; whether they hold, reading tells.

        among : only these, such as those that hold the rows that are asked for.
        """
        names = self.place.names("digest/c")
        wanted = self.layout.cut.blocks() if among is None else among
        return sorted(int(n) for n in names if n.isascii() and n.isdigit() and int(n) in wanted)

    def has(self, block: int) -> bool:
        """Return whether the checksums of a block are there, or were when they were read."""
        if block in self._told:
            return True
        dtype, _, _, (size,), _ = self.layout.arrays()["digest"]
        ((file,),) = [self.layout.files(block)["digest"]]
        return self.place.read(file, longest(dtype, size)) is not None

    def lacking(self) -> list[int]:
        """Return the blocks among those begun that lack a file."""
        begun, there = self.begun(), self.place.files()
        return [b for b in begun if not all(there.issuperset(files) for files in self.layout.files(b).values())]

    def forget(self, block: int) -> None:
        """Remove what is there of a block, its checksums first, so that no reader takes it for done."""
        self._told.pop(block, None)
        for files in reversed(self.layout.files(block).values()):
            for file in files:
                self.place.remove(file)

    def read_sound(self, block: int) -> Columns | None:
        """Return the arrays of a block, or None where it is not whole or not as it was written."""
        try:
            return {name: self.column(name, block) for name in self.layout.arrays() if name != "digest"}
        except StoreError:
            return None

    def column(self, name: str, block: int, part: int | None = None) -> NDArray[Any]:
        """Return one array of a block, as it was written. part : only this one of the quantities of trajectories.

        Raises
        ------
        StoreError : it is damaged or missing.
        """
        try:
            return self._read(name, block, part)
        except Damage as error:
            why = f"block {block} of '{name}' is damaged ({error})"
        mend = "run the sweep again to mend it, or merge_stores it with a sound copy"
        raise StoreError(f"{self.place.name}: {why}; {mend}")

    def status_counts(self) -> dict[int | None, int]:
        """Return status -> number of runs; None counts runs of which a file is lost, -1 those that did not run.

        Values are not read for it; `verify` compares all that there is with its checksums.
        """
        counts: dict[int | None, int] = {}
        lacking, there = set(self.lacking()), 0
        for block in self.begun():
            rows = self.layout.cut.slice(block)
            there += rows.stop - rows.start
            try:
                codes = np.empty(0) if block in lacking else self.column("status", block)
            except StoreError:
                codes = np.empty(0)
            known, sizes = np.unique(codes, return_counts=True)
            if not known.size:
                counts[None] = counts.get(None, 0) + rows.stop - rows.start
            for code, number in zip(known.tolist(), sizes.tolist(), strict=True):
                counts[code] = counts.get(code, 0) + number
        if there < self.layout.cut.rows:
            counts[NOT_RUN] = self.layout.cut.rows - there
        return counts

    def verify(self) -> list[int]:
        """Return the blocks that do not hold what was written; all that there is in the store is read.

        Raises
        ------
        StoreError : names of arms, endpoints or columns, or the output times, are not what was written; no block has
            them.
        """
        self.check_names()
        self.times()
        return [block for block in self.begun() if self.read_sound(block) is None]

    def check_names(self) -> None:
        """Make sure that the names along each dimension (arms, endpoints, columns) are those of the study.

        We take them from the study; other readers of Zarr take them from files of their own.

        Raises
        ------
        StoreError : they are damaged or missing; names the file.
        """
        for name, labels in self.layout.labels().items():
            file = f"{name}/c/0"
            try:
                found = self._whole(file, "string", len(labels)).tolist()
                why = "" if found == list(labels) else f"{file} is not what was written there"
            except Damage as error:
                why = str(error)
            if why:
                mend = "copy that file from a sound copy, or give another store"
                raise StoreError(f"{self.place.name}: its names are damaged ({why}); {mend}")

    def times(self) -> NDArray[np.float64]:
        """Return the output times.

        Raises
        ------
        StoreError : they are damaged or missing.
        """
        try:
            made = self._whole("time/c/0", "float64", int(self.layout.study["times"]["outputs"]))
        except Damage as error:
            raise StoreError(f"{self.place.name}: the output times are damaged ({error})") from None
        if hashlib.sha256(made.data).hexdigest() != self.layout.study["times"]["grid"]:
            raise StoreError(f"{self.place.name}: the output times are damaged (time/c/0 is not what was written)")
        return made

    def _read(self, name: str, block: int, part: int | None) -> NDArray[Any]:
        dtype, dims, _, chunks, _ = self.layout.arrays()[name]
        described = self.layout.files(block)
        at = sum(len(files) for files in list(described.values())[: list(described).index(name)])
        files = described[name]
        wanted = range(len(files)) if part is None else (part,)
        parts = []
        for i in wanted:
            content = self._content(files[i], dtype, math.prod(chunks))
            made = digest(self.layout.key, files[i], content)
            if made != self._digest(block, at + i) and made != self._digest(block, at + i, anew=True):
                raise Damage(f"{files[i]} is not what was written there")
            try:
                parts.append(unpacked(content, dtype, math.prod(chunks)).reshape(chunks))
            except Damage as error:
                raise Damage(f"{files[i]} {error}; not read") from None
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        rows = self.layout.cut.slice(block)
        own: dict[str, slice | int] = {"run": slice(rows.stop - rows.start), "block": 0}
        return np.asarray(whole[tuple(own.get(dim, slice(None)) for dim in dims)])

    def _digest(self, block: int, number: int, *, anew: bool = False) -> bytes:
        """Return the checksum of a file of a block. anew : not the one that was read before; it may be mended since."""
        if anew or block not in self._told:
            dtype, _, _, (size,), _ = self.layout.arrays()["digest"]
            ((file,),) = [self.layout.files(block)["digest"]]
            self._told[block] = self._whole(file, dtype, size).tobytes()
        return self._told[block][DIGEST * number : DIGEST * (number + 1)]

    def _whole(self, file: str, dtype: str, number: int) -> NDArray[Any]:
        """Return an array that is one file."""
        content = self._content(file, dtype, number)
        try:
            return unpacked(content, dtype, number)
        except Damage as error:
            raise Damage(f"{file} {error}") from None

    def _content(self, file: str, dtype: str, number: int) -> bytes:
        try:
            content = self.place.read(file, longest(dtype, number))
        except StoreError as error:
            raise Damage(str(error).removeprefix(f"{self.place.name}: ")) from None
        if content is None:
            raise Damage(f"{file} is missing")
        return content
