"""One writer a store: a lock of the operating system for folders, a watched mark elsewhere; no clock is asked."""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from immunode.errors import StoreError
from immunode.study.store.place import Place

MARK = ".immunode-lock"
BEAT, PATIENCE = 5.0, 20.0
"""Seconds between signs of life of a writer to a remote place, and without one until its lock is taken over."""


@contextmanager
def writing(place: Place) -> Iterator[Callable[[], None]]:
    """Hold the lock of a store in the block; gives a function that raises where the lock was lost.

    A folder's lock belongs to the operating system, which takes it from a process that dies, however that happens.
    A remote mark names its writer and counts on while that lives; one that stands still for `PATIENCE` seconds of the
    waiting process's own monotonic time, or whose process is dead on this machine, is taken over.

    Raises
    ------
    StoreError : another process writes to the store, or the lock can't be made.
    """
    if place.local:
        yield from _local(place)
    else:
        yield from _remote(place)


def _local(place: Place) -> Iterator[Callable[[], None]]:
    path = f"{place.path}.lock"
    with place.told("written"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = _locked(place, path)
    try:
        with suppress(OSError):  # the text is for messages only: a full disk does not matter
            file.truncate(0)
            file.write(f" {_owner()}")
            file.flush()
        yield lambda: None
    finally:
        # removed while it is held: who waits for it looks whether it is still the same file
        with suppress(OSError):
            os.unlink(path)
        file.close()


def _locked(place: Place, path: str) -> IO[str]:
    """Return the open file of the lock; closing it, or the end of the process, releases the lock."""
    try:
        from filelock import lock_descriptor
    except ImportError:
        raise StoreError("a store needs filelock 3.30 or later; pip install -U 'immunode[store]'") from None
    while True:
        file = open(path, "a+", encoding="utf-8")  # noqa: SIM115 - it stays open as long as the lock is held
        if not lock_descriptor(file.fileno(), blocking=False):
            with file, suppress(OSError, ValueError):
                file.seek(1)  # Windows locks the first byte against readers
                raise _busy(place, json.loads(file.read(2000)))
            raise _busy(place, {})
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file
        file.close()


def _owner(beat: int = 0, token: str = "") -> str:
    return json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "token": token, "beat": beat})


def _busy(place: Place, owner: dict[str, Any]) -> StoreError:
    who = f"process {owner['pid']} on {owner['host']}" if {"pid", "host"} <= owner.keys() else "another process"
    return StoreError(f"{place.name}: {who} writes to this store; wait until it ends, or give another store")


def _remote(place: Place) -> Iterator[Callable[[], None]]:
    token, ended = secrets.token_hex(16), threading.Event()
    _take(place, token)

    def held() -> None:
        found = _mark(place)
        if found.get("token") != token:
            raise StoreError(f"{place.name}: the lock was taken over by another process; run the same line again")

    def beat() -> None:
        count = 0
        while not ended.wait(BEAT):
            count += 1
            with suppress(StoreError):  # a network that fails for a while; what is written is checked anyway
                if _mark(place).get("token") != token:
                    return
                place.write(MARK, _owner(count, token).encode())

    alive = threading.Thread(target=beat, daemon=True)
    alive.start()
    try:
        yield held
    finally:
        ended.set()
        alive.join()
        with suppress(StoreError):
            if _mark(place).get("token") == token:
                place.remove(MARK)


def _take(place: Place, token: str) -> None:
    first, since = _mark(place), time.monotonic()
    while first and not _dead(first):
        if first.get("host") == socket.gethostname():
            raise _busy(place, first)
        time.sleep(min(1.0, BEAT))
        now = _mark(place)
        if now and now != first:
            raise _busy(place, now)
        if not now or time.monotonic() - since > PATIENCE:
            break
    place.write(MARK, _owner(0, token).encode())


def _mark(place: Place) -> dict[str, Any]:
    try:
        found = json.loads(place.read(MARK, 2000) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _dead(owner: dict[str, Any]) -> bool:
    """Return whether the writer is a process of this machine that is no more."""
    if owner.get("host") != socket.gethostname() or not isinstance(owner.get("pid"), int):
        return False
    if os.name == "nt":  # there, signal 0 is Ctrl-C
        return False
    try:
        os.kill(owner["pid"], 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
