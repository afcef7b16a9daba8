"""The arrays of a store: shapes, blocks and names, all fixed; no text of a model is ever part of a file's name."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from immunode.errors import StoreError
from immunode.solve.status import Status
from immunode.study.run.cuts import Cut
from immunode.study.run.sweep_data import NOT_RUN
from immunode.study.store.key import FORMAT, key_of
from immunode.study.store.place import LARGEST, Place, require_zarr

DIGEST = 32
"""Bytes of the checksum of a file."""
METHODS = ("none", "tsit5", "rodas5p", "LSODA", "BDF", "Radau", "DOP853", "dop853")
"""Methods as a store numbers them."""
MOST_BYTES = 2 * 2**30
"""Bytes that one block of one array may have; a store that asks for more is not opened."""
_MOST_ROWS, _MOST_TIMES = 10**12, 10**7
_COMPARED = ("shape", "data_type", "chunk_grid", "chunk_key_encoding", "codecs", "fill_value", "dimension_names")
Notes = Mapping[str, Mapping[str, Any]]
"""Array -> its attributes, such as units."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a store holds. study : as `study_of` returns it.   cut : of its rows into blocks.   key : of the study."""

    study: Mapping[str, Any]
    cut: Cut
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key_of(self.study))

    def labels(self) -> dict[str, tuple[str, ...]]:
        """Return the names along each dimension that has some."""
        made = {
            "endpoint": tuple(self.study["endpoints"]),
            "column": tuple(self.study["design"]["columns"]),
            "arm_name": tuple(self.study["arms"]),
            "quantity": tuple(self.study["keep"]),
            "label": tuple(self.study["design"].get("labels", {})),
        }
        return {name: labels for name, labels in made.items() if labels}

    def arrays(self) -> dict[str, tuple[str, tuple[str, ...], tuple[int, ...], tuple[int, ...], Any]]:
        """Return every array that blocks are written to: dtype, dimensions, shape, chunk shape, fill value.

        They are in the order in which a block is written: the checksums of its other files come last.
        """
        n, span, labels = self.cut.rows, min(self.cut.span, self.cut.rows), self.labels()
        sizes = {name: len(names) for name, names in labels.items()}
        n_times = int(self.study["times"]["outputs"])
        row = (("run",), (n,), (span,))
        made: dict[str, Any] = {"arm": ("int32", *row, -1), "draw": ("int64", *row, -1)}

        def wide(name: str, kind: str) -> None:
            if kind in sizes:
                shape, chunks = (n, sizes[kind]), (span, sizes[kind])
                made[name] = ("float64", ("run", kind), shape, chunks, np.nan)

        wide("inputs", "column")
        if "label" in sizes:
            made["labels"] = ("string", ("run", "label"), (n, sizes["label"]), (span, sizes["label"]), "")
        if "quantity" in sizes:
            shape = (sizes["quantity"], n, n_times)
            made["trajectories"] = ("float64", ("quantity", "run", "time"), shape, (1, span, n_times), np.nan)
        wide("endpoints", "endpoint")
        made["reached"] = ("float64", *row, np.nan)
        made["method"] = ("uint8", *row, 0)
        made["reason"] = ("string", *row, "")
        arms = sizes["arm_name"]
        made["computed"] = ("string", ("block", "arm_name"), (len(self.cut), arms), (1, arms), "")
        made["status"] = ("int16", *row, NOT_RUN)
        told = DIGEST * (len(made) - ("trajectories" in made) + sizes.get("quantity", 0))
        made["digest"] = ("uint8", ("byte",), (len(self.cut) * told,), (told,), 0)
        return made

    def files(self, block: int) -> dict[str, tuple[str, ...]]:
        """Return the files of a block, array by array, in the order in which they are written."""
        made = {}
        for name, (_, dims, shape, chunks, _) in self.arrays().items():
            along = [
                [block] if dim in ("run", "block", "byte") else range(-(-size // chunk))
                for dim, size, chunk in zip(dims, shape, chunks, strict=True)
            ]
            made[name] = tuple(f"{name}/c/{'/'.join(map(str, at))}" for at in product(*along))
        return made


def nbytes(dtype: str, number: int) -> int:
    """Return the bytes of a chunk; texts are taken to have 64 each."""
    return number * (64 if dtype == "string" else np.dtype(dtype).itemsize)


_NOTES: dict[str, dict[str, Any]] = {
    "status": {
        "long_name": "how each run ended",
        "flag_values": [NOT_RUN, *map(int, Status)],
        "flag_meanings": " ".join(["not_run", *(s.name.lower() for s in Status)]),
    },
    "method": {"flag_values": list(range(len(METHODS))), "flag_meanings": " ".join(METHODS)},
    "arm": {"long_name": "position among the arm names"},
    "draw": {"long_name": "parameter set that rows of several arms share"},
    "labels": {"long_name": "labels of the rows, such as identifiers of patients"},
    "inputs": {"long_name": "the design, with the model's own values filled in"},
    "endpoints": {"long_name": "NaN where a run failed"},
    "reached": {"long_name": "last good time of each run"},
    "reason": {"long_name": "why a run failed"},
    "computed": {"long_name": "why this engine and method"},
    "digest": {"long_name": "SHA-256 of the other files of each block, with the key of the study and their names"},
}


def metadata(layout: Layout, times: Any, notes: Notes) -> dict[str, bytes]:
    """Return the files of an empty store, by path. notes : attributes of arrays, such as units."""
    zarr = require_zarr()
    files: dict[str, Any] = {}
    given = {name: {**_NOTES.get(name, {}), **notes.get(name, {})} for name in (*layout.arrays(), "time")}
    attributes = {
        "immunode": {
            "format": FORMAT,
            "key": layout.key,
            "notes": _digest_of(given),
            "span": layout.cut.span,
            "size": layout.cut.size,
            "study": layout.study,
        }
    }
    group = zarr.create_group(zarr.storage.MemoryStore(files), zarr_format=3, attributes=attributes)
    for name, described in layout.arrays().items():
        _array(group, name, *described, given[name])
    for name, labels in layout.labels().items():
        _array(group, name, "string", (name,), (len(labels),), (len(labels),), "")[:] = np.array(labels, object)
    grid = np.asarray(times, float)
    _array(group, "time", "float64", ("time",), grid.shape, grid.shape, np.nan, given["time"])[:] = grid
    with warnings.catch_warnings():
        # metadata in one place is what makes a remote store open at once; readers without it look at each array
        warnings.filterwarnings("ignore", message="Consolidated metadata")
        zarr.consolidate_metadata(group.store)
    return {name: content.to_bytes() for name, content in files.items()}


def arrays_in_memory(layout: Layout) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Return arrays of Zarr in which blocks become bytes, and the files that these make, by path."""
    zarr = require_zarr()
    files: dict[str, Any] = {}
    # a chunk of nothing but fill values is a file too, so that one that was lost is missed
    with zarr.config.set({"array.write_empty_chunks": True}):
        group = zarr.create_group(zarr.storage.MemoryStore(files), zarr_format=3)
        return {name: _array(group, name, *described) for name, described in layout.arrays().items()}, files


def _array(group: Any, name: str, dtype: str, dims: Any, shape: Any, chunks: Any, fill: Any, notes: Any = None) -> Any:
    zarr = require_zarr()
    return group.create_array(
        name, shape=shape, chunks=chunks, dtype=dtype, fill_value=fill, dimension_names=dims, attributes=notes or {},
        compressors=[zarr.codecs.ZstdCodec(level=1), zarr.codecs.Crc32cCodec()],
    )  # fmt: skip


def _digest_of(notes: Notes) -> str:
    return hashlib.sha256(json.dumps(notes, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def read_layout(place: Place) -> tuple[Layout, Notes] | None:
    """Return what a store holds and the attributes of its arrays, or None where there is nothing yet.

    Nothing in it is ever executed.

    Raises
    ------
    StoreError : there is something else, a store of another format, or one that was tampered with.
    """
    content = place.read("zarr.json", LARGEST)
    if content is None:
        others = [name for name in place.names() if not name.startswith(".") and not name.endswith(".partial")]
        known = {*_NOTES, "trajectories", "time", "endpoint", "column", "arm_name", "quantity", "label"}
        if set(others) - known:
            raise StoreError(f"{place.name}: this is no store of immunode, but holds '{others[0]}'; give another name")
        return None
    root = _json(place, "zarr.json", content)
    mine = root.get("attributes")
    mine = mine.get("immunode") if isinstance(mine, dict) else None
    if not isinstance(mine, dict):
        raise StoreError(f"{place.name}: this is a Zarr folder, but no store of immunode")
    if mine.get("format") != FORMAT:
        raise StoreError(
            f"{place.name}: its format is {mine.get('format')!r:.20}, and {FORMAT} is read here; "
            "run the sweep's line with another store, or read it with the version that wrote it"
        )
    try:
        rows = int(mine["study"]["design"]["rows"])
        layout = Layout(mine["study"], Cut(rows=rows, span=int(mine["span"]), size=int(mine["size"])))
        sound = mine["key"] == layout.key and 0 < layout.cut.rows <= _MOST_ROWS and layout.cut.span > 0
        sound = sound and layout.cut.size > 0 and 0 < int(layout.study["times"]["outputs"]) <= _MOST_TIMES
        arrays = layout.arrays() if sound else {}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        sound, arrays = False, {}
    if not sound:
        raise StoreError(f"{place.name}: its description is damaged; it can't be trusted")
    for name, (dtype, _, _, chunks, _) in arrays.items():
        if nbytes(dtype, math.prod(chunks)) > MOST_BYTES:
            raise StoreError(f"{place.name}: a block of '{name}' has more than {MOST_BYTES:,} bytes; not opened")
    notes = _compare(place, layout)
    if _digest_of(notes) != mine.get("notes"):
        raise StoreError(f"{place.name}: units or names of its arrays are not what was written; not opened")
    return layout, notes


def _compare(place: Place, layout: Layout) -> Notes:
    """Return the attributes of arrays, after making sure that each is declared as here: no other codec or shape."""
    expected = metadata(layout, np.zeros(int(layout.study["times"]["outputs"])), {})
    notes = {}
    for name, described in expected.items():
        if name == "zarr.json" or not name.endswith("/zarr.json"):
            continue
        content = place.read(name, LARGEST)
        if content is None:
            raise StoreError(f"{place.name}: {name} is missing; not opened (was it copied whole?)")
        found, wanted = _json(place, name, content), json.loads(described)
        if name[:-10] not in layout.labels():
            notes[name[:-10]] = found.get("attributes") or {}
        for part in _COMPARED:
            if found.get(part) != wanted.get(part):
                what = f"{found.get(part)!r:.60} instead of {wanted.get(part)!r:.60}"
                raise StoreError(f"{place.name}: array '{name[:-10]}' has the {part} {what}; not opened")
    return notes


def _json(place: Place, name: str, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise StoreError(f"{place.name}: {name} is damaged (it is no JSON)") from None
    if not isinstance(found, dict):
        raise StoreError(f"{place.name}: {name} is damaged")
    return found
