"""Chunks from a stranger: how much memory each takes is known before it is unpacked.

A few kilobytes of Zstandard may unpack to gigabytes, and a list of texts may claim any length; what a chunk says of
itself is compared with what the description of the store makes of it. Imported only where Zarr is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numcodecs.zstd import Zstd
from zarr.abc.store import RangeByteRequest
from zarr.storage import WrapperStore

from immunode.errors import StoreError
from immunode.study.store_layout import MOST_BYTES, Layout, nbytes

LONGEST_TEXT = 4096
"""Bytes that the texts of a chunk may have, each on average."""
_MAGIC = b"\x28\xb5\x2f\xfd"
_CRC, _HEADER = 4, 18


class GuardedStore(WrapperStore[Any]):
    """Any store of Zarr, whose chunks are refused where they would unpack to more than they should.

    name : as the user wrote it, for messages.   expected : array -> dtype and number of elements of a chunk.
    """

    def __init__(self, store: Any, name: str, expected: Mapping[str, tuple[str, int]]) -> None:
        super().__init__(store)
        self.name, self.expected = name, expected

    def _with_store(self, store: Any) -> GuardedStore:
        return type(self)(store, self.name, self.expected)

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        """Return the bytes of a file, or None where there is none.

        Raises
        ------
        StoreError : a chunk that is not what the description says.
        """
        array, chunk, _ = key.partition("/c/")
        if not chunk or array not in self.expected or byte_range is not None:
            return await self._store.get(key, prototype, byte_range)
        dtype, number = self.expected[array]
        texts = dtype == "string"
        least, most = (4, min(LONGEST_TEXT * number, MOST_BYTES)) if texts else (nbytes(dtype, number),) * 2
        # Zstandard makes what can't be compressed a little longer
        limit = most + most // 128 + 1024
        found = await self._store.get(key, prototype, RangeByteRequest(0, limit + 1))
        if found is None:
            return None
        if len(found) > limit:
            raise StoreError(f"{self.name}: {key} has more than {limit:,} bytes; not read")
        size = content_size(found[:_HEADER].to_bytes())
        if size is None or not least <= size <= most:
            told = "does not say how much it unpacks to" if size is None else f"would unpack to {size:,} bytes"
            raise StoreError(f"{self.name}: {key} {told}; {most:,} are the most that it may have; not read")
        if texts:
            self._count(key, found.to_bytes()[:-_CRC], number)
        return found

    def _count(self, key: str, frame: bytes, number: int) -> None:
        try:
            claimed = int.from_bytes(bytes(Zstd().decode(frame)[:4]), "little")
        except RuntimeError as error:
            raise StoreError(f"{self.name}: {key} is damaged ({error})") from None
        if claimed != number:
            raise StoreError(f"{self.name}: {key} claims {claimed:,} texts instead of {number:,}; not read")


def guarded(store: Any, name: str, layout: Layout) -> GuardedStore:
    """Return a store of Zarr that gives only chunks as the layout has them. name : for messages."""
    return GuardedStore(store, name, layout.chunks())


def content_size(frame: bytes) -> int | None:
    """Return how many bytes a Zstandard frame says it unpacks to; None where it does not, or is none.

    frame : its first 18 bytes at least.

    References
    ----------
    RFC 8878, section 3.1.1.1.
    """
    if len(frame) < 5 or frame[:4] != _MAGIC:
        return None
    descriptor = frame[4]
    single = descriptor >> 5 & 1
    width = (single, 2, 4, 8)[descriptor >> 6]
    start = 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3]
    field = frame[start : start + width]
    if not width or len(field) < width:
        return None
    return int.from_bytes(field, "little") + (256 if width == 2 else 0)
