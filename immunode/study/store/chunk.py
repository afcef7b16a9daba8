"""One chunk of a store: its bytes, the array in them, and the checksum that says whose they are.

A chunk comes from a stranger: how much memory it takes is known before it is unpacked, since a few kilobytes of
Zstandard may unpack to gigabytes, and a list of texts may claim any length.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from immunode.study.store.layout import MOST_BYTES, nbytes

LONGEST_TEXT = 4096
"""Bytes that the texts of a chunk may have, each on average."""
_MAGIC = b"\x28\xb5\x2f\xfd"
_CRC, _HEADER = 4, 18


class Damage(Exception):
    """A chunk that is not what was written; says why."""


def digest(key: str, file: str, content: bytes) -> bytes:
    """Return the SHA-256 of a chunk in its place, so that no chunk passes for another one.

    key : of the study.   file : in the store, such as "endpoints/c/3/0".
    """
    made = hashlib.sha256(f"{key}\n{file}\n".encode())
    made.update(content)
    return made.digest()


def unpacked(content: bytes, dtype: str, number: int) -> NDArray[Any]:
    """Return the array in a chunk, shape (number,).

    number : elements that a chunk of this array has.

    Raises
    ------
    Damage : it is no such chunk, or would unpack to more than it should.
    """
    from numcodecs.vlen import VLenUTF8
    from numcodecs.zstd import Zstd

    texts = dtype == "string"
    least, most = (4, min(LONGEST_TEXT * number, MOST_BYTES)) if texts else (nbytes(dtype, number),) * 2
    size = content_size(content[:_HEADER])
    if size is None or not least <= size <= most:
        told = "does not say how much it unpacks to" if size is None else f"would unpack to {size:,} bytes"
        raise Damage(f"{told}; {most:,} are the most that it may have")
    frame = memoryview(content)[:-_CRC]
    try:
        if not texts:
            made = np.empty(number, np.dtype(dtype).newbyteorder("<"))
            Zstd().decode(frame, made)
            return made.astype(np.dtype(dtype), copy=False)
        payload = bytes(Zstd().decode(frame))
        claimed = int.from_bytes(payload[:4], "little")
        if claimed != number:
            raise Damage(f"claims {claimed:,} texts instead of {number:,}")
        return np.asarray(VLenUTF8().decode(payload), object)
    except (ValueError, RuntimeError, TypeError, MemoryError) as error:
        raise Damage(f"can't be unpacked: {error}") from None


def longest(dtype: str, number: int) -> int:
    """Return the bytes that the file of a chunk has at most."""
    most = min(LONGEST_TEXT * number, MOST_BYTES) if dtype == "string" else nbytes(dtype, number)
    # Zstandard makes what can't be compressed a little longer
    return most + most // 128 + 1024


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
