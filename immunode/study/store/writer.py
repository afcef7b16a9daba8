"""Blocks written to a store, file by file, so that no reader ever takes half of one for done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from immunode.study.run.passed_pulses import with_passed
from immunode.study.run.plan import Plan
from immunode.study.run.sweep_data import SweepData
from immunode.study.store.blocks import Columns, Store
from immunode.study.store.chunk import digest
from immunode.study.store.layout import METHODS, arrays_in_memory


@dataclass(frozen=True)
class Writer:
    """What writes to a store; the caller holds its lock."""

    store: Store
    _arrays: Mapping[str, Any] = field(init=False)
    _files: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        arrays, files = arrays_in_memory(self.store.layout)
        object.__setattr__(self, "_arrays", arrays)
        object.__setattr__(self, "_files", files)

    def write(self, block: int, plan: Plan, done: SweepData) -> None:
        """Write a block. plan : of its rows only.

        Raises
        ------
        StoreError : it can't be written, such as on a full disk.
        """
        layout = self.store.layout
        columns = _columns(plan, done, layout.labels()["arm_name"])
        told = b""
        for name, files in layout.files(block).items():
            values = np.frombuffer(told, np.uint8) if name == "digest" else columns[name]
            self._put(name, block, values)
            for file in files:
                content = self._files.pop(file).to_bytes()
                told += digest(layout.key, file, content)
                self.store.place.write(file, content)

    def _put(self, name: str, block: int, values: Any) -> None:
        _, dims, _, chunks, _ = self.store.layout.arrays()[name]
        told = slice(block * chunks[0], (block + 1) * chunks[0])
        place = {"run": self.store.layout.cut.slice(block), "block": block, "byte": told}
        self._arrays[name][tuple(place.get(dim, slice(None)) for dim in dims)] = values


def _columns(plan: Plan, done: SweepData, arms: Sequence[str]) -> Columns:
    computed = done.computed_by_arm()
    columns: Columns = {
        "arm": plan.arm_of.astype(np.int32),
        "draw": plan.design.draw.astype(np.int64),
        "reached": np.asarray(done.reached),
        "method": np.array([METHODS.index(str(m)) for m in np.asarray(done.methods)], np.uint8),
        "reason": np.asarray(done.reasons),
        "computed": np.array([with_passed(*computed.get(name, ("", None))) for name in arms], object),
        "status": np.asarray(done.status, np.int16),
    }
    if plan.design.names:
        columns["inputs"] = plan.inputs()
    if plan.design.row_labels:
        texts = [column.astype(str).astype(object) for column in plan.design.row_labels.values()]
        columns["labels"] = np.stack(texts, axis=1)
    if plan.endpoints:
        columns["endpoints"] = np.asarray(done.values)
    if plan.keep:
        columns["trajectories"] = np.stack([done.kept[name] for name in plan.keep])
    return columns
