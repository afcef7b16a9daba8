"""Chunks that would unpack to more than the description of their store allows are not unpacked."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from immunode.errors import StoreError
from immunode.model import Model
from immunode.study import SweepResult, grid, open_store, sweep
from immunode.study.store.chunk import content_size, digest
from immunode.study.store.layout import read_layout
from immunode.study.store.place import Place
from tests.libraries import needs

pytestmark = needs("zarr")

BLOCK = 128 * 1024
"""Bytes of a block of Zstandard that repeats one byte; the largest that there may be."""


def run(model: Model, store: Path | None = None) -> SweepResult:
    return sweep(model, grid(k=np.linspace(0.1, 1, 40)), endpoints="final(A)", engine="numpy", block=10, store=store)


def checksum(data: bytes) -> bytes:
    """Return CRC-32C, bit by bit as in RFC 3720."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return (crc ^ 0xFFFFFFFF).to_bytes(4, "little")


def zeros(blocks: int, *, told: bool = True) -> bytes:
    """Return a sound frame of Zstandard (RFC 8878) of a few bytes a block, which unpacks to `blocks` times `BLOCK`."""
    # one segment with a content size of eight bytes, or a window of 128 kB and no size
    frame = b"\x28\xb5\x2f\xfd" + (b"\xe0" + (blocks * BLOCK).to_bytes(8, "little") if told else b"\x00\x38")
    for i in range(blocks):
        frame += (BLOCK << 3 | 1 << 1 | (i == blocks - 1)).to_bytes(3, "little") + b"\0"
    return frame + checksum(frame)


def put(path: Path, chunk: bytes) -> None:
    path.write_bytes(chunk)


def sign(store: Path, block: int) -> None:
    """Write the checksums of what lies there, as a stranger can."""
    from numcodecs.zstd import Zstd

    found = read_layout(Place.of(store))
    assert found is not None
    files = [file for name, files in found[0].files(block).items() if name != "digest" for file in files]
    frame = bytes(Zstd().encode(b"".join(digest(found[0].key, file, (store / file).read_bytes()) for file in files)))
    put(store / f"digest/c/{block}", frame + checksum(frame))


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


def test_the_bombs_of_these_tests_are_sound_frames() -> None:
    from numcodecs.zstd import Zstd

    for told in (True, False):
        assert bytes(Zstd().decode(zeros(3, told=told)[:-4])) == bytes(3 * BLOCK)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 65_535, 65_791, 65_792, 1_000_000])
def test_the_size_that_a_frame_tells_is_read(size: int) -> None:
    from numcodecs.zstd import Zstd

    assert content_size(bytes(Zstd().encode(bytes(size)))[:18]) == (size or 0)


@pytest.mark.parametrize("frame", [b"", b"nonsense", zeros(1, told=False)[:18], zeros(1)[:9]])
def test_what_tells_no_size_has_none(frame: bytes) -> None:
    assert content_size(frame) is None


@pytest.mark.parametrize(
    ("where", "chunk", "says"),
    [
        ("endpoints/c/1/0", zeros(200), r"would unpack to 26,214,400 bytes; 80 are the most that it may have"),
        ("status/c/1", zeros(200, told=False), "does not say how much it unpacks to"),
        ("reason/c/1", zeros(8000), r"would unpack to 1,048,576,000 bytes"),
        ("endpoints/c/1/0", bytes(5000), r"has 5,000 bytes; 1,104 are the most that are read"),
    ],
)
def test_a_chunk_that_unpacks_to_gigabytes_is_not_unpacked(
    decay: Model, tmp_path: Path, where: str, chunk: bytes, says: str
) -> None:
    store = tmp_path / "a.zarr"
    run(decay, store)
    put(store / where, chunk)
    sign(store, 1)
    found, name = open_store(store), where.split("/")[0]
    found.dataset()  # the memory of libraries is not meant
    with little_memory():
        assert found.verify() == [1]
        with pytest.raises(StoreError, match=rf"block 1 of '{name}' is damaged .*{says}"):
            found.store.column(name, 1)
        with pytest.raises(StoreError, match=says):
            found.dataset()["final(A)" if name == "endpoints" else name].load()
    with pytest.warns(UserWarning, match="block 1 did not hold what was written"):
        assert run(decay, store).table().equals(run(decay).table())


def test_a_chunk_that_claims_billions_of_texts_gets_no_room_for_them(decay: Model, tmp_path: Path) -> None:
    from numcodecs.zstd import Zstd

    run(decay, tmp_path / "a.zarr")
    frame = bytes(Zstd().encode((4 * 10**9).to_bytes(4, "little") + bytes(40)))
    put(tmp_path / "a.zarr/reason/c/1", frame + checksum(frame))
    sign(tmp_path / "a.zarr", 1)
    with little_memory(), pytest.raises(StoreError, match=r"reason/c/1 claims 4,000,000,000 texts instead of 10"):
        open_store(tmp_path / "a.zarr").store.column("reason", 1)


def test_output_times_are_checked_as_blocks_are(decay: Model, tmp_path: Path) -> None:
    run(decay, tmp_path / "a.zarr")
    assert open_store(tmp_path / "a.zarr").store.times()[-1] == 10
    put(tmp_path / "a.zarr/time/c/0", zeros(400))
    with little_memory(), pytest.raises(StoreError, match=r"time/c/0 would unpack to 52,428,800 bytes"):
        open_store(tmp_path / "a.zarr").store.times()
